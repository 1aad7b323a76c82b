//! Answers many queries at once: reads them attached to the interpreter, ranks them on a thread pool, and returns them
//! in order.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::errors::{Answer, Stop, guarded, room, unwind};
use super::pool::pool;
use super::search::CatalogBase;
use crate::engine::catalog::Best;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::Scorer;

/// One of many queries.
pub(super) struct Query {
    pub(super) interests: InterestSet,
    pub(super) scorer: Scorer,
    pub(super) most: usize,
}

impl Query {
    /// Fewer queries than this are not worth waking a thread for.
    pub(super) const GRAIN: usize = 16;
    /// The queries of one task: enough to hide the cost of a task, and few enough to start consuming early.
    const TASK: usize = 64;
}

impl CatalogBase {
    /// Reads the queries of many lists of interests. `None` stands for one that the reference must answer.
    pub(super) fn queries(
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
    /// The pool ranks while the caller's thread consumes: making objects needs the interpreter and is more than half of
    /// the work.
    pub(super) fn rank_each(
        &self,
        py: Python<'_>,
        queries: &[Option<Query>],
        mut consume: impl FnMut(usize, Option<Vec<Best>>) -> PyResult<()>,
    ) -> PyResult<()> {
        let rank = |query: &Option<Query>| {
            let query = query.as_ref()?;
            self.best(&query.interests, &query.scorer, query.most, None)
        };
        if queries.len() < Query::GRAIN {
            let mut ranked = queries.iter().map(rank).enumerate();
            return ranked.try_for_each(|(number, best)| consume(number, best));
        }
        let most = queries.iter().flatten().map(|query| query.most);
        let found = most.fold(0, usize::saturating_add);
        room("the answers", found.saturating_mul(2 * size_of::<Best>()))?;
        let pool = pool()?;
        let (sender, receiver) = channel();
        let receiver = Mutex::new(receiver);
        let tasks = queries.len().div_ceil(Query::TASK);
        let run = || {
            pool.in_place_scope(|scope| -> Answer<()> {
                for (number, task) in queries.chunks(Query::TASK).enumerate() {
                    let sender = sender.clone();
                    scope.spawn(move |_| {
                        // The receiver is gone if consuming failed.
                        let _ = sender.send((number, task.iter().map(rank).collect::<Vec<_>>()));
                    });
                }
                drop(sender);
                let mut early = BTreeMap::new();
                for number in 0..tasks {
                    while !early.contains_key(&number) {
                        let next = py.detach(|| {
                            receiver
                                .lock()
                                .unwrap_or_else(PoisonError::into_inner)
                                .recv()
                        });
                        // Without a sender left, a task panicked. The scope resumes the panic when it ends.
                        let Ok((task, ranked)) = next else {
                            return Err(Stop::Declined);
                        };
                        early.insert(task, ranked);
                    }
                    let first = number * Query::TASK;
                    for (offset, best) in early.remove(&number).into_iter().flatten().enumerate() {
                        room("the answers", 0)?;
                        consume(first + offset, best)?;
                    }
                }
                Ok(())
            })
        };
        match unwind(run)? {
            Ok(()) | Err(Stop::Declined) => Ok(()),
            Err(Stop::Raised(error)) => Err(error),
        }
    }

    /// Returns the answer to one of many queries, or `None` if the reference must give it.
    pub(super) fn answer_one<'py>(
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
}
