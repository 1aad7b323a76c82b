//! The Python classes of the telemetry writer and the summary. `eventkit.telemetry` is the public module.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::errors::{guarded, unwind};
use super::intern::intern;
use crate::engine::telemetry::line::{Record, cut_action, elapsed_us};
use crate::engine::telemetry::log_segment;
use crate::engine::telemetry::options::{Durability, Options};
use crate::engine::telemetry::summary::{self, By, Query};
use crate::engine::telemetry::writer::{Writer, unix_us};

/// Writes telemetry lines.
#[pyclass(frozen, module = "eventkit._eventkit")]
pub(super) struct TelemetryWriter(Writer);

#[pymethods]
impl TelemetryWriter {
    #[new]
    #[pyo3(signature = (path, max_bytes, daily, compress_after, delete_after, durability, queue_bytes, /))]
    fn new(
        path: PathBuf,
        max_bytes: Option<u64>,
        daily: bool,
        compress_after: Option<f64>,
        delete_after: Option<f64>,
        durability: &str,
        queue_bytes: usize,
    ) -> PyResult<Self> {
        let durability = Durability::named(durability)
            .ok_or_else(|| PyValueError::new_err(format!("unknown durability {durability:?}")))?;
        Ok(Self(Writer::new(Options {
            path,
            max_bytes,
            daily,
            compress_after: compress_after.map(seconds).transpose()?,
            delete_after: delete_after.map(seconds).transpose()?,
            durability,
            queue_bytes,
        })))
    }

    /// Logs the default line. Returns the sum of 1 if it was dropped and 2 if there is an error to report by `untold`.
    #[allow(clippy::too_many_arguments)] // As Python's signature.
    #[pyo3(signature = (action, payload, start_ts, latency_us, success, error, correlation_id, user, exception, /))]
    fn log(
        &self,
        py: Python<'_>,
        action: &Bound<'_, PyString>,
        payload: &Bound<'_, PyAny>,
        start_ts: Option<f64>,
        latency_us: Option<u64>,
        success: bool,
        error: Option<&str>,
        correlation_id: Option<&str>,
        user: Option<&str>,
        exception: bool,
    ) -> PyResult<u8> {
        let now = unix_us();
        let action = action.to_cow().unwrap_or_else(|_| action.to_string_lossy());
        let facts = Facts::of(payload)?;
        let record = Record {
            unix_us: now,
            action: cut_action(&action),
            success,
            exception,
            error,
            latency_us: latency_us.or_else(|| start_ts.and_then(|start| elapsed_us(start, now))),
            sessions: facts.sessions,
            conflicts: facts.conflicts,
            source: facts.source,
            user,
            correlation_id,
        };
        unwind(|| self.put(py, |out| record.write_to(out)))
    }

    /// Logs a line that is JSON already. Returns what `log` returns.
    #[pyo3(signature = (line, /))]
    fn append(&self, py: Python<'_>, line: &str) -> PyResult<u8> {
        unwind(|| {
            self.put(py, |out| {
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            })
        })
    }

    /// Counts a line that could not be serialised.
    #[pyo3(signature = (reason, /))]
    fn refuse(&self, reason: String) -> PyResult<()> {
        unwind(|| self.0.refuse(reason))
    }

    #[pyo3(signature = (patience, /))]
    fn flush(&self, py: Python<'_>, patience: f64) -> PyResult<bool> {
        let patience = seconds(patience)?;
        unwind(|| py.detach(|| self.0.flush(patience)))
    }

    #[pyo3(signature = (patience, /))]
    fn close(&self, py: Python<'_>, patience: f64) -> PyResult<bool> {
        let patience = seconds(patience)?;
        unwind(|| py.detach(|| self.0.close(patience)))
    }

    /// Rotates now. Returns the segment, or `None` if there is nothing to rotate.
    fn rotate(&self, py: Python<'_>) -> PyResult<Option<PathBuf>> {
        Ok(unwind(|| py.detach(|| self.0.rotate()))??)
    }

    /// Compresses and deletes old segments. Returns how many of each.
    fn tend(&self, py: Python<'_>) -> PyResult<(u64, u64)> {
        let tended = unwind(|| py.detach(|| self.0.tend()))??;
        Ok((tended.compressed, tended.deleted))
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            Ok(pythonize::pythonize(py, &self.0.stats()).map_err(PyErr::from)?)
        })
    }

    /// Returns the last error, unless it was returned before.
    fn untold(&self) -> PyResult<Option<String>> {
        unwind(|| self.0.take_error())
    }
}

impl TelemetryWriter {
    /// Pushing a line into the queue takes less time than detaching from the interpreter would.
    fn put(&self, py: Python<'_>, write: impl FnOnce(&mut Vec<u8>) + Send) -> u8 {
        let (accepted, untold) = if self.0.is_direct() {
            py.detach(|| self.0.log(write))
        } else {
            self.0.log(write)
        };
        u8::from(!accepted) | u8::from(untold) << 1
    }
}

fn seconds(value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|error| PyValueError::new_err(format!("{value} seconds: {error}")))
}

/// Reads the fields of the default line from a payload: numbers and one of two words.
#[derive(Default)]
struct Facts {
    sessions: Option<u64>,
    conflicts: Option<u64>,
    source: Option<&'static str>,
}

impl Facts {
    fn of(payload: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = payload.py();
        let Ok(payload) = payload.cast_exact::<PyDict>() else {
            return Ok(Self::default());
        };
        let sessions = match payload.get_item(intern!(py, "sessions"))? {
            Some(sessions) => sessions
                .cast_exact::<PyList>()
                .ok()
                .map(|list| list.len() as u64),
            None => number(payload.get_item(intern!(py, "sessionCount"))?),
        };
        let source = match payload.get_item(intern!(py, "source"))? {
            Some(source) => source.cast_exact::<PyString>().ok().and_then(|source| {
                ["graph", "manifest"]
                    .into_iter()
                    .find(|known| source == *known)
            }),
            None => None,
        };
        Ok(Self {
            sessions,
            conflicts: number(payload.get_item(intern!(py, "conflicts"))?),
            source,
        })
    }
}

fn number(value: Option<Bound<'_, PyAny>>) -> Option<u64> {
    value?.extract().ok()
}

/// Summarises telemetry files. `progress` is called with the bytes read and the total bytes.
#[pyfunction]
#[pyo3(signature = (paths, by, since, progress, /))]
pub(super) fn summarize_telemetry<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    by: &str,
    since: Option<f64>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let by =
        By::named(by).ok_or_else(|| PyValueError::new_err(format!("unknown grouping {by:?}")))?;
    let query = Query {
        paths,
        by,
        since,
        threads: 0,
    };
    let progress = progress.map(Bound::unbind);
    guarded(py, || {
        let mut raised = None;
        let summary = py.detach(|| {
            summary::summarize(&query, |read, all| {
                let told = Python::attach(|py| {
                    py.check_signals()?;
                    progress
                        .as_ref()
                        .map_or(Ok(()), |progress| progress.call1(py, (read, all)).map(drop))
                });
                told.map_err(|error| raised = Some(error)).is_ok()
            })
        });
        if let Some(error) = raised {
            return Err(error.into());
        }
        let summary = summary.map_err(PyErr::from)?;
        Ok(pythonize::pythonize(py, &summary).map_err(PyErr::from)?)
    })
}

/// Returns the segments of a log in order.
#[pyfunction]
#[pyo3(signature = (path, /))]
#[allow(clippy::needless_pass_by_value)] // As pyo3 extracts it.
pub(super) fn telemetry_segments(path: PathBuf) -> PyResult<Vec<PathBuf>> {
    let segments = unwind(|| log_segment::list(&path))??;
    Ok(segments.into_iter().map(|segment| segment.path).collect())
}
