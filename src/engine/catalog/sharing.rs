//! Shares the places of an answer among interests, or among the values of fields of the sessions.

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::Best;
use crate::engine::ranking::share::{Groups, Leaf};

/// Collects the sessions of a ranking, and chooses some of them.
#[derive(Debug)]
pub struct Sharer {
    groups: Groups,
    by_interest: bool,
    /// For each interest: the number of sessions that count for it.
    counts: Vec<usize>,
    titles: HashSet<Vec<u8>, FixedState>,
    /// The number of each value of a field.
    values: HashMap<Vec<u8>, u32, FixedState>,
    sessions: Vec<Best>,
    /// For each session: the groups that it is in.
    members: Vec<Vec<Leaf>>,
}

/// The sessions that were chosen.
#[derive(Debug)]
pub struct Shared {
    /// The sessions, best first.
    pub chosen: Vec<Best>,
    /// For each interest: the number of sessions that count for it.
    pub counts: Vec<usize>,
    /// For each interest: the number of places that it got.
    pub places: Vec<u32>,
}

impl Sharer {
    /// Makes a sharer for this number of interests. `None` shares the places among the values of fields only.
    pub fn new(interests: Option<usize>) -> Self {
        Self {
            groups: Groups::new(interests.map_or(1, |count| count as u32)),
            by_interest: interests.is_some(),
            counts: vec![0; interests.unwrap_or(0)],
            titles: HashSet::default(),
            values: HashMap::default(),
            sessions: Vec::new(),
            members: Vec::new(),
        }
    }

    /// Returns true if a session with this lowered title came before. A session without a title is always new.
    pub fn knows_title(&mut self, title: Option<Vec<u8>>) -> bool {
        title.is_some_and(|title| !self.titles.insert(title))
    }

    /// Adds the next session of the ranking, with the value of each field and the interests that it counts for.
    pub fn push(&mut self, best: Best, values: Vec<Vec<u8>>, interests: &[u32]) {
        let mut path = vec![0];
        for value in values {
            let next = self.values.len() as u32;
            path.push(*self.values.entry(value).or_insert(next));
        }
        let mut leaf = |interest: u32| {
            if let Some(first) = path.first_mut() {
                *first = interest;
            }
            self.groups.leaf(&path)
        };
        self.members.push(if self.by_interest {
            interests.iter().map(|&interest| leaf(interest)).collect()
        } else {
            vec![leaf(0)]
        });
        for &interest in interests {
            if let Some(count) = self.counts.get_mut(interest as usize) {
                *count += 1;
            }
        }
        self.sessions.push(best);
    }

    /// Deals `most` places, and fills them.
    pub fn choose(mut self, most: usize) -> Shared {
        let chosen = self.groups.choose(&self.members, most).into_iter();
        Shared {
            chosen: chosen
                .filter_map(|number| self.sessions.get(number).copied())
                .collect(),
            places: self.groups.places(),
            counts: self.counts,
        }
    }
}

/// Returns the day of a time in ISO 8601, as text. A time of day is of no day, which is the empty text.
pub fn day_of(mut time: Vec<u8>) -> Vec<u8> {
    let is_dated = time.get(4) == Some(&b'-');
    time.truncate(if is_dated { "2026-01-31".len() } else { 0 });
    time
}

#[cfg(test)]
mod tests {
    use super::day_of;

    #[test]
    fn only_dates_have_a_day() {
        let day = |time: &str| String::from_utf8_lossy(&day_of(time.into())).into_owned();
        assert_eq!(day("2026-05-01T09:00:00+02:00"), "2026-05-01");
        assert_eq!(day("2026-05-01"), "2026-05-01");
        assert_eq!(day("09:00"), "");
    }
}
