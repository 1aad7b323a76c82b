//! Plans that keep to wishes: sessions that must be in, sessions to avoid, and times at which the visitor is busy.
//!
//! What the wishes rule out is taken away first. The sessions that must be in rule out what does not fit beside each of
//! them. The rest is planned by [`plan`](super::plan): whether two sessions fit is a matter of these two alone, so the
//! best plan of the rest and the required sessions together are the best plan there is.

use core::time::Duration;

use super::busy::Busy;
use super::plan::{self, Candidate, Item, Limits, Plan};
use crate::engine::error::Error;
use crate::engine::time::Axis;

/// What a plan must keep to besides its limits. Sessions are named by their number in the list of candidates.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// They are in the plan, whatever their scores.
    pub must: Vec<u32>,
    /// They are not in the plan.
    pub avoid: Vec<u32>,
    /// No session of the plan overlaps one of these times.
    pub busy: Vec<Busy>,
}

/// Why a session is not in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The caller wants to avoid it.
    Avoided,
    /// It overlaps the busy time of this number.
    Busy(u32),
    /// It has no time that can be planned.
    Untimed,
    /// It does not fit beside this session of the plan.
    Overlaps(u32),
    /// The plan has as many sessions as it may have.
    Limit,
    /// It would not make the total score greater.
    NoGain,
}

impl Reason {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avoided => "avoided",
            Self::Busy(_) => "busy",
            Self::Untimed => "untimed",
            Self::Overlaps(_) => "overlaps",
            Self::Limit => "limit",
            Self::NoGain => "no gain",
        }
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A required session has no time that can be planned.
    Untimed(u32),
    /// A required session is also to be avoided.
    Avoided(u32),
    /// A required session overlaps the busy time of the second number.
    Busy(u32, u32),
    /// Two required sessions do not fit beside each other.
    Overlaps(u32, u32),
    /// More sessions are required than the plan may have.
    Limit(usize),
    /// The busy time of this number cannot be compared with the sessions, whose times lack this.
    Incomparable(u32, &'static str),
    /// The plan cannot be computed.
    Failed(Error),
}

impl Refusal {
    /// Returns the message for the caller, with the titles of the sessions and the busy times of these numbers.
    ///
    /// # Errors
    ///
    /// Fails as `title` does.
    pub fn message<E>(
        &self,
        title: impl Fn(u32) -> Result<String, E>,
        busy: impl Fn(u32) -> String,
    ) -> Result<String, E> {
        Ok(match *self {
            Self::Untimed(it) => format!("must: {} has no time to plan with", title(it)?),
            Self::Avoided(it) => format!("must and avoid both name {}", title(it)?),
            Self::Busy(it, number) => {
                let (title, busy) = (title(it)?, busy(number));
                format!("must: {title} overlaps the busy time {busy}")
            }
            Self::Overlaps(it, other) => format!(
                "must: {} and {} overlap, or lie closer than gap",
                title(it)?,
                title(other)?
            ),
            Self::Limit(count) => format!("must names {count} sessions, which is more than top"),
            Self::Incomparable(number, lacking) => {
                let instead = if lacking == "a date" { "date" } else { "zone" };
                format!(
                    "busy: the time {} has {lacking}, and the times of the sessions have none: give the programme's \
                     {instead} with {instead}=",
                    busy(number)
                )
            }
            Self::Failed(ref error) => error.to_string(),
        })
    }
}

/// A plan, and why each other session is not in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Itinerary {
    /// The plan.
    pub plan: Plan,
    /// The candidates that it leaves out, in their order.
    pub left_out: Vec<(u32, Reason)>,
}

/// Finds the plan of the greatest total score that keeps to the wishes. Each candidate's `position` is its number.
///
/// # Errors
///
/// The required sessions contradict the other wishes or each other, a busy time cannot be compared with the sessions'
/// times, or [`plan::best`] fails.
pub fn arrange(
    candidates: &[Candidate],
    wishes: &Wishes,
    limits: &Limits,
) -> Result<Itinerary, Refusal> {
    let gap = plan::milliseconds(limits.gap);
    let is_required = |number: u32| wishes.must.contains(&number);
    let counted = |candidate: &Candidate| candidate.score > 0.0 || is_required(candidate.position);
    let spans = candidates.iter().filter(|&one| counted(one));
    let axis = Axis::common(spans.map(|one| one.span), limits.offset);
    for (number, busy) in (0..).zip(&wishes.busy) {
        if let Some(lacking) = busy.lacks(axis) {
            return Err(Refusal::Incomparable(number, lacking));
        }
    }
    let required = required(candidates, wishes, axis, gap)?;
    let most = match limits.top {
        Some(top) if top < required.len() => return Err(Refusal::Limit(required.len())),
        top => top.map(|top| top - required.len()),
    };
    let mut free = Vec::new();
    let mut left_out = Vec::new();
    let mut untimed = 0;
    for candidate in candidates {
        let number = candidate.position;
        if is_required(number) {
            continue;
        }
        match available(candidate, wishes, axis) {
            Ok(item) => match required.iter().find(|held| !held.fits(&item, gap)) {
                Some(held) => left_out.push((number, Reason::Overlaps(held.position))),
                None => free.push(item),
            },
            Err(reason) => {
                untimed += usize::from(reason == Reason::Untimed);
                left_out.push((number, reason));
            }
        }
    }
    let mut items = plan::chosen(free.clone(), most, gap).map_err(Refusal::Failed)?;
    items.extend_from_slice(&required);
    items.sort_unstable_by_key(|item| (item.start, item.position));
    let full = limits.top.is_some_and(|top| items.len() >= top);
    for item in &free {
        let in_the_way = items.iter().find(|held| !held.fits(item, gap));
        let reason = match in_the_way {
            Some(held) if held.position == item.position => continue,
            Some(held) => Reason::Overlaps(held.position),
            None if full => Reason::Limit,
            None => Reason::NoGain,
        };
        left_out.push((item.position, reason));
    }
    left_out.sort_unstable_by_key(|&(number, _)| number);
    Ok(Itinerary {
        plan: plan::of_items(&items, untimed),
        left_out,
    })
}

/// Returns the items of the required sessions, or why they cannot all be in a plan.
fn required(
    candidates: &[Candidate],
    wishes: &Wishes,
    axis: Axis,
    gap: i64,
) -> Result<Vec<Item>, Refusal> {
    let mut items: Vec<Item> = Vec::new();
    for candidate in candidates {
        let number = candidate.position;
        if !wishes.must.contains(&number) {
            continue;
        }
        let item = match available(candidate, wishes, axis) {
            Ok(item) => item,
            Err(Reason::Avoided) => return Err(Refusal::Avoided(number)),
            Err(Reason::Busy(busy)) => return Err(Refusal::Busy(number, busy)),
            Err(_) => return Err(Refusal::Untimed(number)),
        };
        if let Some(other) = items.iter().find(|other| !other.fits(&item, gap)) {
            return Err(Refusal::Overlaps(other.position, number));
        }
        items.push(item);
    }
    Ok(items)
}

/// Returns the item of a session that may be planned, or why it may not.
fn available(candidate: &Candidate, wishes: &Wishes, axis: Axis) -> Result<Item, Reason> {
    let number = candidate.position;
    if wishes.avoid.contains(&number) {
        return Err(Reason::Avoided);
    }
    if !(candidate.score > 0.0 || wishes.must.contains(&number)) {
        return Err(Reason::NoGain);
    }
    let item = Item::of(candidate, axis).ok_or(Reason::Untimed)?;
    let busy = (0..).zip(&wishes.busy);
    let mut busy = busy.filter(|(_, busy)| busy.blocks(candidate.span, axis));
    busy.next()
        .map_or(Ok(item), |(number, _)| Err(Reason::Busy(number)))
}

/// Returns the candidates that overlap one of them in time, in their order; `None` if that one has no time.
pub fn overlapping(candidates: &[Candidate], number: u32, offset: i64) -> Option<Vec<u32>> {
    let axis = Axis::common(candidates.iter().map(|one| one.span), offset);
    let target = candidates.iter().find(|one| one.position == number)?;
    let target = Item::of(target, axis)?;
    let gap = plan::milliseconds(Duration::ZERO);
    let others = candidates.iter().filter(|one| one.position != number);
    let items = others.filter_map(|one| Item::of(one, axis));
    let overlapping = items.filter(|item| !target.fits(item, gap));
    Some(overlapping.map(|item| item.position).collect())
}
