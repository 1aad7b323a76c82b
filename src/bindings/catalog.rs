//! The methods of the native base class of `eventkit.Catalog`. Answers equal those of the drop-in functions, because
//! the same code makes them. A query that the index declines is answered by `eventkit.reference` from the sessions
//! themselves.

#![allow(clippy::doc_markdown, clippy::doc_link_with_quotes)] // Docstrings of Python.

use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::balance::Sharing;
use super::cache::TimedCache;
use super::catalog_data::SharedCatalogData;
use super::errors::{CHANGED, UNREADABLE, attempt, settled, unwind};
use super::filter::Filter;
use super::intern::intern;
use super::query::Columns;
use super::search::{CatalogBase, or_else, reference, refuse_text};
use super::top::Top;
use super::understanding::{in_python, refuse_embed};
use super::{input, object};

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

    /// Returns the memory of the compiled sessions in bytes, without the caller's own objects. A file that is mapped by
    /// `open` counts as 0, because its pages belong to the system and are shared. A copy of a file counts in full.
    #[getter]
    fn nbytes(&self) -> usize {
        self.data.nbytes()
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
        let found = settled(unwind(|| self.find_id(py, id)), UNREADABLE);
        Ok(self.data.settled(found)?.is_some())
    }

    /// Recommend the best sessions. The answer equals that of `eventkit.recommend`.
    ///
    /// Args:
    ///     interests: Lower-case interests. Tags are lowered before the lookup, interests are not.
    ///     top: How many sessions, as the end of a slice: `None` for all, negative numbers from the end.
    ///     weights: Weights for this query instead of the catalogue's.
    ///     filter: The sessions to choose from. It changes no score.
    ///     balance: As for `eventkit.recommend`.
    ///     spread: As for `eventkit.recommend`.
    ///     understand: Match what the interests mean, not only whole tags: see `eventkit.understand`. Sessions that
    ///         match none of them are left out.
    ///     embed: With `understand`: a function that returns a vector for each of a list of texts. Sessions that are
    ///         near in meaning then follow those that match.
    ///
    /// Returns:
    ///     `{"sessions": [...], "scoring": [...], "conflicts": n}`, new at every call. The sessions are the caller's
    ///     own objects if the catalogue was made of objects, and new dicts if it was loaded or opened. With `balance`
    ///     or `spread` also `"shares"` and `"unmatched"`, as `eventkit.recommend` returns them.
    ///     With `understand`, `"understood"` tells what each interest matched.
    ///
    /// Raises:
    ///     KeyError: A weight, or the title of one of the best sessions, is missing.
    ///     TypeError: As `eventkit.recommend` raises it.
    ///     ValueError: `balance` has no meaning, or only the reference can score what is to be balanced.
    ///
    /// Example:
    ///     >>> import eventkit
    ///     >>> catalog = eventkit.Catalog([{"title": "Agents", "tags": ["AI"], "popularity": 0.5}])
    ///     >>> catalog.recommend(["ai"], 1)["scoring"][0]["score"]
    ///     2.253
    #[pyo3(
        signature = (interests, top=Top::Default, *, weights=None, filter=None, balance=None, spread=None,
            understand=false, embed=None),
        text_signature = "($self, interests, top=5, *, weights=None, filter=None, balance=None, spread=None, understand=False, embed=None)"
    )]
    #[allow(clippy::too_many_arguments)] // Keyword arguments of Python.
    fn recommend<'py>(
        catalog: &Bound<'py, Self>,
        interests: &Bound<'py, PyAny>,
        top: Top<'py>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
        balance: Option<&Bound<'py, PyAny>>,
        spread: Option<&Bound<'py, PyAny>>,
        understand: bool,
        embed: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = catalog.py();
        let top = top.given(py)?;
        let sharing = Sharing::read(balance, spread)?;
        if understand {
            let arguments = (
                catalog, interests, top, weights, filter, embed, balance, spread,
            );
            return in_python(py, "recommend_from_catalog", arguments);
        }
        refuse_embed(embed)?;
        catalog
            .get()
            .recommended(py, interests, &top, weights, filter, sharing.as_ref())
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
    pub(super) fn recommend_json<'py>(
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
        let answers = self.answer_each(py, many_interests, top, weights);
        self.data.settled(answers)
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
        let lines = self.write_each(py, many_interests, top, weights);
        object::new_bytes(py, &self.data.settled(lines)?)
    }

    /// Returns positions (int64, -1 beyond the end) and scores (float64, NaN beyond it), row by row.
    #[pyo3(signature = (many_interests, top, *, weights=None, filter=None))]
    fn _rank_many<'py>(
        &self,
        py: Python<'py>,
        many_interests: &Bound<'py, PyList>,
        top: usize,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Bound<'py, Filter>>,
    ) -> PyResult<Option<Columns<'py>>> {
        self.data.check()?;
        let table = self.rank_table(py, many_interests, top, weights, filter);
        self.data.settled(table)
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
        let found = attempt(|| self.find(py, id_or_title))?;
        if found.is_none() {
            // A title before it cannot be read: the search raises what the original raises.
            let sessions = settled(unwind(|| self.admitted(py, None)), UNREADABLE)?;
            let arguments = (sessions, self.weights.bind(py), id_or_title, interests);
            reference(py, "explain_sessions")?.call1(arguments)?;
        }
        let Some(place) = self.data.settled(Ok(found.flatten()))? else {
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
            let found = settled(unwind(|| self.data.identified(py, &id)), UNREADABLE)?;
            if found.is_empty() {
                return Err(PyKeyError::new_err(format!(
                    "no session has the id {}",
                    id.repr()?
                )));
            }
            gone.extend(found);
        }
        changed.catalog.remove(gone);
        if !added.is_empty() {
            changed = settled(unwind(|| changed.with_added(py, added)), CHANGED)?;
        }
        Ok(SharedCatalogData(changed))
    }
}
