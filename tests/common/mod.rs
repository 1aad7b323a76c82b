//! Seeded catalogues for the Rust laws and benches, and the scan that the index must equal.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::cast_possible_wrap
)]

use eventkit::engine::ranking::index::{Sessions, TagId};
use eventkit::engine::ranking::score::{Number, Scorer, SumRegime, Weights};

/// `SplitMix64`: small, seeded, the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How popularity is spread.
#[derive(Clone, Copy, Debug)]
pub enum Popularity {
    /// Uniform in 0..1, every bit random.
    Unit,
    /// Two decimals: many ties.
    Hundredths,
    /// Ints 0..10.
    SmallInts,
    /// Half missing, the rest ints and floats of equal values, `-0.0` among them.
    Mixed,
    AllEqual,
    AllMissing,
    /// Neighbouring floats, which tie once added to something larger.
    Neighbours,
    /// So small that every score of a level ties.
    Negligible,
    /// Both signs.
    Signed,
    /// Up to 1e15.
    Wide,
    WithInfinity,
    WithNan,
    /// Up to `i64::MAX`.
    HugeInts,
}

impl Popularity {
    pub const ALL: [Self; 13] = [
        Self::Unit,
        Self::Hundredths,
        Self::SmallInts,
        Self::Mixed,
        Self::AllEqual,
        Self::AllMissing,
        Self::Neighbours,
        Self::Negligible,
        Self::Signed,
        Self::Wide,
        Self::WithInfinity,
        Self::WithNan,
        Self::HugeInts,
    ];

    pub fn draw(self, random: &mut Random) -> Number {
        use Number::{Float, Int};
        match self {
            Self::Unit => Float(random.unit()),
            Self::Hundredths => Float(random.below(101) as f64 / 100.0),
            Self::SmallInts => Int(random.below(11) as i64),
            Self::Mixed => match random.below(8) {
                0..4 => Int(0),
                4 => Float(random.below(4) as f64),
                5 => Float(-0.0),
                6 => Float(random.below(8) as f64 / 2.0),
                _ => Int(random.below(4) as i64),
            },
            Self::AllEqual => Float(0.7),
            Self::AllMissing => Int(0),
            Self::Neighbours => Float(1.0 + random.below(40) as f64 * f64::EPSILON),
            Self::Negligible => Float(random.unit() * 1e-19),
            Self::Signed => Float(random.unit() * 8.0 - 4.0),
            Self::Wide => Float(1e15_f64.powf(random.unit())),
            Self::WithInfinity => Float(match random.below(50) {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                _ => random.unit(),
            }),
            Self::WithNan => Float(if random.below(50) == 0 {
                f64::NAN
            } else {
                random.unit()
            }),
            Self::HugeInts => Int((random.next() >> (1 + random.below(63))) as i64),
        }
    }
}

/// How tags are spread.
#[derive(Clone, Copy, Debug)]
pub enum Tags {
    /// By Zipf's law, distinct in a session.
    Zipf,
    /// All alike, distinct in a session.
    Uniform,
    /// Drawn with repetition from few: a tag stands several times in a session.
    Repeated,
    /// Few sessions have very many.
    Outliers,
    /// Each tag only in one stretch of the input.
    Clustered,
    None,
}

impl Tags {
    pub const ALL: [Self; 6] = [
        Self::Zipf,
        Self::Uniform,
        Self::Repeated,
        Self::Outliers,
        Self::Clustered,
        Self::None,
    ];
}

/// A catalogue's columns.
#[derive(Clone)]
pub struct Columns {
    recipe: (u64, usize, usize, Tags, Popularity),
    pub popularity: Vec<Number>,
    pub offsets: Vec<u32>,
    pub tags: Vec<TagId>,
    pub tag_count: usize,
}

/// The arguments of [`Columns::new`]: thousands of sessions say less.
impl std::fmt::Debug for Columns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Columns::new{:?}", self.recipe)
    }
}

impl Columns {
    /// `len` sessions of 2 to 5 tags out of `tag_count` (see [`Tags`] for the exceptions).
    pub fn new(
        seed: u64,
        len: usize,
        tag_count: usize,
        tags: Tags,
        popularity: Popularity,
    ) -> Self {
        let mut random = Random::new(seed);
        let weights: Vec<f64> = (1..=tag_count)
            .scan(0.0, |sum, rank| {
                *sum += 1.0 / rank as f64;
                Some(*sum)
            })
            .collect();
        let total = weights.last().copied().unwrap_or(1.0);
        let mut columns = Self {
            recipe: (seed, len, tag_count, tags, popularity),
            popularity: (0..len).map(|_| popularity.draw(&mut random)).collect(),
            offsets: vec![0],
            tags: Vec::with_capacity(4 * len),
            tag_count,
        };
        for position in 0..len {
            let start = columns.tags.len();
            let wanted = match tags {
                Tags::None => 0,
                Tags::Repeated => random.below(7),
                Tags::Outliers if random.below(200) == 0 => tag_count / 2,
                _ => 2 + random.below(4),
            };
            for _ in 0..wanted.min(tag_count) {
                loop {
                    let tag = match tags {
                        Tags::Zipf | Tags::Outliers => {
                            let point = random.unit() * total;
                            weights
                                .partition_point(|&sum| sum <= point)
                                .min(tag_count - 1)
                        }
                        Tags::Clustered => {
                            let stretch = position * tag_count / len;
                            (stretch + random.below(5.min(tag_count))) % tag_count
                        }
                        Tags::Repeated => random.below(3.min(tag_count)),
                        _ => random.below(tag_count),
                    };
                    let tag = TagId(tag as u32);
                    let distinct = matches!(tags, Tags::Zipf | Tags::Uniform);
                    if !distinct || !columns.tags[start..].contains(&tag) {
                        columns.tags.push(tag);
                        break;
                    }
                }
            }
            columns.offsets.push(columns.tags.len() as u32);
        }
        columns
    }

    pub fn sessions(&self) -> Sessions<'_> {
        Sessions {
            popularity: &self.popularity,
            offsets: &self.offsets,
            tags: &self.tags,
        }
    }

    /// Every session scored and sorted stably: (position, hits, score); `None` for NaN and ints out of range.
    pub fn scan(&self, query: &[TagId], scorer: &Scorer) -> Option<Vec<(u32, u32, f64)>> {
        let sessions = self.sessions();
        let mut wanted = vec![false; self.tag_count];
        for tag in query {
            if let Some(slot) = wanted.get_mut(tag.0 as usize) {
                *slot = true;
            }
        }
        let mut all = Vec::with_capacity(self.popularity.len());
        for (position, &popularity) in (0..).zip(&self.popularity) {
            let tags = sessions.tags_of(position).iter();
            let hits = tags.filter(|tag| wanted[tag.0 as usize]).count() as u32;
            let score = scorer.score(hits, popularity)?.as_f64();
            if score.is_nan() {
                return None;
            }
            all.push((position, hits, score));
        }
        all.sort_by(|a, b| b.2.partial_cmp(&a.2).expect("no NaN"));
        Some(all)
    }
}

/// A scorer of float weights in the order interest, popularity, diversity.
pub fn scorer([interest, popularity, diversity]: [f64; 3], interests: usize) -> Scorer {
    let weights = Weights {
        interest: Number::Float(interest),
        popularity: Number::Float(popularity),
        diversity: Some(Number::Float(diversity)),
    };
    Scorer::new(weights, interests, SumRegime::Compensated)
}
