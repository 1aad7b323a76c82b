//! Plans the best itinerary: the non-overlapping sessions with the greatest total score (weighted interval scheduling).
//!
//! The plan is exact: no other choice has a greater total, when floats are added in order of time. Of plans with equal
//! totals it is the one whose last session ends first, then has the lowest position; then the same for the sessions
//! before it. Times are `[start, end)` on [`Axis::common`], so one session may start when another ends. A session takes
//! at least 1 ms. An end that is a date alone is the end of that day.
//!
//! Left out are sessions whose score is NaN or not above zero (they never help), and sessions without a time on that
//! axis. Of sessions with the same time and place, only the best can be in a best plan, so the others are dropped
//! first. For the remaining m sessions, a plan costs O(m log m). If `top` limits the plan, it costs O(m·top) more time
//! and 12·m·top bytes.
//!
//! Tried and dropped: a search over a price for each session instead of the layers. It needs the best total to be
//! concave in `top`, and it is not. Example: one long session with a score of 3, or three short ones of 1.1 in its
//! time, make totals of 3, 3 and 3.3.

use core::time::Duration;
use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::engine::error::Error;
use crate::engine::memory::filled;
use crate::engine::time::{Axis, Scale, Span};

/// A session that a plan may hold.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The position in the input.
    pub position: u32,
    /// The score.
    pub score: f64,
    /// The span of time.
    pub span: Span,
    /// The place, if known. Equal numbers mean the same place.
    pub place: Option<u32>,
}

/// The limits of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The largest number of sessions.
    pub top: Option<usize>,
    /// The time to get from one place to another, in whole milliseconds. An unknown place differs from every other.
    pub gap: Duration,
    /// The offset of times without one, in minutes east of UTC. Used if other sessions have an offset.
    pub offset: i64,
}

/// An itinerary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The positions of its sessions, in order of time.
    pub positions: Vec<u32>,
    /// The sum of their scores, added in that order.
    pub total: f64,
    /// The number of sessions with a score above zero whose times cannot be planned.
    pub untimed: usize,
}

/// Returns the plan with the greatest total score.
///
/// # Errors
///
/// Fails if `top` limits the plan and `top` times the number of sessions is more than 2²⁷, which would take gigabytes.
/// Fails if there is no memory for the table of plans.
///
/// ```
/// use eventkit::engine::time::Span;
/// use eventkit::engine::catalog::plan::{Candidate, Limits, best, greedy};
///
/// let session = |position, score, start: &str, end: &str| {
///     let span = Span::parse(start.as_bytes(), end.as_bytes());
///     Candidate { position, score, span, place: None }
/// };
/// let sessions = [
///     session(0, 2.0, "09:00", "10:00"),
///     session(1, 3.0, "09:30", "10:30"),
///     session(2, 2.0, "10:00", "11:00"),
/// ];
/// assert_eq!(best(&sessions, &Limits::default())?.positions, [0, 2]);
/// assert_eq!(greedy(&sessions, &Limits::default()).positions, [1]);
/// # Ok::<(), eventkit::engine::error::Error>(())
/// ```
pub fn best(candidates: &[Candidate], limits: &Limits) -> Result<Plan, Error> {
    let gap = milliseconds(limits.gap);
    let (items, untimed) = timed(candidates, limits.offset);
    let chosen = chosen(items, limits.top, gap)?;
    Ok(of_items(&chosen, untimed))
}

/// Returns the items of the best plan, in order of time.
///
/// # Errors
///
/// As [`best`].
pub(super) fn chosen(items: Vec<Item>, top: Option<usize>, gap: i64) -> Result<Vec<Item>, Error> {
    let items = undominated(items, gap);
    let ranks = Sweep::new(&items, gap).ranks(top)?;
    let ranks = ranks.into_iter();
    Ok(ranks.filter_map(|rank| items.get(rank).copied()).collect())
}

/// Returns the greedy plan: takes the best session first, then the next best that still fits, and so on.
///
/// It is never better than [`best`] and serves for comparison. Sessions with equal scores are tried in input order.
/// Costs O(n log n).
pub fn greedy(candidates: &[Candidate], limits: &Limits) -> Plan {
    let gap = milliseconds(limits.gap);
    let (mut items, untimed) = timed(candidates, limits.offset);
    items.sort_unstable_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.position.cmp(&b.position))
    });
    let mut taken: BTreeMap<i64, usize> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if limits.top.is_some_and(|top| taken.len() >= top) {
            break;
        }
        // The sessions taken so far do not overlap, so only the two neighbours can overlap with this one.
        let before = taken.range(..=item.start).next_back();
        let after = taken.range(item.start..).next();
        let fits = |first: Option<&Item>, second: Option<&Item>| {
            first
                .zip(second)
                .is_none_or(|(first, second)| first.allows(second, gap))
        };
        if fits(before.and_then(|(_, &at)| items.get(at)), Some(item))
            && fits(Some(item), after.and_then(|(_, &at)| items.get(at)))
        {
            taken.insert(item.start, at);
        }
    }
    let taken = taken.into_values();
    let taken: Vec<Item> = taken.filter_map(|at| items.get(at).copied()).collect();
    of_items(&taken, untimed)
}

/// A candidate whose time is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) start: i64,
    /// The end, which is later than the start.
    end: i64,
    score: f64,
    pub(super) position: u32,
    place: Option<u32>,
}

impl Item {
    /// Returns the item of a candidate; `None` if it has no time on the axis.
    pub(super) fn of(candidate: &Candidate, axis: Axis) -> Option<Self> {
        let dated = candidate.span.start.scale() != Some(Scale::Clock);
        if axis == Axis::Clock && dated {
            return None;
        }
        // A damaged file may hold a span that ends before it starts. The search would not end with such sessions.
        let (start, end) = candidate.span.on(axis).filter(|(start, end)| start < end)?;
        Some(Self {
            start,
            end,
            score: candidate.score,
            position: candidate.position,
            place: candidate.place,
        })
    }

    /// Returns true if both can be in one plan.
    pub(super) fn fits(&self, other: &Self, gap: i64) -> bool {
        self.allows(other, gap) || other.allows(self, gap)
    }

    /// Returns true if `next` can come after this one. Then it can also come after all that this one comes after.
    fn allows(&self, next: &Self, gap: i64) -> bool {
        let near = self.place.is_some() && self.place == next.place;
        self.end.saturating_add(if near { 0 } else { gap }) <= next.start
    }
}

/// Returns the candidates that can be planned, and how many more have no time on the common axis.
fn timed(candidates: &[Candidate], offset: i64) -> (Vec<Item>, usize) {
    let scored = || candidates.iter().filter(|candidate| candidate.score > 0.0);
    let axis = Axis::common(scored().map(|candidate| candidate.span), offset);
    let items: Vec<Item> = scored()
        .filter_map(|candidate| Item::of(candidate, axis))
        .collect();
    let untimed = scored().count() - items.len();
    (items, untimed)
}

/// Returns the best item of each time and place, in order of (end, position). Without a gap, places do not matter.
fn undominated(items: Vec<Item>, gap: i64) -> Vec<Item> {
    let mut best: HashMap<(i64, i64, Option<u32>), usize, FixedState> = HashMap::default();
    let mut kept: Vec<Item> = Vec::new();
    for mut item in items {
        if gap == 0 {
            item.place = None;
        }
        let at = *best
            .entry((item.start, item.end, item.place))
            .or_insert(kept.len());
        match kept.get_mut(at) {
            None => kept.push(item),
            Some(held) => {
                let first = item
                    .score
                    .total_cmp(&held.score)
                    .then(held.position.cmp(&item.position));
                if first.is_gt() {
                    *held = item;
                }
            }
        }
    }
    kept.sort_unstable_by_key(|item| (item.end, item.position));
    kept
}

/// The best plan up to some time: its total, and the rank of its last session.
#[derive(Clone, Copy, Debug)]
struct Chain {
    total: f64,
    last: u32,
}

impl Chain {
    const EMPTY: Self = Self {
        total: 0.0,
        last: u32::MAX,
    };

    fn or(self, other: Self) -> Self {
        let better = other
            .total
            .total_cmp(&self.total)
            .then(self.last.cmp(&other.last));
        if better.is_gt() { other } else { self }
    }
}

/// The items by rank, which is the order of (end, position), and the ranks in order of start.
#[derive(Debug)]
struct Sweep<'a> {
    items: &'a [Item],
    gap: i64,
    by_start: Vec<u32>,
    /// By rank: the number of the place, from 0.
    places: Vec<usize>,
    place_count: usize,
}

impl<'a> Sweep<'a> {
    /// The largest number of layers times items, which takes 1.5 GiB.
    const MOST_CELLS: usize = 1 << 27;

    fn new(items: &'a [Item], gap: i64) -> Self {
        let mut starts: Vec<(i64, u32)> = items.iter().map(|item| item.start).zip(0..).collect();
        starts.sort_unstable();
        let mut numbers: HashMap<u32, usize, FixedState> = HashMap::default();
        let mut number = |place: Option<u32>| {
            let next = numbers.len();
            // Items without a place share a number that is never read.
            place.map_or(usize::MAX, |place| *numbers.entry(place).or_insert(next))
        };
        let places = items.iter().map(|item| number(item.place)).collect();
        Self {
            items,
            gap,
            by_start: starts.into_iter().map(|(_, rank)| rank).collect(),
            places,
            place_count: numbers.len(),
        }
    }

    /// Returns the ranks of the best plan, in order of time.
    fn ranks(&self, top: Option<usize>) -> Result<Vec<usize>, Error> {
        // If the best plan of any length is short enough, it is the answer. This is the usual case.
        let free = self.run(None)?;
        match top {
            Some(0) => Ok(Vec::new()),
            Some(top) if free.len() > top => {
                let cells = top.saturating_mul(self.items.len());
                if cells > Self::MOST_CELLS {
                    return Err(Error::plan_too_large(
                        top,
                        self.items.len(),
                        Self::MOST_CELLS,
                    ));
                }
                self.run(Some(top))
            }
            _ => Ok(free),
        }
    }

    /// Visits the items in order of start. For the items that ended before, the best plan is known: overall (of items
    /// that ended at least the gap before) and at each place.
    ///
    /// With `top`, layer `l` holds plans of at most `l + 1` sessions, and each extends a plan of layer `l - 1`. Without
    /// it, there is one layer, whose plans extend each other. A rounded total grows with the total that it extends. So
    /// the best plan of a layer extends the best plan of the layer below.
    fn run(&self, top: Option<usize>) -> Result<Vec<usize>, Error> {
        let layers = top.unwrap_or(1);
        let below = usize::from(top.is_some());
        let mut totals = filled(0.0, self.items.len(), layers)?;
        let mut links = filled(u32::MAX, self.items.len(), layers)?;
        let mut overall = filled(Chain::EMPTY, 1, layers)?;
        let mut near = filled(Chain::EMPTY, self.place_count, layers)?;
        let settle = |best: &mut [Chain], rank: usize, totals: &[f64]| {
            let totals = totals.get(rank * layers..).unwrap_or_default();
            for (chain, &total) in best.iter_mut().zip(totals) {
                *chain = chain.or(Chain {
                    total,
                    last: rank as u32,
                });
            }
        };
        let (mut far_ended, mut near_ended) = (0, 0);
        for &rank in &self.by_start {
            let rank = rank as usize;
            let Some(item) = self.items.get(rank) else {
                continue;
            };
            while self
                .items
                .get(far_ended)
                .is_some_and(|other| other.end.saturating_add(self.gap) <= item.start)
            {
                settle(&mut overall, far_ended, &totals);
                far_ended += 1;
            }
            while self
                .items
                .get(near_ended)
                .is_some_and(|other| other.end <= item.start)
            {
                settle(
                    self.at_place(&mut near, near_ended, layers),
                    near_ended,
                    &totals,
                );
                near_ended += 1;
            }
            let near = self.at_place(&mut near, rank, layers);
            for layer in 0..layers {
                let base = layer.checked_sub(below);
                let chain = |best: &[Chain]| {
                    base.and_then(|base| best.get(base))
                        .copied()
                        .unwrap_or(Chain::EMPTY)
                };
                let before = chain(&overall).or(chain(near));
                let slot = rank * layers + layer;
                if let (Some(total), Some(link)) = (totals.get_mut(slot), links.get_mut(slot)) {
                    *total = before.total + item.score;
                    *link = before.last;
                }
            }
        }
        for rank in far_ended..self.items.len() {
            settle(&mut overall, rank, &totals);
        }
        let last = overall.last().map_or(u32::MAX, |chain| chain.last);
        Ok(follow(&links, last, layers, below))
    }

    /// Returns the chains for the place of an item.
    fn at_place<'b>(&self, near: &'b mut [Chain], rank: usize, layers: usize) -> &'b mut [Chain] {
        let place = self
            .places
            .get(rank)
            .copied()
            .filter(|&place| place < self.place_count);
        let start = place.map_or(near.len(), |place| place * layers);
        let end = near.len().min(start + layers);
        near.get_mut(start..end).unwrap_or_default()
    }
}

/// Follows the ranks from the last one back to the first, and returns them in order of time.
fn follow(links: &[u32], mut last: u32, layers: usize, below: usize) -> Vec<usize> {
    let mut ranks = Vec::new();
    let mut layer = layers.saturating_sub(1);
    while let Some(&link) = links.get(last as usize * layers + layer) {
        ranks.push(last as usize);
        last = link;
        layer = layer.saturating_sub(below);
    }
    ranks.reverse();
    ranks
}

/// Returns the plan of these items, which are in order of time.
pub(super) fn of_items(items: &[Item], untimed: usize) -> Plan {
    Plan {
        positions: items.iter().map(|item| item.position).collect(),
        // Not `Iterator::sum`, which starts at -0.0.
        total: items.iter().fold(0.0, |total, item| total + item.score),
        untimed,
    }
}

/// Returns the gap in milliseconds, limited to the range of the calendar so that adding it cannot overflow.
pub(super) fn milliseconds(gap: Duration) -> i64 {
    const MOST: i64 = 1 << 50;
    i64::try_from(gap.as_millis()).map_or(MOST, |gap| gap.min(MOST))
}
