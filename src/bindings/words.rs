//! Compiles the words of a catalogue's sessions.

use core::ops::Range;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::catalog_data::CatalogData;
use super::errors::{Answer, UNREADABLE, no_memory, room, settled, unwind};
use super::input;
use super::intern::intern;
use super::search::CatalogBase;
use crate::engine::catalog::understood::{MEMBERS, compile_pieces};
use crate::engine::understanding::{Field, Piece, TextIndex};

/// Compiles the words of a catalogue's sessions. Returns the bytes of all the words' indexes.
#[pyfunction]
pub(super) fn compile_words(py: Python<'_>, catalog: &Bound<'_, CatalogBase>) -> PyResult<usize> {
    let data = &catalog.get().data;
    data.check()?;
    let compiled = data.compile_words(py);
    data.settled(compiled)?;
    let sizes = data
        .catalog
        .segments()
        .filter_map(|segment| segment.words.get());
    Ok(sizes.map(TextIndex::size).sum())
}

impl CatalogData {
    /// Compiles the words of the segments that have none yet.
    pub(super) fn compile_words(&self, py: Python<'_>) -> PyResult<()> {
        for (number, segment) in (0..).zip(self.catalog.segments()) {
            if segment.words.get().is_some() {
                continue;
            }
            let refused =
                |error: crate::engine::error::Error| PyValueError::new_err(error.to_string());
            if segment.text.is_some() {
                let compiled = py.detach(|| unwind(|| segment.compile_words()))?;
                compiled.map_err(refused)?;
            } else {
                let words = settled(unwind(|| self.words_of_objects(py, number)), UNREADABLE)?;
                let _ = segment.words.set(words);
            }
        }
        Ok(())
    }

    /// Compiles the words of sessions that are objects of Python. This thread copies their texts, and the threads of the
    /// pool read them.
    fn words_of_objects(&self, py: Python<'_>, part: u32) -> Answer<TextIndex> {
        let segment = self.catalog.segments().nth(part as usize);
        let count = segment.map_or(0, |segment| segment.len());
        let names = MEMBERS.map(|(_, name)| PyString::intern(py, name));
        let mut sessions = self.sessions_of(py, part);
        let copy = |range: &Range<usize>| -> Answer<Piece> {
            let mut piece = Piece::default();
            for session in sessions.by_ref().take(range.len()) {
                room("the words", 0)?;
                push_session(&mut piece, &session, &names)?;
                piece.finish_session();
            }
            Ok(piece)
        };
        Ok(compile_pieces(count, copy)?.map_err(|error| no_memory(&error))?)
    }
}

/// Adds the texts of a session. A value of another type is left out.
fn push_session(
    piece: &mut Piece,
    session: &Bound<'_, PyAny>,
    names: &[Bound<'_, PyString>; MEMBERS.len()],
) -> Answer<()> {
    let py = session.py();
    let plain = session.cast_exact::<PyDict>().ok();
    let mut read = None;
    for ((field, _), name) in MEMBERS.into_iter().zip(names) {
        if read == Some(field) {
            continue;
        }
        let value = match plain {
            Some(plain) => plain.get_item(name)?,
            None => session.call_method1(intern!(py, "get"), (name,)).ok(),
        };
        if let Some(value) = value.filter(|value| !value.is_none()) {
            push_value(piece, field, &value, 0)?;
            read = Some(field);
        }
    }
    Ok(())
}

fn push_value(
    piece: &mut Piece,
    field: Field,
    value: &Bound<'_, PyAny>,
    depth: usize,
) -> Answer<()> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        let pushed = input::with_bytes(text, |text| piece.push(field, text))?;
        return Ok(pushed.map_err(|error| no_memory(&error))?);
    }
    if depth > 1 {
        return Ok(());
    }
    let mut push = |item: Bound<'_, PyAny>| push_value(piece, field, &item, depth + 1);
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list.iter().try_for_each(push);
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return tuple.iter().try_for_each(push);
    }
    if let Ok(object) = value.cast_exact::<PyDict>()
        && let Some(name) = object.get_item(intern!(value.py(), "name"))?
    {
        return push(name);
    }
    Ok(())
}
