//! The query of one call: its interests, which are compared with whole tags or understood, and its scores.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::{Answer, OrDecline, room};
use super::input;
use super::intern::intern;
use super::reading::{Reading, shown_matches, understand, unmatched};
use super::search::{CatalogBase, Narrowed};
use crate::engine::catalog::Best;
use crate::engine::catalog::understood_query::UnderstoodQuery;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::Scorer;

/// How interests are read: `None` compares them with whole tags.
pub(super) type HowRead<'a, 'py> = Option<&'a Bound<'py, Reading>>;

/// A query, and with interests that are understood, what they match.
pub(super) struct Ask<'c> {
    base: &'c CatalogBase,
    pub(super) interests: InterestSet,
    pub(super) scorer: Scorer,
    pub(super) understood: Option<UnderstoodQuery<'c>>,
}

impl<'c> Ask<'c> {
    /// Reads interests and weights, or declines. [`CatalogBase::prepare`] comes first.
    pub(super) fn read(
        base: &'c CatalogBase,
        interests: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
        reading: HowRead<'_, '_>,
    ) -> Answer<Self> {
        let (set, scorer) = base.query(interests, weights)?;
        let understood = match reading {
            Some(reading) => {
                let interests = input::exact_list(interests)?;
                Some(understand(&base.data.catalog, interests, reading.get())?)
            }
            None => None,
        };
        Ok(Self {
            base,
            interests: set,
            scorer,
            understood,
        })
    }

    /// Returns the sessions that match an interest, best first.
    pub(super) fn matching(&self, filter: Option<&Narrowed<'_>>) -> Answer<Vec<Best>> {
        let mut ranked = self.ranked(filter)?;
        ranked.retain(Best::is_match);
        Ok(ranked)
    }

    /// Returns all sessions, best first. Where interests are understood, those that match none come last.
    pub(super) fn everything(&self, filter: Option<&Narrowed<'_>>) -> Answer<Vec<Best>> {
        let mut ranked = self.ranked(filter)?;
        if self.understood.is_some() {
            let catalog = &self.base.data.catalog;
            let narrow = filter.map(Narrowed::narrow);
            let rest = catalog.without_points(&ranked, &self.scorer, narrow);
            ranked.extend(rest.or_decline()?);
        }
        Ok(ranked)
    }

    fn ranked(&self, filter: Option<&Narrowed<'_>>) -> Answer<Vec<Best>> {
        let len = self.base.data.catalog.len();
        room("the answer", len.saturating_mul(256))?;
        match &self.understood {
            Some(query) => self.best(query, &query.points(), usize::MAX, filter),
            None => self
                .base
                .best(&self.interests, &self.scorer, len, filter)
                .or_decline(),
        }
    }

    /// Returns the best sessions of interests that are understood.
    pub(super) fn best(
        &self,
        query: &UnderstoodQuery<'_>,
        points: &[(u32, u32)],
        most: usize,
        filter: Option<&Narrowed<'_>>,
    ) -> Answer<Vec<Best>> {
        let narrow = filter.map(Narrowed::narrow);
        room("the answer", points.len().saturating_mul(64))?;
        let catalog = &self.base.data.catalog;
        catalog
            .best_understood(&query.texts, points, &self.scorer, most, narrow)
            .or_decline()
    }

    /// Returns the names of the interests, in order.
    pub(super) fn names(&self) -> Vec<&[u8]> {
        match &self.understood {
            Some(query) => query.asked.iter().map(String::as_bytes).collect(),
            None => self.interests.iter().collect(),
        }
    }

    /// Returns for each of the ranked sessions the numbers of the interests that it counts for.
    pub(super) fn counts_for(&self, ranked: &[Best]) -> Vec<Vec<u32>> {
        let catalog = &self.base.data.catalog;
        match &self.understood {
            Some(query) => catalog.counts_for(&query.texts, &query.matches, ranked),
            None => catalog.matches(ranked, &self.interests),
        }
    }

    /// Adds the interests that match nothing to an answer; where they are understood, also what each matched.
    pub(super) fn tell<'py>(&self, py: Python<'py>, answer: &Bound<'py, PyDict>) -> Answer<()> {
        let catalog = &self.base.data.catalog;
        let unmatched = match &self.understood {
            Some(query) => unmatched(py, query, catalog)?,
            None => self.base.unmatched(py, &self.interests)?,
        };
        answer.set_item(intern!(py, "unmatched"), unmatched)?;
        match &self.understood {
            Some(query) => self.tell_understood(py, query, answer),
            None => Ok(()),
        }
    }

    /// Adds what each interest matched to an answer.
    pub(super) fn tell_understood<'py>(
        &self,
        py: Python<'py>,
        query: &UnderstoodQuery<'_>,
        answer: &Bound<'py, PyDict>,
    ) -> Answer<()> {
        let understood = shown_matches(py, query, &self.base.data.catalog)?;
        answer.set_item(intern!(py, "understood"), understood)?;
        Ok(())
    }
}

impl CatalogBase {
    /// Checks the file of the catalogue, and compiles the words that a query needs whose interests are understood.
    pub(super) fn prepare(&self, py: Python<'_>, reading: HowRead<'_, '_>) -> PyResult<()> {
        self.data.check()?;
        match reading {
            Some(_) => self.data.compile_words(py),
            None => Ok(()),
        }
    }
}
