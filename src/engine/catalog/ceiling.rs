//! Bounds the scores of interests that were understood, so that a search skips sessions that cannot be among the best.
//!
//! A score grows with the points where the interests have no negative weight. So the points and the best popularity of
//! the catalogue give a bound, and the session's own popularity a nearer one. It is kept as one of 256 steps, because a
//! byte for each session stays in the processor's cache: reading the popularity itself was half of the time of a query
//! over 100,000 sessions (`benches/understanding.py`). The sum of at most three floats differs from the exact one by a few units in the last
//! place, whatever the interpreter's way to add; the bound is higher by more than that. O(1) for each session.

use super::{Catalog, Place};
use crate::engine::ranking::score::{Number, Scorer};
use crate::engine::understanding::matched;

/// The popularity of each session by position, and its range.
#[derive(Debug)]
pub(super) struct Popularity {
    pub(super) by_position: Vec<Number>,
    /// The step of each session: how many 255ths of the range lie below its popularity, rounded up.
    steps: Vec<u8>,
    /// The least and the greatest; `None` if one is not a number of at most [`MOST`], or if they are too close to divide
    /// what lies between them.
    range: Option<(f64, f64)>,
}

/// Products of two numbers up to this size are exact as ints, and finite as floats.
const MOST: f64 = (1_u32 << 26) as f64;
/// The largest step.
const STEPS: u8 = 255;
/// What is added to a bound, as a part of the absolute values of what was added up.
const MARGIN: f64 = 1e-12;
/// A part of smaller numbers than this might be no number.
const SMALLEST: f64 = 1e-290;

impl Popularity {
    pub(super) fn new(by_position: Vec<Number>) -> Self {
        let values = by_position.iter().map(|value| value.as_f64());
        let range = values.clone().all(|value| value.abs() <= MOST).then(|| {
            let none = (f64::INFINITY, f64::NEG_INFINITY);
            values.fold(none, |(least, most), value| {
                (least.min(value), most.max(value))
            })
        });
        let mut popularity = Self {
            by_position,
            steps: Vec::new(),
            range,
        };
        if let Some((least, most)) = range {
            // Where all are equal, the one step is 0.
            let scale = if most > least {
                f64::from(STEPS) / (most - least)
            } else {
                0.0
            };
            if !scale.is_finite() {
                popularity.range = None;
                return popularity;
            }
            let values = popularity.by_position.iter().map(|value| value.as_f64());
            // The number is not negative, and the cast ends at the largest step.
            #[allow(clippy::cast_sign_loss)]
            let step = |value: f64| ((value - least) * scale).ceil() as u8;
            popularity.steps = values.map(step).collect();
        }
        popularity
    }

    /// Returns the memory used, in bytes.
    pub(super) fn nbytes(&self) -> usize {
        size_of_val(&*self.by_position) + self.steps.len()
    }
}

/// Bounds of the score.
#[derive(Debug)]
pub(super) struct Ceiling<'a> {
    /// The weight of the match.
    interest: f64,
    /// The most that everything else adds, and its absolute value.
    others: f64,
    size: f64,
    /// For each part the steps of its sessions, and the most that everything but the match adds at each step.
    parts: Vec<(&'a [u8], [f64; 256])>,
}

impl<'a> Ceiling<'a> {
    /// Returns the bound for a catalogue; `None` if there is none, or if a score might not be a number.
    pub(super) fn new(catalog: &'a Catalog, scorer: &Scorer) -> Option<Self> {
        let weights = scorer.weights();
        let interest = weights.interest.as_f64();
        let popularity = weights.popularity.as_f64();
        let diversity = scorer.diversity().unwrap_or(0.0);
        let tame =
            (0.0..=MOST).contains(&interest) && popularity.abs() <= MOST && diversity.abs() <= MOST;
        let mut most = f64::NEG_INFINITY;
        let mut size = 0.0_f64;
        let mut parts = Vec::new();
        for segment in catalog.segments().filter(|_| tame) {
            let held = segment.popularity();
            let (least, greatest) = held.range?;
            for value in [least, greatest] {
                most = most.max(value * popularity);
                size = size.max((value * popularity).abs());
            }
            let width = (greatest - least) / f64::from(STEPS);
            let mut at_step = [0.0; 256];
            for (step, bound) in (0..=STEPS).zip(&mut at_step) {
                let above = least + f64::from(step) * width;
                *bound = (above * popularity).max((above - width) * popularity) + diversity;
            }
            parts.push((held.steps.as_slice(), at_step));
        }
        let others = most + diversity;
        let has_margin = size == 0.0 || size >= SMALLEST;
        (has_margin && others.is_finite()).then_some(Self {
            interest,
            others,
            size: size + diversity.abs(),
            parts,
        })
    }

    /// Returns a number that no score of a session with these points exceeds. It does not fall as the points grow.
    #[inline]
    pub(super) fn of_points(&self, points: u32) -> f64 {
        let matched = matched(points).as_f64() * self.interest;
        (matched + self.others) + (matched + self.size) * MARGIN
    }

    /// Returns a number that the score of a session with these points does not exceed.
    #[inline]
    pub(super) fn of_session(&self, points: u32, place: Place) -> f64 {
        let part = self.parts.get(place.part as usize);
        let others = part.and_then(|(steps, at_step)| {
            let step = *steps.get(place.local as usize)?;
            Some(at_step[usize::from(step)])
        });
        let matched = matched(points).as_f64() * self.interest;
        (matched + others.unwrap_or(self.others)) + (matched + self.size) * MARGIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalog::segment::SegmentBuilder;
    use crate::engine::ranking::score::{SumRegime, Weights};
    use crate::engine::time::Span;
    use crate::engine::understanding::{TextBuilder, Texts};

    const SESSIONS: u32 = 700;

    /// Popularities of one kind, and of which many are equal.
    fn catalog(popularity: impl Fn(u32) -> Number) -> Catalog {
        let mut builder = SegmentBuilder::default();
        for number in 0..SESSIONS {
            let random = number.wrapping_mul(2_654_435_761) >> 16;
            builder
                .push(popularity(random % 97), Span::default(), None)
                .expect("few sessions");
        }
        Catalog::new(builder.finish().expect("few sessions"))
    }

    #[test]
    fn the_best_are_those_of_an_exhaustive_search() {
        let mut words = TextBuilder::default();
        (0..SESSIONS).for_each(|_| words.finish_session().expect("few words"));
        let words = words.finish().expect("few words");
        let mut texts = Texts::default();
        texts.push(&words, &[]);
        let points = |number: u32| 1 + (number.wrapping_mul(40_503) >> 7) % 9 * 150;
        let sessions: Vec<(u32, u32)> = (0..SESSIONS).map(|at| (at, points(at))).collect();
        let kinds: [fn(u32) -> Number; 7] = [
            |random| Number::Float(f64::from(random) / 97.0),
            |random| Number::Int(i64::from(random) - 48),
            |random| Number::Float(-1e-3 * f64::from(random % 3)),
            |_| Number::Float(0.25),
            |random| Number::Float(f64::from(random) * 1e300),
            |random| Number::Float(f64::from(random) * 5e-324),
            |random| Number::Float(f64::from(random) * 1e-305),
        ];
        let weights = [(2.0, 0.5), (0.1, 3.0), (1.0, -1.0), (0.0, 1.0), (-1.0, 0.5)];
        for popularity in kinds {
            let catalog = catalog(popularity);
            for (interest, popularity) in weights {
                for regime in SumRegime::ALL {
                    let weights = Weights {
                        interest: Number::Float(interest),
                        popularity: Number::Float(popularity),
                        diversity: Some(Number::Float(0.3)),
                    };
                    let scorer = Scorer::new(weights, 3, regime);
                    let best = |k| {
                        let best = catalog.best_understood(&texts, &sessions, &scorer, k, None);
                        best.expect("every score is a number")
                    };
                    let all = best(usize::MAX);
                    for k in [0, 1, 10, 64, 65, 699, 700] {
                        assert_eq!(best(k), all[..k], "{k} {weights:?}");
                    }
                }
            }
        }
    }
}
