//! The order in which an index keeps its sessions, and what it must remember to undo it.
//!
//! Sessions are put into segments by their number of tags (most first), and inside a segment by popularity descending,
//! input position ascending. A session with few tags cannot have many hits, so a segment bounds the hits of its
//! sessions, and its next session bounds the popularity of all that follow: together the bound that ends a query.
//! A session's place in this order is its *rank*.
//!
//! Invariant: segments start at a multiple of [`LANE_IDS`]; the ranks between the end of one and the start of the next
//! are padding, hold no posting and belong to no segment. Building costs O(n log n).

use super::score::Number;
use super::session::Sessions;

/// Ranks that one [`Lane`](super::lane::Lane) of a bitmap covers.
pub const LANE_IDS: usize = 512;

/// Segments below this size cost a query more than their bound saves (bench `top_k`, 10,000 sessions).
const SMALLEST_SEGMENT: usize = 4096;
/// No segment but the last holds less than this part of the catalogue, so that there are at most so many.
const MOST_SEGMENTS: usize = 24;
/// Sessions with this many tags or more are not told apart.
const TAG_CLASSES: usize = 64;

/// A run of ranks in descending popularity.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// The first rank.
    pub start: usize,
    /// One past the last rank.
    pub end: usize,
    /// No session of the segment has more tags.
    pub most_tags: u32,
}

/// Which popularities were ints.
#[derive(Debug)]
enum Kinds {
    AllFloat,
    AllInt,
    /// Bit `rank % 64` of word `rank / 64` is set for an int.
    Mixed(Box<[u64]>),
}

/// Sessions by rank.
#[derive(Debug)]
pub struct Order {
    len: usize,
    segments: Vec<Segment>,
    /// By rank; 0 in the padding.
    positions: Box<[u32]>,
    /// By rank; 0 in the padding.
    popularity: Box<[f64]>,
    kinds: Kinds,
    /// NaN if one is.
    largest: f64,
}

impl Order {
    /// Ranks the sessions.
    pub fn build(sessions: &Sessions<'_>) -> Self {
        let len = sessions.len();
        let (class_of, counts, most) = classes(sessions);
        let mut segments = Vec::with_capacity(counts.len());
        let mut start = 0;
        for (&count, &most_tags) in counts.iter().zip(&most) {
            segments.push(Segment {
                start,
                end: start + count,
                most_tags,
            });
            start = (start + count).next_multiple_of(LANE_IDS);
        }
        let padded = start;

        let mut keys = vec![(0_u64, 0_u32); padded];
        let mut next: Vec<usize> = segments.iter().map(|segment| segment.start).collect();
        let mut largest = 0.0_f64;
        let mut ints = 0;
        for ((position, popularity), pair) in
            (0_u32..).zip(sessions.popularity).zip(sessions.offsets.windows(2))
        {
            let tags = pair[1] - pair[0];
            let slot = &mut next[class_of[(tags as usize).min(TAG_CLASSES - 1)]];
            let value = popularity.as_f64();
            // `f64::max` would drop a NaN.
            if !(value.abs() <= largest || largest.is_nan()) {
                largest = value.abs();
            }
            ints += usize::from(matches!(popularity, Number::Int(_)));
            keys[*slot] = (descending(value), position);
            *slot += 1;
        }
        for segment in &segments {
            keys[segment.start..segment.end].sort_unstable();
        }
        let positions: Box<[u32]> = keys.iter().map(|&(_, position)| position).collect();
        drop(keys);

        let mut popularity = vec![0.0; padded].into_boxed_slice();
        let mut bits = vec![0_u64; if ints == 0 || ints == len { 0 } else { padded / 64 }];
        for segment in &segments {
            for rank in segment.start..segment.end {
                let value = sessions.popularity[positions[rank] as usize];
                popularity[rank] = value.as_f64();
                if let (Number::Int(_), Some(word)) = (value, bits.get_mut(rank / 64)) {
                    *word |= 1 << (rank % 64);
                }
            }
        }
        let kinds = match ints {
            0 => Kinds::AllFloat,
            _ if ints == len => Kinds::AllInt,
            _ => Kinds::Mixed(bits.into_boxed_slice()),
        };
        Self {
            len,
            segments,
            positions,
            popularity,
            kinds,
            largest,
        }
    }

    /// How many sessions are ranked.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many ranks there are, padding included; a multiple of [`LANE_IDS`].
    pub fn ranks(&self) -> usize {
        self.positions.len()
    }

    /// The segments, those with the most tags first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Input positions by rank.
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }

    /// Popularities by rank, as floats.
    pub fn popularity(&self) -> &[f64] {
        &self.popularity
    }

    /// The largest absolute popularity; NaN if some popularity is.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// Whether some popularity is an int, and whether some is a float.
    pub fn has_kinds(&self) -> (bool, bool) {
        match self.kinds {
            Kinds::AllFloat => (false, true),
            Kinds::AllInt => (true, false),
            Kinds::Mixed(_) => (true, true),
        }
    }

    /// The popularity at a rank with its type. An int beyond 2⁵³ comes back rounded: see [`Number::as_f64`].
    #[inline]
    pub fn number(&self, rank: usize) -> Number {
        let value = self.popularity[rank];
        let is_int = match &self.kinds {
            Kinds::AllFloat => false,
            Kinds::AllInt => true,
            Kinds::Mixed(bits) => bits[rank / 64] >> (rank % 64) & 1 == 1,
        };
        if is_int {
            Number::Int(value as i64)
        } else {
            Number::Float(value)
        }
    }

    /// Bytes of memory held.
    pub fn nbytes(&self) -> usize {
        let bits = match &self.kinds {
            Kinds::Mixed(bits) => size_of_val(&**bits),
            _ => 0,
        };
        size_of_val(&*self.positions)
            + size_of_val(&*self.popularity)
            + size_of_val(&*self.segments)
            + bits
    }
}

/// A key that ascends while the popularity descends; `-0.0` and `0.0` share one.
fn descending(popularity: f64) -> u64 {
    let bits = (popularity + 0.0).to_bits();
    if bits >> 63 == 1 { bits } else { !bits ^ (1 << 63) }
}

/// The segment of every tag count, the size of every segment and its largest tag count.
fn classes(sessions: &Sessions<'_>) -> ([usize; TAG_CLASSES], Vec<usize>, Vec<u32>) {
    let mut sizes = [0_usize; TAG_CLASSES];
    let mut largest = [0_u32; TAG_CLASSES];
    for pair in sessions.offsets.windows(2) {
        let tags = pair[1] - pair[0];
        let class = (tags as usize).min(TAG_CLASSES - 1);
        sizes[class] += 1;
        largest[class] = largest[class].max(tags);
    }
    let enough = SMALLEST_SEGMENT.max(sessions.len() / MOST_SEGMENTS);
    let mut class_of = [0; TAG_CLASSES];
    let (mut counts, mut most) = (vec![0], vec![0_u32]);
    let mut left = sessions.len();
    for class in (0..TAG_CLASSES).rev() {
        let open = counts.len() - 1;
        if counts[open] >= enough && left >= enough {
            counts.push(0);
            most.push(0);
        }
        let open = counts.len() - 1;
        class_of[class] = open;
        counts[open] += sizes[class];
        most[open] = most[open].max(largest[class]);
        left -= sizes[class];
    }
    (class_of, counts, most)
}
