//! Words that mean the same, and words that are an example of another.
//!
//! A pair holds in both directions and is never followed further: `a = b` and `b = c` do not make `a = c`. A wide word
//! finds its narrower ones (*database* finds *sqlite*), but not the other way round.

use std::borrow::Cow;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::form::{Form, plurals};
use super::lexicon::drop_function_words;
use super::points::Tier;
use super::words::words_of;

/// A word or phrase that an alias leads to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its words.
    pub(super) words: Vec<String>,
    /// How near it is.
    pub(super) tier: Tier,
    /// Its last word, its plurals and its singulars, with their tiers.
    pub(super) last: Vec<Form>,
}

/// Aliases, by their folded words.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    targets: HashMap<String, Vec<Target>, FixedState>,
    /// The first words of the phrases, as in the keys.
    first: HashSet<String, FixedState>,
    longest: usize,
    /// Every word of an alias: none of them is a misspelling.
    words: HashSet<String, FixedState>,
}

impl Aliases {
    /// Makes aliases of pairs that mean the same, and of lists of wide words, each with the list of its narrower terms.
    pub fn from_pairs(same: &[(String, String)], narrower: &[(Vec<String>, Vec<String>)]) -> Self {
        let mut aliases = Self::default();
        for (one, other) in same {
            aliases.push_same(one, other);
        }
        for (heads, terms) in narrower {
            for head in heads {
                for term in terms {
                    aliases.push_narrower(head, term);
                }
            }
        }
        aliases
    }

    /// Adds two words or phrases that mean the same.
    pub fn push_same(&mut self, one: &str, other: &str) {
        let (one, other) = (phrase(one), phrase(other));
        self.push(&one, &other, Tier::ALIAS);
        self.push(&other, &one, Tier::ALIAS);
    }

    /// Adds a word or phrase that is an example of a wider one.
    pub fn push_narrower(&mut self, wide: &str, narrow: &str) {
        self.push(&phrase(wide), &phrase(narrow), Tier::NARROWER);
    }

    fn push(&mut self, from: &[String], to: &[String], tier: Tier) {
        if from.is_empty() || to.is_empty() || from == to {
            return;
        }
        self.longest = self.longest.max(from.len());
        self.words.extend(from.iter().chain(to).cloned());
        if from.len() > 1 {
            self.first
                .extend(from.first().map(|word| singular(word).into_owned()));
        }
        let targets = self.targets.entry(key(from)).or_default();
        if let Some(held) = targets.iter_mut().find(|held| held.words == to) {
            held.tier = held.tier.max(tier);
            return;
        }
        let Some(word) = to.last() else { return };
        let mut last = vec![(word.clone(), Tier::WORD)];
        last.extend(plurals(word));
        targets.push(Target {
            words: to.to_vec(),
            tier,
            last,
        });
    }

    /// The targets of some words, whatever their numbers.
    pub(super) fn of(&self, words: &[String]) -> &[Target] {
        self.targets.get(&key(words)).map_or(&[], Vec::as_slice)
    }

    /// The number of words from the first on that are a phrase with targets; 1 if there is none.
    pub(super) fn phrase(&self, words: &[String]) -> usize {
        let starts = |word: &String| self.first.contains(&*singular(word));
        if !words.first().is_some_and(starts) {
            return 1;
        }
        let most = self.longest.min(words.len());
        let is_known = |&count: &usize| {
            let phrase = words.get(..count).unwrap_or_default();
            self.targets.contains_key(&key(phrase))
        };
        (2..=most).rev().find(is_known).unwrap_or(1)
    }

    /// Whether a word is one of an alias.
    pub(super) fn holds(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}

/// Returns the key of some words: their singulars, joined by blanks. So a phrase is found in any number: *large language
/// models*, *logiciels libres*.
fn key(words: &[String]) -> String {
    let mut key = String::new();
    for word in words {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(&singular(word));
    }
    key
}

/// Returns a word without the ending of a plural. It need not be a word: it is only compared with others.
fn singular(word: &str) -> Cow<'_, str> {
    let stem = match word.strip_suffix('s') {
        Some(stem) if word.len() > 3 && !stem.ends_with('s') => stem,
        _ => word,
    };
    match stem.strip_suffix("ie") {
        Some(stem) if stem.len() > 2 => Cow::Owned(format!("{stem}y")),
        _ => Cow::Borrowed(stem),
    }
}

/// Returns the words of a phrase without its function words, unless it has one other word or none: *just in time* is more
/// than *time*.
pub(super) fn phrase(text: &str) -> Vec<String> {
    let all = words_of(text);
    let mut words = all.clone();
    drop_function_words(&mut words, |_| false);
    if words.len() > 1 { words } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_hold_both_ways_and_are_not_followed() {
        let mut aliases = Aliases::default();
        aliases.push_same("IoT", "Internet of Things");
        aliases.push_same("K8s", "kubernetes");
        aliases.push_same("kubernetes", "kube");
        aliases.push_same("JIT", "just in time");
        aliases.push_narrower("database", "sqlite");
        let to = |words: &str| -> Vec<String> {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            aliases
                .of(&words)
                .iter()
                .map(|to| to.words.join(" "))
                .collect()
        };
        assert_eq!(to("iot"), ["internet things"]);
        assert_eq!(to("internet things"), ["iot"]);
        assert_eq!(to("k8s"), ["kubernetes"]);
        assert_eq!(to("kubernetes"), ["k8s", "kube"]);
        assert_eq!(to("database"), ["sqlite"]);
        assert!(to("sqlite").is_empty());
        assert_eq!(to("databases"), ["sqlite"]);
        let words = ["internet", "things", "kube"].map(str::to_owned);
        assert_eq!(aliases.phrase(&words), 2);
        assert_eq!(aliases.phrase(&words[1..]), 1);
        assert!(to("time").is_empty());
        assert_eq!(to("just in time"), ["jit"]);
    }
}
