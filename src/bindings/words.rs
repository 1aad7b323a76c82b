//! Compiles the words of a catalogue's sessions.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::catalog_data::CatalogData;
use super::errors::{Answer, no_memory, room, unwind};
use super::input;
use super::intern::intern;
use super::search::{CatalogBase, UNREADABLE, settled};
use crate::engine::catalog::understood::members;
use crate::engine::understanding::{Field, TextBuilder, TextIndex};

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

    fn words_of_objects(&self, py: Python<'_>, part: u32) -> Answer<TextIndex> {
        let mut builder = TextBuilder::default();
        let refused = |error: crate::engine::error::Error| no_memory(&error);
        for session in self.sessions_of(py, part) {
            room("the words", 0)?;
            push_session(&mut builder, &session)?;
            builder.finish_session().map_err(refused)?;
        }
        Ok(builder.finish().map_err(refused)?)
    }
}

/// Adds the texts of a session. A value of another type is left out.
fn push_session(builder: &mut TextBuilder, session: &Bound<'_, PyAny>) -> Answer<()> {
    let py = session.py();
    for field in Field::ALL {
        for name in members(field) {
            let name = PyString::intern(py, name);
            let value = match session.cast_exact::<PyDict>() {
                Ok(plain) => plain.get_item(name)?,
                Err(_) => session.call_method1(intern!(py, "get"), (name,)).ok(),
            };
            if let Some(value) = value.filter(|value| !value.is_none()) {
                push_value(builder, field, &value, 0)?;
                break;
            }
        }
    }
    Ok(())
}

fn push_value(
    builder: &mut TextBuilder,
    field: Field,
    value: &Bound<'_, PyAny>,
    depth: usize,
) -> Answer<()> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return input::with_bytes(text, |text| {
            builder.push(field, &String::from_utf8_lossy(text));
        });
    }
    if depth > 1 {
        return Ok(());
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list
            .iter()
            .try_for_each(|item| push_value(builder, field, &item, depth + 1));
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return tuple
            .iter()
            .try_for_each(|item| push_value(builder, field, &item, depth + 1));
    }
    if let Ok(object) = value.cast_exact::<PyDict>()
        && let Some(name) = object.get_item(intern!(value.py(), "name"))?
    {
        return push_value(builder, field, &name, depth + 1);
    }
    Ok(())
}
