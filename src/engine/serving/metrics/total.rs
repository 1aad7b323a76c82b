//! Sums over processes, and percentiles of them.

use std::collections::BTreeMap;

use super::table::{BOUNDS, BUCKETS};

/// Everything that was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Requests by route.
    pub routes: BTreeMap<String, Route>,
    /// Counters by name.
    pub counters: BTreeMap<String, u64>,
    /// The highest value of each gauge among the processes that live.
    pub gauges: BTreeMap<String, f64>,
    /// How many processes live.
    pub workers: u64,
}

/// The requests of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// How many of each status.
    pub statuses: BTreeMap<u16, u64>,
    /// How many took as long as each of [`BOUNDS`] at most and longer than the one before; the last is beyond all.
    pub buckets: [u64; BUCKETS],
    /// Nanoseconds of all together.
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
    /// How many requests there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Seconds of all together.
    pub fn sum(&self) -> f64 {
        self.nanos as f64 / 1e9
    }

    /// The time within which this share of the requests was answered, as Prometheus estimates it: linear within a
    /// bucket, the last bound for what is beyond. `None` of no requests.
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
