//! The native half of `eventkit.Catalog`. Answers are the drop-in functions', because they are made by the same code; a
//! query that the index declines is answered by `eventkit.reference` from the sessions themselves.

use pyo3::exceptions::{PyIndexError, PyKeyError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use rayon::prelude::*;

use super::answer::{self, Chosen};
use super::errors::{Answer, OrDecline, Stop, guarded, unwind};
use super::filter::Filter;
use super::functions::scorer;
use super::pool::pool;
use super::shelf::Shelf;
use super::{input, object};
use crate::engine::catalog::{Best, Place};
use crate::engine::interest::InterestSet;
use crate::engine::json::write_number;
use crate::engine::score::{Contributions, Number, Scorer, Weights};

/// Sessions made ready for a `Catalog`: compiled, loaded or opened.
#[pyclass(frozen, module = "eventkit._eventkit")]
pub(super) struct Shelved(pub(super) Shelf);

/// Compiles the sessions of a list.
#[pyfunction]
pub(super) fn shelve(sessions: &Bound<'_, PyList>) -> PyResult<Shelved> {
    settled(unwind(|| Shelf::of_objects(sessions)), "the sessions changed while they were compiled").map(Shelved)
}

/// An answer that the engine must be able to give; what else to say where it cannot.
fn settled<T>(answer: PyResult<Answer<T>>, otherwise: &str) -> PyResult<T> {
    match answer? {
        Ok(value) => Ok(value),
        Err(Stop::Raised(error)) => Err(error),
        Err(Stop::Declined) => Err(pyo3::exceptions::PyRuntimeError::new_err(otherwise.to_owned())),
    }
}

/// Compiled sessions and the weights to score them with. `eventkit.Catalog` adds what is not hot.
#[pyclass(frozen, subclass, module = "eventkit._eventkit")]
pub(super) struct CatalogBase {
    shelf: Shelf,
    weights: Py<PyAny>,
    parsed: Option<Weights>,
}

impl CatalogBase {
    /// The query's parts, or declined.
    fn query(
        &self,
        interests: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> Answer<(InterestSet, Scorer)> {
        let weights = weights.map_or_else(|| self.parsed.or_decline(), input::weights)?;
        let interests = input::interests(interests)?;
        let scorer = scorer(weights, &interests)?;
        Ok((interests, scorer))
    }

    /// How many sessions `[:top]` leaves, as far as that can be told without a filter's count.
    fn most(&self, top: &Bound<'_, PyAny>, filter: Option<&Filter>) -> Answer<usize> {
        let most = input::slice_end(top, self.shelf.catalog.len())?;
        let from_the_end = || top.extract::<isize>().is_ok_and(|top| top < 0);
        (filter.is_none() || !from_the_end()).then_some(most).or_decline()
    }

    fn best(
        &self,
        interests: &InterestSet,
        scorer: &Scorer,
        most: usize,
        filter: Option<&Filter>,
    ) -> Option<Vec<Best>> {
        let filter = filter.map(|filter| &filter.sessions);
        self.shelf.catalog.top_k(interests, scorer, most, filter)
    }

    fn chosen<'py>(&self, py: Python<'py>, best: Vec<Best>) -> Answer<Vec<Chosen<'py>>> {
        let chosen = best.into_iter().map(|best| {
            Ok(Chosen {
                session: self.shelf.plain_session(py, best.place)?,
                hits: best.hits,
                popularity: best.popularity,
            })
        });
        chosen.collect()
    }

    fn answer<'py>(&self, py: Python<'py>, best: Vec<Best>, scorer: &Scorer) -> Answer<Bound<'py, PyAny>> {
        answer::finish(py, self.chosen(py, best)?, scorer)
    }

    fn admitted<'py>(&self, py: Python<'py>, filter: Option<&Filter>) -> Answer<Bound<'py, PyList>> {
        let catalog = &self.shelf.catalog;
        match filter {
            Some(filter) => self.shelf.sessions(py, catalog.admitted(&filter.sessions).into_iter()),
            None => self.shelf.sessions(py, catalog.places()),
        }
    }

    /// What the reference answers from the sessions themselves.
    fn refer<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Filter>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let sessions = settled(unwind(|| self.admitted(py, filter)), "a session cannot be read")?;
        let weights = weights.unwrap_or_else(|| self.weights.bind(py));
        reference(py, "rank_sessions")?.call1((sessions, weights, interests, top))
    }

    /// The place of the only session meant, its id first, its title next.
    fn find(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Answer<Option<Place>> {
        let by_id = input::with_bytes(name, |id| {
            let mut candidates = self.shelf.catalog.identified(id);
            candidates.find_map(|place| confirmed(self.shelf.is_identified(py, place, id), place))
        })?;
        match by_id {
            Some(found) => found.map(Some),
            None => self.find_title(py, name),
        }
    }

    fn find_title(&self, py: Python<'_>, title: &Bound<'_, PyString>) -> Answer<Option<Place>> {
        let found = input::with_lowered(title, |lowered| {
            let mut candidates = self.shelf.catalog.titled(lowered);
            candidates.find_map(|place| confirmed(self.shelf.is_titled(py, place, lowered), place))
        })?;
        let found = found.transpose()?;
        // The original's search would stop at the first title that it cannot read.
        let reached = |untitled: Place| found.is_none_or(|found| untitled < found);
        let stopped = self.shelf.catalog.untitled().is_some_and(reached);
        (!stopped).then_some(found).or_decline()
    }
}

/// A candidate that is what was looked for, or why it cannot be told.
fn confirmed(is_it: Answer<bool>, place: Place) -> Option<Answer<Place>> {
    match is_it {
        Ok(true) => Some(Ok(place)),
        Ok(false) => None,
        Err(stop) => Some(Err(stop)),
    }
}

fn reference<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "eventkit.reference"))?.getattr(name)
}

/// The native answer, or what `otherwise` makes of a query that was declined.
fn or_else<'py>(
    py: Python<'py>,
    native: impl FnOnce() -> Answer<Bound<'py, PyAny>>,
    otherwise: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let answer = guarded(py, native)?;
    if answer.is(py.NotImplemented()) { otherwise() } else { Ok(answer) }
}

#[pymethods]
impl CatalogBase {
    #[new]
    fn new(shelved: &Bound<'_, Shelved>, weights: &Bound<'_, PyAny>) -> Self {
        Self {
            shelf: shelved.get().0.clone(),
            weights: weights.clone().unbind(),
            parsed: input::weights(weights).ok(),
        }
    }

    /// The sessions, compiled.
    #[getter]
    fn _shelved(&self) -> Shelved {
        Shelved(self.shelf.clone())
    }

    /// The weights of a query that brings none.
    #[getter]
    fn weights(&self, py: Python<'_>) -> Py<PyAny> {
        self.weights.clone_ref(py)
    }

    /// The memory of the compiled sessions, in bytes; the caller's own objects are not counted.
    #[getter]
    fn nbytes(&self) -> usize {
        self.shelf.catalog.nbytes()
    }

    fn __len__(&self) -> usize {
        self.shelf.catalog.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, position: isize) -> PyResult<Bound<'py, PyAny>> {
        let count = self.__len__();
        let from_start = usize::try_from(position).ok();
        let place = from_start.or_else(|| count.checked_sub(position.unsigned_abs()));
        let place = place.and_then(|position| self.shelf.catalog.at(position));
        let Some(place) = place else {
            return Err(PyIndexError::new_err(format!("position {position} of a catalogue of {count} sessions")));
        };
        settled(unwind(|| self.shelf.session(py, place)), "the session cannot be read")
    }

    fn __contains__(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(id) = id.cast_exact::<PyString>() else { return Ok(false) };
        let found = unwind(|| {
            input::with_bytes(id, |id| {
                let mut candidates = self.shelf.catalog.identified(id);
                candidates.find_map(|place| confirmed(self.shelf.is_identified(py, place, id), place))
            })?
            .transpose()
        });
        Ok(settled(found, "a session cannot be read")?.is_some())
    }

    #[pyo3(signature = (interests, top, *, weights=None, filter=None))]
    fn recommend<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let filter = filter.map(Bound::get);
        or_else(
            py,
            || {
                let (set, scorer) = self.query(interests, weights)?;
                let most = self.most(top, filter)?;
                let best = self.best(&set, &scorer, most, filter).or_decline()?;
                self.answer(py, best, &scorer)
            },
            || self.refer(py, interests, top, weights, filter),
        )
    }

    #[pyo3(signature = (interests, top, *, weights=None, filter=None))]
    fn recommend_json<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let held = filter.map(Bound::get);
        or_else(
            py,
            || {
                let (set, scorer) = self.query(interests, weights)?;
                let most = self.most(top, held)?;
                let best = self.best(&set, &scorer, most, held).or_decline()?;
                let mut out = Vec::new();
                self.write(py, &best, &scorer, &mut out)?;
                Ok(PyBytes::new(py, &out).into_any())
            },
            || {
                let answer = self.refer(py, interests, top, weights, held)?;
                let dumps = py.import(intern!(py, "json"))?.getattr(intern!(py, "dumps"))?;
                dumps.call1((answer,))?.call_method0(intern!(py, "encode"))
            },
        )
    }

    #[pyo3(signature = (many_interests, top, *, weights=None))]
    fn recommend_many<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let queries = self.queries(many_interests, top, weights)?;
        let ranked = self.rank_all(py, &queries)?;
        let mut answers = Vec::with_capacity(queries.len());
        for ((interests, query), best) in many_interests.iter().zip(&queries).zip(ranked) {
            let native = query.as_ref().zip(best);
            let native = native.map(|(query, best)| guarded(py, || self.answer(py, best, &query.scorer)));
            let native = native.transpose()?.filter(|answer| !answer.is(py.NotImplemented()));
            answers.push(match native {
                Some(answer) => answer,
                None => self.refer(py, &interests, top, weights, None)?,
            });
        }
        object::new_list(py, answers)
    }

    /// One line of JSON for each list of interests.
    #[pyo3(signature = (many_interests, top, *, weights=None))]
    fn _recommend_lines<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let queries = self.queries(many_interests, top, weights)?;
        let ranked = self.rank_all(py, &queries)?;
        let mut out = Vec::new();
        for ((interests, query), best) in many_interests.iter().zip(&queries).zip(ranked) {
            let start = out.len();
            let written = query.as_ref().zip(best).map(|(query, best)| {
                unwind(|| self.write(py, &best, &query.scorer, &mut out))
            });
            match written.transpose()? {
                Some(Ok(())) => {}
                Some(Err(Stop::Raised(error))) => return Err(error),
                Some(Err(Stop::Declined)) | None => {
                    out.truncate(start);
                    let line = self.recommend_json(py, &interests, top, weights, None)?;
                    out.extend_from_slice(line.cast_exact::<PyBytes>()?.as_bytes());
                }
            }
            out.push(b'\n');
        }
        Ok(PyBytes::new(py, &out))
    }

    /// Positions (int64, -1 beyond the end) and scores (float64, NaN beyond it), row by row.
    #[pyo3(signature = (many_interests, top, *, weights=None))]
    fn _rank_many<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: usize,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<(Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize)>> {
        let columns = top.min(self.__len__());
        let most = columns.into_pyobject(py)?.into_any();
        let queries = self.queries(many_interests, &most, weights)?;
        let rows: Option<Vec<&Query>> = queries.iter().map(Option::as_ref).collect();
        let Some(rows) = rows else { return Ok(None) };
        let pool = pool()?;
        let ranked = py.detach(|| {
            let mut positions = vec![-1_i64; rows.len() * columns];
            let mut scores = vec![f64::NAN; rows.len() * columns];
            let cells = positions.par_chunks_mut(columns.max(1)).zip(scores.par_chunks_mut(columns.max(1)));
            let complete = pool.install(|| {
                rows.par_iter().zip(cells).with_min_len(Self::GRAIN).all(|(query, (positions, scores))| {
                    let Some(best) = self.best(&query.interests, &query.scorer, query.most, None) else {
                        return false;
                    };
                    let cells = positions.iter_mut().zip(scores);
                    for ((position, score), best) in cells.zip(best) {
                        *position = self.shelf.catalog.position(best.place).map_or(-1, |place| place as i64);
                        *score = best.score;
                    }
                    true
                })
            });
            complete.then_some((positions, scores))
        });
        Ok(ranked.map(|(positions, scores)| {
            let positions = PyBytes::new(py, bytemuck::cast_slice(&positions));
            let scores = PyBytes::new(py, bytemuck::cast_slice(&scores));
            (positions, scores, columns)
        }))
    }

    #[pyo3(signature = (title, interests, *, weights=None))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        title: &Bound<'py, PyAny>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        or_else(
            py,
            || {
                let title = input::exact_str(title)?;
                let (set, scorer) = self.query(interests, weights)?;
                match self.find_title(py, title)? {
                    None => answer::not_found(title),
                    Some(place) => answer::explained(self.shelf.plain_session(py, place)?, &set, &scorer),
                }
            },
            || {
                let sessions = settled(unwind(|| self.admitted(py, None)), "a session cannot be read")?;
                let weights = weights.unwrap_or_else(|| self.weights.bind(py));
                reference(py, "explain_sessions")?.call1((sessions, weights, title, interests))
            },
        )
    }

    #[pyo3(signature = (id_or_title, interests, *, weights=None))]
    fn score<'py>(
        &self,
        py: Python<'py>,
        id_or_title: &Bound<'py, PyString>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let found = settled(unwind(|| self.find(py, id_or_title)), "a title in front of it cannot be read")?;
        let Some(place) = found else {
            return Err(PyKeyError::new_err(format!("no session has the id or title {}", id_or_title.repr()?)));
        };
        let session = settled(unwind(|| self.shelf.session(py, place)), "the session cannot be read")?;
        let weights = weights.unwrap_or_else(|| self.weights.bind(py));
        let functions = py.import(intern!(py, "eventkit.functions"))?;
        functions.call_method1(intern!(py, "score_session"), (session, interests, weights))
    }

    /// The sessions with others behind them, less those whose id is one of `removed`.
    fn _with<'py>(
        &self,
        py: Python<'py>,
        added: &Bound<'py, PyList>,
        removed: &Bound<'py, PyList>,
    ) -> PyResult<Shelved> {
        let mut shelf = self.shelf.clone();
        let mut gone = Vec::new();
        for id in removed {
            let id = id.cast_into_exact::<PyString>().map_err(PyErr::from)?;
            let before = gone.len();
            let found = unwind(|| {
                input::with_bytes(&id, |bytes| -> Answer<()> {
                    for place in shelf.catalog.identified(bytes) {
                        if shelf.is_identified(py, place, bytes)? {
                            gone.push(place);
                        }
                    }
                    Ok(())
                })?
            });
            settled(found, "a session cannot be read")?;
            if gone.len() == before {
                return Err(PyKeyError::new_err(format!("no session has the id {}", id.repr()?)));
            }
        }
        shelf.catalog.remove(gone);
        if !added.is_empty() {
            let changed = "the sessions changed while they were compiled";
            shelf = settled(unwind(|| shelf.with_added(py, added)), changed)?;
        }
        Ok(Shelved(shelf))
    }

    /// The JSON text of all sessions, one a line.
    fn _dump<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Vec::new();
        for place in self.shelf.catalog.places() {
            settled(unwind(|| self.shelf.dump(py, place, &mut out)), "a session cannot be written as JSON")?;
            out.push(b'\n');
        }
        Ok(PyBytes::new(py, &out))
    }
}

/// One of many queries.
struct Query {
    interests: InterestSet,
    scorer: Scorer,
    most: usize,
}

impl CatalogBase {
    /// Fewer queries than this are not worth waking a thread for (bench `many`).
    const GRAIN: usize = 16;

    /// What each list of interests asks; `None` for one that the reference must answer.
    fn queries(
        &self,
        many_interests: &Bound<'_, PyList>,
        top: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Option<Query>>> {
        let query = |interests: Bound<'_, PyAny>| {
            let query = || -> Answer<Query> {
                let (interests, scorer) = self.query(&interests, weights)?;
                let most = self.most(top, None)?;
                Ok(Query { interests, scorer, most })
            };
            match unwind(query)? {
                Ok(query) => Ok(Some(query)),
                Err(Stop::Declined) => Ok(None),
                Err(Stop::Raised(error)) => Err(error),
            }
        };
        many_interests.iter().map(query).collect()
    }

    /// The best of every query, over the cores and without holding the interpreter.
    fn rank_all(&self, py: Python<'_>, queries: &[Option<Query>]) -> PyResult<Vec<Option<Vec<Best>>>> {
        let rank = |query: &Option<Query>| {
            let query = query.as_ref()?;
            self.best(&query.interests, &query.scorer, query.most, None)
        };
        if queries.len() < Self::GRAIN {
            return Ok(queries.iter().map(rank).collect());
        }
        let pool = pool()?;
        Ok(py.detach(|| pool.install(|| queries.par_iter().with_min_len(Self::GRAIN).map(rank).collect())))
    }

    /// Appends what `json.dumps` writes of the answer.
    fn write(&self, py: Python<'_>, best: &[Best], scorer: &Scorer, out: &mut Vec<u8>) -> Answer<()> {
        out.extend_from_slice(b"{\"sessions\": [");
        for (number, best) in best.iter().enumerate() {
            separate(number, out);
            self.shelf.dump(py, best.place, out)?;
        }
        out.extend_from_slice(b"], \"scoring\": [");
        for (number, best) in best.iter().enumerate() {
            separate(number, out);
            out.extend_from_slice(b"{\"title\": ");
            self.shelf.dump_title(py, best.place, out)?;
            let parts = scorer.contributions(best.hits, best.popularity).or_decline()?;
            write_scoring(&parts, scorer.total(&parts), out);
        }
        out.extend_from_slice(b"], \"conflicts\": ");
        let sessions: Answer<Vec<Bound<'_, PyDict>>> =
            best.iter().map(|best| self.shelf.slot(py, best.place)).collect();
        let conflicts = answer::conflicts(py, sessions?.iter())?;
        out.extend_from_slice(conflicts.to_string().as_bytes());
        out.push(b'}');
        Ok(())
    }
}

/// The rest of a line of `scoring`, behind its title.
fn write_scoring(parts: &Contributions, total: Number, out: &mut Vec<u8>) {
    out.extend_from_slice(b", \"score\": ");
    write_number(out, total);
    out.extend_from_slice(b", \"contributions\": {\"interest_match\": ");
    write_number(out, parts.interest_match);
    out.extend_from_slice(b", \"popularity\": ");
    write_number(out, parts.popularity);
    if let Some(diversity) = parts.diversity {
        out.extend_from_slice(b", \"diversity\": ");
        write_number(out, Number::Float(diversity));
    }
    out.extend_from_slice(b"}}");
}

fn separate(number: usize, out: &mut Vec<u8>) {
    if number > 0 {
        out.extend_from_slice(b", ");
    }
}
