//! Orders the sessions of an index, and maps each rank of that order back to its position in the input.
//!
//! Sessions are put into segments by their number of tags (most first). Inside a segment they are sorted by popularity
//! descending, then by input position. A session with few tags cannot have many hits, so a segment limits the hits of
//! its sessions. The popularity of the next session limits that of all later ones. A query ends when both limits
//! together allow no better score. A session's place in this order is its *rank*.
//!
//! Invariant: segments start at a multiple of [`LANE_IDS`]. The ranks between the end of one segment and the start of
//! the next are padding: they have no posting and belong to no segment. Building costs O(n), see [`radix`]. Opening a
//! saved order costs O(segments). It checks the segments and the lengths of the columns, so that every rank of a
//! segment is in every column. It does not check the values in the columns.

use std::sync::OnceLock;

use super::radix::{self, Packing, descending};
use super::score::Number;
use super::session::Sessions;
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// Ranks that one [`Lane`](super::lane::Lane) of a bitmap covers.
pub(super) const LANE_IDS: usize = 512;

/// Segments below this size cost a query more than their bound saves (bench `top_k`, 10,000 sessions).
const SMALLEST_SEGMENT: usize = 4096;
/// The largest number of segments. Every segment but the last holds at least this fraction of the catalogue.
const MOST_SEGMENTS: usize = 24;
/// Sessions with this number of tags or more are treated alike.
const TAG_CLASSES: usize = 64;

/// A run of ranks in descending popularity.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankSegment {
    /// The first rank.
    pub(super) start: usize,
    /// One past the last rank.
    pub(super) end: usize,
    /// The largest number of tags of a session of the segment.
    pub(super) most_tags: u32,
}

impl RankSegment {
    /// Returns true if the segment has no session.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// Says which popularities were ints.
#[derive(Debug)]
enum Kinds {
    AllFloat,
    AllInt,
    /// Bit `rank % 64` of word `rank / 64` is set for an int.
    Mixed(Column<u64>),
}

impl Kinds {
    /// Returns the number that stands for this value in a file.
    fn number(&self) -> u64 {
        match self {
            Self::AllFloat => 0,
            Self::AllInt => 1,
            Self::Mixed(_) => 2,
        }
    }
}

/// Sessions by rank.
#[derive(Debug)]
pub(super) struct Order {
    len: usize,
    segments: Vec<RankSegment>,
    /// By rank; 0 in the padding.
    positions: Column<u32>,
    /// By rank; 0 in the padding.
    popularity: Column<f64>,
    kinds: Kinds,
    /// The largest absolute popularity; NaN if some popularity is NaN.
    largest: f64,
    /// The smallest input position of each lane, found when it is first needed.
    first_positions: OnceLock<Box<[u32]>>,
}

impl Order {
    /// Ranks the sessions.
    pub(super) fn build(sessions: &Sessions<'_>) -> Self {
        let len = sessions.len();
        let (class_of, counts, most) = classes(sessions);
        let mut segments = Vec::with_capacity(counts.len());
        let mut start = 0;
        for (&count, &most_tags) in counts.iter().zip(&most) {
            segments.push(RankSegment {
                start,
                end: start + count,
                most_tags,
            });
            start = (start + count).next_multiple_of(LANE_IDS);
        }
        let padded = start;

        let survey = Survey::of(sessions.popularity);
        let packing = Packing::new(survey.low, survey.high);
        let mut packed = vec![0_u64; padded];
        let mut next: Vec<usize> = segments.iter().map(|segment| segment.start).collect();
        for ((position, popularity), pair) in (0_u32..)
            .zip(sessions.popularity)
            .zip(sessions.offsets.windows(2))
        {
            let tags = (pair[1] - pair[0]) as usize;
            let slot = &mut next[class_of[tags.min(TAG_CLASSES - 1)]];
            packed[*slot] = packing.pack(descending(popularity.as_f64()), position);
            *slot += 1;
        }
        let mut spare = vec![0_u64; padded];
        for segment in &segments {
            let ranks = segment.start..segment.end;
            radix::sort(&mut packed[ranks.clone()], &mut spare[ranks]);
        }
        drop(spare);

        let mut popularity = vec![0.0; padded];
        for segment in &segments {
            let ranks = segment.start..segment.end;
            for (value, &key) in popularity[ranks.clone()]
                .iter_mut()
                .zip(&packed[ranks.clone()])
            {
                *value = sessions.popularity[key as u32 as usize].as_f64();
            }
            if !packing.is_exact() {
                settle(&mut packed[ranks.clone()], &mut popularity[ranks]);
            }
        }
        let positions: Column<u32> = packed.iter().map(|&key| key as u32).collect();
        drop(packed);

        let kinds = match survey.ints {
            0 => Kinds::AllFloat,
            ints if ints == len => Kinds::AllInt,
            _ => Kinds::Mixed(int_bits(sessions, &segments, &positions)),
        };
        Self {
            len,
            segments,
            positions,
            popularity: popularity.into(),
            kinds,
            largest: survey.largest,
            first_positions: OnceLock::new(),
        }
    }

    /// Writes the columns.
    pub(super) fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        let rows = self.segments.iter().map(|segment| {
            let most_tags = u64::from(segment.most_tags);
            [segment.start as u64, segment.end as u64, most_tags]
        });
        writer.column("segments", &rows.collect::<Vec<[u64; 3]>>())?;
        writer.column("positions", &self.positions)?;
        writer.column("popularity", &self.popularity)?;
        writer.value("largest", self.largest)?;
        writer.value("kinds", self.kinds.number())?;
        match &self.kinds {
            Kinds::Mixed(bits) => writer.column("ints", bits),
            _ => Ok(()),
        }
    }

    /// Opens the columns that [`Self::save`] wrote.
    pub(super) fn open(reader: &Reader) -> Result<Self, Error> {
        let (positions, popularity) = (reader.column("positions")?, reader.column("popularity")?);
        let ranks = positions.len();
        let kinds = match reader.value("kinds")? {
            0_u64 => Kinds::AllFloat,
            1 => Kinds::AllInt,
            _ => Kinds::Mixed(reader.column("ints")?),
        };
        let has_ints = |bits: &Column<u64>| bits.len() == ranks / 64;
        let fits = popularity.len() == ranks
            && ranks <= Sessions::LIMIT + (1 << 16)
            && !matches!(&kinds, Kinds::Mixed(bits) if !has_ints(bits));
        let segments = if fits {
            stored_segments(&reader.column("segments")?, ranks)
        } else {
            None
        };
        let Some(segments) = segments else {
            return Err(reader.refuse("the order of its sessions contradicts itself"));
        };
        Ok(Self {
            len: segments
                .iter()
                .map(|segment| segment.end - segment.start)
                .sum(),
            segments,
            positions,
            popularity,
            kinds,
            largest: reader.value("largest")?,
            first_positions: OnceLock::new(),
        })
    }

    /// Returns the number of sessions.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns the number of ranks, including the padding. It is a multiple of [`LANE_IDS`].
    pub(super) fn ranks(&self) -> usize {
        self.positions.len()
    }

    /// Returns the segments, those with the most tags first.
    pub(super) fn segments(&self) -> &[RankSegment] {
        &self.segments
    }

    /// Returns the input positions by rank.
    pub(super) fn positions(&self) -> &[u32] {
        &self.positions
    }

    /// Returns the smallest input position of each lane.
    ///
    /// They are found by the first query that needs them, so that a file opens without reading its columns.
    pub(super) fn first_positions(&self) -> &[u32] {
        self.first_positions.get_or_init(|| {
            let mut first = vec![u32::MAX; self.ranks() / LANE_IDS];
            for segment in &self.segments {
                let positions = self.positions[segment.start..segment.end].chunks(LANE_IDS);
                let lanes = first.iter_mut().skip(segment.start / LANE_IDS);
                for (first, positions) in lanes.zip(positions) {
                    *first = positions.iter().copied().min().unwrap_or(u32::MAX);
                }
            }
            first.into()
        })
    }

    /// Popularities by rank, as floats.
    pub(super) fn popularity(&self) -> &[f64] {
        &self.popularity
    }

    /// Returns the largest absolute popularity; NaN if some popularity is NaN.
    pub(super) fn largest(&self) -> f64 {
        self.largest
    }

    /// Returns whether some popularity is an int, and whether some popularity is a float.
    pub(super) fn has_kinds(&self) -> (bool, bool) {
        match self.kinds {
            Kinds::AllFloat => (false, true),
            Kinds::AllInt => (true, false),
            Kinds::Mixed(_) => (true, true),
        }
    }

    /// Returns the popularity at a rank with its type. An int beyond 2⁵³ is returned rounded: see [`Number::as_f64`].
    #[inline]
    pub(super) fn number(&self, rank: usize) -> Number {
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

    /// Returns the memory used, in bytes.
    pub(super) fn nbytes(&self) -> usize {
        let bits = match &self.kinds {
            Kinds::Mixed(bits) => bits.nbytes(),
            _ => 0,
        };
        let first_positions = self
            .first_positions
            .get()
            .map_or(0, |first| size_of_val(&**first));
        let columns = self.positions.nbytes() + self.popularity.nbytes() + bits + first_positions;
        columns + size_of_val(&*self.segments)
    }
}

/// Reads the segments of a file. Returns `None` unless they are laid out as in [`Order::build`] and fill all ranks.
fn stored_segments(rows: &[[u64; 3]], ranks: usize) -> Option<Vec<RankSegment>> {
    let mut free = 0;
    let mut segments = Vec::with_capacity(rows.len().min(TAG_CLASSES));
    for &[start, end, most_tags] in rows {
        let segment = RankSegment {
            start: usize::try_from(start).ok()?,
            end: usize::try_from(end).ok()?,
            most_tags: u32::try_from(most_tags).ok()?,
        };
        if segment.start != free || segment.end < free || segments.len() == TAG_CLASSES {
            return None;
        }
        free = segment.end.checked_next_multiple_of(LANE_IDS)?;
        segments.push(segment);
    }
    (free == ranks && !segments.is_empty()).then_some(segments)
}

/// What one pass over all popularities finds.
struct Survey {
    low: u64,
    high: u64,
    ints: usize,
    largest: f64,
}

impl Survey {
    fn of(popularity: &[Number]) -> Self {
        let mut survey = Self {
            low: u64::MAX,
            high: 0,
            ints: 0,
            largest: 0.0,
        };
        for number in popularity {
            let value = number.as_f64();
            let key = descending(value);
            survey.low = survey.low.min(key);
            survey.high = survey.high.max(key);
            survey.ints += usize::from(matches!(number, Number::Int(_)));
            // `f64::max` would drop a NaN.
            if !(value.abs() <= survey.largest || survey.largest.is_nan()) {
                survey.largest = value.abs();
            }
        }
        survey
    }
}

/// Sorts the sessions whose packed keys are equal although their popularities differ.
fn settle(packed: &mut [u64], popularity: &mut [f64]) {
    let mut start = 0;
    while start < packed.len() {
        let part = packed[start] >> 32;
        let same = packed[start..].iter().take_while(|&&key| key >> 32 == part);
        let run = start..start + same.count();
        if !popularity[run.clone()].is_sorted_by(|a, b| a >= b) {
            let keys = packed[run.clone()].iter();
            let mut pairs: Vec<(u64, u64, f64)> = keys
                .zip(&popularity[run.clone()])
                .map(|(&key, &value)| (descending(value), key, value))
                .collect();
            pairs.sort_unstable_by_key(|&(descending, key, _)| (descending, key));
            for (at, (_, key, value)) in run.clone().zip(pairs) {
                packed[at] = key;
                popularity[at] = value;
            }
        }
        start = run.end;
    }
}

/// Returns a bit for each rank, set if the popularity is an int.
fn int_bits(sessions: &Sessions<'_>, segments: &[RankSegment], positions: &[u32]) -> Column<u64> {
    let mut bits = vec![0_u64; positions.len() / 64];
    for rank in segments
        .iter()
        .flat_map(|segment| segment.start..segment.end)
    {
        if matches!(
            sessions.popularity[positions[rank] as usize],
            Number::Int(_)
        ) {
            bits[rank / 64] |= 1 << (rank % 64);
        }
    }
    bits.into()
}

/// Returns the segment of each tag count, the size of each segment, and its largest tag count.
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
