//! Computes counts and exact percentiles of telemetry files, in parallel and in constant memory.
//!
//! Each thread takes pieces of the files, reads their lines and counts into a tally of its own; the tallies are added up.
//! Percentiles come from a [`spread::Spread`]. One pass is enough if latencies repeat. Otherwise the spread becomes coarse,
//! and further passes count the few buckets that contain the wanted ranks, until those are exact.

mod quantile;
mod row;
mod source;
mod spread;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use serde::Serialize;

use self::quantile::{PERCENTS, between, ranks};
use self::row::{Line, Row};
use self::source::{Lines, Piece, Source};
use self::spread::{Group, Spread, key_of, value_of};
use super::civil;

/// Latencies that all threads together tell apart before they are put into buckets.
const MOST_VALUES: usize = 200_000;
/// And each thread at the least. A pass must be able to split all buckets that are looked into, six for each group, by
/// another four bits, and still be no more than half full: so every pass gets nearer to exact values.
const LEAST_VALUES: usize = 100_000;
/// Groups, and kinds of errors in each, that are told apart; the rest are one.
const MOST_GROUPS: usize = 500;
const MOST_ERRORS: usize = 100;
/// How often the caller hears of the progress.
const TICK: Duration = Duration::from_millis(20);
/// The name of that rest.
const OTHER: &str = "(other)";
/// All groups together, in passes after the first.
const ALL: Group = Group::MAX;
/// Longer names are cut: a junk file must not fill the memory with them.
const MOST_NAME: usize = 128;

/// What rows are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// What was done.
    Action,
    /// Where the sessions came from.
    Source,
    /// The hour, in UTC.
    Hour,
}

/// What to summarise.
#[derive(Clone, Debug)]
pub struct Query {
    /// The files, plain or compressed.
    pub paths: Vec<PathBuf>,
    /// What rows are put together by.
    pub by: By,
    /// Only rows of this time or later, in seconds since 1970; rows without a time then do not count.
    pub since: Option<f64>,
    /// How many threads; 0 for as many as there are processors.
    pub threads: usize,
}

/// How long it took, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Rows that say.
    pub count: u64,
    /// The least.
    pub min: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
}

/// What rows of a kind say.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Part {
    /// The action, source or hour.
    pub name: String,
    /// Requests.
    pub count: u64,
    /// Of these, successful ones.
    pub succeeded: u64,
    /// Reports of exceptions, which are no requests.
    pub exceptions: u64,
    /// How often which kind of error, of requests and reports.
    pub errors: BTreeMap<String, u64>,
    /// How long requests took.
    pub latency: Latency,
    /// The earliest time.
    pub first: Option<f64>,
    /// The latest time.
    pub last: Option<f64>,
}

/// The answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// All rows.
    pub total: Part,
    /// By name.
    pub parts: Vec<Part>,
    /// Lines that are no JSON.
    pub torn: u64,
    /// Lines that are JSON, and no telemetry.
    pub foreign: u64,
    /// Files that could not be read to their end, and why.
    pub unreadable: Vec<String>,
    /// Files read.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How often they were read.
    pub passes: u64,
    /// Latencies from, until before, and how many.
    pub histogram: Vec<(f64, f64, u64)>,
}

/// Summarises.
///
/// `progress` is called every now and then with the bytes read and all there are in this pass; false stops everything.
///
/// # Errors
///
/// A file cannot be opened, or it was stopped ([`io::ErrorKind::Interrupted`]).
pub fn summarize(query: &Query, mut progress: impl FnMut(u64, u64) -> bool) -> io::Result<Summary> {
    let sources = source::open(&query.paths)?;
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
    summary.bytes = source::length(&sources);
    summary.passes = passes;
    Ok(summary)
}

/// One reading of all files.
#[derive(Clone, Copy)]
struct Pass<'a> {
    query: &'a Query,
    sources: &'a [Source],
    names: &'a Names,
    threads: usize,
    /// After the first: the buckets to look into, and of how many bits they are short.
    wanted: Option<&'a Buckets>,
    shift: u32,
}

impl Pass<'_> {
    fn run(self, progress: &mut impl FnMut(u64, u64) -> bool) -> io::Result<Tally> {
        let pieces = source::pieces(self.sources);
        let (next, read, stopped) = (
            AtomicUsize::new(0),
            AtomicU64::new(0),
            AtomicBool::new(false),
        );
        let length = source::length(self.sources);
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
            if let Err(reason) = source::read(self.sources, *piece, read, &mut counter) {
                counter.tally.unreadable.push(reason);
            }
        }
        counter.tally
    }
}

/// The names of groups, the same for all threads and passes.
#[derive(Debug, Default)]
struct Names(RwLock<Vec<String>>);

impl Names {
    /// The group of a name: once the table is full, new names are all [`OTHER`], in every thread.
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

    fn name(&self, group: Group) -> String {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        names.get(group as usize).cloned().unwrap_or_default()
    }
}

/// What a thread counts with.
struct Counter<'a> {
    pass: Pass<'a>,
    tally: Tally,
    stopped: &'a AtomicBool,
    /// Names that this thread has asked for before.
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

fn cut(name: &str) -> &str {
    (0..=MOST_NAME.min(name.len()))
        .rev()
        .find_map(|end| name.get(..end))
        .unwrap_or_default()
}

/// What was counted so far.
#[derive(Debug)]
struct Tally {
    parts: Vec<Part>,
    spread: Spread,
    torn: u64,
    foreign: u64,
    unreadable: Vec<String>,
}

impl Tally {
    fn new(most_values: usize) -> Self {
        Self {
            parts: Vec::new(),
            spread: Spread::new(most_values),
            torn: 0,
            foreign: 0,
            unreadable: Vec::new(),
        }
    }

    fn part(&mut self, group: Group) -> Option<&mut Part> {
        let place = group as usize;
        if self.parts.len() <= place {
            self.parts.resize_with(place + 1, Part::default);
        }
        self.parts.get_mut(place)
    }

    fn count(&mut self, group: Group, row: &Row<'_>, key: Option<u64>) {
        let Some(part) = self.part(group) else { return };
        if row.exception {
            part.exceptions += 1;
        } else {
            part.count += 1;
            part.succeeded += u64::from(row.success == Some(true));
        }
        if let Some(error) = &row.error {
            part.add_error(cut(error), 1);
        }
        if let Some(time) = row.time {
            part.add_times(Some(time), Some(time));
        }
        if let Some(key) = key {
            let value = value_of(key);
            part.latency.count += 1;
            part.latency.add_extremes(Some(value), Some(value));
            self.spread.add(group, key);
        }
    }

    fn add(&mut self, other: Self) {
        for (group, part) in other.parts.into_iter().enumerate() {
            if let Some(own) = self.part(group as Group) {
                own.add(&part);
            }
        }
        self.spread.merge(other.spread);
        self.torn += other.torn;
        self.foreign += other.foreign;
        self.unreadable.extend(other.unreadable);
    }

    fn into_summary(
        self,
        names: &Names,
        percentiles: &Percentiles,
        histogram: Vec<(f64, f64, u64)>,
    ) -> Summary {
        let mut summary = Summary {
            torn: self.torn,
            foreign: self.foreign,
            unreadable: self.unreadable,
            histogram,
            ..Summary::default()
        };
        for (group, mut part) in self.parts.into_iter().enumerate() {
            summary.total.add(&part);
            part.name = names.name(group as Group);
            part.latency.fill(percentiles.get(&(group as Group)));
            if part.count + part.exceptions > 0 {
                summary.parts.push(part);
            }
        }
        summary.total.latency.fill(percentiles.get(&ALL));
        summary
            .parts
            .sort_by(|left, right| left.name.cmp(&right.name));
        summary.unreadable.sort();
        summary
    }
}

impl Part {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.succeeded += other.succeeded;
        self.exceptions += other.exceptions;
        for (error, count) in &other.errors {
            self.add_error(error, *count);
        }
        self.latency.count += other.latency.count;
        self.latency
            .add_extremes(other.latency.min, other.latency.max);
        self.add_times(other.first, other.last);
    }

    fn add_error(&mut self, error: &str, count: u64) {
        if let Some(known) = self.errors.get_mut(error) {
            *known += count;
        } else {
            let name = if self.errors.len() < MOST_ERRORS {
                error
            } else {
                OTHER
            };
            *self.errors.entry(name.to_owned()).or_insert(0) += count;
        }
    }

    fn add_times(&mut self, first: Option<f64>, last: Option<f64>) {
        self.first = extreme(self.first, first, f64::min);
        self.last = extreme(self.last, last, f64::max);
    }
}

impl Latency {
    fn add_extremes(&mut self, min: Option<f64>, max: Option<f64>) {
        self.min = extreme(self.min, min, f64::min);
        self.max = extreme(self.max, max, f64::max);
    }

    fn fill(&mut self, percentiles: Option<&[f64; PERCENTS.len()]>) {
        if let Some([p50, p95, p99]) = percentiles {
            (self.p50, self.p95, self.p99) = (Some(*p50), Some(*p95), Some(*p99));
        }
    }
}

fn extreme(left: Option<f64>, right: Option<f64>, choose: fn(f64, f64) -> f64) -> Option<f64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(choose(left, right)),
        (known, None) | (None, known) => known,
    }
}

type Percentiles = HashMap<Group, [f64; PERCENTS.len()], RandomState>;
type Buckets = HashSet<(Group, u64), RandomState>;

/// A value that is looked for: so many of its bucket come before it.
#[derive(Clone, Copy, Debug)]
struct Rank {
    group: Group,
    /// Which bucket it is in, once that is known; the whole key when nothing is missing.
    bucket: Option<u64>,
    before: u64,
}

/// The exact percentiles of every group and of all, from as many further passes as that takes; and how many passes it took.
fn exact(
    pass: Pass<'_>,
    sorted: Vec<(Group, u64, u64)>,
    shift: u32,
    tally: &Tally,
    progress: &mut impl FnMut(u64, u64) -> bool,
) -> io::Result<(Percentiles, u64)> {
    let mut counts: Vec<(Group, u64)> = tally
        .parts
        .iter()
        .enumerate()
        .map(|(group, part)| (group as Group, part.latency.count))
        .collect();
    counts.push((ALL, tally.parts.iter().map(|part| part.latency.count).sum()));
    counts.retain(|(_, count)| *count > 0);
    let mut looked_for = Vec::new();
    for (group, count) in &counts {
        for percent in PERCENTS {
            let (low, high, _) = ranks(percent, *count);
            looked_for.extend([low, high].map(|before| Rank {
                group: *group,
                bucket: None,
                before,
            }));
        }
    }
    locate(&mut looked_for, &with_all(sorted), 0);
    let (mut shift, mut passes) = (shift, 1);
    while shift > 0 {
        let wanted: Buckets = looked_for
            .iter()
            .filter_map(|rank| rank.bucket.map(|bucket| (rank.group, bucket)))
            .collect();
        let spread = Pass {
            wanted: Some(&wanted),
            shift,
            ..pass
        }
        .run(progress)?
        .spread;
        let finer = spread.shift();
        locate(
            &mut looked_for,
            &spread.into_sorted(),
            shift - finer.min(shift),
        );
        passes += 1;
        if finer >= shift {
            break; // Cannot be, see LEAST_VALUES; but better a coarse value than passes for ever.
        }
        shift = finer;
    }
    let mut values = looked_for
        .iter()
        .map(|rank| value_of(rank.bucket.unwrap_or_default() << shift));
    let mut percentiles = Percentiles::default();
    for (group, count) in counts {
        let mut found = [0.0; PERCENTS.len()];
        for (slot, percent) in found.iter_mut().zip(PERCENTS) {
            let (low, high) = (
                values.next().unwrap_or_default(),
                values.next().unwrap_or_default(),
            );
            *slot = between(low, high, ranks(percent, count).2);
        }
        percentiles.insert(group, found);
    }
    Ok((percentiles, passes))
}

/// Adds the entries of all groups together, as those of [`ALL`].
fn with_all(mut sorted: Vec<(Group, u64, u64)>) -> Vec<(Group, u64, u64)> {
    let mut all: Vec<_> = sorted
        .iter()
        .map(|(_, bucket, count)| (ALL, *bucket, *count))
        .collect();
    all.sort_unstable();
    all.dedup_by(|later, kept| {
        let same = later.1 == kept.1;
        kept.2 += if same { later.2 } else { 0 };
        same
    });
    sorted.extend(all);
    sorted
}

/// Finds the bucket of each rank, within the bucket it is known to be in, which has `by` bits less.
fn locate(looked_for: &mut [Rank], sorted: &[(Group, u64, u64)], by: u32) {
    for rank in looked_for {
        let start = sorted.partition_point(|(group, bucket, _)| match rank.bucket {
            None => *group < rank.group,
            Some(known) => {
                (*group, bucket.checked_shr(by).unwrap_or_default()) < (rank.group, known)
            }
        });
        for (_, bucket, count) in sorted.get(start..).unwrap_or_default() {
            if rank.before < *count {
                rank.bucket = Some(*bucket);
                break;
            }
            rank.before -= count;
        }
    }
}

/// How many latencies there are in steps of 1, 2, 5, 10, ...
fn histogram(sorted: &[(Group, u64, u64)], shift: u32) -> Vec<(f64, f64, u64)> {
    let edges: Vec<f64> = (-3..7)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)))
        .collect();
    let mut counts = vec![0; edges.len() + 1];
    for (_, bucket, count) in sorted {
        let value = value_of(bucket << shift);
        if let Some(slot) = counts.get_mut(edges.partition_point(|edge| *edge <= value)) {
            *slot += count;
        }
    }
    let from = std::iter::once(0.0).chain(edges.iter().copied());
    let until = edges.iter().copied().chain(std::iter::once(f64::INFINITY));
    let bars = from
        .zip(until)
        .zip(counts)
        .map(|((from, until), count)| (from, until, count));
    let bars: Vec<_> = bars.collect();
    let used = |bar: &(f64, f64, u64)| bar.2 > 0;
    match (bars.iter().position(used), bars.iter().rposition(used)) {
        (Some(first), Some(last)) => bars.get(first..=last).unwrap_or_default().to_vec(),
        _ => Vec::new(),
    }
}
