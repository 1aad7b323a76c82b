//! The Python class of the server's metrics. `eventkit.server.metrics` is the public module.

use std::path::PathBuf;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict};

use super::errors::unwind;
use super::intern::intern;
use crate::engine::serving::metrics::{self, BOUNDS, MOST_NAME, Metrics, Route};

/// Whether Python was asked to report forks.
static WATCHED: PyOnceLock<()> = PyOnceLock::new();

/// Counters and latency histograms, summed over every process that shares the directory.
#[pyclass(frozen, subclass, module = "eventkit._eventkit")]
pub(super) struct ServerMetrics(Metrics);

#[pymethods]
impl ServerMetrics {
    #[new]
    #[pyo3(signature = (directory = None))]
    fn new(py: Python<'_>, directory: Option<PathBuf>) -> PyResult<Self> {
        WATCHED.get_or_try_init(py, || watch_forks(py))?;
        let metrics = unwind(|| Metrics::new(directory))?;
        Ok(Self(metrics.map_err(|error| failed(&error))?))
    }

    /// Counts a request, its status and its duration. `also` names a counter to increment.
    #[pyo3(signature = (route, status, seconds, also = None))]
    fn observe(&self, route: &str, status: u16, seconds: f64, also: Option<&str>) -> PyResult<()> {
        let also = also.map(checked).transpose()?;
        unwind(|| {
            self.0.observe(route, status, seconds);
            if let Some(name) = also {
                self.0.add(name, 1);
            }
        })
    }

    /// Adds to a counter.
    #[pyo3(signature = (name, amount = 1))]
    fn add(&self, name: &str, amount: u64) -> PyResult<()> {
        let name = checked(name)?;
        unwind(|| self.0.add(name, amount))
    }

    /// Raises a counter to a value that this process counted elsewhere.
    fn raise_to(&self, name: &str, count: u64) -> PyResult<()> {
        let name = checked(name)?;
        unwind(|| self.0.raise_to(name, count))
    }

    /// Sets a gauge.
    fn set(&self, name: &str, value: f64) -> PyResult<()> {
        let name = checked(name)?;
        unwind(|| self.0.set(name, value))
    }

    /// Returns the text format of Prometheus.
    #[pyo3(signature = (*, openmetrics = false))]
    fn render<'py>(&self, py: Python<'py>, openmetrics: bool) -> PyResult<Bound<'py, PyBytes>> {
        // Detached, because it reads files and may wait for a lock.
        let totals = unwind(|| py.detach(|| self.0.totals()))?.map_err(|error| failed(&error))?;
        let text = unwind(|| totals.render(env!("CARGO_PKG_VERSION"), openmetrics))?;
        Ok(PyBytes::new(py, text.as_bytes()))
    }

    /// Returns counts, sums, buckets and percentiles by route; counters; gauges.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let totals = unwind(|| py.detach(|| self.0.totals()))?.map_err(|error| failed(&error))?;
        let routes = PyDict::new(py);
        for (name, route) in &totals.routes {
            routes.set_item(name, shown(py, route)?)?;
        }
        let snapshot = PyDict::new(py);
        snapshot.set_item(intern!(py, "workers"), totals.workers)?;
        snapshot.set_item(intern!(py, "routes"), routes)?;
        snapshot.set_item(intern!(py, "counters"), totals.counters)?;
        snapshot.set_item(intern!(py, "gauges"), totals.gauges)?;
        Ok(snapshot)
    }
}

fn shown<'py>(py: Python<'py>, route: &Route) -> PyResult<Bound<'py, PyDict>> {
    let shown = PyDict::new(py);
    shown.set_item(intern!(py, "count"), route.count())?;
    shown.set_item(intern!(py, "sum"), route.sum())?;
    shown.set_item(intern!(py, "bounds"), BOUNDS.as_slice())?;
    shown.set_item(intern!(py, "buckets"), route.buckets.as_slice())?;
    let statuses = PyDict::new(py);
    for (status, count) in &route.statuses {
        statuses.set_item(status.to_string(), count)?;
    }
    shown.set_item(intern!(py, "statuses"), statuses)?;
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        shown.set_item(name, route.quantile(share))?;
    }
    Ok(shown)
}

/// Returns a name that Prometheus accepts.
fn checked(name: &str) -> PyResult<&str> {
    metrics::is_name(name).then_some(name).ok_or_else(|| {
        PyValueError::new_err(format!(
            "the name is {name:?}, expected at most {MOST_NAME} of a-z, 0-9 and _, a letter first"
        ))
    })
}

fn failed(error: &crate::engine::error::Error) -> PyErr {
    PyOSError::new_err(error.to_string())
}

/// Asks Python to tell the engine in every child that it forks.
fn watch_forks(py: Python<'_>) -> PyResult<()> {
    let told = pyo3::types::PyCFunction::new_closure(py, None, None, |_, _| metrics::forked())?;
    let settings = PyDict::new(py);
    settings.set_item(intern!(py, "after_in_child"), told)?;
    py.import(intern!(py, "os"))?
        .getattr(intern!(py, "register_at_fork"))?
        .call((), Some(&settings))
        .map(drop)
}
