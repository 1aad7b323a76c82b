//! Laws of why-not: each change brings the session in, and no change of fewer steps or of a smaller weight does.

#![allow(clippy::expect_used, clippy::panic)] // Helpers too say what they expect.
#![allow(clippy::float_cmp)] // Scores and weights are equal to the last bit, or they are not.

use eventkit::engine::catalog::ranker::ByTags;
use eventkit::engine::catalog::segment::SegmentBuilder;
use eventkit::engine::catalog::why_not::{MOST_STEPS, Question, Step};
use eventkit::engine::catalog::{Catalog, Place};
use eventkit::engine::ranking::interest::InterestSet;
use eventkit::engine::ranking::score::{Factor, Number, Scorer, SumRegime, Weights};
use eventkit::engine::time::Span;

/// The weights of the exhaustive search, in hundredths: all up to this one, and some that are far away.
const NEAR: i64 = 300;
const FAR: [f64; 5] = [5.0, 10.0, 50.0, 333.33, 1000.0];
const NAMES: [&[u8]; 6] = [b"a", b"b", b"c", b"d", b"e", b"x"];

/// A small generator (`xorshift64*`): the cases are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn number(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }
}

struct Case {
    /// Per session: how often it has each of the names, and its popularity.
    sessions: Vec<([u32; 6], Number)>,
    weights: Weights,
    regime: SumRegime,
    /// The numbers of the names that are interests.
    interests: Vec<usize>,
    top: usize,
    target: usize,
}

fn draw(random: &mut Random) -> Case {
    use Number::{Float, Int};
    let kind = random.below(4);
    let session = |random: &mut Random| {
        let mut tags = [0; 6];
        // No session has the last name.
        for count in tags.iter_mut().take(5) {
            *count = [0, 0, 1, 1, 2][random.below(5)];
        }
        let popularity = match kind {
            0 => Int(random.below(3) as i64),
            1 => Float([0.1, 0.2, 0.3, 0.7][random.below(4)]),
            2 => Float([0.25, 0.5, 0.75][random.below(3)]),
            _ => Float(random.number()),
        };
        (tags, popularity)
    };
    let count = 1 + random.below(6);
    let sessions: Vec<_> = (0..count).map(|_| session(random)).collect();
    let interest = [
        Float(2.0),
        Float(0.5),
        Int(1),
        Int(0),
        Float(0.1),
        Float(-1.0),
    ];
    let popularity = [
        Float(0.5),
        Float(2.0),
        Int(1),
        Int(0),
        Float(0.3),
        Float(-0.5),
    ];
    let weights = Weights {
        interest: interest[random.below(6)],
        popularity: popularity[random.below(6)],
        diversity: [Some(Float(0.3)), Some(Int(1)), None][random.below(3)],
    };
    let mut interests: Vec<usize> = (0..6).filter(|_| random.below(3) == 0).collect();
    if interests.is_empty() {
        interests.push(random.below(6));
    }
    Case {
        sessions,
        weights,
        regime: SumRegime::ALL[random.below(3)],
        interests,
        top: 1 + random.below(3),
        target: random.below(count),
    }
}

fn compiled(case: &Case) -> Catalog {
    let mut builder = SegmentBuilder::default();
    for (tags, popularity) in &case.sessions {
        for (name, &count) in NAMES.iter().zip(tags) {
            for _ in 0..count {
                builder.push_tag(name).expect("few tags");
            }
        }
        let span = Span::default();
        builder.push(*popularity, span, None).expect("few places");
    }
    Catalog::new(builder.finish().expect("few sessions"))
}

/// Whether the session is among the first: each score is computed, and each is compared.
fn is_in(case: &Case, interests: &[usize], weights: Weights) -> bool {
    let scorer = Scorer::new(weights, interests.len(), case.regime);
    let score = |(tags, popularity): &([u32; 6], Number)| {
        let hits = interests.iter().map(|&name| tags[name]).sum();
        let score = scorer.score(hits, *popularity).expect("small numbers");
        score.as_f64()
    };
    let own = score(&case.sessions[case.target]);
    let before = case
        .sessions
        .iter()
        .enumerate()
        .filter(|(number, session)| {
            let score = score(session);
            score > own || (score == own && *number < case.target)
        });
    before.count() < case.top
}

fn raised(weights: Weights, factor: Factor, value: f64) -> Weights {
    match factor {
        Factor::Interest => Weights {
            interest: Number::Float(value),
            ..weights
        },
        Factor::Popularity => Weights {
            popularity: Number::Float(value),
            ..weights
        },
    }
}

/// The smallest weight of the search that does.
fn smallest(case: &Case, interests: &[usize], factor: Factor) -> Option<f64> {
    let now = case.weights.of(factor).as_f64();
    let near = (-200..=NEAR).map(|step| step as f64 / 100.0);
    let mut weights = near.chain(FAR).filter(|&weight| weight > now);
    weights.find(|&weight| is_in(case, interests, raised(case.weights, factor, weight)))
}

/// All sets of some of the names.
fn subsets(of: &[usize], size: usize) -> Vec<Vec<usize>> {
    (0_u32..1 << of.len())
        .filter(|set| set.count_ones() as usize == size)
        .map(|set| {
            (0..of.len())
                .filter(|at| set >> at & 1 == 1)
                .map(|at| of[at])
                .collect()
        })
        .collect()
}

fn check(case: &Case, number: usize) {
    let catalog = compiled(case);
    let interests = InterestSet::new(case.interests.iter().map(|&name| NAMES[name]));
    let scorer = Scorer::new(case.weights, interests.len(), case.regime);
    let own: Vec<usize> = (0..6)
        .filter(|&name| case.sessions[case.target].0[name] > 0)
        .collect();
    let tags: Vec<Vec<u8>> = own.iter().map(|&name| NAMES[name].to_vec()).collect();
    let place = Place {
        part: 0,
        local: case.target as u32,
    };
    let ranker = ByTags {
        catalog: &catalog,
        interests: &interests,
        scorer: &scorer,
        tags: &tags,
    };
    let question = Question {
        ranker: &ranker,
        top: case.top,
        narrow: None,
        place,
    };
    let found = question.answer().expect("small numbers");
    let shown = found.before.is_some_and(|before| before < case.top);
    assert_eq!(
        shown,
        is_in(case, &case.interests, case.weights),
        "case {number}"
    );
    if shown {
        assert!(found.changes.is_empty(), "case {number}");
        return;
    }
    let with = |tags: &[usize]| [case.interests.clone(), tags.to_vec()].concat();
    let (mut added, mut values) = (false, [None, None]);
    let size = found.changes.first().map_or(MOST_STEPS + 1, Vec::len);
    for change in &found.changes {
        assert_eq!(change.len(), size, "case {number}");
        let (mut names, mut weights, mut raise) = (Vec::new(), case.weights, None);
        for step in change {
            match *step {
                Step::Interest(tag) => names.push(own[tag]),
                Step::Raise(factor, value) => {
                    weights = raised(weights, factor, value);
                    raise = Some((factor, value));
                }
                Step::Drop(condition) => panic!("there is no filter, but {condition:?}"),
            }
        }
        assert!(
            is_in(case, &with(&names), weights),
            "case {number}: {change:?}"
        );
        match raise {
            Some((Factor::Interest, value)) => values[0] = Some(value),
            Some((Factor::Popularity, value)) => values[1] = Some(value),
            None => added = true,
        }
    }
    let new: Vec<usize> = own
        .into_iter()
        .filter(|name| !case.interests.contains(name))
        .collect();
    for steps in 1..=size.min(MOST_STEPS) {
        let brings_in = |tags: &Vec<usize>| is_in(case, &with(tags), case.weights);
        let by_tags = subsets(&new, steps).iter().any(brings_in);
        assert_eq!(
            by_tags,
            steps == size && added,
            "case {number}: {steps} tags"
        );
        for (factor, value) in [Factor::Interest, Factor::Popularity]
            .into_iter()
            .zip(values)
        {
            let sets = subsets(&new, steps - 1).into_iter();
            let weights = sets.filter_map(|tags| smallest(case, &with(&tags), factor));
            let best = weights.min_by(f64::total_cmp);
            let near = NEAR as f64 / 100.0;
            let fine = match (best, value.filter(|_| steps == size)) {
                (None, None) => true,
                // Only a weight between those of the search does.
                (None, Some(value)) => value > near,
                (Some(best), Some(value)) => {
                    value == best || (best > near && value > near && value < best)
                }
                (Some(_), None) => false,
            };
            assert!(
                fine,
                "case {number}: {factor:?} {best:?} {value:?} with {steps} steps"
            );
        }
    }
}

/// 1,500 cases, and 100,000 under `EVENTKIT_FAULTS=long`.
#[test]
fn no_smaller_change_brings_the_session_in() {
    let long = std::env::var("EVENTKIT_FAULTS").is_ok_and(|value| value == "long");
    let mut random = Random(0x5EED);
    for number in 0..if long { 100_000 } else { 1_500 } {
        check(&draw(&mut random), number);
    }
}
