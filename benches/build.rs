//! `cargo bench --bench build`: compiling columns to an index, in sessions a second.

#![allow(missing_docs, clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::{Columns, Popularity, Tags};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eventkit::engine::ranking::index::Index;

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1));
    for size in [1_000, 100_000, 1_000_000] {
        for popularity in [
            Popularity::Unit,
            Popularity::Hundredths,
            Popularity::Mixed,
            Popularity::AllMissing,
        ] {
            let columns = Columns::new(11, size, 200, Tags::Zipf, popularity);
            let sessions = columns.sessions();
            let index = Index::build(&sessions, 200).expect("sound columns");
            assert_eq!(index.len(), size);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(
                BenchmarkId::new(format!("{popularity:?}"), size),
                |bencher| {
                    bencher.iter(|| Index::build(&sessions, 200));
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, build);
criterion_main!(benches);
