//! The events of one calendar as a cache holds them: its own copies, and the catalogue compiled of them.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::catalog::CatalogBase;
use super::errors::unwind;
use super::intern::intern;
use super::search::settled;
use super::shelf::Shelf;
use super::top::Top;
use super::{input, replica};

/// What an entry holds; nobody outside the cache has a reference to any of it that could be changed.
pub(super) struct Stored {
    pub(super) events: Py<PyList>,
    /// How many were asked for.
    pub(super) top: i64,
    /// What an incremental load starts from.
    pub(super) state: Option<Py<PyAny>>,
    /// Whether the second tier had them.
    pub(super) from_store: bool,
    /// The compiled ones by their number: all of them, and the first few where those are an answer too.
    compiled: Mutex<Vec<(usize, Py<SharedEvents>)>>,
}

/// Shared by the entry, the flight that brought it and whoever is answering from it.
pub(super) type Value = Arc<Stored>;

/// So many different numbers of events are kept compiled.
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

    /// The first events, compiled, and by how many bytes this has grown.
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
            unwind(|| Shelf::of_objects(&events)),
            "the events changed while they were compiled",
        )?;
        let bytes = compiled.catalog.nbytes();
        let catalog = CatalogBase {
            shelf: compiled,
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

/// Compiles copies of events, for an answer that no entry stands behind.
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

/// Events of a calendar that many share: they cannot be had from it but as copies.
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

    /// `eventkit.recommend` of them, with sessions that no other caller has.
    #[pyo3(signature = (interests, top, weights, /))]
    fn recommend<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let answer =
            self.catalog
                .recommend(py, interests, Top::Given(top.clone()), weights, None)?;
        let fields = answer.cast::<PyDict>()?;
        if let Some(sessions) = fields.get_item(intern!(py, "sessions"))? {
            let copies = replica::events(sessions.cast::<PyList>()?, usize::MAX)?;
            fields.set_item(intern!(py, "sessions"), copies)?;
        }
        Ok(answer)
    }

    /// `eventkit.explain` of one of them.
    #[pyo3(signature = (title, interests, weights, /))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        title: &Bound<'py, PyAny>,
        interests: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.catalog.explain(py, title, interests, weights)
    }
}
