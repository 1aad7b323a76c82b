//! The methods of the native base class of `eventkit.Catalog`. Answers equal those of the drop-in functions, because
//! the same code makes them. A query that the index declines is answered by `eventkit.reference` from the sessions
//! themselves.

#![allow(clippy::doc_markdown, clippy::doc_link_with_quotes)] // Docstrings of Python.

use core::time::Duration;

use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use rayon::prelude::*;

use super::answer::{self};
use super::cache::TimedCache;
use super::catalog_data::{CatalogData, SharedCatalogData};
use super::errors::{Answer, OrDecline, Stop, guarded, no_memory, room, unwind};
use super::filter::Filter;
use super::intern::intern;
use super::pool::pool;
use super::query::Query;
use super::search::{CatalogBase, UNREADABLE, confirmed, or_else, reference, refuse_text, settled};
use super::top::Top;
use super::understanding::{in_python, refuse_embed};
use super::{input, object};
use crate::engine::error::{Error, ErrorKind};
use crate::engine::memory::{self, filled};

/// Compiles the sessions of a list.
#[pyfunction]
pub(super) fn compile_sessions(sessions: &Bound<'_, PyList>) -> PyResult<SharedCatalogData> {
    settled(
        unwind(|| CatalogData::of_objects(sessions)),
        "the sessions changed while they were compiled",
    )
    .map(SharedCatalogData)
}

/// Positions and scores, row by row, and the number of columns.
type Columns<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize);

#[pymethods]
impl CatalogBase {
    #[new]
    #[pyo3(signature = (data, weights, cache_size=0, cache_ttl=300.0, clock=None))]
    fn new(
        data: &Bound<'_, SharedCatalogData>,
        weights: &Bound<'_, PyAny>,
        cache_size: usize,
        cache_ttl: f64,
        clock: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let cache = (cache_size > 0).then(|| TimedCache::new(cache_size, cache_ttl, clock));
        Ok(Self {
            data: data.get().0.clone(),
            weights: weights.clone().unbind(),
            parsed: input::weights(weights).ok(),
            cache: cache.transpose()?,
        })
    }

    /// Return the statistics of the result cache.
    ///
    /// Returns:
    ///     `hits`, `misses`, `evictions`, `expirations` and `entries` (counts), `max_entries`, and `hit_rate` from 0
    ///     to 1; zeros where the catalogue has no cache.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> catalog = eventkit.Catalog([{"title": "Agents"}], cache_size=128)
    ///     >>> for _ in range(4):
    ///     ...     answer = catalog.recommend(["ai"], 1)
    ///     >>> catalog.stats()["hit_rate"]
    ///     0.75
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        TimedCache::show(self.cache.as_ref(), py)
    }

    /// Returns the compiled sessions.
    #[getter]
    fn _data(&self) -> SharedCatalogData {
        SharedCatalogData(self.data.clone())
    }

    /// Returns the weights that apply if a query has none.
    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let weights = self.weights.bind(py);
        // A copy, because the catalogue's own weights must not change.
        weights.cast_exact::<PyDict>().map_or_else(
            |_| Ok(weights.clone()),
            |weights| Ok(weights.copy()?.into_any()),
        )
    }

    /// Returns the memory of the compiled sessions in bytes, without the caller's own objects.
    #[getter]
    fn nbytes(&self) -> usize {
        self.data.catalog.nbytes()
    }

    fn __len__(&self) -> usize {
        self.data.catalog.len()
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        position: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let count = self.__len__();
        let shown = position;
        // An int beyond 64 bits is beyond every catalogue too.
        let position = match position.extract::<isize>() {
            Ok(position) => position,
            Err(error) if error.is_instance_of::<PyOverflowError>(py) => isize::MAX,
            Err(error) => return Err(error),
        };
        let from_start = usize::try_from(position).ok();
        let place = from_start.or_else(|| count.checked_sub(position.unsigned_abs()));
        let place = place.and_then(|position| self.data.catalog.at(position));
        let Some(place) = place else {
            return Err(PyIndexError::new_err(format!(
                "position {shown} of a catalogue of {count} sessions"
            )));
        };
        self.data.check()?;
        let session = unwind(|| self.data.session(py, place));
        self.data.settled(settled(session, UNREADABLE))
    }

    fn __contains__(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(id) = id.cast_exact::<PyString>() else {
            return Ok(false);
        };
        self.data.check()?;
        let found = unwind(|| {
            input::with_bytes(id, |id| {
                let mut candidates = self.data.catalog.identified(id);
                candidates
                    .find_map(|place| confirmed(self.data.is_identified(py, place, id), place))
            })?
            .transpose()
        });
        let found = self.data.settled(settled(found, UNREADABLE))?;
        Ok(found.is_some())
    }

    /// Recommend the best sessions. The answer equals that of `eventkit.recommend`.
    ///
    /// Args:
    ///     interests: Lower-case interests. Tags are lowered before the lookup, interests are not.
    ///     top: How many sessions, as the end of a slice: `None` for all, negative numbers from the end.
    ///     weights: Weights for this query instead of the catalogue's.
    ///     filter: The sessions to choose from. It changes no score.
    ///     understand: Match what the interests mean, not only whole tags: see `eventkit.understand`. Sessions that
    ///         match none of them are left out.
    ///     embed: With `understand`: a function that returns a vector for each of a list of texts. Sessions that are
    ///         near in meaning then follow those that match.
    ///
    /// Returns:
    ///     `{"sessions": [...], "scoring": [...], "conflicts": n}`, new at every call. The sessions are the caller's
    ///     own objects if the catalogue was made of objects, and new dicts if it was loaded or opened. With
    ///     `understand`, `understood` tells what each interest matched.
    ///
    /// Raises:
    ///     KeyError: A weight, or the title of one of the best sessions, is missing.
    ///     TypeError: As `eventkit.recommend` raises it.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> catalog = eventkit.Catalog([{"title": "Agents", "tags": ["AI"], "popularity": 0.5}])
    ///     >>> catalog.recommend(["ai"], 1)["scoring"][0]["score"]
    ///     2.253
    #[pyo3(
        signature = (interests, top=Top::Default, *, weights=None, filter=None, understand=false, embed=None),
        text_signature = "($self, interests, top=5, *, weights=None, filter=None, understand=False, embed=None)"
    )]
    #[allow(clippy::too_many_arguments)] // The caller's keywords.
    fn recommend<'py>(
        catalog: &Bound<'py, Self>,
        interests: &Bound<'py, PyAny>,
        top: Top<'py>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
        understand: bool,
        embed: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = catalog.py();
        let top = top.given(py)?;
        if understand {
            let arguments = (catalog, interests, top, weights, filter, embed);
            return in_python(py, "recommend_from_catalog", arguments);
        }
        refuse_embed(embed)?;
        catalog
            .get()
            .recommended(py, interests, &top, weights, filter)
    }

    /// Recommend as JSON bytes for servers: what `json.dumps(catalog.recommend(...))` returns.
    ///
    /// Args:
    ///     interests: As for `recommend`.
    ///     top: As for `recommend`.
    ///     weights: As for `recommend`.
    ///     filter: As for `recommend`.
    ///
    /// Returns:
    ///     ASCII JSON.
    ///
    /// Raises:
    ///     TypeError: A session holds what `json.dumps` cannot write.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> eventkit.Catalog([{"title": "Agents"}]).recommend_json(["ai"], 0)
    ///     b'{"sessions": [], "scoring": [], "conflicts": 0}'
    #[pyo3(
        signature = (interests, top=Top::Default, *, weights=None, filter=None),
        text_signature = "($self, interests, top=5, *, weights=None, filter=None)"
    )]
    fn recommend_json<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: Top<'py>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.data.check()?;
        let top = &top.given(py)?;
        let filter = settled(unwind(|| self.narrowed(py, filter)), UNREADABLE)?;
        let held = filter.as_ref();
        self.data.settled(or_else(
            py,
            || {
                let (set, scorer) = self.query(interests, weights)?;
                let most = self.most(top, held)?;
                let best = self.best_cached(py, &set, &scorer, most, held)?;
                let mut out = Vec::new();
                self.write(py, &best, &scorer, &mut out)?;
                Ok(object::new_bytes(py, &out)?.into_any())
            },
            || {
                let answer = self.refer(py, interests, top, weights, held)?;
                let dumps = py
                    .import(intern!(py, "json"))?
                    .getattr(intern!(py, "dumps"))?;
                dumps.call1((answer,))?.call_method0(intern!(py, "encode"))
            },
        ))
    }

    /// Recommend for many lists of interests: in parallel, without holding the interpreter during the search.
    ///
    /// Args:
    ///     many_interests: A list of interests for each answer.
    ///     top: As for `recommend`.
    ///     weights: As for `recommend`.
    ///
    /// Returns:
    ///     `[catalog.recommend(interests, top) for interests in many_interests]`.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> catalog = eventkit.Catalog([{"title": "A", "tags": ["web"]}, {"title": "B", "tags": ["ai"]}])
    ///     >>> [answer["sessions"][0]["title"] for answer in catalog.recommend_many([["ai"], ["web"]], 1)]
    ///     ['B', 'A']
    #[pyo3(
        signature = (many_interests, top=Top::Default, *, weights=None),
        text_signature = "($self, many_interests, top=5, *, weights=None)"
    )]
    fn recommend_many<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyAny>,
        top: Top<'py>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.data.check()?;
        let top = &top.given(py)?;
        let many_interests = &many_interests.try_iter()?.try_fold(
            PyList::empty(py),
            |list, interests| -> PyResult<_> {
                list.append(interests?)?;
                Ok(list)
            },
        )?;
        let queries = self.queries(many_interests, top, weights)?;
        let answers = PyList::empty(py);
        let consumed = object::without_collector(py, || {
            self.rank_each(py, &queries, |number, best| {
                answers.append(match self.answer_one(py, queries.get(number), best)? {
                    Some(answer) => answer,
                    None => {
                        self.refer(py, &many_interests.get_item(number)?, top, weights, None)?
                    }
                })
            })
        });
        self.data.settled(consumed)?;
        Ok(answers)
    }

    /// Returns one line of JSON for each list of interests.
    #[pyo3(signature = (many_interests, top, *, weights=None))]
    fn _recommend_lines<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.data.check()?;
        let queries = self.queries(many_interests, top, weights)?;
        let mut out = Vec::new();
        let consumed = self.rank_each(py, &queries, |number, best| {
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
        });
        self.data.settled(consumed)?;
        object::new_bytes(py, &out)
    }

    /// Returns positions (int64, -1 beyond the end) and scores (float64, NaN beyond it), row by row.
    #[pyo3(signature = (many_interests, top, *, weights=None))]
    fn _rank_many<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: usize,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Columns<'py>>> {
        self.data.check()?;
        let columns = top.min(self.__len__());
        let most = columns.into_pyobject(py)?.into_any();
        let queries = self.queries(many_interests, &most, weights)?;
        let rows: Option<Vec<&Query>> = queries.iter().map(Option::as_ref).collect();
        let Some(rows) = rows else { return Ok(None) };
        let pool = pool()?;
        let ranked = py.detach(|| {
            let mut positions = filled(-1_i64, rows.len(), columns)?;
            let mut scores = filled(f64::NAN, rows.len(), columns)?;
            let cells = positions
                .par_chunks_mut(columns.max(1))
                .zip(scores.par_chunks_mut(columns.max(1)));
            let complete = pool.install(|| {
                rows.par_iter().zip(cells).with_min_len(Query::GRAIN).all(
                    |(query, (positions, scores))| {
                        let Some(best) =
                            self.best(&query.interests, &query.scorer, query.most, None)
                        else {
                            return false;
                        };
                        let cells = positions.iter_mut().zip(scores);
                        for ((position, score), best) in cells.zip(best) {
                            *position = self
                                .data
                                .catalog
                                .position(best.place)
                                .map_or(-1, |place| place as i64);
                            *score = best.score;
                        }
                        true
                    },
                )
            });
            Ok(complete.then_some((positions, scores)))
        });
        let ranked = ranked.map_err(|error: Error| no_memory(&error));
        let Some((positions, scores)) = self.data.settled(ranked)? else {
            return Ok(None);
        };
        let positions = object::new_bytes(py, bytemuck::cast_slice(&positions))?;
        let scores = object::new_bytes(py, bytemuck::cast_slice(&scores))?;
        Ok(Some((positions, scores, columns)))
    }

    /// Explain the score of the first session with this title. The answer equals that of `eventkit.explain`.
    ///
    /// Args:
    ///     title: The session's title, in any case.
    ///     interests: As for `recommend`.
    ///     weights: As for `recommend`.
    ///     understand: As for `recommend`. The answer then names each term of the match, with its weight, in `terms`.
    ///
    /// Returns:
    ///     `{"title", "score", "contributions", "matched_tags"}`, or `{"error": "session not found", "title": title}`.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> catalog = eventkit.Catalog([{"title": "Agents", "tags": ["AI", "web"]}])
    ///     >>> catalog.explain("agents", ["ai"])["matched_tags"]
    ///     ['AI']
    #[pyo3(signature = (title, interests, *, weights=None, understand=false))]
    fn explain<'py>(
        catalog: &Bound<'py, Self>,
        title: &Bound<'py, PyAny>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        understand: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = catalog.py();
        if understand {
            return in_python(
                py,
                "explain_from_catalog",
                (catalog, title, interests, weights),
            );
        }
        catalog.get().explained(py, title, interests, weights)
    }

    /// Score one session. The answer equals that of `eventkit.score_session`.
    ///
    /// Args:
    ///     id_or_title: The session's id or, if no session has that id, its title in any case.
    ///     interests: As for `recommend`.
    ///     weights: As for `recommend`.
    ///
    /// Returns:
    ///     `{"session": ..., "score": number, "contributions": {factor: number}}`.
    ///
    /// Raises:
    ///     KeyError: No session has that id or title.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> catalog = eventkit.Catalog([{"id": "s1", "title": "Agents", "tags": ["AI"]}])
    ///     >>> catalog.score("s1", ["ai"])["contributions"]["interest_match"]
    ///     2.0
    #[pyo3(signature = (id_or_title, interests, *, weights=None))]
    fn score<'py>(
        &self,
        py: Python<'py>,
        id_or_title: &Bound<'py, PyString>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.data.check()?;
        refuse_text(interests)?;
        let found = match unwind(|| self.find(py, id_or_title))? {
            Ok(found) => found,
            Err(Stop::Raised(error)) => return Err(error),
            Err(Stop::Declined) => {
                // A title before it cannot be read: the search raises what the original raises.
                let sessions = settled(unwind(|| self.admitted(py, None)), UNREADABLE)?;
                let arguments = (sessions, self.weights.bind(py), id_or_title, interests);
                reference(py, "explain_sessions")?.call1(arguments)?;
                None
            }
        };
        let Some(place) = self.data.settled(Ok(found))? else {
            return Err(PyKeyError::new_err(format!(
                "no session has the id or title {}",
                id_or_title.repr()?
            )));
        };
        let session = settled(unwind(|| self.data.session(py, place)), UNREADABLE);
        let session = self.data.settled(session)?;
        let weights = weights.unwrap_or_else(|| self.weights.bind(py));
        let functions = py.import(intern!(py, "eventkit.functions"))?;
        functions.call_method1(intern!(py, "score_session"), (session, interests, weights))
    }

    /// Plans an itinerary; `gap` is in minutes.
    #[pyo3(signature = (interests, top, gap, weights, filter))]
    fn _plan<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: Option<usize>,
        gap: f64,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let gap = Duration::try_from_secs_f64(gap * 60.0);
        let gap = gap.map_err(|_| PyValueError::new_err("gap: expected minutes from 0 up"))?;
        self.data.check()?;
        refuse_text(interests)?;
        let filter = settled(unwind(|| self.narrowed(py, filter)), UNREADABLE)?;
        let planned = guarded(py, || {
            let (set, scorer) = self.query(interests, weights)?;
            let most = self.data.catalog.len();
            room("the plan", most.saturating_mul(256))?;
            let ranked = self.best(&set, &scorer, most, filter.as_ref());
            let ranked = ranked.or_decline()?;
            let planned = py.detach(|| self.data.catalog.best_plan(ranked, top, gap));
            let (chosen, plan) = planned.map_err(|error| match error.kind() {
                ErrorKind::Memory => no_memory(&error),
                _ => PyValueError::new_err(error.to_string()),
            })?;
            let answer = self.planned(py, chosen, &scorer)?;
            let fields = input::exact_dict(&answer)?;
            fields.set_item(intern!(py, "total"), object::new_float(py, plan.total)?)?;
            fields.set_item(
                intern!(py, "untimed"),
                object::new_int(py, plan.untimed as i64)?,
            )?;
            Ok(answer)
        });
        self.data.settled(planned)
    }

    /// Returns the sessions with others after them, without those whose id is one of `removed`.
    fn _with<'py>(
        &self,
        py: Python<'py>,
        added: &Bound<'py, PyList>,
        removed: &Bound<'py, PyList>,
    ) -> PyResult<SharedCatalogData> {
        self.data.check()?;
        let mut changed = self.data.clone();
        let mut gone = Vec::new();
        for id in removed {
            let id = id.cast_into_exact::<PyString>().map_err(PyErr::from)?;
            let before = gone.len();
            let found = unwind(|| {
                input::with_bytes(&id, |bytes| -> Answer<()> {
                    for place in changed.catalog.identified(bytes) {
                        if changed.is_identified(py, place, bytes)? {
                            gone.push(place);
                        }
                    }
                    Ok(())
                })?
            });
            settled(found, UNREADABLE)?;
            if gone.len() == before {
                return Err(PyKeyError::new_err(format!(
                    "no session has the id {}",
                    id.repr()?
                )));
            }
        }
        changed.catalog.remove(gone);
        if !added.is_empty() {
            let otherwise = "the sessions changed while they were compiled";
            changed = settled(unwind(|| changed.with_added(py, added)), otherwise)?;
        }
        Ok(SharedCatalogData(changed))
    }
}

impl CatalogBase {
    /// Recommends the sessions whose tags are interests.
    pub(super) fn recommended<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.data.check()?;
        let filter = settled(unwind(|| self.narrowed(py, filter)), UNREADABLE)?;
        let filter = filter.as_ref();
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
