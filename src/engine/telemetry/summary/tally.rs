//! Counts rows by group, and adds up the counts of several threads.

use super::pass::Names;
use super::percentile::Percentiles;
use super::quantile::PERCENTS;
use super::row::Row;
use super::spread::{Group, Spread, value_of};
use super::{ALL, Latency, MOST_ERRORS, OTHER, Part, Summary};

/// Longer names are cut, so that a file of junk does not fill the memory.
const MOST_NAME: usize = 128;

/// The counts of one thread, or of all together.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) parts: Vec<Part>,
    pub(super) spread: Spread,
    pub(super) torn: u64,
    pub(super) foreign: u64,
    pub(super) unreadable: Vec<String>,
}

impl Tally {
    pub(super) fn new(most_values: usize) -> Self {
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

    pub(super) fn count(&mut self, group: Group, row: &Row<'_>, key: Option<u64>) {
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

    pub(super) fn add(&mut self, other: Self) {
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

    pub(super) fn into_summary(
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

/// Returns at most [`MOST_NAME`] bytes of a name.
pub(super) fn cut(name: &str) -> &str {
    (0..=MOST_NAME.min(name.len()))
        .rev()
        .find_map(|end| name.get(..end))
        .unwrap_or_default()
}
