//! The methods of a catalogue that answer many queries at once. They read the queries attached to the interpreter, let
//! the engine rank them on a thread pool, and return the answers in order.

use std::sync::mpsc::Receiver;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::errors::{
    Answer, OrDecline, Stop, UNREADABLE, attempt, no_memory, pool, room, settled, unwind,
};
use super::filter::Filter;
use super::functions::regime;
use super::search::{CatalogBase, Narrowed};
use super::templates::Templates;
use super::top::Top;
use super::{input, object};
use crate::engine::catalog::Best;
use crate::engine::catalog::many::{Found, GRAIN, Rows, Shared, TASK};
use crate::engine::memory;

/// Positions and scores, row by row, and the number of columns.
pub(super) type Columns<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize);

/// Copies the interests of some queries. The engine will not rank those that only the reference can answer.
fn read(lists: &[Bound<'_, PyAny>]) -> PyResult<Rows> {
    unwind(|| {
        let mut rows = Rows::default();
        for interests in lists {
            room("the queries", 0)?;
            let copied = input::each_interest(interests, |interest| {
                let pushed = rows.push(interest);
                pushed.map_err(|error| Stop::Raised(no_memory(&error)))
            });
            if let Err(Stop::Raised(error)) = copied {
                return Err(error);
            }
            rows.close(copied.is_ok());
        }
        Ok(rows)
    })?
}

impl CatalogBase {
    /// Reads what all queries of a call have in common, or declines.
    fn common(&self, top: &Bound<'_, PyAny>, weights: Option<&Bound<'_, PyAny>>) -> Answer<Shared> {
        Ok(Shared {
            weights: weights.map_or_else(|| self.parsed.or_decline(), input::weights)?,
            regime: regime()?,
            most: self.most(top, None)?,
        })
    }

    /// Calls `consume` with each list of interests and the result of its query, in order.
    ///
    /// The pool ranks while this thread reads the next lists and consumes results. Both need the interpreter.
    fn rank_each<'py>(
        &self,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        mut consume: impl FnMut(&Bound<'py, PyAny>, Option<Found>) -> PyResult<()>,
    ) -> PyResult<()> {
        let py = many_interests.py();
        // The list may change while other threads run.
        room(
            "the queries",
            many_interests.len().saturating_mul(2 * size_of::<usize>()),
        )?;
        let lists: Vec<Bound<'py, PyAny>> = many_interests.iter().collect();
        let Some(shared) = attempt(|| self.common(top, weights))? else {
            let mut lists = lists.iter();
            return lists.try_for_each(|interests| consume(interests, None));
        };
        let found = lists.len().saturating_mul(shared.most);
        room("the answers", found.saturating_mul(2 * size_of::<Best>()))?;
        let pool = (lists.len() >= GRAIN).then(pool).transpose()?;
        let rows = lists.chunks(TASK).map(read);
        let mut asked = lists.iter();
        let consume = |found| {
            room("the answers", 0)?;
            asked
                .next()
                .map_or(Ok(()), |interests| consume(interests, found))
        };
        let catalog = &self.data.catalog;
        unwind(|| {
            let wait = |result: Receiver<_>| py.detach(move || result.recv());
            catalog.rank_each(pool.as_deref(), shared, rows, wait, consume)
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
        let answers = PyList::empty(py);
        object::without_collector(py, || {
            let most = unwind(|| self.most(top, None))?.unwrap_or_default();
            let sessions = many_interests.len().saturating_mul(most);
            let mut templates = Templates::new(py, sessions)?;
            self.rank_each(many_interests, top, weights, |interests, found| {
                if let Some(answer) = attempt(|| templates.answer(self, found.or_decline()?))? {
                    return answers.append(answer);
                }
                // The reference runs code of others, which may change sessions.
                templates.forget();
                answers.append(self.refer(py, interests, top, weights, None)?)
            })
        })?;
        Ok(answers)
    }

    /// Returns one line of JSON for each list of interests.
    pub(super) fn write_each<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<u8>> {
        let mut out = Vec::new();
        self.rank_each(many_interests, top, weights, |interests, found| {
            let start = out.len();
            memory::reserve(&mut out, 1 << 10).map_err(|error| no_memory(&error))?;
            let written = attempt(|| {
                let found = found.or_decline()?;
                self.write(py, &found.best, &found.scorer, &mut out)
            })?;
            if written.is_none() {
                out.truncate(start);
                let top = Top::Given(top.clone());
                let line = self.recommend_json(py, interests, top, weights, None)?;
                let line = line.cast_exact::<PyBytes>()?.as_bytes();
                memory::reserve(&mut out, line.len() + 1).map_err(|error| no_memory(&error))?;
                out.extend_from_slice(line);
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
        let lists: Vec<Bound<'py, PyAny>> = many_interests.iter().collect();
        let rows = read(&lists)?;
        let Some(shared) = attempt(|| self.common(&most, weights))? else {
            // Without queries there is nothing to decline.
            return lists.is_empty().then(|| empty(py, columns)).transpose();
        };
        if !rows.are_readable() {
            return Ok(None);
        }
        // Waking threads costs more than a few queries.
        let pool = (rows.len() >= GRAIN).then(pool).transpose()?;
        let ranked = py.detach(|| {
            let narrow = filter.as_ref().map(Narrowed::narrow);
            self.data
                .catalog
                .rank_table(pool.as_deref(), shared, &rows, narrow)
        });
        let Some((positions, scores)) = ranked.map_err(|error| no_memory(&error))? else {
            return Ok(None);
        };
        let positions = object::new_bytes(py, bytemuck::cast_slice(&positions))?;
        let scores = object::new_bytes(py, bytemuck::cast_slice(&scores))?;
        Ok(Some((positions, scores, columns)))
    }
}

/// Returns a table without rows.
fn empty(py: Python<'_>, columns: usize) -> PyResult<Columns<'_>> {
    Ok((
        object::new_bytes(py, &[])?,
        object::new_bytes(py, &[])?,
        columns,
    ))
}
