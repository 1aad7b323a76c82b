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

/// One end of a time slot, which compares as in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotEnd<'a> {
    /// `None`, or no such key.
    None,
    /// A text.
    Ascii(&'a [u8]),
}

impl SlotEnd<'_> {
    /// Returns the bytes of the text.
    pub fn nbytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::Ascii(text) => text.len(),
        }
    }
}

/// Numbers time slots: equal slots have equal numbers.
#[derive(Debug, Default)]
pub struct SlotNumbers(HashMap<Box<[u8]>, u32, FixedState>);

impl SlotNumbers {
    /// Returns how many different slots have numbers.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if no slot has a number.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all numbers.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the number of a slot, or `None` if 32 bits cannot number it.
    pub fn number(&mut self, start: SlotEnd<'_>, end: SlotEnd<'_>) -> Option<u32> {
        let mut written = Vec::new();
        for end in [start, end] {
            match end {
                SlotEnd::None => written.push(0),
                SlotEnd::Ascii(text) => {
                    written.push(1);
                    written.extend_from_slice(&text.len().to_le_bytes());
                    written.extend_from_slice(text);
                }
            }
        }
        let next = u32::try_from(self.0.len()).ok()?;
        Some(*self.0.entry(written.into()).or_insert(next))
    }
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

    #[test]
    fn equal_slots_have_equal_numbers() {
        let mut numbers = SlotNumbers::default();
        let mut number = |start, end| numbers.number(start, end);
        let (nine, ten) = (SlotEnd::Ascii(b"09:00"), SlotEnd::Ascii(b"10:00"));
        assert_eq!(number(nine, ten), Some(0));
        assert_eq!(number(nine, SlotEnd::None), Some(1));
        assert_eq!(number(SlotEnd::None, nine), Some(2));
        assert_eq!(number(nine, ten), Some(0));
        assert_eq!(numbers.len(), 3);
    }
}
