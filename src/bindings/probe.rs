//! Functions for the tests: the model of `sum()`, and the guard against panics.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::errors::{Answer, OrDecline, guarded};
use super::functions::regime_of;
use super::input;
use crate::engine::ranking::score::{Number, SumRegime};

/// Returns the name of the regime that `sum` follows, or `None` if it follows none.
#[pyfunction]
pub(super) fn sum_regime(sum: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
    let regime = regime_of(sum)?;
    Ok(regime.map(SumRegime::name))
}

/// Adds ints and floats as the regime of this name does.
#[pyfunction]
pub(super) fn sum_contributions<'py>(
    py: Python<'py>,
    items: &Bound<'py, PyList>,
    regime: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let mut all = SumRegime::ALL.into_iter();
    let Some(known) = all.find(|known| known.name() == regime) else {
        return Err(PyValueError::new_err(format!(
            "unknown regime {regime:?}, expected one of {:?}",
            SumRegime::ALL.map(SumRegime::name)
        )));
    };
    guarded(py, || {
        let items: Answer<Vec<_>> = items.iter().map(|item| input::number(&item)).collect();
        let items = items?;
        let is_exact = items.iter().all(|item| item.is_exact());
        is_exact.then_some(()).or_decline()?;
        match known.sum(&items) {
            Number::Int(value) => Ok(value.into_pyobject(py).ok().or_decline()?.into_any()),
            Number::Float(value) => Ok(value.into_pyobject(py).ok().or_decline()?.into_any()),
        }
    })
}

/// Panics inside the guard that every function of this module has.
#[cfg(feature = "fault-injection")]
#[pyfunction]
#[allow(clippy::panic)] // Its whole purpose.
pub(super) fn panic_for_test(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    guarded(py, || panic!("asked for"))
}
