//! Decides which lists are worth compiling, and keeps the compiled values: few, found by the address of their list.
//!
//! A list is compiled at its second recommendation, because compiling costs about four scans and many lists are seen
//! only once. If a compiled value goes stale before it has paid for itself, its list needs twice as many uses the next
//! time. So a caller who changes the list before every call pays for scans only.

/// The number of compiled values that are kept. The longest unused one is removed first.
pub const MAX_COMPILED: usize = 8;
/// The number of uncompiled lists that are remembered, by address only.
const MAX_CANDIDATES: usize = 16;
/// A list is compiled when the uses of it weigh as much as two recommendations.
const FIRST_NEED: u32 = 2 * Use::Recommend as u32;
const MAX_NEED: u32 = 32 * FIRST_NEED;

/// What a list is used for, weighed by the work that a compiled value saves: an explanation reads half of the titles.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    /// One `explain`.
    Explain = 2,
    /// One `recommend`.
    Recommend = 8,
}

#[derive(Debug)]
struct Entry<T> {
    address: usize,
    value: T,
    need: u32,
    served: u32,
    last_use: u64,
}

/// A list without a compiled value. Another list may reuse its address: that costs a compilation, never an answer.
#[derive(Debug)]
struct Candidate {
    address: usize,
    weight: u32,
    need: u32,
}

/// The compiled values of some lists, and the lists that may be compiled next.
#[derive(Debug)]
pub struct CompilePolicy<T> {
    entries: Vec<Entry<T>>,
    candidates: Vec<Candidate>,
    clock: u64,
    hits: u64,
    misses: u64,
}

impl<T> Default for CompilePolicy<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> CompilePolicy<T> {
    /// Creates an empty store.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
            candidates: Vec::new(),
            clock: 0,
            hits: 0,
            misses: 0,
        }
    }

    /// Returns the compiled value of a list and marks it as used now. It may be stale: the caller checks that.
    pub fn find(&mut self, address: usize) -> Option<&T> {
        self.clock += 1;
        let last_use = self.clock;
        let entry = self.entry(address)?;
        entry.last_use = last_use;
        Some(&entry.value)
    }

    fn entry(&mut self, address: usize) -> Option<&mut Entry<T>> {
        self.entries
            .iter_mut()
            .find(|entry| entry.address == address)
    }

    /// Counts that the compiled value of a list was current and answered a call.
    pub fn count_hit(&mut self, address: usize) {
        self.hits += 1;
        if let Some(entry) = self.entry(address) {
            entry.served = entry.served.saturating_add(1);
        }
    }

    /// Counts a use of a list without a current value. Returns the need that is now met if the list is worth compiling.
    pub fn count_miss(&mut self, address: usize, purpose: Use) -> Option<u32> {
        self.misses += 1;
        let is_it = |candidate: &Candidate| candidate.address == address;
        if !self.candidates.iter().any(is_it) {
            self.remember(address, FIRST_NEED);
        }
        let place = self.candidates.iter().position(is_it)?;
        let candidate = self.candidates.get_mut(place)?;
        candidate.weight += purpose as u32;
        (candidate.weight >= candidate.need).then(|| self.candidates.remove(place).need)
    }

    /// Adds a compiled value. Returns the values that had to make room, for the caller to drop.
    pub fn insert(&mut self, address: usize, value: T, need: u32) -> Vec<T> {
        self.clock += 1;
        self.entries.push(Entry {
            address,
            value,
            need,
            served: 0,
            last_use: self.clock,
        });
        let mut removed = Vec::new();
        while self.entries.len() > MAX_COMPILED {
            let oldest = self
                .entries
                .iter()
                .enumerate()
                .min_by_key(|(_, entry)| entry.last_use);
            let Some(place) = oldest.map(|(place, _)| place) else {
                break;
            };
            removed.push(self.entries.swap_remove(place).value);
        }
        removed
    }

    /// Removes and returns a stale value, and remembers its list as a candidate.
    pub fn remove_stale(&mut self, address: usize) -> Option<T> {
        let place = self
            .entries
            .iter()
            .position(|entry| entry.address == address)?;
        let entry = self.entries.swap_remove(place);
        let paid = entry.served >= entry.need;
        let need = if paid {
            FIRST_NEED
        } else {
            (entry.need * 2).min(MAX_NEED)
        };
        self.remember(address, need);
        Some(entry.value)
    }

    /// Remembers a list that cannot be compiled, so that it is not tried again soon.
    pub fn postpone(&mut self, address: usize) {
        self.remember(address, MAX_NEED);
    }

    /// Removes and returns the values that satisfy a condition.
    pub fn remove_where(&mut self, condition: impl Fn(&T) -> bool) -> Vec<T> {
        let removed = self
            .entries
            .extract_if(.., |entry| condition(&entry.value))
            .map(|entry| entry.value);
        removed.collect()
    }

    fn remember(&mut self, address: usize, need: u32) {
        if self.candidates.len() == MAX_CANDIDATES {
            self.candidates.remove(0);
        }
        self.candidates.push(Candidate {
            address,
            weight: 0,
            need,
        });
    }

    /// Returns the compiled values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.value)
    }

    /// Returns how many calls a compiled value answered.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Returns how many calls found no current value.
    pub fn misses(&self) -> u64 {
        self.misses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_compiled_at_its_second_recommendation() {
        let mut policy = CompilePolicy::<&str>::new();
        assert_eq!(policy.count_miss(1, Use::Recommend), None);
        let need = policy.count_miss(1, Use::Recommend);
        assert_eq!(need, Some(FIRST_NEED));
        assert!(policy.insert(1, "compiled", FIRST_NEED).is_empty());
        assert_eq!(policy.find(1), Some(&"compiled"));
        policy.count_hit(1);
        assert_eq!((policy.hits(), policy.misses()), (1, 2));
    }

    #[test]
    fn a_list_that_changes_before_it_has_paid_needs_twice_as_many_uses() {
        let mut policy = CompilePolicy::new();
        policy.insert(1, (), FIRST_NEED);
        assert_eq!(policy.remove_stale(1), Some(()));
        for _ in 0..3 {
            assert_eq!(policy.count_miss(1, Use::Recommend), None);
        }
        assert_eq!(policy.count_miss(1, Use::Recommend), Some(2 * FIRST_NEED));
    }

    #[test]
    fn the_longest_unused_value_makes_room() {
        let mut policy = CompilePolicy::new();
        for address in 0..MAX_COMPILED {
            assert!(policy.insert(address, address, FIRST_NEED).is_empty());
        }
        assert_eq!(policy.find(0), Some(&0));
        assert_eq!(policy.insert(MAX_COMPILED, MAX_COMPILED, FIRST_NEED), [1]);
        assert_eq!(policy.values().count(), MAX_COMPILED);
    }
}
