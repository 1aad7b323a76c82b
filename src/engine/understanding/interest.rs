//! What an interest asks for: groups of words, of which each has alternatives.

use super::encoding::WordId;
use super::lexicon::Level;
use super::points::Tier;

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
    /// What says another level: a session whose tags, title or track say only that is not preferred.
    pub(super) other_levels: Vec<Alternative>,
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
