//! `cargo bench --bench top_k`: queries against the index, by size and by distribution, after checking their answers.
//!
//! `EVENTKIT_BENCH_SIZES=1000,10000000` chooses the sizes. Inputs rotate: no query follows itself.

#![allow(missing_docs, clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{Columns, Popularity, Random, Tags, scorer};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use eventkit::engine::ranking::index::{Index, TagId};
use eventkit::engine::ranking::score::Scorer;

/// One line of the table.
struct Case {
    name: &'static str,
    tags: Tags,
    tag_count: usize,
    popularity: Popularity,
    /// The interests come from this number of first tags, which are frequent under Zipf's law.
    from: usize,
    interests: usize,
    top: usize,
    weights: [f64; 3],
}

const DENSE: Case = Case {
    name: "dense",
    tags: Tags::Zipf,
    tag_count: 200,
    popularity: Popularity::Unit,
    from: 20,
    interests: 10,
    top: 5,
    weights: [2.0, 0.5, 0.3],
};

const CASES: [Case; 21] = [
    DENSE,
    Case {
        name: "top 1",
        top: 1,
        ..DENSE
    },
    Case {
        name: "top 1000",
        top: 1000,
        ..DENSE
    },
    Case {
        name: "any tags",
        from: 200,
        ..DENSE
    },
    Case {
        name: "one interest",
        from: 200,
        interests: 1,
        ..DENSE
    },
    Case {
        name: "100 interests",
        from: 200,
        interests: 100,
        ..DENSE
    },
    Case {
        name: "rare tags",
        tag_count: 20_000,
        from: 20_000,
        ..DENSE
    },
    Case {
        name: "uniform tags",
        tags: Tags::Uniform,
        from: 200,
        ..DENSE
    },
    Case {
        name: "uniform rare tags",
        tags: Tags::Uniform,
        tag_count: 1000,
        from: 1000,
        interests: 100,
        ..DENSE
    },
    Case {
        name: "equal popularity",
        popularity: Popularity::AllEqual,
        from: 200,
        ..DENSE
    },
    Case {
        name: "missing popularity",
        popularity: Popularity::AllMissing,
        from: 200,
        ..DENSE
    },
    Case {
        name: "few popularities",
        popularity: Popularity::Hundredths,
        from: 200,
        ..DENSE
    },
    Case {
        name: "negligible popularity",
        popularity: Popularity::Negligible,
        from: 200,
        ..DENSE
    },
    Case {
        name: "popularity dominates",
        from: 200,
        weights: [0.1, 100.0, 0.3],
        ..DENSE
    },
    Case {
        name: "negative interest",
        weights: [-2.0, 0.5, 0.3],
        ..DENSE
    },
    Case {
        name: "negative popularity",
        weights: [2.0, -0.5, 0.3],
        ..DENSE
    },
    Case {
        name: "both negative, rare tags",
        tag_count: 20_000,
        from: 20_000,
        weights: [-2.0, -0.5, 0.3],
        ..DENSE
    },
    Case {
        name: "equal popularity, negative",
        popularity: Popularity::AllEqual,
        weights: [2.0, -0.5, 0.3],
        ..DENSE
    },
    Case {
        name: "no popularity",
        weights: [2.0, 0.0, 0.3],
        ..DENSE
    },
    Case {
        name: "nothing counts",
        weights: [0.0, 0.0, 0.0],
        ..DENSE
    },
    Case {
        name: "outliers",
        tags: Tags::Outliers,
        from: 200,
        ..DENSE
    },
];

fn sizes() -> Vec<usize> {
    let chosen = std::env::var("EVENTKIT_BENCH_SIZES")
        .unwrap_or_else(|_| "1000,10000,100000,1000000".into());
    chosen
        .split(',')
        .map(|size| size.trim().parse().expect("a number of sessions"))
        .collect()
}

fn queries(case: &Case) -> Vec<Vec<TagId>> {
    let mut random = Random::new(5);
    let mut query = || {
        let mut tags = Vec::new();
        while tags.len() < case.interests {
            let tag = TagId(random.below(case.from) as u32);
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    };
    (0..32).map(|_| query()).collect()
}

fn check(case: &Case, columns: &Columns, index: &Index, query: &[TagId], scorer: &Scorer) {
    let answer = index
        .top_k(query, scorer, case.top)
        .expect("comparable scores");
    let expected = columns.scan(query, scorer).expect("comparable scores");
    assert_eq!(answer.len(), case.top.min(expected.len()));
    for (got, &(position, hits, score)) in answer.iter().zip(&expected) {
        assert_eq!((got.position, got.hits), (position, hits), "{}", case.name);
        assert_eq!(got.score.to_bits(), score.to_bits(), "{}", case.name);
    }
}

fn top_k(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("top_k");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    for size in sizes() {
        for case in &CASES {
            let columns = Columns::new(11, size, case.tag_count, case.tags, case.popularity);
            let index = Index::build(&columns.sessions(), case.tag_count).expect("sound columns");
            let queries = queries(case);
            let scorer = scorer(case.weights, case.interests);
            for query in queries.iter().take(3) {
                check(case, &columns, &index, query, &scorer);
            }
            let mut rotation = queries.iter().cycle();
            group.bench_function(BenchmarkId::new(case.name, size), |bencher| {
                bencher.iter(|| {
                    let query = rotation.next().expect("a cycle has no end");
                    index.top_k(black_box(query), &scorer, case.top)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, top_k);
criterion_main!(benches);
