//! Holds the events of one calendar for the cache: its own copies, and the catalogues compiled from them.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::catalog_data::CatalogData;
use super::errors::{settled, unwind};
use super::intern::intern;
use super::search::CatalogBase;
use super::{input, replica};

/// The value of a cache entry. Nobody outside the cache has a reference to its events.
pub(super) struct Stored {
    pub(super) events: Py<PyList>,
    /// How many events were requested.
    pub(super) top: i64,
    /// The state that the next incremental load starts from.
    pub(super) state: Option<Py<PyAny>>,
    /// Whether the events came from the shared store.
    pub(super) from_store: bool,
    /// Compiled events by their number: all events, or the first ones for requests of fewer.
    compiled: Mutex<Vec<(usize, Py<SharedEvents>)>>,
}

/// A value, shared by its entry, its load and the callers that answer from it.
pub(super) type Value = Arc<Stored>;

/// For how many different numbers of events a compiled catalogue is kept.
const MOST_COMPILED: usize = 4;

impl Stored {
    pub(super) fn new(
        events: Bound<'_, PyList>,
        top: i64,
        state: Option<Py<PyAny>>,
        from_store: bool,
    ) -> Value {
        Arc::new(Self {
            events: events.unbind(),
            top,
            state,
            from_store,
            compiled: Mutex::new(Vec::new()),
        })
    }

    /// Returns the first `most` events, compiled, and the bytes by which this value has grown.
    pub(super) fn shared(
        &self,
        py: Python<'_>,
        most: usize,
        weights: &Py<PyAny>,
    ) -> PyResult<(Py<SharedEvents>, usize)> {
        let events = self.events.bind(py);
        let most = most.min(events.len());
        let lock = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = lock().iter().find(|(number, _)| *number == most) {
            return Ok((found.clone_ref(py), 0));
        }
        let events = if most == events.len() {
            events.clone()
        } else {
            events.get_slice(0, most)
        };
        let compiled = settled(
            unwind(|| CatalogData::of_objects(&events)),
            "the events changed while they were compiled",
        )?;
        let bytes = compiled.catalog.nbytes();
        let catalog = CatalogBase {
            data: compiled,
            weights: weights.clone_ref(py),
            parsed: input::weights(weights.bind(py)).ok(),
            cache: None,
        };
        let made = Py::new(
            py,
            SharedEvents {
                catalog,
                number: most,
            },
        )?;
        let mut compiled = lock();
        let oldest = (compiled.len() >= MOST_COMPILED).then(|| compiled.remove(0));
        compiled.push((most, made.clone_ref(py)));
        drop(compiled);
        drop(oldest);
        Ok((made, bytes))
    }
}

/// Compiles copies of events for an answer that comes from no cache entry.
#[pyfunction]
#[pyo3(signature = (events, weights, /))]
#[allow(clippy::needless_pass_by_value)] // As pyo3 extracts it.
pub(super) fn share_events(
    events: &Bound<'_, PyList>,
    weights: Py<PyAny>,
) -> PyResult<Py<SharedEvents>> {
    let copies = replica::events(events, usize::MAX)?;
    let stored = Stored::new(copies, i64::MAX, None, false);
    Ok(stored.shared(events.py(), usize::MAX, &weights)?.0)
}

/// Compiled events that callers share. It returns sessions only as copies.
#[pyclass(frozen, module = "eventkit._eventkit")]
pub(super) struct SharedEvents {
    catalog: CatalogBase,
    number: usize,
}

#[pymethods]
impl SharedEvents {
    fn __len__(&self) -> usize {
        self.number
    }

    /// Recommends like `eventkit.recommend`, with copies of the sessions.
    #[pyo3(signature = (interests, top, weights, /))]
    fn recommend<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let answer = self
            .catalog
            .recommended(py, interests, top, weights, None, None)?;
        let fields = answer.cast::<PyDict>()?;
        if let Some(sessions) = fields.get_item(intern!(py, "sessions"))? {
            let copies = replica::events(sessions.cast::<PyList>()?, usize::MAX)?;
            fields.set_item(intern!(py, "sessions"), copies)?;
        }
        Ok(answer)
    }

    /// Explains a session like `eventkit.explain`.
    #[pyo3(signature = (title, interests, weights, /))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        title: &Bound<'py, PyAny>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.catalog.explained(py, title, interests, weights)
    }
}
