//! Loads catalogues from JSON without making a Python object for each session.

use core::cell::RefCell;
use core::ops::ControlFlow;
use std::io::Read;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::catalog_data::{CatalogData, SharedCatalogData};
use super::errors::{no_memory, pool, room, unwind};
use super::input;
use super::intern::intern;
use crate::engine::catalog::Catalog;
use crate::engine::catalog::segment::Segment;
use crate::engine::error::{Error, ErrorKind};
use crate::engine::json::{self, Hooks, Loaded, Shape};

pyo3::import_exception!(eventkit.errors, ManifestError);

/// The bytes that loading takes at most for a byte of JSON.
pub(super) const LOADING: usize = 4;

/// The result of loading: the sessions, and the JSON of a manifest's other members by name.
pub(super) type Outcome<'py> = Option<(SharedCatalogData, Option<Bound<'py, PyDict>>)>;

/// Loads a manifest or an array of sessions. Returns `None` if Python's own reader has to.
#[pyfunction]
pub(super) fn load_json<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyBytes>,
    origin: &str,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Outcome<'py>> {
    let bytes = data.as_bytes();
    room("the catalogue", bytes.len().saturating_mul(LOADING))?;
    load(py, origin, progress, |hooks| json::load(bytes, hooks))
}

/// Loads one session a line from an open binary file. Returns `None` if Python's own reader has to.
#[pyfunction]
pub(super) fn load_ndjson<'py>(
    py: Python<'py>,
    file: &Bound<'py, PyAny>,
    origin: &str,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Outcome<'py>> {
    let read = file.getattr(intern!(py, "read"))?.unbind();
    load(py, origin, progress, move |hooks| {
        json::load_ndjson(PythonFile { read }, hooks)
    })
}

/// A Python file that is read in large pieces.
struct PythonFile {
    read: Py<PyAny>,
}

impl Read for PythonFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        Python::attach(|py| {
            let bytes = self
                .read
                .bind(py)
                .call1((buffer.len(),))
                .map_err(std::io::Error::other)?;
            let bytes = bytes
                .cast::<PyBytes>()
                .map_err(|_| std::io::Error::other("the file gives no bytes"))?;
            let bytes = bytes.as_bytes();
            let room = buffer.get_mut(..bytes.len());
            room.ok_or_else(|| std::io::Error::other("the file gave more than was asked for"))?
                .copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

pub(super) fn load<'py>(
    py: Python<'py>,
    origin: &str,
    progress: Option<&Bound<'py, PyAny>>,
    read: impl FnOnce(&mut Hooks<'_>) -> Result<Loaded, Error> + Send,
) -> PyResult<Outcome<'py>> {
    let pool = pool()?;
    let progress = progress.map(|progress| progress.clone().unbind());
    // The engine knows nothing of Python's exceptions. One that a callback raises is kept here and raised at the end.
    let (segment, raised) = py.detach(|| {
        let raised: RefCell<Option<PyErr>> = RefCell::new(None);
        let lower = |text: &str| {
            Python::attach(|py| match lowered(py, text) {
                Ok(lowered) => lowered,
                Err(error) => {
                    raised.borrow_mut().get_or_insert(error);
                    text.as_bytes().to_vec()
                }
            })
        };
        let mut advance = |done: json::Progress| {
            let told = progress.as_ref().map_or(Ok(()), |progress| {
                Python::attach(|py| progress.call1(py, (done.bytes, done.sessions)).map(drop))
            });
            let told = told.and_then(|()| room("the catalogue", 0));
            match told {
                Ok(()) if raised.borrow().is_none() => ControlFlow::Continue(()),
                Ok(()) => ControlFlow::Break(()),
                Err(error) => {
                    raised.borrow_mut().get_or_insert(error);
                    ControlFlow::Break(())
                }
            }
        };
        let segment = unwind(|| {
            let mut hooks = Hooks {
                lower: &lower,
                progress: &mut advance,
                pool: Some(&pool),
            };
            read(&mut hooks).and_then(|loaded| {
                let fields = (loaded.shape == Shape::Manifest).then(|| loaded.fields.clone());
                Ok((Segment::from_loaded(loaded, &lower, &pool)?, fields))
            })
        });
        (segment, raised.into_inner())
    });
    if let Some(error) = raised {
        return Err(error);
    }
    let (segment, fields) = match segment? {
        Ok(loaded) => loaded,
        Err(error) => return refused(&error, origin).map_or(Ok(None), Err),
    };
    let members = |fields: Vec<(String, Vec<u8>)>| -> PyResult<Bound<'py, PyDict>> {
        let members = PyDict::new(py);
        for (name, text) in fields {
            members.set_item(name, PyBytes::new(py, &text))?;
        }
        Ok(members)
    };
    Ok(Some((
        SharedCatalogData(CatalogData::of_text(Catalog::new(segment))),
        fields.map(members).transpose()?,
    )))
}

/// Returns the exception for a text that nobody can read, or `None` if Python may read it.
fn refused(error: &Error, origin: &str) -> Option<PyErr> {
    match error.kind() {
        ErrorKind::Unsupported(_) => None,
        ErrorKind::Syntax(place) => {
            let arguments = (origin.to_owned(), place.message, place.line, place.column);
            Some(ManifestError::new_err(arguments))
        }
        ErrorKind::Memory => Some(no_memory(error)),
        ErrorKind::System(_) => Some(PyRuntimeError::new_err(error.to_string())),
        _ => Some(PyValueError::new_err(error.to_string())),
    }
}

/// Returns `text.lower()`, encoded.
pub(super) fn lowered(py: Python<'_>, text: &str) -> PyResult<Vec<u8>> {
    let text = PyString::new(py, text);
    match input::with_lowered(&text, <[u8]>::to_vec) {
        Ok(lowered) => Ok(lowered),
        Err(super::errors::Stop::Raised(error)) => Err(error),
        Err(super::errors::Stop::Declined) => Err(PyValueError::new_err("a tag cannot be lowered")),
    }
}
