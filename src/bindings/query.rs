//! The methods of a catalogue that answer many queries at once. They read the queries attached to the interpreter, let
//! the engine rank them on a thread pool, and return the answers in order.

use std::sync::mpsc::Receiver;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::errors::{Answer, Stop, guarded, no_memory, pool, room, unwind};
use super::filter::Filter;
use super::object;
use super::search::{CatalogBase, Narrowed, UNREADABLE, settled};
use super::top::Top;
use crate::engine::catalog::Best;
use crate::engine::catalog::many::{GRAIN, Query};
use crate::engine::memory;

/// Positions and scores, row by row, and the number of columns.
pub(super) type Columns<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize);

impl CatalogBase {
    /// Reads the queries of many lists of interests. `None` stands for one that the reference must answer.
    fn queries(
        &self,
        many_interests: &Bound<'_, PyList>,
        top: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Option<Query>>> {
        let query = |interests: Bound<'_, PyAny>| {
            let query = || -> Answer<Query> {
                room("the queries", 0)?;
                let (interests, scorer) = self.query(&interests, weights)?;
                let most = self.most(top, None)?;
                Ok(Query {
                    interests,
                    scorer,
                    most,
                })
            };
            match unwind(query)? {
                Ok(query) => Ok(Some(query)),
                Err(Stop::Declined) => Ok(None),
                Err(Stop::Raised(error)) => Err(error),
            }
        };
        room(
            "the queries",
            many_interests
                .len()
                .saturating_mul(2 * size_of::<Option<Query>>()),
        )?;
        many_interests.iter().map(query).collect()
    }

    /// Calls `consume` with the number of each query and its best sessions, in order.
    ///
    /// The pool ranks while this thread consumes. Making objects needs the interpreter and is more than half of the
    /// work.
    fn rank_each(
        &self,
        py: Python<'_>,
        queries: &[Option<Query>],
        mut consume: impl FnMut(usize, Option<Vec<Best>>) -> PyResult<()>,
    ) -> PyResult<()> {
        let most = queries.iter().flatten().map(|query| query.most);
        let found = most.fold(0, usize::saturating_add);
        room("the answers", found.saturating_mul(2 * size_of::<Best>()))?;
        let pool = (queries.len() >= GRAIN).then(pool).transpose()?;
        let consume = |number, best| {
            room("the answers", 0)?;
            consume(number, best)
        };
        let catalog = &self.data.catalog;
        unwind(|| {
            let wait = |result: Receiver<_>| py.detach(move || result.recv());
            catalog.rank_each(pool.as_deref(), queries, wait, consume)
        })?
    }

    /// Returns one answer for each list of interests.
    pub(super) fn answer_each<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let queries = self.queries(many_interests, top, weights)?;
        let answers = PyList::empty(py);
        object::without_collector(py, || {
            self.rank_each(py, &queries, |number, best| {
                answers.append(match self.answer_one(py, queries.get(number), best)? {
                    Some(answer) => answer,
                    None => {
                        self.refer(py, &many_interests.get_item(number)?, top, weights, None)?
                    }
                })
            })
        })?;
        Ok(answers)
    }

    /// Returns the answer to one of many queries, or `None` if the reference must give it.
    fn answer_one<'py>(
        &self,
        py: Python<'py>,
        query: Option<&Option<Query>>,
        best: Option<Vec<Best>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some((query, best)) = query.and_then(Option::as_ref).zip(best) else {
            return Ok(None);
        };
        let answer = guarded(py, || self.answer(py, best, &query.scorer))?;
        Ok(Some(answer).filter(|answer| !answer.is(py.NotImplemented())))
    }

    /// Returns one line of JSON for each list of interests.
    pub(super) fn write_each<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<u8>> {
        let queries = self.queries(many_interests, top, weights)?;
        let mut out = Vec::new();
        self.rank_each(py, &queries, |number, best| {
            let start = out.len();
            memory::reserve(&mut out, 1 << 10).map_err(|error| no_memory(&error))?;
            let query = queries.get(number).and_then(Option::as_ref);
            let written = query
                .zip(best)
                .map(|(query, best)| unwind(|| self.write(py, &best, &query.scorer, &mut out)));
            match written.transpose()? {
                Some(Ok(())) => {}
                Some(Err(Stop::Raised(error))) => return Err(error),
                Some(Err(Stop::Declined)) | None => {
                    out.truncate(start);
                    let interests = many_interests.get_item(number)?;
                    let top = Top::Given(top.clone());
                    let line = self.recommend_json(py, &interests, top, weights, None)?;
                    let line = line.cast_exact::<PyBytes>()?.as_bytes();
                    memory::reserve(&mut out, line.len() + 1).map_err(|error| no_memory(&error))?;
                    out.extend_from_slice(line);
                }
            }
            out.push(b'\n');
            Ok(())
        })?;
        Ok(out)
    }

    /// Returns a table of positions and scores, or `None` if the engine cannot rank one of the lists of interests.
    pub(super) fn rank_table<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: usize,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Option<Columns<'py>>> {
        let filter = settled(unwind(|| self.narrowed(py, filter)), UNREADABLE)?;
        let columns = top.min(self.data.catalog.len());
        let most = columns.into_pyobject(py)?.into_any();
        let queries = self.queries(many_interests, &most, weights)?;
        let rows: Option<Vec<&Query>> = queries.iter().map(Option::as_ref).collect();
        let Some(rows) = rows else { return Ok(None) };
        let pool = pool()?;
        let ranked = py.detach(|| {
            let narrow = filter.as_ref().map(Narrowed::narrow);
            self.data.catalog.rank_table(&pool, &rows, columns, narrow)
        });
        let Some((positions, scores)) = ranked.map_err(|error| no_memory(&error))? else {
            return Ok(None);
        };
        let positions = object::new_bytes(py, bytemuck::cast_slice(&positions))?;
        let scores = object::new_bytes(py, bytemuck::cast_slice(&scores))?;
        Ok(Some((positions, scores, columns)))
    }
}
