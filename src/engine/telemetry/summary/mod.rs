//! Computes counts and exact percentiles of telemetry files: in parallel, in constant memory, usually in one pass.
//!
//! Every thread takes pieces of the files, reads their lines and counts them in its own tally. The tallies are added
//! up. Percentiles come from a [`spread::Spread`]. If its buckets had to be coarse, further passes over the same bytes
//! count the few buckets that hold the wanted ranks, until the percentiles are exact.

mod log_source;
mod pass;
mod percentile;
mod quantile;
mod row;
mod spread;
mod tally;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::thread;

use serde::Serialize;

use self::pass::{Names, Pass};
use self::percentile::{exact, histogram};
use self::spread::{Group, Spread};

/// The largest number of groups, and of kinds of errors in each. All others count as one.
const MOST_GROUPS: usize = 500;
const MOST_ERRORS: usize = 100;
/// The name of all others.
const OTHER: &str = "(other)";
/// Stands for all groups together, in passes after the first.
const ALL: Group = Group::MAX;
/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The action.
    Action,
    /// Where the sessions came from.
    Source,
    /// The hour in UTC.
    Hour,
}

impl By {
    /// Returns the grouping of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "action" => Some(Self::Action),
            "source" => Some(Self::Source),
            "hour" => Some(Self::Hour),
            _ => None,
        }
    }
}

/// What to summarise.
#[derive(Clone, Debug)]
pub struct Query {
    /// The files, plain or compressed.
    pub paths: Vec<PathBuf>,
    /// What rows are grouped by.
    pub by: By,
    /// The earliest time of rows, in seconds since 1970. If it is set, rows without a time are left out.
    pub since: Option<f64>,
    /// The number of threads. 0 means as many as there are processors.
    pub threads: usize,
}

/// Latencies in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// The number of rows that have one.
    pub count: u64,
    /// The smallest.
    pub min: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// The figures of a group.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Part {
    /// The action, source or hour.
    pub name: String,
    /// The number of requests.
    pub count: u64,
    /// The number of successful requests.
    pub succeeded: u64,
    /// The number of reported exceptions, which are not requests.
    pub exceptions: u64,
    /// The number of errors by kind, in requests and reports.
    pub errors: BTreeMap<String, u64>,
    /// The latencies of the requests.
    pub latency: Latency,
    /// The earliest time.
    pub first: Option<f64>,
    /// The latest time.
    pub last: Option<f64>,
}

/// A summary.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// The figures of all rows.
    pub total: Part,
    /// The figures of each group, by name.
    pub parts: Vec<Part>,
    /// The number of lines that are not JSON.
    pub torn: u64,
    /// The number of lines that are JSON but not telemetry.
    pub foreign: u64,
    /// Files that could not be read to their end, with the reason.
    pub unreadable: Vec<String>,
    /// The number of files.
    pub files: u64,
    /// The size of the files in bytes.
    pub bytes: u64,
    /// The number of passes over the files.
    pub passes: u64,
    /// The histogram of latencies: from, below, count.
    pub histogram: Vec<(f64, f64, u64)>,
}

/// Summarises telemetry files.
///
/// `progress` is called regularly with the bytes read and the total bytes of this pass. If it returns false, the
/// summary stops.
///
/// # Errors
///
/// Fails if a file cannot be opened, or if `progress` stopped it ([`io::ErrorKind::Interrupted`]).
pub fn summarize(query: &Query, mut progress: impl FnMut(u64, u64) -> bool) -> io::Result<Summary> {
    let sources = log_source::open(&query.paths)?;
    let names = Names::default();
    let threads = match query.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let pass = Pass {
        query,
        sources: &sources,
        names: &names,
        threads,
        wanted: None,
        shift: 0,
    };
    let mut tally = pass.run(&mut progress)?;
    let spread = std::mem::replace(&mut tally.spread, Spread::new(0));
    let shift = spread.shift();
    let sorted = spread.into_sorted();
    let bars = histogram(&sorted, shift);
    let (percentiles, passes) = exact(pass, sorted, shift, &tally, &mut progress)?;
    let mut summary = tally.into_summary(&names, &percentiles, bars);
    summary.files = sources.len() as u64;
    summary.bytes = log_source::length(&sources);
    summary.passes = passes;
    Ok(summary)
}
