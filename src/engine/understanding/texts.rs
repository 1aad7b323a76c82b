//! The words of all parts of a catalogue together, and the sessions that hold each.

use std::collections::BTreeMap;

use super::encoding::WordId;
use super::index::TextIndex;
use super::interest::Alternative;
use super::points::{Code, Fields};

/// The words of all parts of a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Texts<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) sessions: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub(super) index: &'a TextIndex,
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

    /// Calls `visit` with the sessions that hold the words of an alternative in one field, in their order.
    pub(super) fn each(
        &self,
        alternative: &Alternative,
        fields: Fields,
        mut visit: impl FnMut(u32, Code),
    ) {
        for (part, ids) in self.parts.iter().zip(&alternative.ids) {
            let Some((&first, others)) = ids.as_ref().and_then(|ids| ids.split_first()) else {
                continue;
            };
            let mut visit = |(session, code): (u32, Code)| {
                let code = fields.of_code(code);
                if code != Code::default() {
                    visit(part.first + session, code);
                }
            };
            let postings = part.index.postings(first);
            if others.is_empty() && part.removed.is_empty() {
                postings.for_each(visit);
                continue;
            }
            let mut held: Vec<(u32, Code)> = part.held(postings).collect();
            for &other in others {
                keep_common(&mut held, part.index.postings(other));
            }
            held.into_iter().for_each(&mut visit);
        }
    }
}

impl Texts<'_> {
    /// Whether some session holds the words of an alternative in one field. Stops at the first.
    pub(super) fn is_said(&self, alternative: &Alternative) -> bool {
        let mut parts = self.parts.iter().zip(&alternative.ids);
        parts.any(|(part, ids)| match ids.as_deref() {
            None | Some([]) => false,
            Some([_]) => true,
            Some([first, others @ ..]) => part.says_together(*first, others),
        })
    }
}

impl Part<'_> {
    /// Whether a session holds several words in one field.
    fn says_together(&self, first: WordId, others: &[WordId]) -> bool {
        let postings = |id: &WordId| self.index.postings(*id).peekable();
        let mut others: Vec<_> = others.iter().map(postings).collect();
        let mut sessions = self.held(self.index.postings(first));
        sessions.any(|(session, mut code)| {
            others.iter_mut().all(|other| {
                while other.next_if(|&(before, _)| before < session).is_some() {}
                let found = other.peek().filter(|&&(held, _)| held == session);
                found.is_some_and(|&(_, found)| {
                    code = code.both(found);
                    code != Code::default()
                })
            })
        })
    }

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
