//! Says why a session is not among the first places of an answer, and which changes would bring it in.
//!
//! A change has up to three steps, and each is one of these: one of the session's own texts becomes an interest, a
//! weight is raised ([`raise`](super::raise)), or a condition of the filter that hides the session is dropped. The texts
//! are its tags, and where interests are understood, the words of its title too. All changes that are returned have the
//! same number of steps, and no change of fewer of these steps would do. Each has been tried on the index.
//!
//! At most one weight is raised: the order of the sessions depends on the ratio of the two weights only. Other
//! interests are not tried, because they help no session but others. Of several sets of texts, the one with which the
//! session stands highest is returned; of several weights, the smallest.
//!
//! With `t` texts that are no interests yet, the search costs up to t³/6 queries, and t²/2 rankings of all sessions. Only
//! the first [`MOST_TEXTS`] of them are tried, so that a session with hundreds of tags costs no minutes.

use super::filter::Filter;
use super::ranker::Ranker;
use super::{Best, Narrow, Place, raise};
use crate::engine::ranking::score::Factor;

/// A condition of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The time window.
    Window,
    /// The locations.
    Locations,
    /// The tags of which a session has all.
    AllTags,
    /// The tags of which a session has one.
    AnyTags,
    /// The tags that a session has not.
    NoTags,
    /// The ids.
    Exclude,
}

impl Condition {
    const ALL: [Self; 6] = [
        Self::Window,
        Self::Locations,
        Self::AllTags,
        Self::AnyTags,
        Self::NoTags,
        Self::Exclude,
    ];

    /// Returns the argument of `Filter` that it comes from.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Window => "start/end",
            Self::Locations => "locations",
            Self::AllTags => "all_tags",
            Self::AnyTags => "any_tags",
            Self::NoTags => "no_tags",
            Self::Exclude => "exclude",
        }
    }

    /// Moves this condition from one filter to another.
    fn transfer(self, from: &mut Filter, to: &mut Filter) {
        use core::mem::swap;
        match self {
            Self::Window => swap(&mut from.window, &mut to.window),
            Self::Locations => swap(&mut from.places, &mut to.places),
            Self::AllTags => swap(&mut from.all_tags, &mut to.all_tags),
            Self::AnyTags => swap(&mut from.any_tags, &mut to.any_tags),
            Self::NoTags => swap(&mut from.no_tags, &mut to.no_tags),
            Self::Exclude => swap(&mut from.excluded, &mut to.excluded),
        }
    }
}

/// One step of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// The session's text of this number becomes an interest.
    Interest(usize),
    /// A weight is raised to this value.
    Raise(Factor, f64),
    /// A condition of the filter is dropped.
    Drop(Condition),
}

/// What is asked: why is this session not among the first `top`?
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Ranks the sessions.
    pub ranker: &'a dyn Ranker,
    /// How many places there are.
    pub top: usize,
    /// The filter of the query.
    pub narrow: Option<Narrow<'a>>,
    /// The session.
    pub place: Place,
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// How many sessions are before it; `None` if the filter hides it, or if it matches nothing and is left out.
    pub before: Option<usize>,
    /// The session and its score.
    pub session: Best,
    /// The session at the last of the places, if there is one.
    pub last: Option<Best>,
    /// The best of the sessions before it that overlap it in time.
    pub slot: Option<Best>,
    /// The conditions of the filter that hide it.
    pub hidden_by: Vec<Condition>,
    /// The smallest changes that would bring it in. Empty if it is in, or if no change of up to three steps does it.
    pub changes: Vec<Vec<Step>>,
}

impl WhyNot {
    /// Returns true if the session is among the first `top`.
    pub fn is_shown(&self, top: usize) -> bool {
        self.before.is_some_and(|before| before < top)
    }

    /// Returns the place of the session, from 1 on; `None` if the filter hides it.
    pub fn rank(&self) -> Option<usize> {
        self.before.map(|before| before + 1)
    }

    /// Returns by how much the score of the session at the last place is higher; `None` if this session is shown.
    pub fn gap(&self, top: usize) -> Option<f64> {
        let last = self.last.filter(|_| !self.is_shown(top));
        last.map(|last| last.score - self.session.score)
    }
}

/// How many of the session's texts are tried as interests.
pub const MOST_TEXTS: usize = 16;
/// The most steps of a change.
pub const MOST_STEPS: usize = 3;

impl Question<'_> {
    /// Answers the question; `None` where the order of the sessions is not provable.
    pub fn answer(&self) -> Option<WhyNot> {
        let (hidden_by, shown) = self.conditions();
        let narrow = self.narrow.map(|narrow| Narrow {
            filter: &shown,
            identified: narrow.identified,
        });
        let query = Question { narrow, ..*self };
        let mut ranked = query.ranked(&[], usize::MAX)?;
        let found = ranked.iter().position(|best| best.place == self.place);
        let is_hidden = !hidden_by.is_empty();
        let last = if is_hidden {
            let admitted = self.ranked(&[], self.top)?;
            admitted.get(self.top.wrapping_sub(1)).copied()
        } else {
            ranked.get(self.top.wrapping_sub(1)).copied()
        };
        let is_in = found.is_some_and(|at| at < self.top);
        let changes = if is_in && !is_hidden {
            Vec::new()
        } else {
            query.changes(&hidden_by, is_in)?
        };
        let at = found.unwrap_or(ranked.len());
        if found.is_none() {
            ranked.push(self.ranker.unmatched(self.place)?);
        }
        Some(WhyNot {
            before: found.filter(|_| !is_hidden),
            session: *ranked.get(at)?,
            last,
            slot: self.slot(&ranked, at),
            hidden_by,
            changes,
        })
    }

    /// Returns the conditions that hide the session, and the filter without them.
    fn conditions(&self) -> (Vec<Condition>, Filter) {
        let Some(narrow) = self.narrow else {
            return (Vec::new(), Filter::default());
        };
        let mut filter = narrow.filter.clone();
        let hides = |condition: &Condition| {
            let mut alone = Filter::default();
            condition.transfer(&mut filter, &mut alone);
            let admitted = self.ranker.catalog().admits(
                Narrow {
                    filter: &alone,
                    ..narrow
                },
                self.place,
            );
            if admitted {
                condition.transfer(&mut alone, &mut filter);
            }
            !admitted
        };
        let hidden_by = Condition::ALL.into_iter().filter(hides).collect();
        (hidden_by, filter)
    }

    /// Ranks the sessions with some of the texts as further interests.
    fn ranked(&self, more: &[usize], most: usize) -> Option<Vec<Best>> {
        self.ranker.rank(more, most, self.narrow)
    }

    /// Returns the best session before this one that overlaps it in time.
    fn slot(&self, ranked: &[Best], at: usize) -> Option<Best> {
        let overlapping = self.ranker.catalog().overlapping(self.place, ranked)?;
        let first = overlapping.into_iter().find(|&number| number < at)?;
        ranked.get(first).copied()
    }

    fn changes(&self, hidden_by: &[Condition], is_in: bool) -> Option<Vec<Vec<Step>>> {
        let drops: Vec<Step> = hidden_by.iter().copied().map(Step::Drop).collect();
        let Some(left) = MOST_STEPS.checked_sub(drops.len()) else {
            return Some(Vec::new());
        };
        if is_in {
            return Some(vec![drops]);
        }
        let mut new = self.ranker.candidates();
        new.truncate(MOST_TEXTS);
        for size in 1..=left {
            let found = self.changes_of(size, &new)?;
            if !found.is_empty() {
                let with_drops = |steps: Vec<Step>| [drops.clone(), steps].concat();
                return Some(found.into_iter().map(with_drops).collect());
            }
        }
        Some(Vec::new())
    }

    /// Returns the best changes of `size` steps: one of new interests alone, and for each weight that can be raised one
    /// of new interests and that weight.
    fn changes_of(&self, size: usize, new: &[usize]) -> Option<Vec<Vec<Step>>> {
        let mut added: Option<(usize, Vec<usize>)> = None;
        for texts in subsets(new, size) {
            let ranked = self.ranked(&texts, self.top)?;
            let at = ranked.iter().position(|best| best.place == self.place);
            if let Some(at) = at
                && added.as_ref().is_none_or(|&(best, _)| at < best)
            {
                added = Some((at, texts));
            }
        }
        let mut raised: [Option<(f64, Vec<usize>)>; 2] = [None, None];
        for texts in subsets(new, size - 1) {
            let ranked = self.ranked(&texts, usize::MAX)?;
            let target = ranked.iter().position(|best| best.place == self.place);
            // No weight brings in a session that matches nothing and is left out.
            let Some(target) = target else { continue };
            let scorer = self.ranker.scorer(&texts);
            for (held, factor) in raised
                .iter_mut()
                .zip([Factor::Interest, Factor::Popularity])
            {
                let weight = raise::smallest(&ranked, target, &scorer, factor, self.top);
                if let Some(weight) = weight
                    && held.as_ref().is_none_or(|&(best, _)| weight < best)
                {
                    *held = Some((weight, texts.clone()));
                }
            }
        }
        let interests = |texts: Vec<usize>| texts.into_iter().map(Step::Interest);
        let mut changes: Vec<Vec<Step>> = Vec::new();
        changes.extend(added.map(|(_, texts)| interests(texts).collect()));
        for (found, factor) in raised
            .into_iter()
            .zip([Factor::Interest, Factor::Popularity])
        {
            let steps = |(weight, texts)| {
                let raise = [Step::Raise(factor, weight)];
                interests(texts).chain(raise).collect()
            };
            changes.extend(found.map(steps));
        }
        Some(changes)
    }
}

/// Returns all subsets of a size, in the order of their members.
fn subsets(of: &[usize], size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let rest = |(at, &first): (usize, &usize)| {
        let rest = of.get(at + 1..).unwrap_or_default();
        let smaller = subsets(rest, size - 1).into_iter();
        smaller.map(move |subset| [vec![first], subset].concat())
    };
    of.iter().enumerate().flat_map(rest).collect()
}
