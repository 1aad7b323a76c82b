//! Reads interests as people type them, and tells what each matches.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::errors::{Answer, OrDecline, room};
use super::intern::intern;
use super::{input, object};
use crate::engine::catalog::Catalog;
use crate::engine::catalog::nearest::Likeness;
use crate::engine::catalog::why_not::MOST_TEXTS;
use crate::engine::understanding::matching::{Points, total};
use crate::engine::understanding::words::words_of;
use crate::engine::understanding::{
    Aliases, Field, Fields, How, Interest, Level, Matches, Term, Texts,
};

/// How interests are read: aliases, the fields that count, and whether prefixes and misspellings are tried.
#[pyclass(frozen, name = "Reading", module = "eventkit._eventkit")]
pub(super) struct Reading {
    pub(super) aliases: Aliases,
    pub(super) fields: Fields,
    pub(super) fuzzy: bool,
}

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
        let mut aliases = Aliases::default();
        for (one, other) in &same {
            aliases.push_same(one, other);
        }
        for (heads, terms) in &narrower {
            for head in heads {
                for term in terms {
                    aliases.push_narrower(head, term);
                }
            }
        }
        let field = |name: &String| {
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let names = Field::ALL.map(Field::name).join(", ");
            field.ok_or_else(|| {
                PyValueError::new_err(format!("fields holds {name:?}, expected some of {names}"))
            })
        };
        let fields: PyResult<Vec<Field>> = fields.iter().map(field).collect();
        Ok(Self {
            aliases,
            fields: Fields::of(fields?),
            fuzzy,
        })
    }
}

/// The interests of a query, and the sessions that match each.
pub(super) struct Meant<'c> {
    pub(super) texts: Texts<'c>,
    pub(super) asked: Vec<String>,
    pub(super) interests: Vec<Interest>,
    pub(super) matches: Vec<Matches>,
    pub(super) fields: Fields,
}

impl<'c> Meant<'c> {
    /// Reads the interests and finds the sessions. Declines if the words of a segment are not compiled.
    pub(super) fn run(
        catalog: &'c Catalog,
        interests: &Bound<'_, PyList>,
        reading: &Reading,
    ) -> Answer<Self> {
        let texts = catalog.texts().or_decline()?;
        room("the query", interests.len().saturating_mul(1 << 10))?;
        let mut asked = Vec::with_capacity(interests.len());
        for interest in interests {
            let text = input::exact_str(&interest)?;
            asked.push(input::with_bytes(text, |text| {
                String::from_utf8_lossy(text).into_owned()
            })?);
        }
        let texts_of = asked.iter().map(String::as_str);
        let interests = texts.interests(texts_of, &reading.aliases, reading.fuzzy);
        let matches = interests
            .iter()
            .map(|interest| texts.matches(interest, reading.fields));
        let matches = matches.collect();
        Ok(Self {
            texts,
            asked,
            interests,
            matches,
            fields: reading.fields,
        })
    }

    /// Returns each interest with what it asks for and the sessions that match it.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Interest, &Matches)> {
        let rows = self.asked.iter().zip(&self.interests).zip(&self.matches);
        rows.map(|((asked, interest), matches)| (asked.as_str(), interest, matches))
    }

    /// Builds what each interest matched.
    pub(super) fn understood<'py>(
        &self,
        py: Python<'py>,
        catalog: &Catalog,
    ) -> PyResult<Bound<'py, PyList>> {
        let rows = self.rows().map(|(asked, interest, matches)| {
            let row = PyDict::new(py);
            row.set_item(intern!(py, "interest"), asked)?;
            row.set_item(intern!(py, "sessions"), matches.sessions.len())?;
            row.set_item(intern!(py, "level"), interest.level.map(Level::name))?;
            let (found, unmatched) = found(py, interest, matches)?;
            row.set_item(intern!(py, "matches"), found)?;
            row.set_item(intern!(py, "unmatched"), unmatched)?;
            let nearest = nearest(py, catalog, asked, matches)?;
            row.set_item(intern!(py, "nearest"), nearest)?;
            Ok(row)
        });
        let rows: PyResult<Vec<_>> = rows.collect();
        PyList::new(py, rows?)
    }

    /// Names the terms of a session's points, for each interest.
    pub(super) fn terms(&self, number: u32) -> Vec<(&str, Vec<Term>)> {
        let rows = self.rows();
        rows.map(|(asked, interest, matches)| {
            let terms = self.texts.terms(interest, matches, self.fields, number);
            (asked, terms)
        })
        .collect()
    }

    /// Returns the texts of a session that are no interests yet and would match it, with the points that each gives to
    /// all sessions. At most as many as are tried.
    pub(super) fn tried(
        &self,
        own: Vec<String>,
        reading: &Reading,
        number: u32,
    ) -> Vec<(Vec<u8>, Points)> {
        let mut known: Vec<Vec<String>> = self.asked.iter().map(|asked| words_of(asked)).collect();
        let mut tried = Vec::new();
        for text in own {
            let words = words_of(&text);
            if tried.len() >= MOST_TEXTS || known.contains(&words) {
                continue;
            }
            known.push(words);
            let read = self
                .texts
                .interests([text.as_str()], &reading.aliases, reading.fuzzy);
            let matches = read
                .iter()
                .map(|interest| self.texts.matches(interest, reading.fields));
            let points = total(&matches.collect::<Vec<_>>()).into_owned();
            if points.iter().any(|&(held, _)| held == number) {
                tried.push((text.into_bytes(), points));
            }
        }
        tried
    }

    /// Returns the points of each session for all interests together.
    pub(super) fn points(&self) -> Cow<'_, [(u32, u32)]> {
        total(&self.matches)
    }

    /// Builds the interests that match nothing, each with the nearest tags.
    pub(super) fn unmatched<'py>(
        &self,
        py: Python<'py>,
        catalog: &Catalog,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for (asked, _, matches) in self.rows() {
            if matches.sessions.is_empty() {
                let row = PyDict::new(py);
                row.set_item(intern!(py, "interest"), asked)?;
                let nearest = nearest(py, catalog, asked, matches)?;
                row.set_item(intern!(py, "nearest"), nearest)?;
                list.append(row)?;
            }
        }
        Ok(list)
    }
}

/// How many tags are named for an interest that matches nothing.
const NEAREST: usize = 3;

/// Returns the tags that are spelt most like an interest that matches nothing; none for one that matches.
fn nearest<'py>(
    py: Python<'py>,
    catalog: &Catalog,
    asked: &str,
    matches: &Matches,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    if matches.sessions.is_empty() {
        for tag in catalog.nearest_tags(asked.as_bytes(), NEAREST, Likeness::Any) {
            list.append(object::new_str(py, &tag)?)?;
        }
    }
    Ok(list)
}

/// Returns the matches of an interest, and the words that matched nothing.
fn found<'py>(
    py: Python<'py>,
    interest: &Interest,
    matches: &Matches,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyList>)> {
    let (list, unmatched) = (PyList::empty(py), PyList::empty(py));
    let push = |word: &str, term: &str, how: How, sessions: u32| -> PyResult<()> {
        let row = PyDict::new(py);
        row.set_item(intern!(py, "word"), word)?;
        row.set_item(intern!(py, "term"), term)?;
        row.set_item(intern!(py, "how"), how.name())?;
        row.set_item(intern!(py, "sessions"), sessions)?;
        list.append(row)
    };
    for (tag, &count) in interest.whole.iter().zip(&matches.whole) {
        if count > 0 {
            let words = tag.term.trim_start_matches('=');
            push(words, words, How::Exact, count)?;
        }
    }
    for (group, counts) in interest.groups.iter().zip(&matches.counts) {
        for (alternative, count) in group.alternatives.iter().zip(counts) {
            let said = count.in_abstracts_only && alternative.how == How::Word;
            let how = if said { How::Text } else { alternative.how };
            if count.sessions > 0 {
                push(&group.asked, &alternative.term, how, count.sessions)?;
            }
        }
        if counts.iter().all(|count| count.sessions == 0) {
            unmatched.append(group.asked.as_str())?;
        }
    }
    Ok((list, unmatched))
}
