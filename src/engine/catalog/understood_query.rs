//! The interests of a query as people type them, and what each of them matches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::nearest::Likeness;
use super::why_not::MOST_TEXTS;
use super::{Catalog, Narrow, Place};
use crate::engine::understanding::matching::{Points, total};
use crate::engine::understanding::words::words_of;
use crate::engine::understanding::{Aliases, Fields, How, Interest, Matches, Term, Texts};

/// The number of tags that are named for an interest that matches nothing.
const NEAREST: usize = 3;

/// How interests are read.
#[derive(Debug)]
pub struct Reading {
    /// Words that mean the same as others, and terms that are narrower than others.
    pub aliases: Aliases,
    /// The fields of a session that count.
    pub fields: Fields,
    /// Whether prefixes and misspellings are tried.
    pub fuzzy: bool,
}

/// The interests of a query, and the sessions that match each.
#[derive(Debug)]
pub struct UnderstoodQuery<'c> {
    /// The words of the catalogue.
    pub texts: Texts<'c>,
    /// The interests as they were typed.
    pub asked: Vec<String>,
    interests: Vec<Interest>,
    /// The sessions that match each interest.
    pub matches: Vec<Matches>,
    fields: Fields,
}

/// A term of the catalogue that a word of an interest matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundTerm<'a> {
    /// The word of the interest.
    pub word: &'a str,
    /// The term of the catalogue.
    pub term: &'a str,
    /// How the word led to the term.
    pub how: How,
    /// The number of sessions with the term.
    pub sessions: u32,
}

impl<'c> UnderstoodQuery<'c> {
    /// Reads the interests and finds the sessions. Returns `None` if the words of a segment are not compiled.
    pub fn new(catalog: &'c Catalog, asked: Vec<String>, reading: &Reading) -> Option<Self> {
        let texts = catalog.texts()?;
        let typed = asked.iter().map(String::as_str);
        let interests = texts.interests(typed, &reading.aliases, reading.fuzzy);
        let matches = interests
            .iter()
            .map(|interest| texts.matches(interest, reading.fields));
        let matches = matches.collect();
        Some(Self {
            texts,
            asked,
            interests,
            matches,
            fields: reading.fields,
        })
    }

    /// Returns each interest as it was typed, with what it asks for and the sessions that match it.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Interest, &Matches)> {
        let rows = self.asked.iter().zip(&self.interests).zip(&self.matches);
        rows.map(|((asked, interest), matches)| (asked.as_str(), interest, matches))
    }

    /// Names the terms of a session's points, for each interest.
    pub fn terms(&self, number: u32) -> Vec<(&str, Vec<Term>)> {
        let rows = self.rows();
        rows.map(|(asked, interest, matches)| {
            let terms = self.texts.terms(interest, matches, self.fields, number);
            (asked, terms)
        })
        .collect()
    }

    /// Returns the texts of a session that are no interests yet and would match it, with the points that each gives to
    /// all sessions. At most as many as are tried.
    pub fn tried(
        &self,
        own: Vec<String>,
        reading: &Reading,
        number: u32,
    ) -> Vec<(Vec<u8>, Points)> {
        let mut known: Vec<Vec<String>> = self.asked.iter().map(|asked| words_of(asked)).collect();
        let mut tried = Vec::new();
        for text in own {
            let words = words_of(&text);
            if tried.len() >= MOST_TEXTS || known.contains(&words) {
                continue;
            }
            known.push(words);
            let read = self
                .texts
                .interests([text.as_str()], &reading.aliases, reading.fuzzy);
            let matches = read
                .iter()
                .map(|interest| self.texts.matches(interest, reading.fields));
            let points = total(&matches.collect::<Vec<_>>()).into_owned();
            if points.iter().any(|&(held, _)| held == number) {
                tried.push((text.into_bytes(), points));
            }
        }
        tried
    }

    /// Returns the points of each session for all interests together.
    pub fn points(&self) -> Cow<'_, [(u32, u32)]> {
        total(&self.matches)
    }

    /// Returns for each interest the tags of the catalogue that say the same.
    pub fn same_tags(&self, catalog: &Catalog) -> Vec<Vec<String>> {
        let tags = catalog.sorted_tags().into_iter();
        let tags = tags.map(|tag| String::from_utf8_lossy(tag).into_owned());
        let tags: Vec<(Vec<String>, String)> = tags.map(|tag| (words_of(&tag), tag)).collect();
        let same = self.interests.iter().map(|interest| {
            let held = tags.iter().filter(|(words, _)| interest.is_meant_by(words));
            held.map(|(_, tag)| tag.clone()).collect()
        });
        same.collect()
    }

    /// Returns the positions of all admitted sessions that match, in order, and the points of each interest for each.
    pub fn table(
        &self,
        catalog: &Catalog,
        narrow: Option<Narrow<'_>>,
    ) -> (Vec<usize>, Vec<Vec<u32>>) {
        let mut admitted = narrow.map(|narrow| catalog.admitted(narrow));
        if let Some(admitted) = &mut admitted {
            admitted.sort_unstable();
        }
        let mut sessions = BTreeMap::new();
        for (column, matches) in self.matches.iter().enumerate() {
            for &(number, points) in &matches.sessions {
                let (part, local) = self.texts.place(number);
                let place = Place { part, local };
                let admits = |admitted: &Vec<Place>| admitted.binary_search(&place).is_ok();
                if admitted.as_ref().is_none_or(admits) {
                    let row = sessions
                        .entry(place)
                        .or_insert_with(|| vec![0; self.matches.len()]);
                    if let Some(cell) = row.get_mut(column) {
                        *cell = points;
                    }
                }
            }
        }
        let positions = sessions.keys().filter_map(|&place| catalog.position(place));
        (positions.collect(), sessions.into_values().collect())
    }
}

/// Returns the tags that are spelt most like an interest that matches nothing; none for one that matches.
pub fn nearest(catalog: &Catalog, asked: &str, matches: &Matches) -> Vec<Vec<u8>> {
    if matches.sessions.is_empty() {
        catalog.nearest_tags(asked.as_bytes(), NEAREST, Likeness::Any)
    } else {
        Vec::new()
    }
}

/// Returns the terms that an interest matches, and its words that match nothing.
pub fn found_terms<'a>(
    interest: &'a Interest,
    matches: &Matches,
) -> (Vec<FoundTerm<'a>>, Vec<&'a str>) {
    let (mut found, mut unmatched) = (Vec::new(), Vec::new());
    for (tag, &sessions) in interest.whole.iter().zip(&matches.whole) {
        if sessions > 0 {
            let word = tag.term.trim_start_matches('=');
            found.push(FoundTerm {
                word,
                term: word,
                how: How::Exact,
                sessions,
            });
        }
    }
    for (group, counts) in interest.groups.iter().zip(&matches.counts) {
        for (alternative, count) in group.alternatives.iter().zip(counts) {
            let in_text = count.in_abstracts_only && alternative.how == How::Word;
            if count.sessions > 0 {
                found.push(FoundTerm {
                    word: &group.asked,
                    term: &alternative.term,
                    how: if in_text { How::Text } else { alternative.how },
                    sessions: count.sessions,
                });
            }
        }
        if counts.iter().all(|count| count.sessions == 0) {
            unmatched.push(group.asked.as_str());
        }
    }
    (found, unmatched)
}
