//! Finds exact percentiles, if necessary with further passes over the files, and makes the histogram.

use std::io;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::ALL;
use super::pass::Pass;
use super::quantile::{PERCENTS, between, ranks};
use super::spread::{Group, value_of};
use super::tally::Tally;

pub(super) type Percentiles = HashMap<Group, [f64; PERCENTS.len()], RandomState>;
pub(super) type Buckets = HashSet<(Group, u64), RandomState>;

/// A wanted rank, counted from the start of its bucket.
#[derive(Clone, Copy, Debug)]
struct Rank {
    group: Group,
    /// The bucket that holds it, if known. Without missing bits it is the exact value.
    bucket: Option<u64>,
    before: u64,
}

/// Finds the exact percentiles of every group and of all together. Returns them and the number of passes.
pub(super) fn exact(
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
            break; // Impossible, see LEAST_VALUES. A coarse value would be better than endless passes.
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

/// Finds the bucket of each rank within its known bucket. The new buckets have `by` bits more.
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

/// Counts the latencies in steps of 1, 2, 5, 10 and so on.
pub(super) fn histogram(sorted: &[(Group, u64, u64)], shift: u32) -> Vec<(f64, f64, u64)> {
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
