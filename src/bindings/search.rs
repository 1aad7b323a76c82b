//! The parts that the methods of a catalogue share: read a query, rank, find one session, write an answer.

use pyo3::exceptions::{PyException, PyMemoryError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::answer::{self, Chosen};
use super::cache::TimedCache;
use super::catalog_data::{CatalogData, confirmed};
use super::errors::{
    Answer, OrDecline, Stop, UNREADABLE, guarded, no_memory, room, settled, unwind,
};
use super::filter::Filter;
use super::functions::scorer;
use super::input;
use super::intern::intern;
use crate::engine::catalog::{Best, Identified, Narrow, Place};
use crate::engine::json::write_scoring;
use crate::engine::memory;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Scorer, Weights};

/// Compiled sessions and the weights to score them with. `eventkit.Catalog` adds the methods that need not be fast.
#[pyclass(frozen, subclass, weakref, module = "eventkit._eventkit")]
pub(super) struct CatalogBase {
    pub(super) data: CatalogData,
    pub(super) weights: Py<PyAny>,
    pub(super) parsed: Option<Weights>,
    pub(super) cache: Option<TimedCache>,
}

/// The bytes that an answer takes for each session, without Python's objects.
const ENTRY: usize = 256;

impl CatalogBase {
    /// Reads interests and weights, or declines.
    pub(super) fn query(
        &self,
        interests: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> Answer<(InterestSet, Scorer)> {
        let weights = weights.map_or_else(|| self.parsed.or_decline(), input::weights)?;
        let interests = input::interests(interests)?;
        let scorer = scorer(weights, &interests)?;
        Ok((interests, scorer))
    }

    /// Returns how many sessions `[:top]` keeps. Declines if that depends on how many sessions a filter admits.
    pub(super) fn most(
        &self,
        top: &Bound<'_, PyAny>,
        filter: Option<&Narrowed<'_>>,
    ) -> Answer<usize> {
        let most = input::slice_end(top, self.data.catalog.len())?;
        let from_the_end = || top.extract::<isize>().is_ok_and(|top| top < 0);
        (filter.is_none() || !from_the_end())
            .then_some(most)
            .or_decline()
    }

    pub(super) fn best(
        &self,
        interests: &InterestSet,
        scorer: &Scorer,
        most: usize,
        filter: Option<&Narrowed<'_>>,
    ) -> Option<Vec<Best>> {
        let narrow = filter.map(Narrowed::narrow);
        self.data.catalog.top_k(interests, scorer, most, narrow)
    }

    /// Prepares a filter: looks up the sessions whose ids it excludes.
    pub(super) fn narrowed<'f>(
        &self,
        py: Python<'_>,
        filter: Option<&'f Bound<'_, Filter>>,
    ) -> Answer<Option<Narrowed<'f>>> {
        let Some(filter) = filter.map(Bound::get) else {
            return Ok(None);
        };
        let mut identified = Identified::default();
        let excluded = filter.sessions.excluded.len();
        room("the filter", excluded.saturating_mul(ENTRY))?;
        for id in &filter.sessions.excluded {
            room("the filter", 0)?;
            identified.insert(id.clone(), self.data.with_id(py, id)?);
        }
        Ok(Some(Narrowed {
            filter: &filter.sessions,
            identified,
        }))
    }

    /// Does what [`Self::best`] does, with the result cache if there is one.
    pub(super) fn best_cached(
        &self,
        py: Python<'_>,
        interests: &InterestSet,
        scorer: &Scorer,
        most: usize,
        filter: Option<&Narrowed<'_>>,
    ) -> Answer<Vec<Best>> {
        let sessions = self.data.catalog.len().saturating_mul(8);
        let answer = most.saturating_mul(ENTRY);
        room("the answer", answer.saturating_add(sessions))?;
        let search = || self.best(interests, scorer, most, filter);
        match &self.cache {
            Some(cache) if filter.is_none() => cache.get_or(py, interests, scorer, most, search)?,
            _ => search(),
        }
        .or_decline()
    }

    /// Returns the answer of a plan. If the engine cannot count the conflicts, as those of `datetime` objects, the
    /// reference counts them.
    pub(super) fn planned<'py>(
        &self,
        py: Python<'py>,
        best: Vec<Best>,
        scorer: &Scorer,
    ) -> Answer<Bound<'py, PyAny>> {
        let chosen = self.chosen(py, best)?;
        let sessions = || chosen.iter().map(|chosen| &chosen.session);
        let conflicts = match answer::conflicts(py, sessions()) {
            Err(Stop::Declined) => reference(py, "count_conflicts")?
                .call1((PyList::new(py, sessions())?,))?
                .extract()?,
            counted => counted?,
        };
        answer::finish_with(py, chosen, scorer, conflicts)
    }

    pub(super) fn chosen<'py>(&self, py: Python<'py>, best: Vec<Best>) -> Answer<Vec<Chosen<'py>>> {
        let chosen = best.into_iter().map(|best| {
            Ok(Chosen {
                session: self.data.plain_session(py, best.place)?,
                matched: best.matched,
                popularity: best.popularity,
            })
        });
        chosen.collect()
    }

    pub(super) fn answer<'py>(
        &self,
        py: Python<'py>,
        best: Vec<Best>,
        scorer: &Scorer,
    ) -> Answer<Bound<'py, PyAny>> {
        answer::finish(py, self.chosen(py, best)?, scorer)
    }

    pub(super) fn admitted<'py>(
        &self,
        py: Python<'py>,
        filter: Option<&Narrowed<'_>>,
    ) -> Answer<Bound<'py, PyList>> {
        let catalog = &self.data.catalog;
        match filter {
            Some(filter) => self
                .data
                .sessions(py, catalog.admitted(filter.narrow()).into_iter()),
            None => self.data.sessions(py, catalog.places()),
        }
    }

    /// Returns the reference's answer, from the sessions themselves.
    pub(super) fn refer<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Narrowed<'_>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        refuse_text(interests)?;
        let sessions = settled(unwind(|| self.admitted(py, filter)), UNREADABLE)?;
        let weights = weights.unwrap_or_else(|| self.weights.bind(py));
        reference(py, "rank_sessions")?.call1((sessions, weights, interests, top))
    }

    /// Finds a session by its id or, if there is none, by its title.
    pub(super) fn find(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Answer<Option<Place>> {
        match self.find_id(py, name)? {
            Some(found) => Ok(Some(found)),
            None => self.find_title(py, name),
        }
    }

    /// Finds the first session with this id.
    pub(super) fn find_id(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyString>,
    ) -> Answer<Option<Place>> {
        input::with_bytes(id, |id| {
            let candidates = self.data.catalog.identified(id);
            confirmed(candidates, |place| self.data.is_identified(py, place, id)).next()
        })?
        .transpose()
    }

    /// Finds the first session with this title, in any case. Declines if a title before it cannot be read.
    pub(super) fn find_title(
        &self,
        py: Python<'_>,
        title: &Bound<'_, PyString>,
    ) -> Answer<Option<Place>> {
        let found = input::with_lowered(title, |lowered| {
            let candidates = self.data.catalog.titled(lowered);
            confirmed(candidates, |place| self.data.is_titled(py, place, lowered)).next()
        })?;
        let found = found.transpose()?;
        // The original's search fails at the first title that it cannot read.
        let reached = |untitled: Place| found.is_none_or(|found| untitled < found);
        let stopped = self.data.catalog.untitled().is_some_and(reached);
        (!stopped).then_some(found).or_decline()
    }
}

/// A filter that is prepared for a catalogue.
pub(super) struct Narrowed<'f> {
    filter: &'f crate::engine::catalog::filter::Filter,
    identified: Identified,
}

impl Narrowed<'_> {
    pub(super) fn narrow(&self) -> Narrow<'_> {
        Narrow {
            filter: self.filter,
            identified: &self.identified,
        }
    }
}

pub(super) fn reference<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "eventkit.reference"))?.getattr(name)
}

/// Refuses one text in the place of a list of interests: the reference would look for each tag inside the text.
///
/// The index declines every text, so only the way to the reference pays for this check.
pub(super) fn refuse_text(interests: &Bound<'_, PyAny>) -> PyResult<()> {
    if interests.is_instance_of::<PyString>() || interests.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err(format!(
            "interests is {}, one text; expected a list of texts, such as \
             eventkit.normalize_interests(\"rust, python\")",
            interests.repr()?
        )));
    }
    Ok(())
}

/// Returns the native answer, or that of `otherwise` if the query was declined.
pub(super) fn or_else<'py>(
    py: Python<'py>,
    native: impl FnOnce() -> Answer<Bound<'py, PyAny>>,
    otherwise: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let answer = guarded(py, native)?;
    if answer.is(py.NotImplemented()) {
        otherwise()
    } else {
        Ok(answer)
    }
}

impl CatalogBase {
    /// Appends what `json.dumps` writes of the answer.
    pub(super) fn write(
        &self,
        py: Python<'_>,
        best: &[Best],
        scorer: &Scorer,
        out: &mut Vec<u8>,
    ) -> Answer<()> {
        // Errors come in the order of the original: those of `recommend` before those of `json.dumps`, conflicts before
        // titles.
        let slots: Answer<Vec<Bound<'_, PyDict>>> = best
            .iter()
            .map(|best| self.data.slot(py, best.place))
            .collect();
        let conflicts = answer::conflicts(py, slots?.iter())?;
        let mut scoring = Vec::new();
        for (number, best) in best.iter().enumerate() {
            separate(number, &mut scoring);
            room("the answer", 0)?;
            let text = self.data.text_bytes(best.place);
            memory::reserve(&mut scoring, text).map_err(|error| no_memory(&error))?;
            scoring.extend_from_slice(b"{\"title\": ");
            in_order(py, self.data.dump_title(py, best.place, &mut scoring))?;
            let parts = scorer
                .contributions_of(best.matched, best.popularity)
                .or_decline()?;
            write_scoring(&parts, scorer.total(&parts), &mut scoring);
        }
        out.extend_from_slice(b"{\"sessions\": [");
        for (number, best) in best.iter().enumerate() {
            room("the answer", 0)?;
            let text = self.data.text_bytes(best.place);
            memory::reserve(out, text).map_err(|error| no_memory(&error))?;
            separate(number, out);
            in_order(py, self.data.dump(py, best.place, out))?;
        }
        memory::reserve(out, scoring.len() + 64).map_err(|error| no_memory(&error))?;
        out.extend_from_slice(b"], \"scoring\": [");
        out.extend_from_slice(&scoring);
        out.extend_from_slice(b"], \"conflicts\": ");
        out.extend_from_slice(conflicts.to_string().as_bytes());
        out.push(b'}');
        Ok(())
    }
}

/// Declines what `json.dumps` refuses. A session before it may hold something that is refused first: the reference
/// writes all in order.
fn in_order(py: Python<'_>, written: Answer<()>) -> Answer<()> {
    written.map_err(|stop| match stop {
        Stop::Raised(error)
            if error.is_instance_of::<PyException>(py)
                && !error.is_instance_of::<PyMemoryError>(py) =>
        {
            Stop::Declined
        }
        other => other,
    })
}

fn separate(number: usize, out: &mut Vec<u8>) {
    if number > 0 {
        out.extend_from_slice(b", ");
    }
}
