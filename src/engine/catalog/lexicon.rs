//! The tags of compiled sessions, lowered, by number and by their bytes; what a [`Vocabulary`] becomes once it is full.
//!
//! Invariant of one that was built: `ends[id]` closes the bytes of tag `id` in the arena, and each tag stands in
//! `slots` (its number plus 1; 0 is free) at or behind the slot of its hash, with no free slot between. At most half of
//! the slots are taken, so a look-up is O(1) expected. Opening is O(1), and any stored numbers are safe to search: at
//! worst every slot is looked at once.

use super::directory::hash;
use super::vocabulary::Vocabulary;
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};
use crate::engine::ranking::session::TagId;

/// Lowered tags and their numbers.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    arena: Column<u8>,
    ends: Column<u32>,
    /// A power of two of them, or none.
    slots: Column<u32>,
}

impl From<Vocabulary> for Lexicon {
    fn from(vocabulary: Vocabulary) -> Self {
        let (arena, ends) = vocabulary.into_parts();
        let mut lexicon = Self {
            arena: arena.into(),
            ends: ends.into(),
            slots: Column::default(),
        };
        let len = lexicon.len();
        let mut slots = vec![
            0_u32;
            if len == 0 {
                0
            } else {
                (2 * len).next_power_of_two()
            }
        ];
        for id in 0..len as u32 {
            let start = home(lexicon.bytes(TagId(id)), slots.len());
            let (before, after) = slots.split_at_mut(start);
            if let Some(free) = after.iter_mut().chain(before).find(|slot| **slot == 0) {
                *free = id + 1;
            }
        }
        lexicon.slots = slots.into();
        lexicon
    }
}

impl Lexicon {
    /// The number of different tags.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The memory it holds, in bytes.
    pub fn nbytes(&self) -> usize {
        self.arena.nbytes() + self.ends.nbytes() + self.slots.nbytes()
    }

    /// The number of a tag, given exactly as it is held (lowered).
    #[inline]
    pub fn get(&self, tag: &[u8]) -> Option<TagId> {
        let (before, after) = self.slots.split_at(home(tag, self.slots.len()));
        let taken = after.iter().chain(before).take_while(|&&slot| slot != 0);
        let mut ids = taken.map(|slot| TagId(slot - 1));
        ids.find(|&id| (id.0 as usize) < self.len() && self.bytes(id) == tag)
    }

    /// The tag with a number; empty for a number that was never given out.
    #[inline]
    pub fn bytes(&self, id: TagId) -> &[u8] {
        let id = id.0 as usize;
        let start = id.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |&end| end as usize);
        let end = self.ends.get(id).map_or(start, |&end| end as usize);
        self.arena.get(start..end).unwrap_or_default()
    }

    /// Writes the columns.
    ///
    /// # Errors
    ///
    /// As [`Writer::column`].
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("arena", &self.arena)?;
        writer.column("ends", &self.ends)?;
        writer.column("slots", &self.slots)
    }

    /// The columns that [`Self::save`] wrote, in O(1).
    ///
    /// # Errors
    ///
    /// As [`Reader::column`], and numbers of tags and of slots that do not fit each other.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        let lexicon = Self {
            arena: reader.column("arena")?,
            ends: reader.column("ends")?,
            slots: reader.column("slots")?,
        };
        let (len, slots) = (lexicon.len(), lexicon.slots.len());
        if slots
            != (if len == 0 {
                0
            } else {
                (2 * len).next_power_of_two()
            })
        {
            return Err(reader.refuse(&format!("{slots} slots for {len} tags")));
        }
        Ok(lexicon)
    }
}

/// Where to look first among so many slots: none, or a power of two.
#[inline]
fn home(tag: &[u8], slots: usize) -> usize {
    hash(tag) as usize & slots.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_what_the_vocabulary_knew() {
        for len in [0_u32, 1, 2, 5, 5000] {
            let mut tags = Vocabulary::default();
            let name = |id: u32| {
                if id == 1 {
                    String::new()
                } else {
                    format!("tag {id}")
                }
            };
            for id in 0..len {
                assert_eq!(tags.intern(name(id).as_bytes()), Some(TagId(id)));
            }
            let built = Lexicon::from(tags);
            let bytes = Writer::to_bytes(|writer| built.save(writer)).expect("names fit");
            let reader = Reader::from_bytes(&bytes).expect("just written");
            for lexicon in [built, Lexicon::open(&reader).expect("just written")] {
                for id in 0..len {
                    assert_eq!(lexicon.get(name(id).as_bytes()), Some(TagId(id)));
                    assert_eq!(lexicon.bytes(TagId(id)), name(id).as_bytes());
                }
                assert_eq!(lexicon.len(), len as usize);
                assert_eq!(lexicon.get(b"another"), None);
                assert_eq!(lexicon.bytes(TagId(len)), b"");
            }
        }
    }
}
