//! The lowered tags of compiled sessions, by number and by their bytes. A complete [`Vocabulary`] is turned into this.
//!
//! Invariant of a lexicon that was built: `ends[id]` is the end of the bytes of tag `id` in the arena. `slots` is a
//! hash table with open addressing: it holds the number of each tag plus 1, and 0 for a free slot. At most half of the
//! slots are used, so a look-up costs O(1) expected. Opening costs O(1), and any stored numbers are safe to search: in
//! the worst case, every slot is read once.

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
    /// The number of slots is a power of two, or 0.
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
    /// Returns the number of different tags.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if there are no tags.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the memory used, in bytes.
    pub fn nbytes(&self) -> usize {
        self.arena.nbytes() + self.ends.nbytes() + self.slots.nbytes()
    }

    /// Returns the number of a lowered tag.
    #[inline]
    pub fn get(&self, tag: &[u8]) -> Option<TagId> {
        let (before, after) = self.slots.split_at(home(tag, self.slots.len()));
        let taken = after.iter().chain(before).take_while(|&&slot| slot != 0);
        let mut ids = taken.map(|slot| TagId(slot - 1));
        ids.find(|&id| (id.0 as usize) < self.len() && self.bytes(id) == tag)
    }

    /// Returns the tag with a number, or an empty one for an unknown number.
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
    /// Fails as [`Writer::column`] does.
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("arena", &self.arena)?;
        writer.column("ends", &self.ends)?;
        writer.column("slots", &self.slots)
    }

    /// Opens the columns that [`Self::save`] wrote, in O(1).
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does, and if the number of slots does not fit the number of tags.
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

/// Returns the slot at which a search for a hash begins. The number of slots is a power of two, or 0.
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
