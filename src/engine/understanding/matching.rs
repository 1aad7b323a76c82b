//! Finds the sessions that match interests, and computes the points of each.
//!
//! A session's points for a word are those of the nearest alternative: the largest product of impact and tier. See
//! [`super::points`] for the arithmetic. Every list is in the order of the sessions, so lists are joined by merging. The
//! time is O(postings of all alternatives times the logarithm of their number), whatever the size of the catalogue.

use std::borrow::Cow;

use super::interest::{Alternative, Group, Interest};
use super::points::{
    Code, Fields, Impacts, LEAST_COVERAGE, Tier, WHOLE_TAG, coverage, covers, level_points, points,
    rarity,
};
use super::texts::Texts;

impl Texts<'_> {
    /// Finds the sessions that match an interest.
    pub fn matches(&self, interest: &Interest, fields: Fields) -> Matches {
        let run = Run {
            texts: self,
            impacts: fields.impacts(),
            fields,
        };
        run.interest(interest)
    }
}

/// The sessions that match an interest.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// Number and points of each session, in the order of the sessions.
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

/// The points of sessions, in their order.
pub type Points = Vec<(u32, u32)>;

/// Adds up the points that sessions have for several interests.
pub fn total(all: &[Matches]) -> Cow<'_, [(u32, u32)]> {
    if let [only] = all {
        return Cow::Borrowed(&only.sessions);
    }
    let lists: Vec<&[(u32, u32)]> = all.iter().map(|one| one.sessions.as_slice()).collect();
    Cow::Owned(added(&lists))
}

/// Adds up lists of points.
pub fn added(lists: &[&[(u32, u32)]]) -> Points {
    let mut all = Vec::with_capacity(lists.iter().map(|list| list.len()).sum());
    for list in lists {
        all.extend_from_slice(list);
    }
    merge(&mut all, |sum, points| sum + points);
    all
}

/// Sorts lists that were appended to one another, each in the order of its sessions, and joins the values of the same
/// session. The sort finds the lists and merges them.
fn merge<V: Copy>(all: &mut Vec<(u32, V)>, join: impl Fn(V, V) -> V) {
    all.sort_by_key(|&(session, _)| session);
    all.dedup_by(|new, held| {
        let same = new.0 == held.0;
        if same {
            held.1 = join(held.1, new.1);
        }
        same
    });
}

/// What a session says of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    /// Its abstract says the level that is asked for.
    InAbstract,
    /// Its tags, title or track say another level.
    OtherLevel,
    /// They say the level that is asked for.
    Prominently,
}

impl Said {
    pub(super) fn of(code: Code) -> Self {
        if code.is_prominent() {
            Self::Prominently
        } else {
            Self::InAbstract
        }
    }

    /// The points that are added to those of a session.
    pub(super) fn points(self, points: u32) -> u32 {
        match self {
            Self::OtherLevel => 0,
            Self::InAbstract => level_points(points, true),
            Self::Prominently => level_points(points, false),
        }
    }
}

struct Run<'r> {
    texts: &'r Texts<'r>,
    impacts: Cow<'static, Impacts>,
    fields: Fields,
}

/// The sessions of one group.
struct Found {
    /// Each with the impact of its nearest alternative, in 64ths, in the order of the sessions.
    sessions: Vec<(u32, u16)>,
    /// How many hold an alternative, and not only a word of a phrase.
    holders: u32,
}

impl Run<'_> {
    fn interest(&self, interest: &Interest) -> Matches {
        let mut matches = Matches::default();
        let mut groups = Vec::with_capacity(interest.groups.len());
        for group in &interest.groups {
            let found = self.group(group, &mut matches);
            matches
                .rarities
                .push(rarity(found.holders, self.texts.sessions));
            groups.push(found.sessions);
        }
        matches.sessions = match groups.as_slice() {
            [only] => points_of_one(only, &matches.rarities),
            all => points_of_all(all, &matches.rarities),
        };
        self.prefer_level(interest, &mut matches.sessions);
        self.prefer_whole(interest, &mut matches);
        matches
    }

    fn group(&self, group: &Group, matches: &mut Matches) -> Found {
        let mut sessions = Vec::new();
        let mut counts = Vec::with_capacity(group.alternatives.len());
        for alternative in &group.alternatives {
            counts.push(self.read(alternative, &mut sessions));
        }
        matches.counts.push(counts);
        if group.alternatives.len() > 1 {
            merge(&mut sessions, u16::max);
        }
        let holders = sessions.len() as u32;
        for word in &group.words {
            self.read(word, &mut sessions);
        }
        if !group.words.is_empty() {
            merge(&mut sessions, u16::max);
        }
        Found { sessions, holders }
    }

    /// Appends the sessions that hold an alternative, each with its impact.
    fn read(&self, alternative: &Alternative, sessions: &mut Vec<(u32, u16)>) -> Count {
        let of_code = self.impacts.of_tier(alternative.tier);
        let mut stands = Code::default();
        let before = sessions.len();
        self.texts.each(alternative, self.fields, |session, code| {
            sessions.push((session, of_code[usize::from(code.0)]));
            stands.0 |= code.0;
        });
        Count {
            sessions: (sessions.len() - before) as u32,
            in_abstracts_only: stands.in_abstract_only(),
        }
    }

    /// Adds points to the sessions of the level that the interest asks for.
    fn prefer_level(&self, interest: &Interest, sessions: &mut [(u32, u32)]) {
        if interest.level.is_none() {
            return;
        }
        let mut said = Vec::new();
        for word in &interest.level_words {
            self.texts.each(word, self.fields, |session, code| {
                said.push((session, Said::of(code)));
            });
        }
        for word in &interest.other_levels {
            self.texts.each(word, self.fields, |session, code| {
                if code.is_prominent() {
                    said.push((session, Said::OtherLevel));
                }
            });
        }
        merge(&mut said, Said::max);
        let mut said = said.into_iter().peekable();
        for (session, points) in sessions {
            while said.next_if(|(other, _)| *other < *session).is_some() {}
            if let Some((_, said)) = said.next_if(|(other, _)| *other == *session) {
                *points += said.points(*points);
            }
        }
    }

    /// Adds points to the sessions with a whole tag that is the interest.
    fn prefer_whole(&self, interest: &Interest, matches: &mut Matches) {
        let mut tagged = Vec::new();
        for tag in &interest.whole {
            let points = whole_tag_points(tag.tier);
            let before = tagged.len();
            self.texts.each(tag, self.fields, |session, _| {
                tagged.push((session, points));
            });
            matches.whole.push((tagged.len() - before) as u32);
        }
        if tagged.is_empty() {
            return;
        }
        merge(&mut tagged, u32::max);
        matches.sessions.append(&mut tagged);
        merge(&mut matches.sessions, |sum, points| sum + points);
    }
}

/// Returns the points of a word by its impact, for sessions that match no other word of the interest; 0 for those that
/// match too little. Few impacts differ, so most of the divisions are spared.
struct Alone {
    rarity: u32,
    rarities: u32,
    held: [(u16, u32); 64],
}

impl Alone {
    fn new(rarity: u32, rarities: u32) -> Self {
        let mut alone = Self {
            rarity,
            rarities,
            held: [(0, 0); 64],
        };
        alone.held[0] = (0, alone.computed(0));
        alone
    }

    fn computed(&self, impact: u16) -> u32 {
        let covered = coverage(self.rarity * covers(impact), self.rarities);
        if covered < LEAST_COVERAGE {
            return 0;
        }
        points(self.rarity, impact, covered, self.rarities)
    }

    #[inline]
    fn points(&mut self, impact: u16) -> u32 {
        // Impacts are multiples of their tier, so their lowest bits alone do not tell them apart.
        let place = usize::from((impact ^ (impact >> 6)) % 64);
        let (held, points) = self.held[place];
        if held == impact {
            return points;
        }
        let points = self.computed(impact);
        self.held[place] = (impact, points);
        points
    }
}

/// Returns the points of the sessions of the only group.
fn points_of_one(group: &[(u32, u16)], rarities: &[u32]) -> Points {
    let rarity = rarities.iter().sum();
    let mut alone = Alone::new(rarity, rarity);
    let mut sessions = Vec::with_capacity(group.len());
    for &(session, impact) in group {
        let points = alone.points(impact);
        if points > 0 {
            sessions.push((session, points));
        }
    }
    sessions
}

/// Returns the points of the sessions of several groups.
fn points_of_all(groups: &[Vec<(u32, u16)>], rarities: &[u32]) -> Points {
    let all: u32 = rarities.iter().sum();
    let mut alone: Vec<Alone> = rarities
        .iter()
        .map(|&rarity| Alone::new(rarity, all))
        .collect();
    let mut found = Vec::with_capacity(groups.iter().map(Vec::len).sum());
    for (number, group) in (0_u16..).zip(groups) {
        let group = group.iter();
        found.extend(group.map(|&(session, impact)| (session, number, impact)));
    }
    found.sort_by_key(|&(session, ..)| session);
    let mut sessions = Vec::with_capacity(found.len());
    for held in found.chunk_by(|one, other| one.0 == other.0) {
        let points = match held {
            &[(_, group, impact)] => alone
                .get_mut(usize::from(group))
                .map_or(0, |alone| alone.points(impact)),
            several => points_together(several, rarities, all),
        };
        if let Some(&(session, ..)) = held.first().filter(|_| points > 0) {
            sessions.push((session, points));
        }
    }
    sessions
}

/// Returns the points of a session that matches several groups.
fn points_together(held: &[(u32, u16, u16)], rarities: &[u32], all: u32) -> u32 {
    let words = || {
        held.iter().map(|&(_, group, impact)| {
            let rarity = rarities.get(usize::from(group)).copied();
            (rarity.unwrap_or_default(), impact)
        })
    };
    let covered = words().map(|(rarity, impact)| rarity * covers(impact));
    let covered = coverage(covered.sum(), all);
    if covered < LEAST_COVERAGE {
        return 0;
    }
    words()
        .map(|(rarity, impact)| points(rarity, impact, covered, all))
        .sum()
}

pub(super) fn whole_tag_points(tier: Tier) -> u32 {
    WHOLE_TAG * tier.0 / Tier::WORD.0
}
