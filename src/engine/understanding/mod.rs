//! Understands interests as people type them.
//!
//! | module | purpose |
//! |---|---|
//! | [`words`], `splitter`, `fold`, `lexicon` | split texts into folded words; the fixed lists of function words and levels |
//! | `form`, [`alias`], `distance` | other words that an interest may mean |
//! | `piece`, `builder`, [`sorted`], `encoding`, `dictionary`, `word_filter`, [`index`] | the words of compiled sessions and the sessions that hold each |
//! | [`interest`] | what an interest asks for: groups of words that mean the same |
//! | `resolver`, `runs`, `guess` | read an interest |
//! | [`texts`] | the words of all parts of a catalogue |
//! | [`matching`], [`terms`] | the sessions that match, and the points of each; the terms of one session's points |
//! | [`points`] | the arithmetic, which is in whole numbers |
//!
//! An interest is looked up in the words of all parts of a catalogue together ([`Texts`]), so the answer does not depend
//! on how the catalogue was put together. The time is O(the interest's words times their forms and aliases), plus the
//! postings of the words found. A misspelt word also costs a walk over the near part of the vocabulary.

pub mod alias;
mod builder;
mod dictionary;
mod distance;
mod encoding;
mod fold;
mod form;
mod guess;
pub mod index;
pub mod interest;
mod lexicon;
pub mod matching;
mod piece;
pub mod points;
mod resolver;
mod runs;
pub mod sorted;
mod splitter;
pub mod terms;
pub mod texts;
mod word_filter;
pub mod words;

pub use alias::Aliases;
pub use builder::TextBuilder;
pub use index::TextIndex;
pub use interest::{How, Interest};
pub use lexicon::Level;
pub use matching::Matches;
pub use piece::Piece;
pub use points::{Field, Fields, POINT, matched};
pub use terms::Term;
pub use texts::Texts;

#[cfg(test)]
mod tests;
