//! Builds the answers as Python objects, with the original's keys in its order, new at every call.
//!
//! Everything that may decline or raise is read first, and the objects are built afterwards. Building containers may
//! run the garbage collector, and with it code that changes the caller's manifest.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::errors::{Answer, OrDecline, room};
use super::intern::intern;
use super::{input, layout, object};
use crate::engine::catalog::conflict::{SlotEnd, count_conflicts};
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Contributions, Number, Scorer};

/// The bytes for each session whose time slot is counted: two objects, two texts, a place in a table.
const SLOT: usize = 128;

/// A session of the answer, and what its score is made of.
pub(super) struct Chosen<'py> {
    /// The caller's own dict.
    pub(super) session: Bound<'py, PyDict>,
    /// How many of its tags are interests; a part of one where interests were understood.
    pub(super) matched: Number,
    /// Its popularity, with its type.
    pub(super) popularity: Number,
}

/// A session of the answer with everything that its entry needs.
pub(super) struct Scored<'py> {
    session: Bound<'py, PyDict>,
    title: Bound<'py, PyAny>,
    parts: Contributions,
    total: Number,
}

impl<'py> Chosen<'py> {
    /// Reads the title and computes the contributions. Declines if the original raises.
    pub(super) fn scored(self, scorer: &Scorer) -> Answer<Scored<'py>> {
        let py = self.session.py();
        let title = self.session.get_item(intern!(py, "title"))?.or_decline()?;
        let parts = scorer
            .contributions_of(self.matched, self.popularity)
            .or_decline()?;
        Ok(Scored {
            total: scorer.total(&parts),
            session: self.session,
            title,
            parts,
        })
    }
}

/// Builds the answer to a recommendation. Conflicts are counted before titles are read, because errors come in that
/// order.
pub(super) fn finish<'py>(
    py: Python<'py>,
    chosen: Vec<Chosen<'py>>,
    scorer: &Scorer,
) -> Answer<Bound<'py, PyAny>> {
    let conflicts = conflicts(py, chosen.iter().map(|chosen| &chosen.session))?;
    finish_with(py, chosen, scorer, conflicts)
}

/// Builds the answer to a recommendation whose conflicts are counted already.
pub(super) fn finish_with<'py>(
    py: Python<'py>,
    chosen: Vec<Chosen<'py>>,
    scorer: &Scorer,
    conflicts: usize,
) -> Answer<Bound<'py, PyAny>> {
    let entries: Answer<Vec<_>> = chosen
        .into_iter()
        .map(|chosen| chosen.scored(scorer))
        .collect();
    recommendation(py, entries?, conflicts)
}

/// Builds the explanation of a session.
pub(super) fn explained<'py>(
    session: Bound<'py, PyDict>,
    interests: &InterestSet,
    scorer: &Scorer,
) -> Answer<Bound<'py, PyAny>> {
    let py = session.py();
    let hits = input::hits(&session, interests)?;
    let popularity = input::popularity(&session)?;
    let matched_tags = matched_tags(&session, interests)?;
    let chosen = Chosen {
        session,
        matched: Number::Int(i64::from(hits)),
        popularity,
    };
    explanation(py, chosen.scored(scorer)?, matched_tags)
}

/// Builds `{"sessions": …, "scoring": …, "conflicts": …}`.
pub(super) fn recommendation<'py>(
    py: Python<'py>,
    scored: Vec<Scored<'py>>,
    conflicts: usize,
) -> Answer<Bound<'py, PyAny>> {
    room(
        "the answer",
        scored.len().saturating_mul(2 * size_of::<usize>()),
    )?;
    let mut sessions = Vec::with_capacity(scored.len());
    let mut scoring = Vec::with_capacity(scored.len());
    for entry in scored {
        room("the answer", 0)?;
        let contributions = contributions(py, &entry.parts)?;
        let line = object::new_dict(py)?;
        line.set_item(intern!(py, "title"), entry.title)?;
        line.set_item(intern!(py, "score"), number(py, entry.total)?)?;
        line.set_item(intern!(py, "contributions"), contributions)?;
        scoring.push(line.into_any());
        sessions.push(entry.session.into_any());
    }
    let answer = object::new_dict(py)?;
    answer.set_item(intern!(py, "sessions"), object::new_list(py, sessions)?)?;
    answer.set_item(intern!(py, "scoring"), object::new_list(py, scoring)?)?;
    answer.set_item(
        intern!(py, "conflicts"),
        object::new_int(py, conflicts as i64)?,
    )?;
    Ok(answer.into_any())
}

/// Builds `{"title": …, "score": …, "contributions": …, "matched_tags": …}`.
pub(super) fn explanation<'py>(
    py: Python<'py>,
    entry: Scored<'py>,
    matched_tags: Vec<Bound<'py, PyAny>>,
) -> Answer<Bound<'py, PyAny>> {
    let answer = object::new_dict(py)?;
    answer.set_item(intern!(py, "title"), entry.title)?;
    answer.set_item(intern!(py, "score"), number(py, entry.total)?)?;
    answer.set_item(
        intern!(py, "contributions"),
        contributions(py, &entry.parts)?,
    )?;
    answer.set_item(
        intern!(py, "matched_tags"),
        object::new_list(py, matched_tags)?,
    )?;
    Ok(answer.into_any())
}

/// Builds `{"error": "session not found", "title": …}`.
pub(super) fn not_found<'py>(title: &Bound<'py, PyString>) -> Answer<Bound<'py, PyAny>> {
    let py = title.py();
    let answer = object::new_dict(py)?;
    answer.set_item(intern!(py, "error"), intern!(py, "session not found"))?;
    answer.set_item(intern!(py, "title"), title)?;
    Ok(answer.into_any())
}

/// Builds `{"session": …, "score": …, "contributions": …}`.
pub(super) fn session_score<'py>(
    session: &Bound<'py, PyDict>,
    parts: &Contributions,
    total: Number,
) -> Answer<Bound<'py, PyAny>> {
    let py = session.py();
    let answer = object::new_dict(py)?;
    answer.set_item(intern!(py, "session"), session)?;
    answer.set_item(intern!(py, "score"), number(py, total)?)?;
    answer.set_item(intern!(py, "contributions"), contributions(py, parts)?)?;
    Ok(answer.into_any())
}

/// Builds the contributions of one session.
pub(super) fn contributions<'py>(
    py: Python<'py>,
    parts: &Contributions,
) -> PyResult<Bound<'py, PyDict>> {
    let answer = object::new_dict(py)?;
    answer.set_item(
        intern!(py, "interest_match"),
        number(py, parts.interest_match)?,
    )?;
    answer.set_item(intern!(py, "popularity"), number(py, parts.popularity)?)?;
    if let Some(diversity) = parts.diversity {
        answer.set_item(intern!(py, "diversity"), object::new_float(py, diversity)?)?;
    }
    Ok(answer)
}

#[inline]
pub(super) fn number(py: Python<'_>, value: Number) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Number::Int(value) => object::new_int(py, value),
        Number::Float(value) => object::new_float(py, value),
    }
}

/// Counts the (start, end) slots that more than one of the sessions has.
pub(super) fn conflicts<'py, 'a>(
    py: Python<'py>,
    sessions: impl ExactSizeIterator<Item = &'a Bound<'py, PyDict>>,
) -> Answer<usize>
where
    'py: 'a,
{
    room("the answer", sessions.len().saturating_mul(SLOT))?;
    let mut slots = Vec::with_capacity(sessions.len());
    for session in sessions {
        let start = session.get_item(intern!(py, "start"))?;
        slots.push((start, session.get_item(intern!(py, "end"))?));
    }
    let native: Option<Vec<_>> = slots
        .iter()
        .map(|(start, end)| Some((slot_end(start.as_ref())?, slot_end(end.as_ref())?)))
        .collect();
    native.map_or_else(
        || equal_conflicts(py, &slots),
        |slots| Ok(count_conflicts(&slots)),
    )
}

/// Returns an end of a slot, or `None` if the interpreter has to compare it.
#[inline]
pub(super) fn slot_end<'a>(value: Option<&'a Bound<'_, PyAny>>) -> Option<SlotEnd<'a>> {
    match value {
        None => Some(SlotEnd::None),
        Some(value) if value.is_none() => Some(SlotEnd::None),
        Some(value) => layout::ascii(value.cast_exact::<PyString>().ok()?).map(SlotEnd::Ascii),
    }
}

type Slot<'py> = (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// Counts with the interpreter's own `==` and `hash`, for ends that are numbers or not ASCII: 1 and 1.0 are equal.
fn equal_conflicts<'py>(py: Python<'py>, slots: &[Slot<'py>]) -> Answer<usize> {
    let uses = object::new_dict(py)?;
    let mut conflicts = 0;
    for (start, end) in slots {
        let slot = PyTuple::new(py, [plain(py, start.as_ref())?, plain(py, end.as_ref())?])?;
        let known = uses.get_item(&slot)?;
        let first_repeat = match &known {
            None => false,
            Some(repeated) => !repeated.is_truthy()?,
        };
        conflicts += usize::from(first_repeat);
        uses.set_item(slot, known.is_some())?;
    }
    Ok(conflicts)
}

/// Returns an end whose hash and equality run no foreign code, or declines.
fn plain<'py>(py: Python<'py>, value: Option<&Bound<'py, PyAny>>) -> Answer<Bound<'py, PyAny>> {
    let Some(value) = value else {
        return Ok(py.None().into_bound(py));
    };
    let plain = value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>();
    plain.then(|| value.clone()).or_decline()
}

/// Returns the tags of the session that are interests, as written, including repeated ones.
fn matched_tags<'py>(
    session: &Bound<'py, PyDict>,
    interests: &InterestSet,
) -> Answer<Vec<Bound<'py, PyAny>>> {
    let mut matched = Vec::new();
    input::Tags::of(session)?.try_for_each(|tag| {
        if input::is_hit(tag, interests)? {
            matched.push(tag.clone().into_any());
        }
        Ok(())
    })?;
    Ok(matched)
}

/// Returns the sessions of an exact list that are exact dicts, or declines.
pub(super) fn exact_dicts<'py>(list: &Bound<'py, PyList>) -> Answer<Vec<Bound<'py, PyDict>>> {
    room("the sessions", list.len().saturating_mul(SLOT))?;
    list.iter()
        .map(|session| input::exact_dict(&session).cloned())
        .collect()
}
