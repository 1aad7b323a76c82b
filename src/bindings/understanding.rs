//! Answers queries whose interests are understood instead of compared.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::answer::{self, Chosen};
use super::ask::Ask;
use super::balance::Sharing;
use super::errors::{Answer, OrDecline, UNREADABLE, settled, unwind};
use super::filter::Filter;
use super::intern::intern;
use super::reading::{Reading, shown_matches, understand};
use super::search::{CatalogBase, Narrowed};
use super::{input, object};
use crate::engine::understanding::words::words_of;
use crate::engine::understanding::{Field, POINT, Term, matched};

/// What is said where the engine cannot score a session or an argument exactly.
const UNPROVEN: &str = "understanding needs sessions that are dicts with a title, a popularity that is a float or an \
                        int of at most 52 bits, and weights of these types";

/// Tells what interests match. Returns a dict for each, and the tags that say the same to the exact functions.
#[pyfunction]
pub(super) fn understand_interests<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyList>,
    reading: &Bound<'py, Reading>,
) -> PyResult<(Bound<'py, PyList>, Vec<Vec<String>>)> {
    let base = catalog.get();
    base.prepare(py, Some(reading))?;
    let inner = &base.data.catalog;
    let query = unwind(|| understand(inner, interests, reading.get()));
    let query = settled(query, UNPROVEN)?;
    let rows = shown_matches(py, &query, inner);
    let same = query.same_tags(inner);
    base.data.settled(rows.map(|rows| (rows, same)))
}

/// Recommends for interests that are understood. Sessions that match none of them are left out.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // Keyword arguments of Python.
pub(super) fn recommend_understood<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyList>,
    top: &Bound<'py, PyAny>,
    weights: Option<&Bound<'py, PyAny>>,
    filter: Option<&Bound<'py, Filter>>,
    reading: &Bound<'py, Reading>,
    balance: Option<&Bound<'py, PyAny>>,
    spread: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let base = catalog.get();
    let sharing = Sharing::read(balance, spread)?;
    base.prepare(py, Some(reading))?;
    let filter = settled(unwind(|| base.narrowed(py, filter)), UNREADABLE)?;
    let filter = filter.as_ref();
    if let Some(sharing) = &sharing {
        let answer = base.balanced(py, interests, top, weights, filter, sharing, Some(reading));
        return base.data.settled(answer);
    }
    let answer = unwind(|| {
        let ask = Ask::read(base, interests, weights, Some(reading))?;
        let query = ask.understood.as_ref().or_decline()?;
        let points = query.points();
        let most = input::slice_end(top, points.len())?;
        let best = ask.best(query, &points, most, filter)?;
        let answer = base.answer(py, best, &ask.scorer)?;
        ask.tell_understood(py, query, input::exact_dict(&answer)?)?;
        Ok(answer)
    });
    base.data.settled(settled(answer, UNPROVEN))
}

/// What each interest matched; and the positions of all sessions that match, in order, with the points of each
/// interest.
type Points<'py> = (Bound<'py, PyList>, Vec<usize>, Vec<Vec<u32>>);

/// Returns the points of all sessions that match, for callers that choose among them.
#[pyfunction]
pub(super) fn understood_points<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyList>,
    filter: Option<&Bound<'py, Filter>>,
    reading: &Bound<'py, Reading>,
) -> PyResult<Points<'py>> {
    let base = catalog.get();
    base.prepare(py, Some(reading))?;
    let filter = settled(unwind(|| base.narrowed(py, filter)), UNREADABLE)?;
    let inner = &base.data.catalog;
    let query = unwind(|| understand(inner, interests, reading.get()));
    let query = settled(query, UNPROVEN)?;
    let narrow = filter.as_ref().map(Narrowed::narrow);
    let (positions, points) = query.table(inner, narrow);
    let understood = shown_matches(py, &query, inner)?;
    base.data.settled(Ok((understood, positions, points)))
}

/// Explains the score of the first session with this title, with each term of its match; `None` if there is none.
#[pyfunction]
pub(super) fn explain_understood<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    title: &Bound<'py, PyString>,
    interests: &Bound<'py, PyList>,
    weights: Option<&Bound<'py, PyAny>>,
    reading: &Bound<'py, Reading>,
) -> PyResult<Bound<'py, PyAny>> {
    let base = catalog.get();
    base.prepare(py, Some(reading))?;
    let answer = unwind(|| {
        let ask = Ask::read(base, interests, weights, Some(reading))?;
        let query = ask.understood.as_ref().or_decline()?;
        let Some(place) = base.find_title(py, title)? else {
            return answer::not_found(title);
        };
        let number = query.texts.number(place.part, place.local).or_decline()?;
        let terms = query.terms(number);
        let session = base.data.plain_session(py, place)?;
        let all = terms.iter().flat_map(|(_, terms)| terms);
        let points = all.map(|term| term.points).sum();
        let tags = matched_tags(&session, &terms)?;
        let popularity = input::popularity(&session)?;
        let chosen = Chosen {
            session,
            matched: matched(points),
            popularity,
        };
        let answer = answer::explanation(py, chosen.scored(&ask.scorer)?, tags)?;
        input::exact_dict(&answer)?.set_item(intern!(py, "terms"), shown_terms(py, &terms)?)?;
        Ok(answer)
    });
    base.data.settled(settled(answer, UNPROVEN))
}

/// Returns the session's tags that hold a term.
fn matched_tags<'py>(
    session: &Bound<'py, PyDict>,
    terms: &[(&str, Vec<Term>)],
) -> Answer<Vec<Bound<'py, PyAny>>> {
    let terms = || terms.iter().flat_map(|(_, terms)| terms);
    let mut matched = Vec::new();
    input::Tags::of(session)?.try_for_each(|tag| {
        let held = input::with_bytes(tag, |tag| words_of(&String::from_utf8_lossy(tag)))?;
        let is_held = |term: &Term| {
            term.fields.contains(&Field::Tags)
                && term
                    .term
                    .split(' ')
                    .all(|word| held.iter().any(|held| held == word))
        };
        if terms().any(is_held) {
            matched.push(tag.clone().into_any());
        }
        Ok(())
    })?;
    Ok(matched)
}

/// Builds the terms of a session's match.
pub(super) fn shown_terms<'py>(
    py: Python<'py>,
    terms: &[(&str, Vec<Term>)],
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (asked, terms) in terms {
        for term in terms {
            let row = PyDict::new(py);
            row.set_item(intern!(py, "interest"), asked)?;
            row.set_item(intern!(py, "word"), &term.asked)?;
            row.set_item(intern!(py, "term"), &term.term)?;
            row.set_item(intern!(py, "how"), term.how.name())?;
            let fields: Vec<&str> = term.fields.iter().map(|field| field.name()).collect();
            row.set_item(intern!(py, "fields"), fields)?;
            let weight = f64::from(term.points) / f64::from(POINT);
            row.set_item(intern!(py, "weight"), object::new_float(py, weight)?)?;
            list.append(row)?;
        }
    }
    Ok(list)
}

/// Answers a call of `recommend` or `explain` with `understand=True` in Python, which knows the aliases.
pub(super) fn in_python<'py>(
    py: Python<'py>,
    name: &str,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "eventkit.understanding"))?
        .getattr(PyString::new(py, name))?
        .call1(arguments)
}

/// Refuses an argument that only `understand=True` uses.
pub(super) fn refuse_embed(embed: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    match embed {
        Some(_) => Err(PyTypeError::new_err("embed needs understand=True")),
        None => Ok(()),
    }
}
