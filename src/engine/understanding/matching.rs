//! Finds the sessions that match interests, and computes the points of each.
//!
//! A session's points for a word are those of the nearest alternative: the largest product of impact and tier. See
//! [`super::points`] for the arithmetic. The time is linear in the postings of all alternatives; the tables hold eight
//! bytes for each session and are used again by the next query of the thread.

use core::cell::RefCell;
use std::collections::BTreeMap;

use super::alias::Aliases;
use super::index::{TextIndex, WordId};
use super::interest::{Alternative, Group, How, Interest, Resolver};
use super::points::{
    Code, Field, Fields, Impacts, Tier, WHOLE_TAG, coverage, covers, level_points, points, rarity,
};

/// The words of all parts of a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Texts<'a> {
    parts: Vec<Part<'a>>,
    sessions: u32,
}

#[derive(Clone, Debug)]
struct Part<'a> {
    index: &'a TextIndex,
    /// The number of its first session.
    first: u32,
    /// The sessions that were taken out, sorted.
    removed: &'a [u32],
}

impl<'a> Texts<'a> {
    /// Adds a part, and the sorted positions of the sessions that were taken out of it.
    pub fn push(&mut self, index: &'a TextIndex, removed: &'a [u32]) {
        let first = self.numbers() as u32;
        self.parts.push(Part {
            index,
            first,
            removed,
        });
        self.sessions += (index.len() - removed.len().min(index.len())) as u32;
    }

    /// The number of sessions.
    pub fn sessions(&self) -> u32 {
        self.sessions
    }

    /// The number of a session of a part; `None` if it was taken out, or does not exist.
    pub fn number(&self, part: u32, local: u32) -> Option<u32> {
        let part = self.parts.get(part as usize)?;
        let held =
            (local as usize) < part.index.len() && part.removed.binary_search(&local).is_err();
        held.then_some(part.first + local)
    }

    /// The numbers that are given to sessions, those of removed ones included.
    pub fn numbers(&self) -> usize {
        self.parts
            .last()
            .map_or(0, |part| part.first as usize + part.index.len())
    }

    /// The part of a session, and its position there.
    pub fn place(&self, number: u32) -> (u32, u32) {
        let part = self.parts.partition_point(|part| part.first <= number);
        let part = part.saturating_sub(1);
        let first = self.parts.get(part).map_or(0, |part| part.first);
        (part as u32, number - first)
    }

    /// Whether some session holds a word.
    pub(super) fn holds(&self, word: &str) -> bool {
        self.parts.iter().any(|part| part.holds(word))
    }

    /// Whether each of some words is held by some part.
    pub(super) fn holds_all(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.holds(word))
    }

    /// The numbers of words in each part that holds them all.
    pub(super) fn ids(&self, words: &[String]) -> Vec<Option<Vec<WordId>>> {
        let ids = |part: &Part<'_>| words.iter().map(|word| part.index.get(word)).collect();
        self.parts.iter().map(ids).collect()
    }

    /// Returns the words that most sessions hold, of those that are visited; the first in their order among equals.
    pub(super) fn most_frequent(
        &self,
        most: usize,
        visit: impl Fn(&TextIndex, &mut dyn FnMut(&str, WordId)),
    ) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for part in &self.parts {
            visit(part.index, &mut |word, id| {
                let count = part.held(part.index.postings(id)).count();
                *counts.entry(word.to_owned()).or_default() += count;
            });
        }
        let mut counted: Vec<(String, usize)> =
            counts.into_iter().filter(|&(_, count)| count > 0).collect();
        counted.sort_by_key(|&(_, count)| core::cmp::Reverse(count));
        counted.truncate(most);
        counted.into_iter().map(|(word, _)| word).collect()
    }

    /// Reads interests.
    pub fn interests<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        aliases: &Aliases,
        fuzzy: bool,
    ) -> Vec<Interest> {
        let resolver = Resolver {
            texts: self,
            aliases,
            fuzzy,
        };
        texts
            .into_iter()
            .map(|text| resolver.interest(text))
            .collect()
    }

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

    /// Names the terms of one session's points for an interest. They add up to its points in [`Self::matches`].
    pub fn terms(
        &self,
        interest: &Interest,
        matches: &Matches,
        fields: Fields,
        number: u32,
    ) -> Vec<Term> {
        let reader = Reader {
            texts: self,
            impacts: fields.impacts(),
            fields,
            number,
        };
        reader.terms(interest, matches)
    }

    /// Calls `visit` with the sessions that hold the words of an alternative in one field.
    fn each(&self, alternative: &Alternative, fields: Fields, mut visit: impl FnMut(u32, Code)) {
        for (part, ids) in self.parts.iter().zip(&alternative.ids) {
            let Some((&first, others)) = ids.as_ref().and_then(|ids| ids.split_first()) else {
                continue;
            };
            if others.is_empty() {
                for (session, code) in part.held(part.index.postings(first)) {
                    let code = fields.of_code(code);
                    if code != Code::default() {
                        visit(part.first + session, code);
                    }
                }
                continue;
            }
            let mut held: Vec<(u32, Code)> = part.held(part.index.postings(first)).collect();
            for &other in others {
                keep_common(&mut held, part.index.postings(other));
            }
            for (session, code) in held {
                let code = fields.of_code(code);
                if code != Code::default() {
                    visit(part.first + session, code);
                }
            }
        }
    }
}

impl Part<'_> {
    /// Whether a session holds a word, of those that were not taken out.
    fn holds(&self, word: &str) -> bool {
        let id = self.index.get(word);
        id.is_some_and(|id| {
            self.removed.is_empty() || self.held(self.index.postings(id)).next().is_some()
        })
    }

    /// Leaves out the sessions that were taken out.
    fn held(
        &self,
        postings: impl Iterator<Item = (u32, Code)>,
    ) -> impl Iterator<Item = (u32, Code)> {
        let removed = self.removed;
        postings.filter(move |(session, _)| {
            removed.is_empty() || removed.binary_search(session).is_err()
        })
    }
}

/// Keeps the sessions that hold another word too, with the fields that hold both. Both are in order.
fn keep_common(held: &mut Vec<(u32, Code)>, mut other: impl Iterator<Item = (u32, Code)>) {
    let mut next = other.next();
    held.retain_mut(|(session, code)| {
        while let Some((candidate, _)) = next
            && candidate < *session
        {
            next = other.next();
        }
        match next {
            Some((candidate, found)) if candidate == *session => {
                *code = code.both(found);
                *code != Code::default()
            }
            _ => false,
        }
    });
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
    rarities: Vec<u32>,
}

/// How often an alternative was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In how many sessions.
    pub sessions: u32,
    /// Only in abstracts.
    pub in_abstracts_only: bool,
}

/// One term of a session's points.
#[derive(Clone, Debug)]
pub struct Term {
    /// The words of the interest.
    pub asked: String,
    /// The words of the programme.
    pub term: String,
    /// How they were found.
    pub how: How,
    /// The fields that hold them.
    pub fields: Vec<Field>,
    /// The points.
    pub points: u32,
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
    impacts: Impacts,
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
                (session, points(*rarity, impact, covered, all))
            };
            return group.iter().map(of).collect();
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
                sums[session as usize] += points(*rarity, impact, covered, all);
            }
        }
        for (session, points) in &mut sessions {
            covered[*session as usize] = 0;
            *points = core::mem::take(&mut sums[*session as usize]);
        }
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

fn whole_tag_points(tier: Tier) -> u32 {
    WHOLE_TAG * tier.0 / Tier::WORD.0
}

/// Reads the words of one session again, to name the terms of its points.
struct Reader<'r> {
    texts: &'r Texts<'r>,
    impacts: Impacts,
    fields: Fields,
    number: u32,
}

impl Reader<'_> {
    fn terms(&self, interest: &Interest, matches: &Matches) -> Vec<Term> {
        let rarities = &matches.rarities;
        let all: u32 = rarities.iter().sum();
        let nearest: Vec<_> = interest
            .groups
            .iter()
            .map(|group| self.nearest(group))
            .collect();
        let covered = nearest.iter().zip(rarities);
        let covered = covered.map(|(found, rarity)| {
            found
                .as_ref()
                .map_or(0, |(_, _, impact)| rarity * covers(*impact))
        });
        let covered = coverage(covered.sum(), all);
        let mut terms = Vec::new();
        for ((group, found), rarity) in interest.groups.iter().zip(nearest).zip(rarities) {
            let Some((alternative, code, impact)) = found else {
                continue;
            };
            let said = code.in_abstract_only() && alternative.how == How::Word;
            terms.push(Term {
                asked: group.asked.clone(),
                term: alternative.term.clone(),
                how: if said { How::Text } else { alternative.how },
                fields: code.fields().collect(),
                points: points(*rarity, impact, covered, all),
            });
        }
        let words: u32 = terms.iter().map(|term| term.points).sum();
        terms.extend(self.level(interest, words));
        terms.extend(self.whole(interest));
        terms
    }

    /// The nearest alternative of a group that the session holds, where it stands, and its impact.
    fn nearest<'g>(&self, group: &'g Group) -> Option<(&'g Alternative, Code, u16)> {
        let mut nearest: Option<(&Alternative, Code, u16)> = None;
        for alternative in group.alternatives.iter().chain(&group.words) {
            let Some(code) = self.code(alternative) else {
                continue;
            };
            let impact = self.impacts.of(code, alternative.tier);
            if nearest.is_none_or(|(_, _, held)| impact > held) {
                nearest = Some((alternative, code, impact));
            }
        }
        nearest
    }

    fn level(&self, interest: &Interest, points: u32) -> Option<Term> {
        let level = interest.level.filter(|_| points > 0)?;
        let said = interest.level_words.iter();
        let said = said.filter_map(|word| Some((word, self.code(word)?)));
        let (word, code) = said.max_by_key(|(_, code)| code.is_prominent())?;
        Some(Term {
            asked: level.name().to_owned(),
            term: word.term.clone(),
            how: How::Level,
            fields: code.fields().collect(),
            points: level_points(points, !code.is_prominent()),
        })
    }

    fn whole(&self, interest: &Interest) -> Option<Term> {
        let held = interest.whole.iter().filter(|tag| self.code(tag).is_some());
        let tag = held.max_by_key(|tag| tag.tier)?;
        let words = tag.term.trim_start_matches('=').to_owned();
        Some(Term {
            asked: words.clone(),
            term: words,
            how: How::Exact,
            fields: vec![Field::Tags],
            points: whole_tag_points(tag.tier),
        })
    }

    /// Where the session holds the words of an alternative.
    fn code(&self, alternative: &Alternative) -> Option<Code> {
        let (part, local) = self.texts.place(self.number);
        let part_index = self.texts.parts.get(part as usize)?.index;
        let ids = alternative.ids.get(part as usize)?.as_ref()?;
        let mut common: Option<Code> = None;
        for &id in ids {
            let mut postings = part_index.postings(id);
            let (session, code) = postings.find(|&(session, _)| session >= local)?;
            if session != local {
                return None;
            }
            common = Some(common.map_or(code, |common| common.both(code)));
        }
        let code = self.fields.of_code(common?);
        (code != Code::default()).then_some(code)
    }
}
