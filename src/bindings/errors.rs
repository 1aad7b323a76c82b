//! The border: no panic crosses it, and an input that the engine cannot prove it handles is declined.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;

pyo3::import_exception!(eventkit.errors, InternalError);

/// Imports what [`guarded`] raises.
pub(super) fn prepare(py: Python<'_>) {
    let _ = py.get_type::<InternalError>();
}

/// Why a call gives no answer of its own.
#[derive(Debug)]
pub(super) enum Stop {
    /// The input is one for the reference: an odd type, a missing key, anything that would raise.
    Declined,
    /// The interpreter raised something that belongs to the caller (no memory, an interrupt, a hostile `__eq__`).
    Raised(PyErr),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

/// The outcome of a native call.
pub(super) type Answer<T> = Result<T, Stop>;

/// `Ok` of the value, or [`Stop::Declined`].
pub(super) trait OrDecline<T> {
    /// See the trait.
    fn or_decline(self) -> Answer<T>;
}

impl<T> OrDecline<T> for Option<T> {
    #[inline]
    fn or_decline(self) -> Answer<T> {
        self.ok_or(Stop::Declined)
    }
}

/// Runs a native call: `NotImplemented` where it declines, `eventkit.InternalError` where it panics.
pub(super) fn guarded<'py>(
    py: Python<'py>,
    call: impl FnOnce() -> Answer<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Stop::Declined)) => Ok(py.NotImplemented().into_bound(py)),
        Ok(Err(Stop::Raised(error))) => Err(error),
        Err(payload) => {
            let message = payload
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(InternalError::new_err(format!(
                "the native engine failed unexpectedly ({message}); please report it"
            )))
        }
    }
}
