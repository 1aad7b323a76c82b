//! Saves catalogues to files and opens them.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::catalog_data::{CatalogData, SharedCatalogData};
use super::encode;
use super::errors::{UNREADABLE, file_error, pool, room, settled, unwind};
use super::load::{LOADING, lowered};
use super::object;
use crate::engine::catalog::segment::Segment;
use crate::engine::catalog::{Catalog, Place, stored};
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};
use crate::engine::json::{self, Hooks};
use crate::engine::memory;

/// Writes the sessions and the JSON of the other fields to a file, completely or not at all.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Arguments of Python are extracted.
pub(super) fn save_catalog(
    py: Python<'_>,
    data: &Bound<'_, SharedCatalogData>,
    fields: &[u8],
    path: PathBuf,
) -> PyResult<()> {
    let data = &data.get().0;
    data.check()?;
    let rewritten = rewritten(py, data)?;
    let segment = data.catalog.only_text().or(rewritten.as_ref());
    let Some(segment) = segment else {
        return Err(PyValueError::new_err("the sessions cannot be written"));
    };
    let written =
        py.detach(|| Writer::to_file(&path, |writer| stored::write(writer, segment, fields)));
    data.settled(written.map_err(|error| file_error(&error)))
}

/// The file of a part: its absolute path, its length in bytes, and the checksum of its header.
type FileOfPart = (OsString, u64, u64);

/// Returns what restores each part: its file if it is mapped, else its compiled form, or a list of its session objects
/// if JSON cannot hold one of them. Beside it are the positions of the sessions that were removed, as 32-bit numbers.
#[pyfunction]
pub(super) fn take_apart<'py>(
    py: Python<'py>,
    data: &Bound<'py, SharedCatalogData>,
) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyBytes>)>> {
    let data = &data.get().0;
    data.check()?;
    let segments = (0..).zip(data.catalog.segments());
    let parts = segments.map(|(number, segment)| {
        let removed = bytemuck::cast_slice(data.catalog.removed_of(number));
        let removed = object::new_bytes(py, removed)?;
        let mapped = data
            .file(number)
            .and_then(|file| Some((file, file.path()?)));
        if let Some((file, path)) = mapped {
            let identity = file.identity();
            let file: FileOfPart = (path.into(), identity.len, identity.checksum);
            return Ok((file.into_pyobject(py)?.into_any(), removed));
        }
        if segment.text.is_some() {
            return Ok((dumped(py, segment)?.into_any(), removed));
        }
        let with_words = segment.words.get().is_some();
        let part = match recompiled(py, data, data.catalog.places_of(number), with_words) {
            Ok(segment) => dumped(py, &segment)?.into_any(),
            Err(error) if error.is_instance_of::<PyValueError>(py) => {
                let sessions = data.sessions(py, data.catalog.places_of(number));
                settled(Ok(sessions), UNREADABLE)?.into_any()
            }
            Err(error) => return Err(error),
        };
        Ok((part, object::new_bytes(py, b"")?))
    });
    let parts: PyResult<Vec<_>> = parts.collect();
    data.settled(parts)
}

fn dumped<'py>(py: Python<'py>, segment: &Segment) -> PyResult<Bound<'py, PyBytes>> {
    room("a copy", segment.nbytes().saturating_mul(2))?;
    let bytes = py.detach(|| Writer::to_bytes(|writer| stored::write(writer, segment, b"")));
    object::new_bytes(py, &bytes.map_err(|error| file_error(&error))?)
}

/// The most sessions that open as one: the words of texts number them with 32 bits.
const MOST_SESSIONS: usize = u32::MAX as usize - 1;

/// Joins catalogues of one part, each without the sessions at the positions beside it.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Arguments of Python are extracted.
pub(super) fn join_catalogs(
    parts: Vec<(Bound<'_, SharedCatalogData>, Bound<'_, PyBytes>)>,
) -> PyResult<SharedCatalogData> {
    let numbers = |bytes: &[u8]| {
        let pieces = bytes.chunks_exact(size_of::<u32>());
        pieces.map(bytemuck::pod_read_unaligned).collect()
    };
    let parts: Vec<(CatalogData, Vec<u32>)> = parts
        .iter()
        .map(|(data, removed)| (data.get().0.clone(), numbers(removed.as_bytes())))
        .collect();
    let sessions: usize = parts.iter().map(|(data, _)| data.catalog.len()).sum();
    if sessions > MOST_SESSIONS {
        return Err(PyValueError::new_err(format!(
            "{sessions} sessions, and one process opens at most {MOST_SESSIONS} as one catalogue"
        )));
    }
    let joined = CatalogData::joined(&parts).map(SharedCatalogData);
    joined.ok_or_else(|| {
        PyValueError::new_err("the parts of a catalogue and what was removed from them do not fit")
    })
}

/// Returns the length in bytes and the checksum of the file of the only part; `None` if there is no such file.
#[pyfunction]
pub(super) fn file_identity(data: &Bound<'_, SharedCatalogData>) -> Option<(u64, u64)> {
    let data = &data.get().0;
    let file = data.file(0).filter(|_| data.catalog.segments().len() == 1);
    let identity = file.map(Reader::identity);
    identity.map(|identity| (identity.len, identity.checksum))
}

/// Returns the JSON of the manifest's other fields that the mapped file of the only part holds; `None` if there is no
/// such file.
#[pyfunction]
pub(super) fn saved_fields<'py>(
    py: Python<'py>,
    data: &Bound<'py, SharedCatalogData>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let data = &data.get().0;
    data.check()?;
    let is_saved = |file: &&Reader| file.path().is_some() && data.catalog.segments().len() == 1;
    let file = data.file(0).filter(is_saved);
    let fields = file.map(|file| stored::fields(file).map_err(|error| file_error(&error)));
    let fields = fields.transpose()?;
    let fields = fields.map(|fields| object::new_bytes(py, &fields));
    data.settled(fields.transpose())
}

/// Opens a file by memory map, or reads a copy of it. `verify` checks every byte.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Arguments of Python are extracted.
pub(super) fn open_catalog<'py>(
    py: Python<'py>,
    path: PathBuf,
    verify: bool,
    copy: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(SharedCatalogData, Bound<'py, PyBytes>)> {
    let reader = if copy {
        py.detach(|| Reader::read(&path))
    } else {
        Reader::open(&path)
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

/// Opens the compiled form of a part, or the content of a file. `verify` checks every byte.
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
    let mut segments = data.catalog.segments();
    let with_words = segments.any(|segment| segment.words.get().is_some());
    recompiled(py, data, data.catalog.places(), with_words).map(Some)
}

/// Compiles some sessions anew from their JSON. Raises `ValueError` if JSON cannot hold one of them as it is.
fn recompiled(
    py: Python<'_>,
    data: &CatalogData,
    places: impl Iterator<Item = Place>,
    with_words: bool,
) -> PyResult<Segment> {
    let mut text = Vec::new();
    for (position, place) in places.enumerate() {
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
    segment.map_err(refused)
}
