//! The arithmetic of a match, in whole numbers, so that every machine computes the same.
//!
//! One thousand and twenty-four [`POINT`]s count as much as one matching tag of the exact functions. The points of a
//! word in a session are the product of
//!
//! * the *impact* of the fields that hold it ([`Impacts`]): tags 48, title 40, speakers 16, track 12, and
//!   `120 t / (2 t + 3)` for `t` occurrences in the abstract (24 for one, 34 for two, at most 54), added up;
//! * the *tier* of the match ([`Tier`]), in 64ths: the word itself 64, a plural 58, an alias 48, and so on;
//! * the *rarity* of the word among the words of the interest: `log2((2 N + 2) / (2 n + 1))` for `n` of `N` sessions,
//!   in 256ths, rounded down ([`rarity`]);
//! * the *coverage*, squared: the part of the interest's rarity that the session matches, where 40 of impact (a title)
//!   is a whole match. So a session with all the words comes before one with some of them. A session of which it is
//!   less than a fifth does not match ([`LEAST_COVERAGE`]).
//!
//! They are divided by the sum of the rarities and by 112, the impact of tags, title and one occurrence in the
//! abstract: a session that matches an interest everywhere has about 1,024 points for it.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::engine::ranking::score::Number;

/// The points that count as much as one matching tag of the exact functions.
pub const POINT: u32 = 1024;

/// Returns the points of a session as a number of tags: `POINT` points count as one tag.
pub fn matched(points: u32) -> Number {
    // Exact: a number of at most 32 bits over a power of two.
    Number::Float(f64::from(points) / f64::from(POINT))
}
/// The points of a tag that is the whole interest, besides those of its words.
pub(super) const WHOLE_TAG: u32 = 292;
/// The squared coverage below which a session does not match: a fifth. So a common word of a longer interest alone finds
/// nothing: *quantum computing* does not find every computer.
pub(super) const LEAST_COVERAGE: u32 = 51 * 51;
/// The impact that is a whole match of a word.
const WHOLE: u32 = 40;
/// The impact of a word in tags, title and abstract.
const EVERYWHERE: u32 = 112;
/// The points of a session with the level that was asked for: as many again if its tags, title or track say it, a
/// quarter if only its abstract does.
pub(super) const fn level_points(points: u32, in_abstract_only: bool) -> u32 {
    if in_abstract_only { points / 4 } else { points }
}

/// How near a match is to the word, in 64ths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tier(pub(super) u32);

impl Tier {
    pub(super) const WORD: Self = Self(64);
    pub(super) const JOINED: Self = Self(61);
    pub(super) const PLURAL: Self = Self(58);
    pub(super) const ALIAS: Self = Self(48);
    pub(super) const NUMBERED: Self = Self(51);
    pub(super) const TYPO: Self = Self(51);
    pub(super) const FORM: Self = Self(45);
    pub(super) const PREFIX: Self = Self(38);
    /// What an agent noun is made of: *compiler* and *compile*.
    pub(super) const AGENT: Self = Self(32);
    /// A verb or adjective of a noun, or the noun of it: what is *accessible* may be so to all, or just not secret.
    pub(super) const DERIVED: Self = Self(28);
    pub(super) const NARROWER: Self = Self(26);
    /// One word of a phrase, divided by the number of its words.
    pub(super) const PART: Self = Self(19);

    /// The tier of a match of a match.
    pub(super) fn times(self, other: Self) -> Self {
        Self(self.0 * other.0 / 64)
    }
}

/// Where a word stands in one session: a bit for tags, title, track and speakers, and up to 15 occurrences in the
/// abstract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Code(pub(super) u8);

impl Code {
    pub(super) const MOST: u8 = 15;

    /// The word stands in this field alone, once.
    pub(super) fn of(field: Field) -> Self {
        match field {
            Field::Abstract => Self(1),
            _ => Self(field.bit()),
        }
    }

    /// The word stands in a field; abstracts are counted.
    #[inline]
    pub(super) fn add(&mut self, field: Field) {
        match field {
            Field::Abstract if self.0 & Self::MOST == Self::MOST => {}
            Field::Abstract => self.0 += 1,
            _ => self.0 |= field.bit(),
        }
    }

    /// The word stands in no tag and no track.
    pub(super) fn forget_tags(&mut self) {
        self.0 &= !(Field::Tags.bit() | Field::Track.bit());
    }

    /// Where both words stand.
    #[inline]
    pub(super) fn both(self, other: Self) -> Self {
        let abstracts = (self.0 & Self::MOST).min(other.0 & Self::MOST);
        Self((self.0 & other.0 & !Self::MOST) | abstracts)
    }

    /// The fields, with their names.
    pub(super) fn fields(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| match field {
            Field::Abstract => self.0 & Self::MOST > 0,
            _ => self.0 & field.bit() > 0,
        })
    }

    /// Whether a field other than abstract and speakers holds the word.
    pub(super) fn is_prominent(self) -> bool {
        self.0 & (Field::Tags.bit() | Field::Title.bit() | Field::Track.bit()) > 0
    }

    pub(super) fn in_abstract_only(self) -> bool {
        self.0 & !Self::MOST == 0
    }
}

/// A field of a session that is read for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The tags.
    Tags,
    /// The title.
    Title,
    /// The abstract.
    Abstract,
    /// The track.
    Track,
    /// The names of the speakers.
    Speakers,
}

impl Field {
    /// All fields, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Tags,
        Self::Title,
        Self::Abstract,
        Self::Track,
        Self::Speakers,
    ];

    /// The field's name in a session.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Title => "title",
            Self::Abstract => "abstract",
            Self::Track => "track",
            Self::Speakers => "speakers",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Tags => 0x80,
            Self::Title => 0x40,
            Self::Track => 0x20,
            Self::Speakers => 0x10,
            Self::Abstract => 0,
        }
    }
}

/// The fields that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields(u8);

impl Fields {
    /// Every field counts.
    pub const ALL: Self = Self(0xff);

    /// These fields count.
    pub fn of(fields: impl IntoIterator<Item = Field>) -> Self {
        Self(fields.into_iter().fold(0, |mask, field| {
            mask | if field == Field::Abstract {
                Code::MOST
            } else {
                field.bit()
            }
        }))
    }

    /// What of a code counts.
    #[inline]
    pub(super) fn of_code(self, code: Code) -> Code {
        Code(code.0 & self.0)
    }

    /// Returns the impact of each code. The table of all fields is made once.
    pub(super) fn impacts(self) -> Cow<'static, Impacts> {
        static OF_ALL: LazyLock<Impacts> = LazyLock::new(|| Fields::ALL.computed());
        match self {
            Self::ALL => Cow::Borrowed(&*OF_ALL),
            some => Cow::Owned(some.computed()),
        }
    }

    fn computed(self) -> Impacts {
        let mut impacts = [0; 256];
        for (code, impact) in (0..=u8::MAX).zip(&mut impacts) {
            let code = code & self.0;
            let times = u16::from(code & Code::MOST);
            let bits = [
                (Field::Tags, 48),
                (Field::Title, 40),
                (Field::Track, 12),
                (Field::Speakers, 16),
            ];
            let held = bits.iter().filter(|(field, _)| code & field.bit() > 0);
            *impact = held.map(|(_, impact)| impact).sum::<u16>() + 120 * times / (2 * times + 3);
        }
        Impacts(impacts)
    }
}

/// The impact of each [`Code`].
#[derive(Clone, Debug)]
pub struct Impacts([u16; 256]);

impl Impacts {
    /// The impact of a code, times the tier; in 64ths.
    #[inline]
    pub(super) fn of(&self, code: Code, tier: Tier) -> u16 {
        (u32::from(self.0.get(usize::from(code.0)).copied().unwrap_or_default()) * tier.0) as u16
    }

    /// Returns the impact of each code, times the tier; in 64ths.
    pub(super) fn of_tier(&self, tier: Tier) -> [u16; 256] {
        self.0.map(|impact| (u32::from(impact) * tier.0) as u16)
    }
}

/// The rarity of a word that `n` of `total` sessions hold, in 256ths of a bit: `⌊256 log2((2 total + 2) / (2 n + 1))⌋`,
/// at least 110. By repeated squaring in whole numbers.
pub(super) fn rarity(n: u32, total: u32) -> u32 {
    let numerator = 2 * u64::from(total) + 2;
    let denominator = 2 * u64::from(n) + 1;
    let whole = (numerator / denominator).max(1).ilog2();
    // The ratio without its whole power of two, from 1 to 2, in 2^-31.
    let mut ratio = (u128::from(numerator) << 31) / (u128::from(denominator) << whole);
    let mut bits = whole;
    for _ in 0..8 {
        ratio = (ratio * ratio) >> 31;
        bits *= 2;
        if ratio >= 1 << 32 {
            ratio >>= 1;
            bits += 1;
        }
    }
    bits.max(110)
}

/// How much of an interest a session matches, in 256ths, squared; from the sum over its words of rarity times impact
/// (at most [`WHOLE`]), and the sum of all rarities.
#[inline]
pub(super) fn coverage(covered: u32, rarities: u32) -> u32 {
    let part = u64::from(covered) * 256 / (u64::from(rarities.max(1)) * u64::from(WHOLE) * 64);
    let part = part.min(256) as u32;
    part * part
}

/// What a match adds to the covered part: its impact in 64ths, at most a whole match.
#[inline]
pub(super) fn covers(impact: u16) -> u32 {
    u32::from(impact).min(WHOLE * 64)
}

/// The points of one word: rarity times impact (in 64ths) times squared coverage, over all rarities. At least 1.
#[inline]
pub(super) fn points(rarity: u32, impact: u16, coverage: u32, rarities: u32) -> u32 {
    let product = u64::from(rarity) * u64::from(impact) * u64::from(coverage);
    let points = product / (u64::from(rarities.max(1)) * u64::from(EVERYWHERE) * 4096);
    (points as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarity_is_the_logarithm_rounded_down() {
        for total in [1_u32, 7, 75, 1079, 100_000, u32::MAX] {
            for n in [0, 1, 2, 5, 54, 1000, total / 2, total] {
                let exact = ((2.0 * f64::from(total) + 2.0) / (2.0 * f64::from(n) + 1.0)).log2();
                let whole = (exact * 256.0).floor().max(110.0);
                assert!(
                    (f64::from(rarity(n, total)) - whole).abs() <= 1.0,
                    "{n} of {total}"
                );
            }
        }
        assert_eq!(rarity(1, 2), 256);
        assert_eq!(rarity(0, 511), 2560);
    }

    #[test]
    fn a_match_everywhere_is_a_whole_point() {
        let mut code = Code::default();
        for field in [Field::Tags, Field::Title, Field::Abstract] {
            code.add(field);
        }
        let impact = Fields::ALL.impacts().of(code, Tier::WORD);
        assert_eq!(impact, 112 * 64);
        let whole = coverage(1000 * covers(impact), 1000);
        assert_eq!(points(1000, impact, whole, 1000), POINT);
    }

    #[test]
    fn occurrences_in_an_abstract_are_counted_up_to_fifteen() {
        let mut code = Code::default();
        for _ in 0..20 {
            code.add(Field::Abstract);
        }
        assert_eq!(code, Code(15));
        assert_eq!(Fields::ALL.impacts().of(code, Tier(1)), 54);
        assert_eq!(Fields::of([Field::Title]).impacts().of(code, Tier(1)), 0);
    }
}
