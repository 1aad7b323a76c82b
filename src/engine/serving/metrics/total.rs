//! Sums of metrics over processes, and percentiles of them.

use std::collections::BTreeMap;

/// The upper bounds of the latency buckets in seconds: ten a decade (rounded as in the series R10 of ISO 3) from 10 µs
/// to 10 s, then 30 and 60. A percentile is wrong by at most one bucket: up to 10 s by a factor of 1.28 at most.
pub const BOUNDS: [f64; 63] = [
    1e-5, 1.25e-5, 1.6e-5, 2e-5, 2.5e-5, 3.15e-5, 4e-5, 5e-5, 6.3e-5, 8e-5, 1e-4, 1.25e-4, 1.6e-4,
    2e-4, 2.5e-4, 3.15e-4, 4e-4, 5e-4, 6.3e-4, 8e-4, 1e-3, 1.25e-3, 1.6e-3, 2e-3, 2.5e-3, 3.15e-3,
    4e-3, 5e-3, 6.3e-3, 8e-3, 1e-2, 1.25e-2, 1.6e-2, 2e-2, 2.5e-2, 3.15e-2, 4e-2, 5e-2, 6.3e-2,
    8e-2, 0.1, 0.125, 0.16, 0.2, 0.25, 0.315, 0.4, 0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.15,
    4.0, 5.0, 6.3, 8.0, 10.0, 30.0, 60.0,
];
/// The number of buckets: one for each bound, and one for longer times.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;
/// The sums over all processes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// The requests by route.
    pub routes: BTreeMap<String, Route>,
    /// The counters by name.
    pub counters: BTreeMap<String, u64>,
    /// The highest value of each gauge among the processes that live.
    pub gauges: BTreeMap<String, f64>,
    /// The number of processes that live.
    pub workers: u64,
}

/// The requests of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The number of requests by status.
    pub statuses: BTreeMap<u16, u64>,
    /// The number of requests by latency: at most each of [`BOUNDS`] and more than the one before; the last counts
    /// longer ones.
    pub buckets: [u64; BUCKETS],
    /// The total duration in nanoseconds.
    pub nanos: u64,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            statuses: BTreeMap::new(),
            buckets: [0; BUCKETS],
            nanos: 0,
        }
    }
}

impl Route {
    /// Returns the number of requests.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Returns the total duration in seconds.
    pub fn sum(&self) -> f64 {
        self.nanos as f64 / 1e9
    }

    /// Returns the time within which this share of the requests was answered, as Prometheus estimates it: linear within
    /// a bucket, and the last bound for longer ones. Returns `None` if there are no requests.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = share * count as f64;
        let (mut before, mut lower) = (0_u64, 0.0);
        for (&inside, &upper) in self.buckets.iter().zip(&BOUNDS) {
            if (before + inside) as f64 >= rank && inside > 0 {
                let part = ((rank - before as f64) / inside as f64).clamp(0.0, 1.0);
                return Some(lower + (upper - lower) * part);
            }
            before += inside;
            lower = upper;
        }
        Some(lower)
    }
}
