//! Answers questions about one session of a catalogue: why it is not recommended, and what runs beside it.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::answer;
use super::ask::{Ask, HowRead};
use super::errors::{Answer, OrDecline, UNREADABLE, guarded, settled, unwind};
use super::filter::Filter;
use super::intern::intern;
use super::reading::Reading;
use super::search::{CatalogBase, Narrowed, refuse_text};
use super::understanding::shown_terms;
use super::{input, object};
use crate::engine::catalog::ranker::{ByPoints, ByTags, Ranker};
use crate::engine::catalog::understood_query::UnderstoodQuery;
use crate::engine::catalog::why_not::{Condition, Question, Step, WhyNot};
use crate::engine::catalog::{Best, Narrow, Place};
use crate::engine::ranking::score::Factor;
use crate::engine::understanding::words::spelt_words;

/// Says why a session is not among the first `top`.
#[pyfunction]
#[pyo3(signature = (catalog, title, interests, top, weights, filter, reading=None))]
#[allow(clippy::too_many_arguments)] // Keyword arguments of Python.
pub(super) fn why_not<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    title: &Bound<'py, PyString>,
    interests: &Bound<'py, PyAny>,
    top: usize,
    weights: Option<&Bound<'py, PyAny>>,
    filter: Option<&Bound<'py, Filter>>,
    reading: HowRead<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let catalog = catalog.get();
    catalog.prepare(py, reading)?;
    refuse_text(interests)?;
    let narrowed = settled(unwind(|| catalog.narrowed(py, filter)), UNREADABLE)?;
    let found = guarded(py, || {
        let ask = Ask::read(catalog, interests, weights, reading)?;
        let Some(place) = catalog.find(py, title)? else {
            return answer::not_found(title);
        };
        let about = About {
            place,
            top,
            narrow: narrowed.as_ref().map(Narrowed::narrow),
        };
        let answer = match (&ask.understood, reading) {
            (Some(query), Some(reading)) => {
                catalog.why_not_understood(py, &ask, query, reading.get(), about)?
            }
            _ => catalog.why_not_tagged(py, &ask, about)?,
        };
        ask.tell(py, &answer)?;
        Ok(answer.into_any())
    });
    catalog.data.settled(found)
}

/// Returns the sessions that run at the time of another one, best first.
#[pyfunction]
#[pyo3(signature = (catalog, title, interests, top, weights, reading=None))]
pub(super) fn alternatives<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    title: &Bound<'py, PyString>,
    interests: &Bound<'py, PyAny>,
    top: Option<usize>,
    weights: Option<&Bound<'py, PyAny>>,
    reading: HowRead<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let catalog = catalog.get();
    catalog.prepare(py, reading)?;
    refuse_text(interests)?;
    let found = guarded(py, || {
        let ask = Ask::read(catalog, interests, weights, reading)?;
        let Some(place) = catalog.find(py, title)? else {
            return answer::not_found(title);
        };
        let ranked = ask.everything(None)?;
        let Some(numbers) = catalog.data.catalog.overlapping(place, &ranked) else {
            let untimed = answer::not_found(title)?;
            let message = intern!(py, "session has no time");
            input::exact_dict(&untimed)?.set_item(intern!(py, "error"), message)?;
            return Ok(untimed);
        };
        let numbers = numbers.into_iter().take(top.unwrap_or(usize::MAX));
        let best = numbers.filter_map(|number| ranked.get(number).copied());
        let answer = catalog.planned(py, best.collect(), &ask.scorer)?;
        let fields = input::exact_dict(&answer)?;
        for name in ["title", "start", "end"] {
            let value = catalog.data.member(py, place, name)?;
            fields.set_item(name, value)?;
        }
        ask.tell(py, fields)?;
        Ok(answer)
    });
    catalog.data.settled(found)
}

/// The session that a question is about, and the places and the filter of the query.
#[derive(Clone, Copy)]
struct About<'a> {
    place: Place,
    top: usize,
    narrow: Option<Narrow<'a>>,
}

impl<'a> About<'a> {
    fn question(self, ranker: &'a dyn Ranker) -> Question<'a> {
        Question {
            ranker,
            top: self.top,
            narrow: self.narrow,
            place: self.place,
        }
    }
}

impl CatalogBase {
    fn why_not_tagged<'py>(
        &self,
        py: Python<'py>,
        ask: &Ask<'_>,
        about: About<'_>,
    ) -> Answer<Bound<'py, PyDict>> {
        let tags = self.lowered_tags(py, about.place)?;
        let ranker = ByTags {
            catalog: &self.data.catalog,
            interests: &ask.interests,
            scorer: &ask.scorer,
            tags: &tags,
        };
        let question = about.question(&ranker);
        let found = py.detach(|| question.answer()).or_decline()?;
        self.answer_why_not(py, &found, about.top, &tags)
    }

    /// Says why a session is not recommended for interests that are understood, and names the terms of its match.
    fn why_not_understood<'py>(
        &self,
        py: Python<'py>,
        ask: &Ask<'_>,
        query: &UnderstoodQuery<'_>,
        reading: &Reading,
        about: About<'_>,
    ) -> Answer<Bound<'py, PyDict>> {
        let number = query.texts.number(about.place.part, about.place.local);
        let number = number.or_decline()?;
        let tried = query.tried(self.own_texts(py, about.place)?, &reading.0, number);
        let (texts, more): (Vec<Vec<u8>>, Vec<_>) = tried.into_iter().unzip();
        let ranker = ByPoints {
            catalog: &self.data.catalog,
            texts: &query.texts,
            points: &query.points(),
            more: &more,
            scorer: &ask.scorer,
            interests: ask.interests.len(),
        };
        let question = about.question(&ranker);
        let found = py.detach(|| question.answer()).or_decline()?;
        let answer = self.answer_why_not(py, &found, about.top, &texts)?;
        if !found.session.is_match() {
            // Points are what it lacks, and not a gap between scores.
            answer.set_item(intern!(py, "gap"), py.None())?;
        }
        answer.set_item(intern!(py, "terms"), shown_terms(py, &query.terms(number))?)?;
        Ok(answer)
    }

    /// Returns the texts of a session that may become interests: its tags, and the words of its title, lowered.
    fn own_texts(&self, py: Python<'_>, place: Place) -> Answer<Vec<String>> {
        let tags = self.lowered_tags(py, place)?;
        let mut texts: Vec<String> = tags
            .iter()
            .map(|tag| String::from_utf8_lossy(tag).into_owned())
            .collect();
        if let Some(title) = self.data.member(py, place, "title")?
            && let Ok(title) = title.cast_exact::<PyString>()
        {
            let title =
                input::with_lowered(title, |title| String::from_utf8_lossy(title).into_owned())?;
            texts.extend(spelt_words(&title).map(str::to_owned));
        }
        Ok(texts)
    }

    /// Returns the different tags of a session, lowered, in order.
    fn lowered_tags(&self, py: Python<'_>, place: Place) -> Answer<Vec<Vec<u8>>> {
        let session = self.data.plain_session(py, place)?;
        let mut tags: Vec<Vec<u8>> = Vec::new();
        input::Tags::of(&session)?.try_for_each(|tag| {
            let tag = input::with_lowered(tag, <[u8]>::to_vec)?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
            Ok(())
        })?;
        Ok(tags)
    }

    fn answer_why_not<'py>(
        &self,
        py: Python<'py>,
        found: &WhyNot,
        top: usize,
        tags: &[Vec<u8>],
    ) -> Answer<Bound<'py, PyDict>> {
        let answer = object::new_dict(py)?;
        let title = self.shown_title(py, found.session.place)?;
        answer.set_item(intern!(py, "title"), title)?;
        answer.set_item(intern!(py, "shown"), found.is_shown(top))?;
        answer.set_item(intern!(py, "rank"), found.rank())?;
        answer.set_item(intern!(py, "score"), found.session.score)?;
        answer.set_item(intern!(py, "gap"), found.gap(top))?;
        let title = |best: Option<Best>| -> Answer<_> {
            best.map(|best| self.shown_title(py, best.place))
                .transpose()
        };
        answer.set_item(intern!(py, "last"), title(found.last)?)?;
        answer.set_item(intern!(py, "slot_taken_by"), title(found.slot)?)?;
        let conditions = found.hidden_by.iter().copied().map(Condition::argument);
        answer.set_item(intern!(py, "hidden_by"), PyList::new(py, conditions)?)?;
        let changes = PyList::empty(py);
        for change in &found.changes {
            let steps = PyList::empty(py);
            for &step in change {
                steps.append(shown_step(py, step, tags)?)?;
            }
            changes.append(steps)?;
        }
        answer.set_item(intern!(py, "changes"), changes)?;
        Ok(answer)
    }
}

/// Returns a step of a change.
fn shown_step<'py>(py: Python<'py>, step: Step, tags: &[Vec<u8>]) -> Answer<Bound<'py, PyDict>> {
    let row = object::new_dict(py)?;
    match step {
        Step::Interest(tag) => {
            let tag = object::new_str(py, tags.get(tag).or_decline()?)?;
            row.set_item(intern!(py, "add_interest"), tag)?;
        }
        Step::Raise(factor, weight) => {
            let name = match factor {
                Factor::Interest => intern!(py, "interest"),
                Factor::Popularity => intern!(py, "popularity"),
            };
            row.set_item(intern!(py, "raise_weight"), name)?;
            row.set_item(intern!(py, "to"), weight)?;
        }
        Step::Drop(it) => row.set_item(intern!(py, "drop_filter"), it.argument())?,
    }
    Ok(row)
}
