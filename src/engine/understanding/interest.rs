//! Reads an interest: what it asks for, as groups of words of which each has alternatives.
//!
//! The words of an interest lose its function words and its level. Neighbours that are a known phrase (*machine
//! learning*) are one group, and so is a run of Chinese, Japanese or Korean; every other word is a group of its own.
//! The alternatives of a group are tried in this order: the word, its forms, its aliases and their plurals. Only if the
//! programme holds none of them: two words that it may be written as, words that start with it, words that differ by an
//! edit or two.

use super::alias::Aliases;
use super::distance::{Near, distance};
use super::fold::is_unspaced;
use super::form::{Form, forms, plurals};
use super::index::WordId;
use super::lexicon::{Level, drop_function_words, is_conversation};
use super::matching::Texts;
use super::points::Tier;
use super::words::words_of;

/// How a word of the programme was found for a word of an interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A whole tag is the whole interest.
    Exact,
    /// The word itself.
    Word,
    /// A plural or another simple form, or the same word written in one or in two.
    Form,
    /// An alias.
    Alias,
    /// A word that starts with it.
    Prefix,
    /// A word that differs by an edit or two.
    Typo,
    /// The word itself, in abstracts only.
    Text,
    /// The level that the interest names.
    Level,
}

impl How {
    /// The name that is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Word => "word",
            Self::Form => "form",
            Self::Alias => "alias",
            Self::Prefix => "prefix",
            Self::Typo => "typo",
            Self::Text => "text",
            Self::Level => "level",
        }
    }
}

/// Words of the programme that an interest may mean: one word, or several that must stand in one field.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// The words, joined by blanks.
    pub term: String,
    /// How it was found.
    pub how: How,
    pub(super) tier: Tier,
    /// The numbers of the words in each part, if that part holds them all.
    pub(super) ids: Vec<Option<Vec<WordId>>>,
}

/// One word or phrase of an interest.
#[derive(Clone, Debug)]
pub struct Group {
    /// The words as they were asked for, folded, joined by blanks.
    pub asked: String,
    /// What they may mean, without repetition.
    pub alternatives: Vec<Alternative>,
    /// The words of a phrase, for sessions that do not hold all of them.
    pub(super) words: Vec<Alternative>,
}

/// What an interest asks for.
#[derive(Clone, Debug)]
pub struct Interest {
    /// The words and phrases.
    pub groups: Vec<Group>,
    /// The level, if the interest asks for something else too.
    pub level: Option<Level>,
    pub(super) level_words: Vec<Alternative>,
    /// Whole tags that are the whole interest.
    pub whole: Vec<Alternative>,
}

impl Interest {
    /// Whether a tag of these words says what the interest asks for: a word, a form or an alias of each group.
    pub fn is_meant_by(&self, tag: &[String]) -> bool {
        let says = |alternative: &Alternative| {
            let mut words = alternative.term.split(' ');
            alternative.tier > Tier::NARROWER
                && words.all(|word| tag.iter().any(|held| held == word))
        };
        !self.groups.is_empty()
            && self
                .groups
                .iter()
                .all(|group| group.alternatives.iter().any(says))
    }
}

/// The words of an interest that are looked at; a longer text is no interest.
const MOST_WORDS: usize = 16;
/// The words that a prefix or a misspelling may mean.
const MOST_PREFIXED: usize = 8;
const MOST_TYPOS: usize = 3;

/// What an interest is resolved with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver<'a> {
    pub(super) texts: &'a Texts<'a>,
    pub(super) aliases: &'a Aliases,
    /// Whether prefixes and misspellings are tried.
    pub(super) fuzzy: bool,
}

impl Resolver<'_> {
    /// Reads an interest.
    pub(super) fn interest(&self, text: &str) -> Interest {
        let all = words_of(text);
        let (mut words, levels) = self.without_levels(text, &all);
        if words.len() > 1 || !levels.is_empty() {
            drop_function_words(&mut words);
        }
        let mut interest = Interest {
            groups: Vec::new(),
            level: None,
            level_words: Vec::new(),
            whole: self.whole(&all),
        };
        match levels.first() {
            Some(&(level, _)) if words.is_empty() => {
                interest.groups.push(self.level_group(level, &all, &levels));
                return interest;
            }
            Some(&(level, _)) => {
                interest.level = Some(level);
                let said = level.words().map(|word| (words_of(word), Tier::WORD));
                interest.level_words = self.all(said, How::Level);
            }
            None if words.is_empty() => words.clone_from(&all),
            None => {}
        }
        words.truncate(4 * MOST_WORDS);
        interest.groups = self.groups(&words);
        interest
    }

    /// Returns the words without those that say a level, and the levels with the words that say them.
    fn without_levels(&self, text: &str, all: &[String]) -> (Vec<String>, Vec<(Level, String)>) {
        let mut levels = Vec::new();
        let mut rest = text.to_owned();
        for (level, word) in Level::inside(text) {
            rest = rest.replace(word, " ");
            levels.push((level, word.to_owned()));
        }
        let all = if levels.is_empty() {
            all.to_vec()
        } else {
            words_of(&rest)
        };
        let mut words = Vec::new();
        let mut at = 0;
        while let Some(word) = all.get(at) {
            // An alias that holds such a word is more than a level: *advanced dungeons & dragons*.
            let phrase = self.phrase_at(&all, at);
            let pair = all.get(at + 1).and_then(|next| Level::of_pair(word, next));
            if phrase > 1 {
                words.extend(all.iter().skip(at).take(phrase).cloned());
                at += phrase;
            } else if let Some(level) = pair {
                levels.push((level, word.clone()));
                at += 2;
            } else {
                match Level::of_word(word) {
                    Some(level) => levels.push((level, word.clone())),
                    None => words.push(word.clone()),
                }
                at += 1;
            }
        }
        levels.sort_by_key(|&(level, _)| level);
        (words, levels)
    }

    /// The number of words from here on that are a phrase with aliases; 1 if there is none.
    fn phrase_at(&self, words: &[String], at: usize) -> usize {
        let most = self.aliases.longest().min(words.len() - at);
        for count in (2..=most).rev() {
            let phrase = words.get(at..at + count).unwrap_or_default().join(" ");
            let singular = phrase.strip_suffix('s').unwrap_or(&phrase);
            if self.aliases.knows(&phrase) || self.aliases.knows(singular) {
                return count;
            }
        }
        1
    }

    /// A group for an interest that is a level and nothing else.
    fn level_group(&self, level: Level, all: &[String], levels: &[(Level, String)]) -> Group {
        let own = |word: &str| {
            all.iter().any(|held| held == word) || levels.iter().any(|(_, held)| held == word)
        };
        let said = level.words().map(|word| {
            let tier = if own(word) {
                Tier::WORD
            } else {
                Tier::NUMBERED
            };
            (words_of(word), tier)
        });
        Group {
            asked: all.join(" "),
            alternatives: self.all(said, How::Level),
            words: Vec::new(),
        }
    }

    /// Whole tags that are these words, or their plural or singular.
    fn whole(&self, all: &[String]) -> Vec<Alternative> {
        let Some((last, before)) = all.split_last() else {
            return Vec::new();
        };
        let key = |last: &str| {
            let words = before.iter().map(String::as_str).chain([last]);
            vec![format!("={}", words.collect::<Vec<_>>().join(" "))]
        };
        let mut wanted = vec![(key(last), Tier::WORD)];
        wanted.extend(plurals(last).iter().map(|(form, tier)| (key(form), *tier)));
        self.all(wanted, How::Exact)
    }

    fn groups(&self, words: &[String]) -> Vec<Group> {
        let mut spans: Vec<&[String]> = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let count = if word.starts_with(is_unspaced) {
                let rest = words.iter().skip(at);
                rest.take_while(|word| word.starts_with(is_unspaced))
                    .count()
            } else {
                self.phrase_at(words, at)
            };
            let asked = words.get(at..at + count).unwrap_or_default();
            spans.push(asked);
            at += count;
        }
        let said = |span: &&[String]| !matches!(span, [word] if is_conversation(word));
        if spans.iter().any(said) {
            spans.retain(|span| said(span));
        }
        spans.truncate(MOST_WORDS);
        let mut groups: Vec<_> = spans
            .iter()
            .map(|span| (span.to_vec(), self.group(span)))
            .collect();
        self.join_neighbours(&mut groups);
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Adds the word that two neighbours make to both: *self hosting* is *selfhosting*, however it was hyphenated.
    fn join_neighbours(&self, groups: &mut [(Vec<String>, Group)]) {
        for second in 1..groups.len() {
            let joined = match groups.get(second - 1..=second) {
                Some([(one, _), (other, _)]) => match (one.as_slice(), other.as_slice()) {
                    ([one], [other]) => format!("{one}{other}"),
                    _ => continue,
                },
                _ => continue,
            };
            let mut found = Vec::new();
            self.ending(&[], &forms(&joined), Tier::WORD, How::Form, &mut found);
            self.ending(
                &[],
                &[(joined, Tier::JOINED)],
                Tier::WORD,
                How::Form,
                &mut found,
            );
            for (_, group) in groups.iter_mut().skip(second - 1).take(2) {
                for alternative in &found {
                    push(&mut group.alternatives, alternative.clone());
                }
            }
        }
    }

    fn group(&self, asked: &[String]) -> Group {
        let mut alternatives = self.said(asked);
        for alias in self.aliased(asked) {
            push(&mut alternatives, alias);
        }
        if let [word] = asked
            && alternatives.is_empty()
        {
            alternatives = self.guessed(word);
        }
        let parts = if asked.len()
            > usize::from(asked.iter().any(|word| word.starts_with(is_unspaced))) + 1
        {
            let part = Tier(Tier::PART.0 / asked.len() as u32);
            let each = asked.iter().flat_map(|word| {
                core::iter::once((vec![word.clone()], part)).chain(
                    forms(word)
                        .into_iter()
                        .map(move |(form, tier)| (vec![form], part.times(tier))),
                )
            });
            self.all(each, How::Word)
        } else {
            Vec::new()
        };
        Group {
            asked: asked.join(" "),
            alternatives,
            words: parts,
        }
    }

    /// The words themselves, and their forms.
    fn said(&self, asked: &[String]) -> Vec<Alternative> {
        let mut found = self.all([(asked.to_vec(), Tier::WORD)], How::Word);
        let Some((last, before)) = asked.split_last() else {
            return found;
        };
        self.ending(before, &forms(last), Tier::WORD, How::Form, &mut found);
        if before.is_empty() {
            if last.len() > 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()) {
                let numbered = (0..10).map(|digit| (format!("{last}{digit}"), Tier::NUMBERED));
                let numbered: Vec<Form> = numbered.collect();
                self.ending(before, &numbered, Tier::WORD, How::Form, &mut found);
            }
        } else if !last.starts_with(is_unspaced) {
            let joined = asked.concat();
            self.ending(&[], &forms(&joined), Tier::JOINED, How::Form, &mut found);
            self.ending(
                &[],
                &[(joined, Tier::WORD)],
                Tier::JOINED,
                How::Form,
                &mut found,
            );
        }
        found
    }

    /// The aliases of the words, or of their plural or singular.
    fn aliased(&self, asked: &[String]) -> Vec<Alternative> {
        let mut found = Vec::new();
        let mut key = asked.join(" ");
        let Some(last) = asked.last() else {
            return found;
        };
        let before = key.len() - last.len();
        for form in core::iter::once((last.clone(), Tier::WORD)).chain(plurals(last)) {
            key.truncate(before);
            key.push_str(&form.0);
            for target in self.aliases.of(&key) {
                let Some((word, words)) = target.words.split_last() else {
                    continue;
                };
                if target.words == asked {
                    continue;
                }
                self.ending(words, &target.last, target.tier, How::Alias, &mut found);
                if !words.is_empty() && !word.starts_with(is_unspaced) {
                    let joined = [(target.words.concat(), Tier::JOINED)];
                    self.ending(&[], &joined, target.tier, How::Alias, &mut found);
                }
            }
        }
        found
    }

    /// Adds the phrases that the programme holds, of some words and one of several last words.
    fn ending(
        &self,
        before: &[String],
        last: &[Form],
        tier: Tier,
        how: How,
        found: &mut Vec<Alternative>,
    ) {
        if !before.iter().all(|word| self.texts.holds(word)) {
            return;
        }
        for (word, near) in last {
            if !self.texts.holds(word) {
                continue;
            }
            let words: Vec<String> = before.iter().chain([word]).cloned().collect();
            let ids = self.texts.ids(&words);
            if ids.iter().any(Option::is_some) {
                let term = words.join(" ");
                let tier = tier.times(*near);
                push(
                    found,
                    Alternative {
                        term,
                        how,
                        tier,
                        ids,
                    },
                );
            }
        }
    }

    /// What a word may mean that the programme does not hold.
    fn guessed(&self, word: &str) -> Vec<Alternative> {
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
        if found.is_empty() && letters >= 5 && !self.aliases.holds(word) {
            found = self.misspelt(word, letters);
        }
        if let Some(meant) = found.first().map(|found| found.term.clone()) {
            let mut aliased = Vec::new();
            for target in self.aliases.of(&meant) {
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

    /// The ways to cut a word in two words of three letters or more.
    fn cuts(&self, word: &str) -> Vec<(Vec<String>, Tier)> {
        let cuts = (3..word.len().saturating_sub(2)).filter_map(|at| word.split_at_checked(at));
        cuts.map(|(one, other)| (vec![one.to_owned(), other.to_owned()], Tier::JOINED))
            .filter(|(words, _)| words.iter().all(|word| self.texts.holds(word)))
            .collect()
    }

    /// The nearest words within one edit, or two of a word of eight letters that start with the same letter.
    fn misspelt(&self, word: &str, letters: usize) -> Vec<Alternative> {
        for most in 1..=(if letters >= 8 { 2 } else { 1 }) {
            let bytes = if word.is_ascii() { most } else { 2 * most };
            let Some(near) = Near::new(word, bytes) else {
                continue;
            };
            let first = word.chars().next();
            let meant = self.texts.most_frequent(MOST_TYPOS, |part, visit| {
                part.visit(near, |found, id| {
                    let near = distance(word, found, most.into()).is_some()
                        && (letters > 6 || !differs_in_last_letter(word, found));
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

    /// Looks words up. Only what the programme holds becomes an alternative.
    fn all(
        &self,
        wanted: impl IntoIterator<Item = (Vec<String>, Tier)>,
        how: How,
    ) -> Vec<Alternative> {
        let mut found = Vec::new();
        for (words, tier) in wanted {
            if !words.is_empty() && self.texts.holds_all(&words) {
                let ids = self.texts.ids(&words);
                let term = words.join(" ");
                push(
                    &mut found,
                    Alternative {
                        term,
                        how,
                        tier,
                        ids,
                    },
                );
            }
        }
        found
    }
}

/// Whether two words are as long, and only their last letters differ: *policy* and *police*.
fn differs_in_last_letter(one: &str, other: &str) -> bool {
    let cut = |word: &str| word.char_indices().last().map_or(0, |(at, _)| at);
    one.get(..cut(one)) == other.get(..cut(other))
}

/// Adds an alternative, unless one with its words is nearer.
fn push(alternatives: &mut Vec<Alternative>, new: Alternative) {
    match alternatives.iter_mut().find(|held| held.term == new.term) {
        Some(held) if held.tier >= new.tier => {}
        Some(held) => *held = new,
        None => alternatives.push(new),
    }
}
