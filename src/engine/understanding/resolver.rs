//! Reads an interest: what it asks for, as groups of words of which each has alternatives.
//!
//! The words of an interest lose its function words and its level. Neighbours that are a known phrase (*machine
//! learning*) are one group, and so is a run of Chinese, Japanese or Korean; every other word is a group of its own. A run
//! that the programme does not hold is cut into parts that it holds or that have aliases.
//! The alternatives of a group are tried in this order: the word, its forms, its aliases and their plurals. Only if the
//! programme holds none of them: two words that it may be written as, words that start with it, words that differ by an
//! edit or two.

use super::alias::Aliases;
use super::fold::is_unspaced;
use super::form::{Form, forms, plurals};
use super::interest::{Alternative, Group, How, Interest};
use super::lexicon::{
    Level, drop_function_words, is_conversation, is_function_word, without_conversation,
};
use super::points::Tier;
use super::texts::Texts;
use super::words::words_of;

/// The words of an interest that are looked at; a longer text is no interest.
const MOST_WORDS: usize = 16;
/// What an interest is resolved with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver<'a> {
    pub(super) texts: &'a Texts<'a>,
    pub(super) aliases: &'a Aliases,
    /// Whether prefixes and misspellings are tried.
    pub(super) fuzzy: bool,
}

impl Texts<'_> {
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
}

impl Resolver<'_> {
    /// Reads an interest.
    pub(super) fn interest(&self, text: &str) -> Interest {
        let all = words_of(text);
        let rest = without_conversation(text).map(|rest| (words_of(&rest), rest));
        let (mut words, levels) = match &rest {
            Some((words, rest)) if !words.is_empty() => self.without_levels(rest, words),
            _ => self.without_levels(text, &all),
        };
        if words.len() > 1 || !levels.is_empty() {
            let phrases = self.phrases(&words);
            drop_function_words(&mut words, |place| {
                phrases.get(place).copied().unwrap_or_default()
            });
        }
        let mut interest = Interest {
            groups: Vec::new(),
            level: None,
            level_words: Vec::new(),
            other_levels: Vec::new(),
            whole: self.whole(&all),
        };
        match levels.first() {
            Some(&(level, _)) if words.is_empty() => {
                interest.groups.push(self.level_group(level, &all, &levels));
                return interest;
            }
            Some(&(level, _)) => {
                interest.level = Some(level);
                interest.level_words = self.level_words(level);
                let others = Level::ALL.into_iter().filter(|&other| other != level);
                interest.other_levels = others.flat_map(|other| self.level_words(other)).collect();
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
                match Level::of_word(word).or_else(|| self.misspelt_level(word)) {
                    Some(level) => levels.push((level, word.clone())),
                    None => words.push(word.clone()),
                }
                at += 1;
            }
        }
        levels.sort_by_key(|&(level, _)| level);
        (words, levels)
    }

    /// The level that a word means which is no word.
    fn misspelt_level(&self, word: &str) -> Option<Level> {
        let is_word = !self.fuzzy || self.aliases.holds(word) || self.texts.holds(word);
        Level::of_misspelt(word).filter(|_| !is_word)
    }

    /// What says a level, of what the programme holds.
    fn level_words(&self, level: Level) -> Vec<Alternative> {
        let said = level.words().map(|word| (words_of(word), Tier::WORD));
        self.all(said, How::Level)
    }

    /// Which words belong to a phrase with aliases, function words included: *just in time*.
    fn phrases(&self, words: &[String]) -> Vec<bool> {
        let mut held = Vec::with_capacity(words.len());
        while held.len() < words.len() {
            let count = self.phrase_at(words, held.len());
            held.extend(core::iter::repeat_n(count > 1, count));
        }
        held
    }

    /// The number of words from here on that are a phrase with aliases; 1 if there is none.
    fn phrase_at(&self, words: &[String], at: usize) -> usize {
        self.aliases.phrase(words.get(at..).unwrap_or_default())
    }

    /// The forms of a word that the programme holds. A word that has aliases is no agent noun: a *docker* does not dock, and
    /// *Kinder* are not kind.
    fn forms(&self, word: &str) -> Vec<Form> {
        let mut forms = forms(word, |form| self.texts.holds(form));
        if self.aliases.holds(word) {
            forms.retain(|(_, tier)| *tier != Tier::AGENT);
        }
        forms
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
            if count == 1 || self.is_held(asked) {
                spans.push(asked);
            } else if word.starts_with(is_unspaced) {
                self.cut_run(asked, &mut spans);
            } else {
                // The programme knows the phrase by no name. Its words may still be there.
                let words = asked.chunks(1);
                spans.extend(words.filter(|span| !span.iter().any(|word| is_function_word(word))));
            }
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
            self.ending(&[], &self.forms(&joined), Tier::WORD, How::Form, &mut found);
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

    /// Returns true if a session holds a phrase or an alias of it, in one field.
    pub(super) fn is_held(&self, asked: &[String]) -> bool {
        let is_said = |found: Vec<Alternative>| found.iter().any(|it| self.texts.is_said(it));
        is_said(self.said(asked)) || is_said(self.aliased(asked))
    }

    fn group(&self, asked: &[String]) -> Group {
        let mut alternatives = self.said(asked);
        for alias in self.aliased(asked) {
            push(&mut alternatives, alias);
        }
        if let [word] = asked {
            if alternatives.is_empty() {
                alternatives = self.guessed(word);
            } else if alternatives.iter().all(is_inflected) {
                // Such a form of a misspelt word may be a word: *lerning* is no form of *lerne*.
                for meant in self.mended(word, 1) {
                    push(&mut alternatives, meant);
                }
            }
        }
        let parts = if asked.len()
            > usize::from(asked.iter().any(|word| word.starts_with(is_unspaced))) + 1
        {
            let part = Tier(Tier::PART.0 / asked.len() as u32);
            let each = asked.iter().flat_map(|word| {
                core::iter::once((vec![word.clone()], part)).chain(
                    self.forms(word)
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
        self.ending(before, &self.forms(last), Tier::WORD, How::Form, &mut found);
        if before.is_empty() {
            if last.len() > 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()) {
                let numbered = self.numbered(last);
                self.ending(before, &numbered, Tier::WORD, How::Form, &mut found);
            }
            for compound in self.compounds(last) {
                push(&mut found, compound);
            }
        } else if !last.starts_with(is_unspaced) {
            let joined = asked.concat();
            self.ending(
                &[],
                &self.forms(&joined),
                Tier::JOINED,
                How::Form,
                &mut found,
            );
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

    /// The word with a digit behind it, where the programme holds that: *python3*.
    fn numbered(&self, word: &str) -> Vec<Form> {
        let mut numbered = Vec::new();
        let mut form = String::with_capacity(word.len() + 1);
        for digit in '0'..='9' {
            form.clear();
            form.push_str(word);
            form.push(digit);
            if self.texts.holds(&form) {
                numbered.push((form.clone(), Tier::NUMBERED));
            }
        }
        numbered
    }

    /// The aliases of the words.
    fn aliased(&self, asked: &[String]) -> Vec<Alternative> {
        let mut found = Vec::new();
        let mut targets = self.aliases.of(asked);
        if let Some((last, before)) = asked.split_last()
            && targets.is_empty()
        {
            // A German plural: *datenbanken*.
            let stems = ["en", "n"]
                .iter()
                .filter_map(|ending| last.strip_suffix(ending));
            let stems = stems.filter(|stem| stem.len() >= 5);
            let singular = |stem: &str| [before, &[stem.to_owned()]].concat();
            targets = stems
                .map(|stem| self.aliases.of(&singular(stem)))
                .find(|targets| !targets.is_empty())
                .unwrap_or_default();
        }
        for target in targets.iter().filter(|target| target.words != asked) {
            let Some((word, words)) = target.words.split_last() else {
                continue;
            };
            self.ending(words, &target.last, target.tier, How::Alias, &mut found);
            if !words.is_empty() && !word.starts_with(is_unspaced) {
                let joined = [(target.words.concat(), Tier::JOINED)];
                self.ending(&[], &joined, target.tier, How::Alias, &mut found);
            }
        }
        found
    }

    /// Adds the phrases that the programme holds, of some words and one of several last words.
    pub(super) fn ending(
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

    /// Looks words up. Only what the programme holds becomes an alternative.
    pub(super) fn all(
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

/// Returns true for a form other than a plural.
fn is_inflected(alternative: &Alternative) -> bool {
    alternative.how == How::Form && alternative.tier <= Tier::FORM
}

/// Adds an alternative, unless one with its words is nearer.
pub(super) fn push(alternatives: &mut Vec<Alternative>, new: Alternative) {
    match alternatives.iter_mut().find(|held| held.term == new.term) {
        Some(held) if held.tier >= new.tier => {}
        Some(held) => *held = new,
        None => alternatives.push(new),
    }
}
