//! Counts the time slots that more than one session has.

use core::hash::Hash;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Returns the number of different slots that occur more than once. Three sessions in one slot are one conflict.
///
/// Costs O(n) expected. A few slots are compared pairwise instead, which needs no allocation.
pub fn count_conflicts<S: Eq + Hash>(slots: &[S]) -> usize {
    const PAIRWISE: usize = 16;
    if slots.len() <= PAIRWISE {
        let repeats = slots.iter().enumerate().filter(|(position, slot)| {
            let (before, after) = slots.split_at(*position);
            !before.contains(slot) && after.iter().skip(1).any(|other| other == *slot)
        });
        return repeats.count();
    }
    let mut uses: HashMap<&S, u32, FixedState> = HashMap::default();
    for slot in slots {
        *uses.entry(slot).or_default() += 1;
    }
    uses.values().filter(|&&count| count > 1).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_counted_once_however_often_they_are_shared() {
        assert_eq!(count_conflicts::<u8>(&[]), 0);
        assert_eq!(count_conflicts(&[1, 2, 3]), 0);
        assert_eq!(count_conflicts(&[1, 1, 1, 2, 3, 3]), 2);
    }

    #[test]
    fn many_slots_count_as_few_do() {
        for n in 0..60 {
            let slots: Vec<u32> = (0..n).map(|i| i * i % 23).collect();
            let expected = (0..23)
                .filter(|slot| slots.iter().filter(|other| *other == slot).count() > 1)
                .count();
            assert_eq!(count_conflicts(&slots), expected);
        }
    }
}
