//! The argument `top` of a catalogue's methods, with its default.

use core::convert::Infallible;

use pyo3::prelude::*;

/// How many sessions a catalogue returns when `top` is left out.
const DEFAULT: u8 = 5;

/// The argument `top`. Leaving it out differs from `None`, which asks for all sessions.
pub(super) enum Top<'py> {
    /// The caller left it out.
    Default,
    /// The caller's object: the end of a slice, so not always an `int`.
    Given(Bound<'py, PyAny>),
}

impl<'py> Top<'py> {
    /// Returns the caller's object, or the default as a Python `int`.
    pub(super) fn given(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Default => Ok(DEFAULT.into_pyobject(py)?.into_any()),
            Self::Given(top) => Ok(top),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Top<'py> {
    type Error = Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Self::Error> {
        Ok(Self::Given(object.to_owned()))
    }
}
