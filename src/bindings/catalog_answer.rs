//! What the methods of a catalogue do: recommend and explain by whole tags.

use pyo3::prelude::*;

use super::answer;
use super::balance::Sharing;
use super::errors::{UNREADABLE, settled, unwind};
use super::filter::Filter;
use super::input;
use super::search::{CatalogBase, or_else, reference, refuse_text};

impl CatalogBase {
    /// Recommends the sessions whose tags are interests.
    pub(super) fn recommended<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
        sharing: Option<&Sharing>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.data.check()?;
        let filter = settled(unwind(|| self.narrowed(py, filter)), UNREADABLE)?;
        let filter = filter.as_ref();
        if let Some(sharing) = sharing {
            let answer = self.balanced(py, interests, top, weights, filter, sharing, None);
            return self.data.settled(answer);
        }
        self.data.settled(or_else(
            py,
            || {
                let (set, scorer) = self.query(interests, weights)?;
                let most = self.most(top, filter)?;
                let best = self.best_cached(py, &set, &scorer, most, filter)?;
                self.answer(py, best, &scorer)
            },
            || self.refer(py, interests, top, weights, filter),
        ))
    }

    /// Explains a session by the tags that are interests.
    pub(super) fn explained<'py>(
        &self,
        py: Python<'py>,
        title: &Bound<'py, PyAny>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.data.check()?;
        self.data.settled(or_else(
            py,
            || {
                let title = input::exact_str(title)?;
                let (set, scorer) = self.query(interests, weights)?;
                match self.find_title(py, title)? {
                    None => answer::not_found(title),
                    Some(place) => {
                        answer::explained(self.data.plain_session(py, place)?, &set, &scorer)
                    }
                }
            },
            || {
                refuse_text(interests)?;
                let sessions = settled(unwind(|| self.admitted(py, None)), UNREADABLE)?;
                let weights = weights.unwrap_or_else(|| self.weights.bind(py));
                reference(py, "explain_sessions")?.call1((sessions, weights, title, interests))
            },
        ))
    }
}
