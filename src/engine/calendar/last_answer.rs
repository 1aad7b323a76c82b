//! Remembers where the last answers of calendar caches came from.

use core::time::Duration;

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSource {
    /// The service, by a load that this answer waited for.
    Fresh,
    /// An entry that is younger than its time to live.
    Hit,
    /// An older entry, which is being refreshed.
    Stale,
    /// An older entry, because the service fails.
    StaleIfError,
    /// The store that several processes share.
    Store,
}

impl AnswerSource {
    /// Returns the name that Python shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::StaleIfError => "stale_if_error",
            Self::Store => "store",
        }
    }
}

/// The last answer of a cache.
#[derive(Debug)]
pub struct LastAnswer<E> {
    /// The number of the cache.
    pub cache: u64,
    /// Where the answer came from.
    pub source: AnswerSource,
    /// How old it was.
    pub age: Duration,
    /// The error of the load, if the answer was stale because of it.
    pub error: Option<E>,
}

/// The number of caches whose last answer is remembered.
const MAX_REMEMBERED: usize = 8;

/// The last answers of some caches.
#[derive(Debug)]
pub struct LastAnswers<E>(Vec<LastAnswer<E>>);

impl<E> LastAnswers<E> {
    /// Remembers nothing yet.
    #[allow(clippy::new_without_default)] // Made in a constant.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Remembers an answer. Returns the one that it replaces, for the caller to drop.
    pub fn remember(&mut self, answer: LastAnswer<E>) -> Option<LastAnswer<E>> {
        let mut known = self.0.iter_mut();
        if let Some(known) = known.find(|last| last.cache == answer.cache) {
            return Some(core::mem::replace(known, answer));
        }
        let oldest = (self.0.len() >= MAX_REMEMBERED).then(|| self.0.remove(0));
        self.0.push(answer);
        oldest
    }

    /// Returns the last answer of a cache, or `None` if it is not remembered.
    pub fn of(&self, cache: u64) -> Option<&LastAnswer<E>> {
        self.0.iter().find(|last| last.cache == cache)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cache: u64, source: AnswerSource) -> LastAnswer<&'static str> {
        LastAnswer {
            cache,
            source,
            age: Duration::ZERO,
            error: None,
        }
    }

    #[test]
    fn the_last_answers_of_eight_caches_are_remembered() {
        let mut answers = LastAnswers::new();
        assert!(answers.remember(answer(0, AnswerSource::Fresh)).is_none());
        let replaced = answers.remember(answer(0, AnswerSource::Hit));
        assert_eq!(replaced.map(|last| last.source), Some(AnswerSource::Fresh));
        for cache in 1..=8 {
            answers.remember(answer(cache, AnswerSource::Stale));
        }
        assert!(answers.of(0).is_none());
        let source = answers.of(8).map(|last| last.source.name());
        assert_eq!(source, Some("stale"));
    }
}
