//! The tags of a catalogue, lowered and numbered in order of first appearance.
//!
//! Invariant: `ends[id]` is the end of the bytes of tag `id` in the arena, and the table holds every id once. Look-up
//! and insertion cost O(1) expected. The memory is the lowered bytes and about 12 bytes for each tag.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::engine::ranking::index::TagId;

/// Lowered tags and their numbers.
#[derive(Debug, Default)]
pub struct Vocabulary {
    arena: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: FixedState,
}

impl Vocabulary {
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
        self.arena.capacity() + 4 * self.ends.capacity() + self.table.allocation_size()
    }

    /// Returns the number of a lowered tag, and adds the tag if it is new. Returns `None` beyond 2³² − 1 bytes of tags.
    #[inline]
    pub fn intern(&mut self, tag: &[u8]) -> Option<TagId> {
        let hash = self.hasher.hash_one(tag);
        let (arena, ends) = (&self.arena, &self.ends);
        if let Some(&id) = self.table.find(hash, |&id| entry(arena, ends, id) == tag) {
            return Some(TagId(id));
        }
        let id = u32::try_from(self.ends.len()).ok()?;
        let end = u32::try_from(self.arena.len() + tag.len()).ok()?;
        self.arena.extend_from_slice(tag);
        self.ends.push(end);
        let (arena, ends, hasher) = (&self.arena, &self.ends, &self.hasher);
        self.table
            .insert_unique(hash, id, |&id| hasher.hash_one(entry(arena, ends, id)));
        Some(TagId(id))
    }

    /// Returns the number of a lowered tag.
    #[inline]
    pub fn get(&self, tag: &[u8]) -> Option<TagId> {
        let hash = self.hasher.hash_one(tag);
        self.table
            .find(hash, |&id| entry(&self.arena, &self.ends, id) == tag)
            .map(|&id| TagId(id))
    }

    /// Returns the bytes of all tags, one after the other, and the end of each.
    pub fn into_parts(self) -> (Vec<u8>, Vec<u32>) {
        (self.arena, self.ends)
    }

    /// Returns the tag with a number, or an empty one for an unknown number.
    pub fn bytes(&self, id: TagId) -> &[u8] {
        entry(&self.arena, &self.ends, id.0)
    }
}

/// Returns the bytes of tag `id`, or none for an unknown number.
#[inline]
fn entry<'a>(arena: &'a [u8], ends: &[u32], id: u32) -> &'a [u8] {
    let id = id as usize;
    let start = id
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .map_or(0, |&end| end as usize);
    let end = ends.get(id).map_or(start, |&end| end as usize);
    arena.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tags_share_a_number() {
        let mut tags = Vocabulary::default();
        assert_eq!(tags.intern(b"rust"), Some(TagId(0)));
        assert_eq!(tags.intern(b""), Some(TagId(1)));
        assert_eq!(tags.intern(b"rust"), Some(TagId(0)));
        assert_eq!(tags.get(b"rust"), Some(TagId(0)));
        assert_eq!(tags.get(b"Rust"), None);
        assert_eq!(tags.get(b""), Some(TagId(1)));
        assert_eq!(tags.len(), 2);
    }

    #[test]
    fn numbers_survive_growth() {
        let mut tags = Vocabulary::default();
        let names: Vec<String> = (0..5000).map(|i| format!("tag {i}")).collect();
        for (id, name) in (0..).zip(&names) {
            assert_eq!(tags.intern(name.as_bytes()), Some(TagId(id)));
        }
        for (id, name) in (0..).zip(&names) {
            assert_eq!(tags.get(name.as_bytes()), Some(TagId(id)));
        }
    }
}
