//! Guards the border to Python: turns panics into exceptions, and declines inputs that the engine cannot prove it
//! handles.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pyo3::exceptions::{PyFileNotFoundError, PyMemoryError, PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use rayon::ThreadPool;

use crate::engine::error::{Error, ErrorKind};
use crate::engine::{allocator, memory, threads};

pyo3::import_exception!(eventkit.errors, CatalogFileError);
pyo3::import_exception!(eventkit.errors, InternalError);

/// Imports the exception that [`guarded`] raises.
pub(super) fn prepare(py: Python<'_>) {
    let _ = py.get_type::<InternalError>();
}

/// Why a native call returns no answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// The reference must answer: an odd type, a missing key, anything that would raise.
    Declined,
    /// The interpreter raised an exception for the caller (no memory, an interrupt, a hostile `__eq__`).
    Raised(PyErr),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

/// The result of a native call.
pub(super) type Answer<T> = Result<T, Stop>;

/// Turns a missing value into [`Stop::Declined`].
pub(super) trait OrDecline<T> {
    /// Returns the value, or declines if there is none.
    fn or_decline(self) -> Answer<T>;
}

impl<T> OrDecline<T> for Option<T> {
    #[inline]
    fn or_decline(self) -> Answer<T> {
        self.ok_or(Stop::Declined)
    }
}

/// The message for sessions that change while they are compiled.
pub(super) const CHANGED: &str = "the sessions changed while they were compiled";

/// The message for a file whose sessions cannot be read.
pub(super) const UNREADABLE: &str = "a session cannot be read: the catalogue's file is damaged";

/// Returns an answer that the engine cannot decline, or raises `RuntimeError` with `otherwise` if it does.
pub(super) fn settled<T>(answer: PyResult<Answer<T>>, otherwise: &str) -> PyResult<T> {
    match answer? {
        Ok(value) => Ok(value),
        Err(Stop::Raised(error)) => Err(error),
        Err(Stop::Declined) => Err(PyRuntimeError::new_err(otherwise.to_owned())),
    }
}

/// Runs a native call. Returns `NotImplemented` if it declines, and raises `eventkit.InternalError` if it panics.
pub(super) fn guarded<'py>(
    py: Python<'py>,
    call: impl FnOnce() -> Answer<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let answer = attempt(call)?;
    Ok(answer.unwrap_or_else(|| py.NotImplemented().into_bound(py)))
}

/// Runs a native call. Returns `None` if it declines, and raises `eventkit.InternalError` if it panics.
pub(super) fn attempt<T>(call: impl FnOnce() -> Answer<T>) -> PyResult<Option<T>> {
    match unwind(call)? {
        Ok(answer) => Ok(Some(answer)),
        Err(Stop::Declined) => Ok(None),
        Err(Stop::Raised(error)) => Err(error),
    }
}

/// Checks that there are `bytes` of memory for work of a size that the caller chose, or raises `MemoryError`.
#[inline]
pub(super) fn room(what: &str, bytes: usize) -> PyResult<()> {
    if memory::is_low() {
        return Err(PyMemoryError::new_err(format!("no memory for {what}")));
    }
    memory::check(what, bytes).map_err(|error| no_memory(&error))
}

/// Returns the exception for memory that cannot be had.
pub(super) fn no_memory(error: &Error) -> PyErr {
    PyMemoryError::new_err(error.to_string())
}

/// The panic of pyo3 when the interpreter has no memory for an object that pyo3 makes, such as an interned name.
const NO_OBJECT: &str = "PyObject pointer is null";

/// Runs a native call. Raises `eventkit.InternalError` if it panics, and `MemoryError` if there is no memory to begin
/// it, or for an object of Python's within it.
pub(super) fn unwind<T>(call: impl FnOnce() -> T) -> PyResult<T> {
    if !allocator::refill() {
        return Err(PyMemoryError::new_err("no memory to begin a call"));
    }
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let message = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        if message == NO_OBJECT {
            // Without a text: there is no memory for one.
            return PyMemoryError::new_err(());
        }
        InternalError::new_err(format!(
            "the native engine failed unexpectedly ({message}); please report it"
        ))
    })
}

/// Returns the exception for a file that cannot be used.
pub(super) fn file_error(error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::Memory => PyMemoryError::new_err(error.to_string()),
        // 2 is ENOENT on every system that CPython runs on.
        ErrorKind::System(Some(2)) => PyFileNotFoundError::new_err(error.to_string()),
        ErrorKind::System(_) => PyOSError::new_err(error.to_string()),
        _ => CatalogFileError::new_err(error.to_string()),
    }
}

/// Returns the threads of this process, or raises `MemoryError` or `RuntimeError` if they cannot start.
pub(super) fn pool() -> PyResult<Arc<ThreadPool>> {
    room("threads", 0)?;
    threads::pool().map_err(|error| match error.kind() {
        ErrorKind::Memory => no_memory(&error),
        _ => PyRuntimeError::new_err(error.to_string()),
    })
}
