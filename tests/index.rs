//! Laws of the index: its answers are those of a scan, whatever the distribution, the weights and the interpreter.

#![allow(missing_docs, clippy::expect_used)]

mod common;

use common::{Columns, Popularity, Random, Tags};
use eventkit::engine::error::ErrorKind;
use eventkit::engine::ranking::bitmap::Bitmap;
use eventkit::engine::ranking::index::{Index, Ranked, Sessions, TagId};
use eventkit::engine::ranking::score::{Number, Scorer, SumRegime, Weights};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = Number> {
    use Number::{Float, Int};
    prop_oneof![
        8 => Just(Float(2.0)),
        8 => Just(Float(0.5)),
        2 => Just(Float(0.1)),
        2 => (0_i64..4).prop_map(Int),
        1 => Just(Float(0.0)),
        1 => Just(Float(1e-17)),
        1 => Just(Float(1e9)),
        1 => Just(Float(1e200)),
        1 => Just(Float(-1.5)),
        1 => Just(Int(-2)),
        1 => Just(Int(1 << 50)),
        1 => Just(Float(f64::INFINITY)),
        1 => Just(Float(f64::NAN)),
        2 => any::<f64>().prop_map(Float),
    ]
}

fn weights_and_regime() -> impl Strategy<Value = (Weights, SumRegime)> {
    let weights = (
        number(),
        number(),
        proptest::option::weighted(0.8, number()),
    )
        .prop_map(|(interest, popularity, diversity)| Weights {
            interest,
            popularity,
            diversity,
        });
    (weights, proptest::sample::select(SumRegime::ALL.to_vec()))
}

fn columns(sizes: impl Strategy<Value = usize>) -> impl Strategy<Value = Columns> {
    let tags = proptest::sample::select(Tags::ALL.to_vec());
    let popularity = proptest::sample::select(Popularity::ALL.to_vec());
    let vocabulary = prop_oneof![1_usize..30, Just(200), Just(3000)];
    (any::<u64>(), sizes, vocabulary, tags, popularity).prop_map(
        |(seed, len, tag_count, tags, popularity)| {
            let tag_count = tag_count.max(5);
            Columns::new(seed, len, tag_count, tags, popularity)
        },
    )
}

fn usual_scorer() -> Scorer {
    common::scorer([2.0, 0.5, 0.3], 1)
}

/// Which weights a law uses.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Usual,
    /// All scores are equal, so the positions decide.
    Nothing(bool),
    Any,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        2 => Just(Kind::Usual),
        1 => any::<bool>().prop_map(Kind::Nothing),
        2 => Just(Kind::Any),
    ]
}

impl Kind {
    fn scorer(self, any: Scorer) -> Scorer {
        let zero = |ints| {
            if ints {
                Number::Int(0)
            } else {
                Number::Float(-0.0)
            }
        };
        match self {
            Self::Usual => usual_scorer(),
            Self::Any => any,
            Self::Nothing(ints) => {
                let weights = Weights {
                    interest: zero(ints),
                    popularity: zero(!ints),
                    diversity: any
                        .weights()
                        .diversity
                        .filter(|weight| weight.as_f64().is_finite()),
                };
                Scorer::new(weights, 1, SumRegime::Compensated)
            }
        }
    }
}

fn query(seed: u64, columns: &Columns, wanted: usize) -> Vec<TagId> {
    let mut random = Random::new(seed);
    let mut tags: Vec<TagId> = (0..wanted)
        .map(|_| {
            // The first tags are the frequent ones under Zipf's law.
            let limit = if random.below(2) == 0 {
                12
            } else {
                columns.tag_count
            };
            TagId(random.below(limit.min(columns.tag_count)) as u32)
        })
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// The index's answer is a prefix of the scan's, to the bit, and missing only where it may be.
fn check(columns: &Columns, index: &Index, query: &[TagId], scorer: &Scorer, sizes: &[usize]) {
    let expected = columns.scan(query, scorer);
    for &k in sizes {
        let answer = index.top_k(query, scorer, k);
        let Some(all) = &expected else {
            assert!(
                answer.is_none(),
                "answered {k} although a score is not comparable"
            );
            continue;
        };
        let answer = answer.expect("comparable scores have an answer");
        let prefix = &all[..k.min(all.len())];
        assert_eq!(answer.len(), prefix.len());
        for (place, (got, &(position, hits, score))) in answer.iter().zip(prefix).enumerate() {
            assert_eq!(
                (got.position, got.hits, got.score.to_bits()),
                (position, hits, score.to_bits()),
                "place {place} of {k}"
            );
            let parts = |popularity| {
                scorer
                    .contributions(hits, popularity)
                    .map(|parts| format!("{parts:?}"))
            };
            let original = columns.popularity[position as usize];
            assert_eq!(
                parts(got.popularity),
                parts(original),
                "the type is part of the answer"
            );
        }
    }
}

fn sizes(len: usize) -> [usize; 8] {
    [0, 1, 5, 17, 100, len / 4, len, len + 3]
}

/// Which sessions a filter admits.
#[derive(Clone, Copy, Debug)]
enum Admitted {
    All,
    OneIn(usize),
    /// Those without a tag of the query, which the levels read first never hold.
    Missed,
    Last(u32),
    None,
}

fn admitted() -> impl Strategy<Value = Admitted> {
    prop_oneof![
        Just(Admitted::All),
        (2_usize..2000).prop_map(Admitted::OneIn),
        Just(Admitted::Missed),
        (1_u32..600).prop_map(Admitted::Last),
        Just(Admitted::None),
    ]
}

impl Admitted {
    fn bitmap(self, columns: &Columns, query: &[TagId]) -> Bitmap {
        let mut random = Random::new(9);
        let len = columns.popularity.len();
        Bitmap::from_fn(len, |position| match self {
            Self::All => true,
            Self::None => false,
            Self::OneIn(one) => random.below(one) == 0,
            Self::Last(last) => position + last as usize >= len,
            Self::Missed => {
                let tags = columns.sessions().tags_of(position as u32);
                tags.iter().all(|tag| !query.contains(tag))
            }
        })
    }
}

/// A filtered answer is what the filter leaves of the full ranking.
fn check_filtered(
    columns: &Columns,
    index: &Index,
    query: &[TagId],
    scorer: &Scorer,
    admitted: Admitted,
) {
    let Some(all) = columns.scan(query, scorer) else {
        return;
    };
    let bitmap = admitted.bitmap(columns, query);
    let left: Vec<_> = all
        .into_iter()
        .filter(|place| bitmap.contains(place.0))
        .collect();
    for k in sizes(columns.popularity.len()) {
        let tested = index.top_k_where(query, scorer, k, &|position| bitmap.contains(position));
        let answer = tested.expect("comparable scores have an answer");
        let answer = answer
            .iter()
            .map(|got| (got.position, got.hits, got.score.to_bits()));
        let prefix = left
            .iter()
            .take(k)
            .map(|&(position, hits, score)| (position, hits, score.to_bits()));
        assert_eq!(
            answer.collect::<Vec<_>>(),
            prefix.collect::<Vec<_>>(),
            "the first {k}"
        );
    }
}

/// With earlier sessions, whose scores tie with those of the index or lie just beside them, the answer holds what is
/// among the best `k` of all.
fn check_after(
    columns: &Columns,
    index: &Index,
    query: &[TagId],
    scorer: &Scorer,
    admitted: Admitted,
    seed: u64,
) {
    let Some(all) = columns.scan(query, scorer) else {
        return;
    };
    let bitmap = admitted.bitmap(columns, query);
    let mut random = Random::new(seed);
    for k in sizes(columns.popularity.len()) {
        let mut earlier: Vec<f64> = Vec::new();
        for _ in 0..random.below(k + 1) {
            let among = random.below(all.len().max(1)) + 1;
            if let Some(&(_, _, score)) = all.get(random.below(among)) {
                earlier.push(match random.below(4) {
                    0 => score.next_up(),
                    1 => score.next_down(),
                    _ => score,
                });
            }
        }
        earlier.sort_by(|a, b| b.partial_cmp(a).expect("no NaN"));
        let admits = |position| bitmap.contains(position);
        let merged = |rows: Vec<(u32, f64)>| {
            let rows = rows
                .into_iter()
                .map(|(position, score)| (Some(position), score));
            let mut merged: Vec<_> = earlier.iter().map(|&score| (None, score)).collect();
            merged.extend(rows);
            merged.sort_by(|a, b| b.1.partial_cmp(&a.1).expect("no NaN"));
            merged.truncate(k);
            merged
        };
        let after = index.top_k_after(query, scorer, k, &admits, &earlier, |ranked| ranked);
        let after = after.expect("comparable scores have an answer");
        let left = all.iter().filter(|place| bitmap.contains(place.0));
        assert_eq!(
            merged(after.iter().map(|got| (got.position, got.score)).collect()),
            merged(
                left.map(|&(position, _, score)| (position, score))
                    .collect()
            ),
            "the first {k} of them and {earlier:?}"
        );
    }
}

/// `PROPTEST_CASES` overrides.
fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() {
            default.cases
        } else {
            cases
        },
        max_shrink_iters: 200,
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn sessions_of_earlier_parts_are_taken_into_account(
        columns in columns(prop_oneof![0_usize..40, 400_usize..1600, 9_000_usize..14_000]),
        (weights, regime) in weights_and_regime(),
        kind in kind(),
        admitted in admitted(),
        seed in any::<u64>(),
        wanted in 0_usize..12,
    ) {
        let index = Index::build(&columns.sessions(), columns.tag_count).expect("sound columns");
        let query = query(seed, &columns, wanted);
        let scorer = kind.scorer(Scorer::new(weights, wanted, regime));
        check_after(&columns, &index, &query, &scorer, admitted, seed);
    }

    #[test]
    fn index_equals_scan(
        columns in columns(prop_oneof![0_usize..40, 400_usize..1600]),
        (weights, regime) in weights_and_regime(),
        seed in any::<u64>(),
        wanted in prop_oneof![0_usize..12, Just(100)],
    ) {
        let query = query(seed, &columns, wanted);
        let index = Index::build(&columns.sessions(), columns.tag_count).expect("sound columns");
        let scorer = Scorer::new(weights, wanted, regime);
        check(&columns, &index, &query, &scorer, &sizes(columns.popularity.len()));
    }

    /// With weights that take the fast road.
    #[test]
    fn index_equals_scan_for_usual_weights(
        columns in columns(prop_oneof![400_usize..4000, Just(0)]),
        interest in proptest::sample::select(vec![Number::Float(2.0), Number::Float(0.1), Number::Float(1e-16), Number::Int(2), Number::Int(0)]),
        popularity in proptest::sample::select(vec![Number::Float(0.5), Number::Float(1e-16), Number::Float(1e3), Number::Int(1), Number::Int(0)]),
        diversity in proptest::sample::select(vec![None, Some(Number::Float(0.3)), Some(Number::Float(-1e3))]),
        regime in proptest::sample::select(SumRegime::ALL.to_vec()),
        seed in any::<u64>(),
        wanted in 0_usize..14,
    ) {
        let query = query(seed, &columns, wanted);
        let index = Index::build(&columns.sessions(), columns.tag_count).expect("sound columns");
        let scorer = Scorer::new(Weights { interest, popularity, diversity }, wanted, regime);
        check(&columns, &index, &query, &scorer, &sizes(columns.popularity.len()));
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn filtered_answers_are_what_the_filter_leaves(
        columns in columns(prop_oneof![0_usize..40, 400_usize..1600, 9_000_usize..14_000]),
        (weights, regime) in weights_and_regime(),
        kind in kind(),
        admitted in admitted(),
        seed in any::<u64>(),
        wanted in prop_oneof![0_usize..12, Just(100)],
    ) {
        let query = query(seed, &columns, wanted);
        let index = Index::build(&columns.sessions(), columns.tag_count).expect("sound columns");
        let scorer = kind.scorer(Scorer::new(weights, wanted, regime));
        check_filtered(&columns, &index, &query, &scorer, admitted);
    }
}

proptest! {
    #![proptest_config(config(40))]

    /// Large enough for several segments, windows and strides.
    #[test]
    fn index_equals_scan_on_large_catalogues(
        columns in columns(prop_oneof![8_000_usize..20_000, 30_000_usize..60_000]),
        interest in proptest::sample::select(
            [2.0, 0.01, 0.0, -2.0].map(Number::Float).into_iter().chain([Number::Int(2)]).collect::<Vec<_>>()
        ),
        popularity in proptest::sample::select(
            [0.5, 0.0, 0.0, -0.5].map(Number::Float).into_iter().chain([Number::Int(1)]).collect::<Vec<_>>()
        ),
        seed in any::<u64>(),
    ) {
        let index = Index::build(&columns.sessions(), columns.tag_count).expect("sound columns");
        for wanted in [1, 4, 10, 100] {
            let query = query(seed, &columns, wanted);
            for regime in SumRegime::ALL {
                let weights = Weights { interest, popularity, diversity: Some(Number::Float(0.3)) };
                let scorer = Scorer::new(weights, wanted, regime);
                check(&columns, &index, &query, &scorer, &[1, 5, 1000]);
            }
        }
    }
}

#[test]
fn memory_stays_within_64_bytes_a_session_of_four_tags() {
    let rows = [
        (Tags::Zipf, 200),
        (Tags::Zipf, 20_000),
        (Tags::Uniform, 30),
        (Tags::Uniform, 200),
        (Tags::Uniform, 1000),
        (Tags::Uniform, 300_000),
    ];
    for (tags, tag_count) in rows {
        let columns = Columns::new(7, 100_000, tag_count, tags, Popularity::Unit);
        let index = Index::build(&columns.sessions(), tag_count).expect("sound columns");
        let a_session = index.nbytes() as f64 / 100_000.0;
        assert!(
            a_session <= 64.0,
            "{a_session} bytes a session with {tags:?} over {tag_count}"
        );
    }
}

/// All tags stand equally often, and bitmaps for all would take 125 bytes a session.
#[test]
fn memory_stays_bounded_when_all_tags_are_equally_frequent() {
    let (len, tag_count) = (100_000, 1000);
    let mut columns = Columns::new(7, len, 5, Tags::None, Popularity::Unit);
    columns.offsets = (0..=len as u32).map(|position| 4 * position).collect();
    columns.tags = (0..4 * len as u32).map(|at| TagId(at % 1000)).collect();
    let index = Index::build(&columns.sessions(), tag_count).expect("sound columns");
    assert!(index.nbytes() <= 64 * len, "{} bytes", index.nbytes());
}

#[test]
fn tags_outside_the_vocabulary_match_nothing() {
    let columns = Columns::new(1, 100, 20, Tags::Zipf, Popularity::Unit);
    let index = Index::build(&columns.sessions(), 20).expect("sound columns");
    let scorer = usual_scorer();
    let (known, unknown) = (
        index.top_k(&[], &scorer, 3),
        index.top_k(&[TagId(20), TagId(u32::MAX)], &scorer, 3),
    );
    assert_eq!(known, unknown);
}

#[test]
fn an_empty_catalogue_answers_with_nothing() {
    let columns = Columns::new(1, 0, 5, Tags::Zipf, Popularity::Unit);
    let index = Index::build(&columns.sessions(), 5).expect("sound columns");
    assert!(index.is_empty());
    assert_eq!(
        index.top_k(&[TagId(1)], &usual_scorer(), 5),
        Some(Vec::<Ranked>::new())
    );
}

#[test]
fn contradicting_columns_are_refused() {
    let one = [Number::Int(1)];
    let tags = [TagId(0), TagId(3)];
    let rows: [(&[u32], usize); 5] = [
        (&[0], 4),
        (&[0, 3], 4),
        (&[2, 1], 4),
        (&[0, 2], 3),
        (&[], 4),
    ];
    for (offsets, tag_count) in rows {
        let sessions = Sessions {
            popularity: &one,
            offsets,
            tags: &tags,
        };
        let error = Index::build(&sessions, tag_count).expect_err("contradiction");
        assert_eq!(error.kind(), ErrorKind::Inconsistent, "{error}");
    }
}
