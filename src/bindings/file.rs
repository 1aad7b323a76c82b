//! Saves catalogues to files and opens them.

use std::path::Path;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::catalog_data::{CatalogData, SharedCatalogData};
use super::encode;
use super::errors::{file_error, pool, room, unwind};
use super::load::{LOADING, lowered};
use super::object;
use crate::engine::catalog::segment::Segment;
use crate::engine::catalog::{Catalog, stored};
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};
use crate::engine::json::{self, Hooks};
use crate::engine::memory;

/// Writes the sessions and the JSON of the other fields to a file, completely or not at all.
#[pyfunction]
pub(super) fn save_catalog(
    py: Python<'_>,
    data: &Bound<'_, SharedCatalogData>,
    fields: &[u8],
    path: &str,
) -> PyResult<()> {
    let data = &data.get().0;
    data.check()?;
    let rewritten = rewritten(py, data)?;
    let segment = data.catalog.only_text().or(rewritten.as_ref());
    let Some(segment) = segment else {
        return Err(PyValueError::new_err("the sessions cannot be written"));
    };
    let written = py.detach(|| {
        Writer::to_file(Path::new(path), |writer| {
            stored::write(writer, segment, fields)
        })
    });
    data.settled(written.map_err(|error| file_error(&error)))
}

/// Returns the same as bytes, for pickling.
#[pyfunction]
pub(super) fn dump_catalog<'py>(
    py: Python<'py>,
    data: &Bound<'py, SharedCatalogData>,
    fields: &[u8],
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let data = &data.get().0;
    let Some(segment) = data.catalog.only_text() else {
        return Ok(None);
    };
    data.check()?;
    room("a copy", segment.nbytes().saturating_mul(2))?;
    let bytes = py.detach(|| Writer::to_bytes(|writer| stored::write(writer, segment, fields)));
    let bytes = data.settled(bytes.map_err(|error| file_error(&error)))?;
    object::new_bytes(py, &bytes).map(Some)
}

/// Opens a file by memory map, or reads a copy of it. `verify` checks every byte.
#[pyfunction]
pub(super) fn open_catalog<'py>(
    py: Python<'py>,
    path: &str,
    verify: bool,
    copy: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(SharedCatalogData, Bound<'py, PyBytes>)> {
    let path = Path::new(path);
    let reader = if copy {
        py.detach(|| Reader::read(path))
    } else {
        Reader::open(path)
    };
    let reader = reader.map_err(|error| file_error(&error))?;
    if verify {
        let mut raised = None;
        let verified = reader.verify(&mut |bytes| {
            if let (Some(progress), None) = (progress, &raised) {
                raised = progress.call1((bytes, reader.len())).err();
            }
        });
        raised.map_or(Ok(()), Err)?;
        verified.map_err(|error| file_error(&error))?;
    }
    read(py, &reader)
}

/// Opens what `dump_catalog` returned, or the content of a file. `verify` checks every byte.
#[pyfunction]
pub(super) fn load_catalog<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyBytes>,
    verify: bool,
) -> PyResult<(SharedCatalogData, Bound<'py, PyBytes>)> {
    let bytes = data.as_bytes();
    let opened = py.detach(|| {
        let reader = Reader::from_bytes(bytes)?;
        if verify {
            reader.verify(&mut |_| {})?;
        }
        Ok(reader)
    });
    read(py, &opened.map_err(|error| file_error(&error))?)
}

fn read<'py>(
    py: Python<'py>,
    reader: &Reader,
) -> PyResult<(SharedCatalogData, Bound<'py, PyBytes>)> {
    let (segment, fields) = stored::read(reader).map_err(|error| file_error(&error))?;
    let data = CatalogData::of_file(Catalog::new(segment), reader.clone());
    let fields = PyBytes::new(py, &fields);
    data.settled(Ok((SharedCatalogData(data.clone()), fields)))
}

/// Compiles the sessions anew from their JSON, unless the catalogue is one text already.
fn rewritten(py: Python<'_>, data: &CatalogData) -> PyResult<Option<Segment>> {
    if data.catalog.only_text().is_some() {
        return Ok(None);
    }
    let with_words = data
        .catalog
        .segments()
        .any(|segment| segment.words.get().is_some());
    let mut text = Vec::new();
    for (position, place) in data.catalog.places().enumerate() {
        room("the sessions", 0)?;
        let bytes = data.text_bytes(place);
        memory::reserve(&mut text, bytes).map_err(|error| file_error(&error))?;
        match data.object(py, place) {
            Some(object) => encode::session(&object, position, &mut text)?,
            None => data.dump_text(place, &mut text),
        }
        text.push(b'\n');
    }
    room("the sessions", text.len().saturating_mul(LOADING))?;
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
        let segment = loaded.and_then(|loaded| Segment::from_loaded(loaded, &lower, &pool))?;
        if with_words {
            segment.compile_words()?;
        }
        Ok(segment)
    })?;
    let refused =
        |error: Error| PyValueError::new_err(format!("a session cannot be saved: {error}"));
    segment.map(Some).map_err(refused)
}
