//! Guesses what a word means that the programme does not hold: two words, a prefix, a misspelling; and finds compounds.

use super::distance::{Near, distance};
use super::fold::is_unspaced;
use super::form::plurals;
use super::interest::{Alternative, How};
use super::lexicon::differs_in_last_letter;
use super::points::Tier;
use super::resolver::{Resolver, push};

/// The words that a prefix or a misspelling may mean.
const MOST_PREFIXED: usize = 8;
const MOST_TYPOS: usize = 3;
/// Words up to here are not mended in their first letter, nor in their last one alone.
const SHORT: usize = 7;
/// What joins the parts of a German compound.
const LINKS: [&str; 4] = ["s", "n", "en", "es"];
/// The shortest part of a compound with a link.
const LEAST_LINKED: usize = 4;
/// The shortest word whose compounds are looked for, and the shortest word that it is compounded with.
const LEAST_COMPOUNDED: usize = 6;
const LEAST_HEAD: usize = 4;

impl Resolver<'_> {
    /// What a word may mean that the programme does not hold.
    pub(super) fn guessed(&self, word: &str) -> Vec<Alternative> {
        if word.starts_with(is_unspaced) || !word.chars().all(char::is_alphabetic) {
            return Vec::new();
        }
        let apart = self.all(self.cuts(word), How::Form);
        if !apart.is_empty() || !self.fuzzy {
            return apart;
        }
        let mut found = Vec::new();
        let letters = word.chars().count();
        if letters >= 4 {
            let prefixed = self.texts.most_frequent(MOST_PREFIXED, |part, visit| {
                part.visit_prefixed(word, visit);
            });
            let wanted = prefixed.into_iter().map(|word| (vec![word], Tier::PREFIX));
            found = self.all(wanted, How::Prefix);
        }
        if found.is_empty() {
            found = self.mended(word, 2);
        }
        if let Some(meant) = found.first().map(|found| found.term.clone()) {
            let mut aliased = Vec::new();
            for target in self.aliases.of(core::slice::from_ref(&meant)) {
                if let Some((_, words)) = target.words.split_last()
                    && target.tier > Tier::NARROWER
                {
                    let tier = target.tier.times(Tier::TYPO);
                    self.ending(words, &target.last, tier, How::Alias, &mut aliased);
                }
            }
            for alternative in aliased {
                push(&mut found, alternative);
            }
        }
        found
    }

    /// The ways to cut a word in two words of three letters or more. German ones may be joined by a letter or two, and
    /// the second may have another number: *überwachungskameras*.
    fn cuts(&self, word: &str) -> Vec<(Vec<String>, Tier)> {
        let mut found = Vec::new();
        let cuts = (3..word.len().saturating_sub(2)).filter_map(|at| word.split_at_checked(at));
        for (one, other) in cuts {
            if self.texts.holds(one) && self.texts.holds(other) {
                found.push((vec![one.to_owned(), other.to_owned()], Tier::JOINED));
            }
            if other.len() < LEAST_LINKED {
                continue;
            }
            let stems = LINKS.iter().filter_map(|link| one.strip_suffix(link));
            for stem in stems.filter(|stem| stem.len() >= LEAST_LINKED && self.texts.holds(stem)) {
                let numbers =
                    core::iter::once((other.to_owned(), Tier::WORD)).chain(plurals(other));
                for (other, tier) in numbers.filter(|(other, _)| self.texts.holds(other)) {
                    let tier = tier.times(Tier::JOINED);
                    found.push((vec![stem.to_owned(), other], tier));
                }
            }
        }
        found
    }

    /// The compounds that start with a word, and go on with another word of the programme: *Datenbanksystem*.
    pub(super) fn compounds(&self, word: &str) -> Vec<Alternative> {
        if word.len() < LEAST_COMPOUNDED || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        let is_word = |rest: &str| rest.len() >= LEAST_HEAD && self.texts.holds(rest);
        let compounds = self.texts.most_frequent(MOST_PREFIXED, |part, visit| {
            part.visit_prefixed(word, |found, id| {
                let rest = found.get(word.len()..).unwrap_or_default();
                let linked = LINKS.iter().filter_map(|link| rest.strip_prefix(link));
                if core::iter::once(rest).chain(linked).any(is_word) {
                    visit(found, id);
                }
            });
        });
        let wanted = compounds.into_iter().map(|word| (vec![word], Tier::PREFIX));
        self.all(wanted, How::Prefix)
    }

    /// The nearest words within one edit; or within two if `most` allows it, of a word of eight letters that start with
    /// the same letter. None for a short word, for a number, and for a word of an alias.
    pub(super) fn mended(&self, word: &str, most: u8) -> Vec<Alternative> {
        let letters = word.chars().count();
        let is_wrong = self.fuzzy && letters >= 5 && word.chars().all(char::is_alphabetic);
        if !is_wrong || self.texts.holds(word) || self.aliases.holds(word) {
            return Vec::new();
        }
        let most = if letters >= 8 { most } else { 1 };
        for most in 1..=most {
            let bytes = if word.is_ascii() { most } else { 2 * most };
            let Some(near) = Near::new(word, bytes) else {
                continue;
            };
            let first = word.chars().next();
            let meant = self.texts.most_frequent(MOST_TYPOS, |part, visit| {
                part.visit_near(&near, |found, id| {
                    let near = distance(word, found, most.into()).is_some()
                        && (letters > SHORT
                            || (starts_alike(word, found) && !differs_in_last_letter(word, found)));
                    if near
                        && (most == 1 || found.chars().next() == first)
                        && !found.starts_with('=')
                    {
                        visit(found, id);
                    }
                });
            });
            let wanted = meant.into_iter().map(|word| (vec![word], Tier::TYPO));
            let found = self.all(wanted, How::Typo);
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }
}

/// Returns true if two words start with the same letter, or with the same two letters in another order. People rarely mistake the first
/// letter: *kochen* is no misspelt *wochen*.
fn starts_alike(one: &str, other: &str) -> bool {
    let head = |word: &str| {
        let mut letters = word.chars();
        (letters.next(), letters.next())
    };
    let ((a, b), (c, d)) = (head(one), head(other));
    a == c || (a == d && b == c)
}
