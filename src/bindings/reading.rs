//! Reads interests as people type them, and shows what each matches.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::errors::{Answer, OrDecline, room};
use super::intern::intern;
use super::{input, object};
use crate::engine::catalog::Catalog;
use crate::engine::catalog::understood_query::{self, UnderstoodQuery, found_terms, nearest};
use crate::engine::understanding::{Aliases, Field, Fields, Interest, Level, Matches};

/// How interests are read: aliases, the fields that count, and whether prefixes and misspellings are tried.
#[pyclass(frozen, name = "Reading", module = "eventkit._eventkit")]
pub(super) struct Reading(pub(super) understood_query::Reading);

#[pymethods]
impl Reading {
    #[new]
    #[allow(clippy::needless_pass_by_value)] // Arguments of Python are extracted.
    fn new(
        same: Vec<(String, String)>,
        narrower: Vec<(Vec<String>, Vec<String>)>,
        fields: Vec<String>,
        fuzzy: bool,
    ) -> PyResult<Self> {
        let field = |name: &String| {
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let names = Field::ALL.map(Field::name).join(", ");
            field.ok_or_else(|| {
                PyValueError::new_err(format!("fields holds {name:?}, expected some of {names}"))
            })
        };
        let fields: PyResult<Vec<Field>> = fields.iter().map(field).collect();
        Ok(Self(understood_query::Reading {
            aliases: Aliases::from_pairs(&same, &narrower),
            fields: Fields::of(fields?),
            fuzzy,
        }))
    }
}

/// Reads the interests and finds the sessions. Declines if the words of a segment are not compiled.
pub(super) fn understand<'c>(
    catalog: &'c Catalog,
    interests: &Bound<'_, PyList>,
    reading: &Reading,
) -> Answer<UnderstoodQuery<'c>> {
    room("the query", interests.len().saturating_mul(1 << 10))?;
    let mut asked = Vec::with_capacity(interests.len());
    for interest in interests {
        let text = input::exact_str(&interest)?;
        let read = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        asked.push(input::with_bytes(text, read)?);
    }
    UnderstoodQuery::new(catalog, asked, &reading.0).or_decline()
}

/// Builds what each interest matched.
pub(super) fn shown_matches<'py>(
    py: Python<'py>,
    query: &UnderstoodQuery<'_>,
    catalog: &Catalog,
) -> PyResult<Bound<'py, PyList>> {
    let rows = query.rows().map(|(asked, interest, matches)| {
        let row = PyDict::new(py);
        row.set_item(intern!(py, "interest"), asked)?;
        row.set_item(intern!(py, "sessions"), matches.sessions.len())?;
        row.set_item(intern!(py, "level"), interest.level.map(Level::name))?;
        let (found, unmatched) = shown_terms(py, interest, matches)?;
        row.set_item(intern!(py, "matches"), found)?;
        row.set_item(intern!(py, "unmatched"), unmatched)?;
        let nearest = shown_tags(py, &nearest(catalog, asked, matches))?;
        row.set_item(intern!(py, "nearest"), nearest)?;
        Ok(row)
    });
    let rows: PyResult<Vec<_>> = rows.collect();
    PyList::new(py, rows?)
}

/// Builds the interests that match nothing, each with the nearest tags.
pub(super) fn unmatched<'py>(
    py: Python<'py>,
    query: &UnderstoodQuery<'_>,
    catalog: &Catalog,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (asked, _, matches) in query.rows() {
        if matches.sessions.is_empty() {
            list.append(unmatched_row(
                py,
                asked.as_bytes(),
                &nearest(catalog, asked, matches),
            )?)?;
        }
    }
    Ok(list)
}

/// Builds the row of an interest that matches nothing.
pub(super) fn unmatched_row<'py>(
    py: Python<'py>,
    interest: &[u8],
    nearest: &[Vec<u8>],
) -> PyResult<Bound<'py, PyDict>> {
    let row = object::new_dict(py)?;
    row.set_item(intern!(py, "interest"), object::new_str(py, interest)?)?;
    row.set_item(intern!(py, "nearest"), shown_tags(py, nearest)?)?;
    Ok(row)
}

fn shown_tags<'py>(py: Python<'py>, tags: &[Vec<u8>]) -> PyResult<Bound<'py, PyList>> {
    let tags = tags.iter().map(|tag| object::new_str(py, tag));
    PyList::new(py, tags.collect::<PyResult<Vec<_>>>()?)
}

/// Builds the matches of an interest, and its words that match nothing.
fn shown_terms<'py, 'a>(
    py: Python<'py>,
    interest: &'a Interest,
    matches: &Matches,
) -> PyResult<(Bound<'py, PyList>, Vec<&'a str>)> {
    let (found, unmatched) = found_terms(interest, matches);
    let list = PyList::empty(py);
    for found in found {
        let row = PyDict::new(py);
        row.set_item(intern!(py, "word"), found.word)?;
        row.set_item(intern!(py, "term"), found.term)?;
        row.set_item(intern!(py, "how"), found.how.name())?;
        row.set_item(intern!(py, "sessions"), found.sessions)?;
        list.append(row)?;
    }
    Ok((list, unmatched))
}
