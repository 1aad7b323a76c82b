//! The posting lists: which sessions have a tag. A frequent tag has a bitmap, a rare one has a sorted list of ranks.
//!
//! A tag that a session has `m` times makes `m` postings of that session. The first is in the tag's own list, and the
//! others are in lists of *repeats*. So the sum over all lists of a tag counts the hits as the original does.
//!
//! Invariant: every list ascends and holds a rank once, and a bitmap has no bit set in the padding. Building costs
//! O(tags) once the order is known. A look-up costs O(1) without repeats. Opening a file checks that lists and bitmaps
//! do not overlap, so that no query reads more than the file holds. It checks no ranks: the reader of a list does.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};

use super::lane::Lane;
use super::order::{LANE_IDS, Order};
use super::session::{Sessions, TagId};
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// A tag that at least one session in 2,048 has gets a bitmap, as long as there is memory for it. Reading the bits is
/// faster than adding postings one by one, also at densities where a list is much smaller.
const SPARSEST_BITMAP: usize = 2048;
/// The number of sessions whose tags are fetched together.
const GATHERED: usize = 64;
/// The largest memory of bitmaps, in bytes for each session.
const MOST_BITMAP_BYTES: usize = 44;
/// The memory that the index should not exceed, in bytes for each session with four tags.
const BYTES_OF_FOUR_TAGS: usize = 60;

/// The place of one posting list: `len` ranks from `start`, or the bitmap of row `start`.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
struct Place {
    start: u32,
    len: u32,
}

/// The second or a later list of a tag.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Repeat {
    tag: TagId,
    place: Place,
}

impl Place {
    /// The value of `len` that marks a bitmap.
    const ROW: u32 = u32::MAX;
}

/// The posting lists of a query, by kind.
#[derive(Debug, Default)]
pub(super) struct Matched<'a> {
    /// Bitmaps over all ranks.
    pub(super) rows: Vec<&'a [Lane]>,
    /// Sorted ranks.
    pub(super) lists: Vec<&'a [u32]>,
}

impl Matched<'_> {
    /// Returns the hits of one rank. O(rows + lists · log postings).
    pub(super) fn hits(&self, rank: usize) -> u32 {
        let has_bit = |row: &&&[Lane]| {
            let lane = row.get(rank / LANE_IDS);
            lane.is_some_and(|lane| lane.0[rank / 64 % 8] >> (rank % 64) & 1 == 1)
        };
        let holds = |list: &&&[u32]| list.binary_search(&(rank as u32)).is_ok();
        let hits = self.rows.iter().filter(has_bit).count();
        (hits + self.lists.iter().filter(holds).count()) as u32
    }
}

/// The posting lists of all tags.
#[derive(Debug)]
pub(super) struct Postings {
    lanes: usize,
    bitmaps: Column<Lane>,
    lists: Column<u32>,
    places: Column<Place>,
    /// Sorted by tag.
    repeats: Column<Repeat>,
}

/// The number of postings that each list will hold.
struct Counts {
    first: Vec<u32>,
    /// By (tag, number of earlier occurrences in the same session, from 1).
    repeats: BTreeMap<(TagId, u32), u32>,
}

/// Distinguishes the first occurrence of a tag in a session from later ones, in O(1) for each occurrence.
struct Occurrences {
    last: Vec<u32>,
    repeated: BTreeMap<TagId, u32>,
}

impl Occurrences {
    fn new(tag_count: usize) -> Self {
        Self {
            last: vec![u32::MAX; tag_count],
            repeated: BTreeMap::new(),
        }
    }

    /// Calls `first` for each new tag of the `serial`-th session, and `again` with the number of earlier occurrences.
    #[inline]
    fn visit(
        &mut self,
        serial: u32,
        tags: &[TagId],
        mut first: impl FnMut(TagId),
        mut again: impl FnMut(TagId, u32),
    ) {
        for &tag in tags {
            let last = &mut self.last[tag.0 as usize];
            if *last == serial {
                let times = self.repeated.entry(tag).or_default();
                *times += 1;
                again(tag, *times);
            } else {
                *last = serial;
                first(tag);
            }
        }
        if !self.repeated.is_empty() {
            self.repeated.clear();
        }
    }
}

impl Counts {
    fn of(sessions: &Sessions<'_>, tag_count: usize) -> Self {
        let mut first = vec![0; tag_count];
        let mut repeats = BTreeMap::new();
        let mut occurrences = Occurrences::new(tag_count);
        for position in 0..sessions.len() as u32 {
            occurrences.visit(
                position,
                sessions.tags_of(position),
                |tag| first[tag.0 as usize] += 1,
                |tag, times| *repeats.entry((tag, times)).or_default() += 1,
            );
        }
        Self { first, repeats }
    }

    /// Returns the smallest number of postings with which a tag gets a bitmap.
    fn bitmap_from(&self, sessions: usize) -> u32 {
        let mut frequent: Vec<u32> = self.first.clone();
        let sparsest = (sessions / SPARSEST_BITMAP).max(8) as u32;
        frequent.retain(|&count| count >= sparsest);
        frequent.sort_unstable_by(|a, b| b.cmp(a));
        let postings: usize = self.first.iter().map(|&count| count as usize).sum();
        let quarter = (BYTES_OF_FOUR_TAGS * postings / 4).max(BYTES_OF_FOUR_TAGS * sessions);
        let used = 12 * sessions + 4 * postings + 8 * self.first.len();
        let most = MOST_BITMAP_BYTES * sessions;
        let mut left = quarter.saturating_sub(used).clamp(8 * sessions, most);
        let rows = (1..).zip(&frequent).take_while(|&(rows, &count)| {
            // With a bitmap there is no list.
            left = (left + 4 * count as usize).saturating_sub(sessions / 8);
            left > 0 && rows * sessions <= 8 * most
        });
        let rows = rows.count();
        match (frequent[..rows].last(), frequent.get(rows)) {
            // There is no memory for all tags of that frequency.
            (Some(last), Some(next)) if last == next => last + 1,
            (Some(&last), _) => last,
            (None, _) => u32::MAX,
        }
    }
}

impl Postings {
    /// Lists the postings of every tag by rank.
    pub(super) fn build(sessions: &Sessions<'_>, order: &Order, tag_count: usize) -> Self {
        let counts = Counts::of(sessions, tag_count);
        let bitmap_from = counts.bitmap_from(sessions.len());
        let lanes = order.ranks() / LANE_IDS;

        let (mut rows, mut listed) = (0_u32, 0_u32);
        let mut place = |count: u32| {
            if count >= bitmap_from {
                rows += 1;
                Place {
                    start: rows - 1,
                    len: Place::ROW,
                }
            } else {
                listed += count;
                // The list is filled below, and `len` grows to `count`.
                Place {
                    start: listed - count,
                    len: 0,
                }
            }
        };
        let mut places: Vec<Place> = counts.first.iter().map(|&count| place(count)).collect();
        let mut repeats: BTreeMap<(TagId, u32), Place> = counts
            .repeats
            .iter()
            .map(|(&key, &count)| (key, place(count)))
            .collect();

        let mut bitmaps = vec![Lane::ZERO; rows as usize * lanes];
        let mut lists = vec![0_u32; listed as usize];
        let mut post = |place: &mut Place, rank: usize| {
            if place.len == Place::ROW {
                let lane = &mut bitmaps[place.start as usize * lanes + rank / LANE_IDS];
                lane.0[rank / 64 % 8] |= 1 << (rank % 64);
            } else {
                lists[(place.start + place.len) as usize] = rank as u32;
                place.len += 1;
            }
        };
        let mut occurrences = Occurrences::new(tag_count);
        let mut again = Vec::new();
        let mut gathered = Vec::with_capacity(GATHERED);
        for segment in order.segments() {
            for start in (segment.start..segment.end).step_by(GATHERED) {
                let end = segment.end.min(start + GATHERED);
                // A loop of its own, so that the processor fetches many sessions from memory at the same time.
                gathered.clear();
                let positions = &order.positions()[start..end];
                gathered.extend(positions.iter().map(|&position| sessions.tags_of(position)));
                for (rank, tags) in (start..end).zip(&gathered) {
                    occurrences.visit(
                        rank as u32,
                        tags,
                        |tag| post(&mut places[tag.0 as usize], rank),
                        |tag, times| again.push((tag, times)),
                    );
                    for key in again.drain(..) {
                        if let Some(place) = repeats.get_mut(&key) {
                            post(place, rank);
                        }
                    }
                }
            }
        }
        Self {
            lanes,
            bitmaps: bitmaps.into(),
            lists: lists.into(),
            places: places.into(),
            repeats: repeats
                .into_iter()
                .map(|((tag, _), place)| Repeat { tag, place })
                .collect(),
        }
    }

    /// Writes the columns.
    pub(super) fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("bitmaps", &self.bitmaps)?;
        writer.column("lists", &self.lists)?;
        writer.column("places", &self.places)?;
        writer.column("repeats", &self.repeats)
    }

    /// Opens the columns that [`Self::save`] wrote, for sessions in this order. Costs O(tags).
    pub(super) fn open(reader: &Reader, order: &Order) -> Result<Self, Error> {
        let postings = Self {
            lanes: order.ranks() / LANE_IDS,
            bitmaps: reader.column("bitmaps")?,
            lists: reader.column("lists")?,
            places: reader.column("places")?,
            repeats: reader.column("repeats")?,
        };
        if !postings.fills() {
            return Err(reader.refuse("its posting lists contradict each other"));
        }
        Ok(postings)
    }

    /// Returns true if lists and bitmaps follow each other in the order of their tags, as [`Self::build`] places them.
    fn fills(&self) -> bool {
        let (mut rows, mut listed) = (0_u64, 0_u64);
        let repeats = self.repeats.iter().map(|repeat| &repeat.place);
        let in_order = self.places.iter().chain(repeats).all(|place| {
            let (end, len) = match place.len {
                Place::ROW => (&mut rows, 1),
                len => (&mut listed, u64::from(len)),
            };
            *end += len;
            u64::from(place.start) + len == *end
        });
        in_order
            && rows * self.lanes as u64 == self.bitmaps.len() as u64
            && listed == self.lists.len() as u64
            && self.repeats.is_sorted_by_key(|repeat| repeat.tag)
    }

    /// Returns the number of tags.
    pub(super) fn tag_count(&self) -> usize {
        self.places.len()
    }

    /// Returns the posting lists of the tags of a query. Tags outside the vocabulary have none.
    pub(super) fn matched(&self, query: &[TagId]) -> Matched<'_> {
        let mut matched = Matched {
            rows: Vec::with_capacity(query.len()),
            lists: Vec::new(),
        };
        for &tag in query {
            if let Some(&place) = self.places.get(tag.0 as usize) {
                self.push(place, &mut matched);
            }
            if !self.repeats.is_empty() {
                let from = self.repeats.partition_point(|repeat| repeat.tag < tag);
                let all = self.repeats.get(from..).unwrap_or_default().iter();
                for repeat in all.take_while(|repeat| repeat.tag == tag) {
                    self.push(repeat.place, &mut matched);
                }
            }
        }
        matched
    }

    fn push<'a>(&'a self, place: Place, matched: &mut Matched<'a>) {
        let start = place.start as usize;
        if place.len == Place::ROW {
            let row = start * self.lanes;
            matched.rows.extend(self.bitmaps.get(row..row + self.lanes));
        } else if place.len > 0 {
            let end = start + place.len as usize;
            matched.lists.extend(self.lists.get(start..end));
        }
    }

    /// Returns the memory used, in bytes.
    pub(super) fn nbytes(&self) -> usize {
        self.bitmaps.nbytes() + self.lists.nbytes() + self.places.nbytes() + self.repeats.nbytes()
    }
}
