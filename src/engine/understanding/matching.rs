//! Finds the sessions that match interests, and computes the points of each.
//!
//! A session's points for a word are those of the nearest alternative: the largest product of impact and tier. See
//! [`super::points`] for the arithmetic. The time is linear in the postings of all alternatives; the tables hold eight
//! bytes for each session and are used again by the next query of the thread.

use core::cell::RefCell;
use std::borrow::Cow;

use super::interest::{Alternative, Group, Interest};
use super::points::{
    Fields, Impacts, LEAST_COVERAGE, Tier, WHOLE_TAG, coverage, covers, level_points, points,
    rarity,
};
use super::texts::Texts;

impl Texts<'_> {
    /// Finds the sessions that match an interest.
    pub fn matches(&self, interest: &Interest, fields: Fields) -> Matches {
        TABLES.with_borrow_mut(|tables| {
            tables.grow(self.numbers());
            Run {
                texts: self,
                impacts: fields.impacts(),
                fields,
                tables,
            }
            .interest(interest)
        })
    }
}

/// The sessions that match an interest.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// Number and points of each session, in no order.
    pub sessions: Vec<(u32, u32)>,
    /// By group and alternative: how many sessions hold it, and whether a field other than the abstract does.
    pub counts: Vec<Vec<Count>>,
    /// How many sessions have a whole tag that is the interest, by tag.
    pub whole: Vec<u32>,
    pub(super) rarities: Vec<u32>,
}

/// How often an alternative was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In how many sessions.
    pub sessions: u32,
    /// Only in abstracts.
    pub in_abstracts_only: bool,
}

/// What is known of each session during a query. Everything is zero between queries.
#[derive(Debug, Default)]
struct Tables {
    /// The impact of the words that are read now.
    impact: Vec<u16>,
    /// The covered part of the interest.
    covered: Vec<u32>,
    /// The points.
    points: Vec<u32>,
}

thread_local! {
    static TABLES: RefCell<Tables> = RefCell::default();
}

impl Tables {
    fn grow(&mut self, sessions: usize) {
        if self.impact.len() < sessions {
            self.impact.resize(sessions, 0);
            self.covered.resize(sessions, 0);
            self.points.resize(sessions, 0);
        }
    }
}

/// Adds up the points that sessions have for several interests.
pub fn total(all: &[Matches], sessions: usize) -> Vec<(u32, u32)> {
    let lists: Vec<_> = all.iter().map(|matches| &matches.sessions).collect();
    added(&lists, sessions)
}

/// Adds up lists of points.
pub fn added(lists: &[&Vec<(u32, u32)>], sessions: usize) -> Vec<(u32, u32)> {
    if let [only] = lists {
        return (*only).clone();
    }
    TABLES.with_borrow_mut(|tables| {
        tables.grow(sessions);
        let mut touched = Vec::new();
        for &(session, points) in lists.iter().copied().flatten() {
            let sum = &mut tables.points[session as usize];
            if *sum == 0 {
                touched.push((session, 0));
            }
            *sum += points;
        }
        for (session, points) in &mut touched {
            *points = core::mem::take(&mut tables.points[*session as usize]);
        }
        touched
    })
}

struct Run<'r> {
    texts: &'r Texts<'r>,
    impacts: Cow<'static, Impacts>,
    fields: Fields,
    tables: &'r mut Tables,
}

/// The sessions of one group.
struct Found {
    /// Each with the impact of its nearest alternative, in 64ths.
    sessions: Vec<(u32, u16)>,
    /// How many hold an alternative, and not only a word of a phrase.
    holders: u32,
}

impl Run<'_> {
    fn interest(&mut self, interest: &Interest) -> Matches {
        let mut matches = Matches::default();
        let mut groups = Vec::with_capacity(interest.groups.len());
        for group in &interest.groups {
            let found = self.group(group, &mut matches);
            matches
                .rarities
                .push(rarity(found.holders, self.texts.sessions));
            groups.push(found.sessions);
        }
        matches.sessions = self.points(&groups, &matches.rarities);
        self.prefer_level(interest, &mut matches.sessions);
        self.prefer_whole(interest, &mut matches);
        matches
    }

    fn group(&mut self, group: &Group, matches: &mut Matches) -> Found {
        let mut sessions = Vec::new();
        let mut counts = Vec::with_capacity(group.alternatives.len());
        for alternative in &group.alternatives {
            counts.push(self.read(alternative, &mut sessions));
        }
        matches.counts.push(counts);
        let holders = sessions.len() as u32;
        for word in &group.words {
            self.read(word, &mut sessions);
        }
        for (session, impact) in &mut sessions {
            *impact = core::mem::take(&mut self.tables.impact[*session as usize]);
        }
        Found { sessions, holders }
    }

    /// Raises the impact of the sessions that hold an alternative, and adds those that are new.
    fn read(&mut self, alternative: &Alternative, sessions: &mut Vec<(u32, u16)>) -> Count {
        let table = &mut self.tables.impact;
        let impacts = &self.impacts;
        let mut count = Count {
            sessions: 0,
            in_abstracts_only: true,
        };
        self.texts.each(alternative, self.fields, |session, code| {
            let nearest = &mut table[session as usize];
            if *nearest == 0 {
                sessions.push((session, 0));
            }
            *nearest = impacts.of(code, alternative.tier).max(*nearest);
            count.sessions += 1;
            count.in_abstracts_only &= code.in_abstract_only();
        });
        count
    }

    /// Computes the points of each session from the impacts of its groups.
    fn points(&mut self, groups: &[Vec<(u32, u16)>], rarities: &[u32]) -> Vec<(u32, u32)> {
        let all: u32 = rarities.iter().sum();
        if let ([group], [rarity]) = (groups, rarities) {
            let of = |&(session, impact): &(u32, u16)| {
                let covered = coverage(rarity * covers(impact), all);
                (covered >= LEAST_COVERAGE)
                    .then(|| (session, points(*rarity, impact, covered, all)))
            };
            return group.iter().filter_map(of).collect();
        }
        let Tables {
            covered,
            points: sums,
            ..
        } = &mut *self.tables;
        let mut sessions = Vec::new();
        for (group, rarity) in groups.iter().zip(rarities) {
            for &(session, impact) in group {
                let covered = &mut covered[session as usize];
                if *covered == 0 {
                    sessions.push((session, 0));
                }
                *covered += rarity * covers(impact);
            }
        }
        for &(session, _) in &sessions {
            let covered = &mut covered[session as usize];
            *covered = coverage(*covered, all);
        }
        for (group, rarity) in groups.iter().zip(rarities) {
            for &(session, impact) in group {
                let covered = covered[session as usize];
                if covered >= LEAST_COVERAGE {
                    sums[session as usize] += points(*rarity, impact, covered, all);
                }
            }
        }
        for (session, points) in &mut sessions {
            covered[*session as usize] = 0;
            *points = core::mem::take(&mut sums[*session as usize]);
        }
        sessions.retain(|&(_, points)| points > 0);
        sessions
    }

    /// Adds points to the sessions of the level that the interest asks for.
    fn prefer_level(&mut self, interest: &Interest, sessions: &mut [(u32, u32)]) {
        if interest.level.is_none() {
            return;
        }
        let table = &mut self.tables.impact;
        for word in &interest.level_words {
            self.texts.each(word, self.fields, |session, code| {
                let said = &mut table[session as usize];
                *said = (1 + u16::from(code.is_prominent())).max(*said);
            });
        }
        for (session, points) in sessions {
            match table[*session as usize] {
                0 => {}
                said => *points += level_points(*points, said == 1),
            }
        }
        for word in &interest.level_words {
            self.texts
                .each(word, self.fields, |session, _| table[session as usize] = 0);
        }
    }

    /// Adds points to the sessions with a whole tag that is the interest.
    fn prefer_whole(&mut self, interest: &Interest, matches: &mut Matches) {
        if interest.whole.is_empty() {
            return;
        }
        let mut tagged = Vec::new();
        for tag in &interest.whole {
            let table = &mut self.tables.points;
            let points = whole_tag_points(tag.tier);
            let mut count = 0;
            self.texts.each(tag, self.fields, |session, _| {
                let held = &mut table[session as usize];
                if *held == 0 {
                    tagged.push(session);
                }
                *held = points.max(*held);
                count += 1;
            });
            matches.whole.push(count);
        }
        for (session, points) in &mut matches.sessions {
            *points += core::mem::take(&mut self.tables.points[*session as usize]);
        }
        for session in tagged {
            match core::mem::take(&mut self.tables.points[session as usize]) {
                0 => {}
                points => matches.sessions.push((session, points)),
            }
        }
    }
}

pub(super) fn whole_tag_points(tier: Tier) -> u32 {
    WHOLE_TAG * tier.0 / Tier::WORD.0
}
