//! Which sessions have a tag: a bitmap where many do, a sorted list of ranks where few do.
//!
//! A tag that stands in a session `m` times is `m` postings of that session: the first in the tag's own list, the
//! others in lists of *repeats*, so that adding up a tag's lists counts a session's hits as the original does.
//!
//! Invariant: every list ascends and holds a rank once; a bitmap has no bit set in the padding. Building is O(tags)
//! after the order is known, a look-up O(1) without repeats. Of what a file holds nothing is known but that lists and
//! bitmaps do not overlap, so that no query reads more than the file: who reads a list checks every rank.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};

use super::lane::Lane;
use super::order::{LANE_IDS, Order};
use super::session::{Sessions, TagId};
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// A tag at least this frequent (one session in so many) gets a bitmap while there is memory for it: reading the bits
/// is faster than adding postings one by one far below the density at which a list is smaller.
const SPARSEST_BITMAP: usize = 2048;
/// Sessions whose tags are fetched together.
const GATHERED: usize = 64;
/// Bitmaps take at most so many bytes a session.
const MOST_BITMAP_BYTES: usize = 44;
/// The index aims to stay under so many bytes a session and four tags.
const BYTES_OF_FOUR_TAGS: usize = 60;

/// Where one posting list lies: `len` ranks from `start`, or the bitmap of row `start`.
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
    /// Marks a bitmap.
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

/// How many postings every list will hold.
struct Counts {
    first: Vec<u32>,
    /// By (tag, how many times before in the same session), from 1.
    repeats: BTreeMap<(TagId, u32), u32>,
}

/// Tells the first occurrence of a tag in a session from the second and later ones, in O(1) an occurrence.
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

    /// Calls `first` or `again` (with the number of earlier occurrences) for the tags of the `serial`-th session.
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

    /// The number of postings from which on a tag gets a bitmap.
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
            // A bitmap saves the list.
            left = (left + 4 * count as usize).saturating_sub(sessions / 8);
            left > 0 && rows * sessions <= 8 * most
        });
        let rows = rows.count();
        match (frequent[..rows].last(), frequent.get(rows)) {
            // Not all tags of that frequency fit.
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
                // Filled below: `len` counts up to `count`.
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
                // Apart from the loop that posts, so that many sessions are fetched from memory at once.
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

    /// The columns that [`Self::save`] wrote, for sessions in this order. O(tags).
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

    /// Whether lists and bitmaps follow each other in the order of their tags, as [`Self::build`] places them.
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

    /// How many tags there are.
    pub(super) fn tag_count(&self) -> usize {
        self.places.len()
    }

    /// The posting lists of the tags of a query; tags outside the vocabulary have none.
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

    /// Bytes of memory held.
    pub(super) fn nbytes(&self) -> usize {
        self.bitmaps.nbytes() + self.lists.nbytes() + self.places.nbytes() + self.repeats.nbytes()
    }
}
