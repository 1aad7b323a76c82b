//! Names the terms of one session's points.

use std::borrow::Cow;

use super::interest::{Alternative, Group, How, Interest};
use super::matching::{Matches, whole_tag_points};
use super::points::{
    Code, Field, Fields, Impacts, LEAST_COVERAGE, coverage, covers, level_points, points,
};
use super::texts::Texts;

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

impl Texts<'_> {
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
}

/// Reads the words of one session again, to name the terms of its points.
struct Reader<'r> {
    texts: &'r Texts<'r>,
    impacts: Cow<'static, Impacts>,
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
        let nearest = if covered >= LEAST_COVERAGE {
            nearest
        } else {
            Vec::new()
        };
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
        let mut others = interest.other_levels.iter();
        let is_other = |word: &Alternative| self.code(word).is_some_and(Code::is_prominent);
        if !code.is_prominent() && others.any(is_other) {
            return None;
        }
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
