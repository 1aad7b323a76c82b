//! Catalogues in files.

use std::path::Path;

use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::catalog::Shelved;
use super::encode;
use super::errors::unwind;
use super::load::lowered;
use super::pool::pool;
use super::shelf::Shelf;
use crate::engine::catalog::Catalog;
use crate::engine::error::{Error, ErrorKind};
use crate::engine::file::{Reader, Writer};
use crate::engine::json::{self, Hooks};
use crate::engine::segment::Segment;

pyo3::import_exception!(eventkit.errors, CatalogFileError);

/// Where the compiled sessions stand in a file, and the JSON of what else a manifest holds.
const SESSIONS: &str = "sessions";
const FIELDS: &str = "fields";

/// Writes the sessions and the JSON of the other fields to a file, whole or not at all.
#[pyfunction]
pub(super) fn save_catalog(
    py: Python<'_>,
    shelved: &Bound<'_, Shelved>,
    fields: &[u8],
    path: &str,
) -> PyResult<()> {
    let shelf = &shelved.get().0;
    let rewritten = rewritten(py, shelf)?;
    let segment = shelf.catalog.only_text().or(rewritten.as_ref());
    let Some(segment) = segment else {
        return Err(PyValueError::new_err("the sessions cannot be written"));
    };
    let written =
        py.detach(|| Writer::to_file(Path::new(path), |writer| write(writer, segment, fields)));
    written.map_err(|error| failed(&error))
}

/// The same as bytes, for pickling.
#[pyfunction]
pub(super) fn dump_catalog<'py>(
    py: Python<'py>,
    shelved: &Bound<'py, Shelved>,
    fields: &[u8],
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let Some(segment) = shelved.get().0.catalog.only_text() else {
        return Ok(None);
    };
    let bytes = py.detach(|| Writer::to_bytes(|writer| write(writer, segment, fields)));
    Ok(Some(PyBytes::new(
        py,
        &bytes.map_err(|error| failed(&error))?,
    )))
}

fn write(writer: &mut Writer<'_>, segment: &Segment, fields: &[u8]) -> Result<(), Error> {
    writer.column(FIELDS, fields)?;
    segment.save(&mut writer.under(SESSIONS))
}

/// Opens a file by memory map; `verify` checks every byte of it.
#[pyfunction]
pub(super) fn open_catalog<'py>(
    py: Python<'py>,
    path: &str,
    verify: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Shelved, Bound<'py, PyBytes>)> {
    let reader = Reader::open(Path::new(path)).map_err(|error| failed(&error))?;
    if verify {
        let mut raised = None;
        let verified = reader.verify(&mut |bytes| {
            if let (Some(progress), None) = (progress, &raised) {
                raised = progress.call1((bytes, reader.nbytes())).err();
            }
        });
        raised.map_or(Ok(()), Err)?;
        verified.map_err(|error| failed(&error))?;
    }
    read(py, &reader)
}

/// Opens what `dump_catalog` made.
#[pyfunction]
pub(super) fn load_catalog<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyBytes>,
) -> PyResult<(Shelved, Bound<'py, PyBytes>)> {
    read(
        py,
        &Reader::from_bytes(data.as_bytes()).map_err(|error| failed(&error))?,
    )
}

fn read<'py>(py: Python<'py>, reader: &Reader) -> PyResult<(Shelved, Bound<'py, PyBytes>)> {
    // Always checked, and cheap: every answer depends on the weights that stand here.
    let fields = reader
        .verify_section(FIELDS)
        .and_then(|()| reader.column::<u8>(FIELDS))
        .map_err(|error| failed(&error))?;
    let segment = Segment::open(&reader.under(SESSIONS)).map_err(|error| failed(&error))?;
    Ok((
        Shelved(Shelf::of_text(Catalog::new(segment))),
        PyBytes::new(py, &fields),
    ))
}

/// The sessions compiled anew from their JSON, where they are not one text already.
fn rewritten(py: Python<'_>, shelf: &Shelf) -> PyResult<Option<Segment>> {
    if shelf.catalog.only_text().is_some() {
        return Ok(None);
    }
    let mut text = Vec::new();
    for (position, place) in shelf.catalog.places().enumerate() {
        match shelf.object(py, place) {
            Some(object) => encode::session(&object, position, &mut text)?,
            None => shelf.dump_text(place, &mut text),
        }
        text.push(b'\n');
    }
    let pool = pool()?;
    let lower = |text: &str| {
        Python::attach(|py| lowered(py, text)).unwrap_or_else(|_| text.as_bytes().to_vec())
    };
    let segment = unwind(|| {
        let mut hooks = Hooks {
            lower: &lower,
            progress: &mut |_| core::ops::ControlFlow::Continue(()),
            pool: Some(&pool),
        };
        let loaded = json::load_ndjson(&text[..], &mut hooks);
        loaded.and_then(|loaded| Segment::from_loaded(loaded, &lower, &pool))
    })?;
    let refused =
        |error: Error| PyValueError::new_err(format!("a session cannot be saved: {error}"));
    segment.map(Some).map_err(refused)
}

/// The exception for a file that cannot be used.
fn failed(error: &Error) -> PyErr {
    match error.kind() {
        // 2 is ENOENT on every system that CPython runs on.
        ErrorKind::System(Some(2)) => PyFileNotFoundError::new_err(error.to_string()),
        ErrorKind::System(_) => PyOSError::new_err(error.to_string()),
        _ => CatalogFileError::new_err(error.to_string()),
    }
}
