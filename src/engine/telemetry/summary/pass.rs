//! Reads all files once on several threads, and counts their rows.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::log_source::{self, Lines, LogSource, Piece};
use super::percentile::Buckets;
use super::row::{self, Line, Row};
use super::spread::{Group, key_of};
use super::tally::{Tally, cut};
use super::{ALL, By, MOST_GROUPS, OTHER, Query};
use crate::engine::telemetry::civil;

/// The number of different latencies that all threads together count before they use buckets.
const MOST_VALUES: usize = 200_000;
/// The smallest share of it for each thread. A pass must be able to split all wanted buckets, six for each group, by
/// another four bits and still be no more than half full. So every pass gets closer to exact values.
const LEAST_VALUES: usize = 100_000;
/// How often the caller is told the progress.
const TICK: Duration = Duration::from_millis(20);

/// One pass over all files.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) query: &'a Query,
    pub(super) sources: &'a [LogSource],
    pub(super) names: &'a Names,
    pub(super) threads: usize,
    /// In passes after the first: the buckets to count, and the bits that they lack.
    pub(super) wanted: Option<&'a Buckets>,
    pub(super) shift: u32,
}

impl Pass<'_> {
    pub(super) fn run(self, progress: &mut impl FnMut(u64, u64) -> bool) -> io::Result<Tally> {
        let pieces = log_source::pieces(self.sources);
        let (next, read, stopped) = (
            AtomicUsize::new(0),
            AtomicU64::new(0),
            AtomicBool::new(false),
        );
        let length = log_source::length(self.sources);
        let threads = self.threads.min(pieces.len()).max(1);
        let total = Mutex::new(Tally::new(MOST_VALUES));
        let watcher = thread::current();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let most = LEAST_VALUES.max(MOST_VALUES / threads);
                        let tally = self.work(&pieces, &next, &read, &stopped, Tally::new(most));
                        total
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .add(tally);
                        watcher.unpark();
                    })
                })
                .collect();
            while workers.iter().any(|worker| !worker.is_finished()) {
                if !progress(read.load(Ordering::Relaxed), length) {
                    stopped.store(true, Ordering::Relaxed);
                }
                thread::park_timeout(TICK);
            }
        });
        if stopped.into_inner() || !progress(length, length) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn work(
        self,
        pieces: &[Piece],
        next: &AtomicUsize,
        read: &AtomicU64,
        stopped: &AtomicBool,
        tally: Tally,
    ) -> Tally {
        let mut counter = Counter {
            pass: self,
            tally,
            stopped,
            known: HashMap::default(),
            hour: None,
            scratch: Vec::new(),
        };
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(reason) = log_source::read(self.sources, *piece, read, &mut counter) {
                counter.tally.unreadable.push(reason);
            }
        }
        counter.tally
    }
}

/// The names of groups, shared by all threads and passes.
#[derive(Debug, Default)]
pub(super) struct Names(RwLock<Vec<String>>);

impl Names {
    /// Returns the group of a name. Once the table is full, all new names are [`OTHER`] in every thread.
    fn group(&self, name: &str) -> Group {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = names.iter().position(|known| known == name) {
            return place as Group;
        }
        if names.len() >= MOST_GROUPS {
            return self.other(&mut names);
        }
        names.push(name.to_owned());
        (names.len() - 1) as Group
    }

    #[allow(clippy::unused_self)] // It is about the names.
    fn other(&self, names: &mut Vec<String>) -> Group {
        if names.len() == MOST_GROUPS {
            names.push(OTHER.to_owned());
        }
        MOST_GROUPS as Group
    }

    pub(super) fn name(&self, group: Group) -> String {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        names.get(group as usize).cloned().unwrap_or_default()
    }
}

/// The counts of one thread.
struct Counter<'a> {
    pass: Pass<'a>,
    tally: Tally,
    stopped: &'a AtomicBool,
    /// The names that this thread has looked up before.
    known: HashMap<String, Group, RandomState>,
    hour: Option<(i64, Group)>,
    scratch: Vec<u8>,
}

impl Lines for Counter<'_> {
    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        match row::read(line, &mut scratch) {
            Line::Row(row, after_torn) => {
                self.tally.torn += u64::from(after_torn);
                self.row(&row);
            }
            Line::Foreign => self.tally.foreign += 1,
            Line::Torn => self.tally.torn += 1,
        }
        self.scratch = scratch;
    }

    fn too_long(&mut self) {
        self.tally.foreign += 1;
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Counter<'_> {
    fn row(&mut self, row: &Row<'_>) {
        let Query { since, by, .. } = self.pass.query;
        if since.is_some_and(|since| row.time.is_none_or(|time| time < since)) {
            return;
        }
        let group = match by {
            By::Action => self.named(row.action.as_deref().unwrap_or_default()),
            By::Source => self.named(row.source.as_deref().unwrap_or("manifest")),
            By::Hour => self.hour(row.time),
        };
        let key = row
            .latency
            .filter(|latency| !row.exception && !latency.is_nan())
            .map(key_of);
        match self.pass.wanted {
            None => self.tally.count(group, row, key),
            Some(wanted) => {
                let Some(key) = key else { return };
                for group in [group, ALL] {
                    if wanted.contains(&(group, key >> self.pass.shift)) {
                        self.tally.spread.add(group, key);
                    }
                }
            }
        }
    }

    fn named(&mut self, name: &str) -> Group {
        if let Some(group) = self.known.get(name) {
            return *group;
        }
        let group = self.pass.names.group(cut(name));
        if self.known.len() < 2 * MOST_GROUPS {
            self.known.insert(name.to_owned(), group);
        }
        group
    }

    fn hour(&mut self, time: Option<f64>) -> Group {
        let Some(time) = time else {
            return self.named("(no time)");
        };
        let hour = (time / 3600.0).floor() as i64;
        match self.hour {
            Some((known, group)) if known == hour => group,
            _ => {
                let group = self.named(&civil::hour_label(hour.saturating_mul(3600)));
                self.hour = Some((hour, group));
                group
            }
        }
    }
}
