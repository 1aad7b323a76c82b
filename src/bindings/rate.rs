//! The Python class of the rate limiter. `eventkit.server.limits` is the public module.

use std::time::Duration;

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::cache::Clock;
use super::errors::unwind;
use crate::engine::serving::rate::{Limiter, Verdict};

/// Admits a limited number of requests a window for each key.
///
/// No call detaches from the interpreter while it holds a lock, so a forked child never finds one held.
#[pyclass(frozen, subclass, module = "eventkit._eventkit")]
pub(super) struct RateLimiter {
    limiter: Limiter,
    clock: Clock,
    #[pyo3(get)]
    requests_per_minute: u32,
    #[pyo3(get)]
    window_seconds: f64,
    #[pyo3(get)]
    max_keys: usize,
}

#[pymethods]
impl RateLimiter {
    #[new]
    #[pyo3(signature = (requests_per_minute = 100, window_seconds = 60.0, *, max_keys = 1_048_576, clock = None))]
    fn new(
        requests_per_minute: i64,
        window_seconds: f64,
        max_keys: i64,
        clock: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let requests = u32::try_from(requests_per_minute).ok().filter(|n| *n > 0);
        let requests = requests.ok_or_else(|| {
            PyValueError::new_err(format!(
                "requests_per_minute is {requests_per_minute}, expected 1 to {}",
                u32::MAX
            ))
        })?;
        let window = Duration::try_from_secs_f64(window_seconds)
            .ok()
            .filter(|window| *window >= Duration::from_micros(1))
            .ok_or_else(|| {
                PyValueError::new_err(format!(
                    "window_seconds is {window_seconds}, expected seconds above 0"
                ))
            })?;
        let most = usize::try_from(max_keys).ok().filter(|most| *most > 0);
        let most = most.ok_or_else(|| {
            PyValueError::new_err(format!("max_keys is {max_keys}, expected 1 or more"))
        })?;
        Ok(Self {
            limiter: Limiter::new(requests, window, most),
            clock: Clock::new(clock),
            requests_per_minute: requests,
            window_seconds,
            max_keys: most,
        })
    }

    /// Returns how many keys were dropped before they had all their admissions back.
    #[getter]
    fn forgotten(&self) -> PyResult<u64> {
        unwind(|| self.limiter.forgotten())
    }

    #[getter]
    fn nbytes(&self) -> PyResult<usize> {
        unwind(|| self.limiter.nbytes())
    }

    /// Returns 0.0 if the request is admitted, otherwise the seconds until one may be.
    fn check(&self, py: Python<'_>, key: &Bound<'_, PyString>) -> PyResult<f64> {
        let now = self.clock.now(py)?;
        let key = key.to_cow().unwrap_or_else(|_| key.to_string_lossy());
        Ok(match unwind(|| self.limiter.check(key.as_bytes(), now))? {
            Verdict::Admitted => 0.0,
            Verdict::Limited(wait) => wait.as_secs_f64(),
        })
    }

    fn is_allowed(&self, py: Python<'_>, key: &Bound<'_, PyString>) -> PyResult<bool> {
        Ok(self.check(py, key)? <= 0.0)
    }

    /// Drops the keys that have all their admissions. Returns how many were dropped.
    fn cleanup_old_entries(&self, py: Python<'_>) -> PyResult<usize> {
        let now = self.clock.now(py)?;
        unwind(|| self.limiter.forget_rested(now))
    }

    /// Returns the held keys as a view.
    #[getter]
    fn request_log(this: Bound<'_, Self>) -> RequestLog {
        RequestLog(this.unbind())
    }
}

/// The keys that a limiter holds. It holds hashes, so keys can be looked up but not listed.
#[pyclass(frozen, module = "eventkit._eventkit")]
pub(super) struct RequestLog(Py<RateLimiter>);

#[pymethods]
impl RequestLog {
    fn __len__(&self) -> PyResult<usize> {
        unwind(|| self.0.get().limiter.len())
    }

    fn __contains__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(key) = key.cast::<PyString>() else {
            return Ok(false);
        };
        Ok(self.time_to_rest(py, key)?.is_some())
    }

    /// Returns the seconds until the key has all its admissions.
    fn __getitem__(&self, py: Python<'_>, key: &Bound<'_, PyString>) -> PyResult<f64> {
        self.time_to_rest(py, key)?
            .map(|rest| rest.as_secs_f64())
            .ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))
    }

    fn clear(&self) -> PyResult<()> {
        unwind(|| self.0.get().limiter.clear())
    }
}

impl RequestLog {
    fn time_to_rest(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyString>,
    ) -> PyResult<Option<Duration>> {
        let this = self.0.get();
        let now = this.clock.now(py)?;
        let key = key.to_cow().unwrap_or_else(|_| key.to_string_lossy());
        unwind(|| this.limiter.time_to_rest(key.as_bytes(), now))
    }
}
