//! `cargo bench --bench json`: sessions from JSON and back, in bytes a second.

#![allow(missing_docs, clippy::expect_used)]

use core::ops::ControlFlow;
use std::fmt::Write;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eventkit::engine::json::{Hooks, Loaded, load, load_ndjson};
use rayon::{ThreadPool, ThreadPoolBuilder};

const SESSIONS: usize = 100_000;

/// Sessions of about 200 bytes, as `json.dumps` writes them.
fn sessions() -> Vec<String> {
    let session = |number: usize| {
        let (hour, tag) = (8 + number % 12, number * number % 199);
        let mut text = format!(
            "{{\"id\": \"s-{number:06}\", \"title\": \"Session {number} about topic {tag}\", "
        );
        let day = format!("2026-09-14T{hour:02}");
        write!(
            text,
            "\"start\": \"{day}:00:00\", \"end\": \"{day}:45:00\", "
        )
        .expect("room");
        write!(
            text,
            "\"location\": \"Hall {}\", \"tags\": [\"AI\", \"tag {tag}\", ",
            number % 40
        )
        .expect("room");
        write!(
            text,
            "\"web {}\"], \"popularity\": 0.{}}}",
            tag / 2,
            1 + number % 9
        )
        .expect("room");
        text
    };
    (0..SESSIONS).map(session).collect()
}

fn hooked<R>(pool: Option<&ThreadPool>, read: impl FnOnce(&mut Hooks<'_>) -> R) -> R {
    read(&mut Hooks {
        lower: &|text| text.to_lowercase().into_bytes(),
        progress: &mut |_| ControlFlow::Continue(()),
        pool,
    })
}

fn dump_all(loaded: &Loaded) -> Vec<u8> {
    let mut out = Vec::new();
    for position in 0..loaded.len() {
        if let Some(session) = loaded.text.get(position) {
            session.dump(&mut out);
        }
        out.push(b'\n');
    }
    out
}

fn json(criterion: &mut Criterion) {
    let sessions = sessions();
    let array = format!("[{}]", sessions.join(", "));
    let lines = sessions.join("\n") + "\n";
    let pool = ThreadPoolBuilder::new().build().expect("a pool");
    let loaded = hooked(None, |hooks| load(array.as_bytes(), hooks)).expect("sessions");
    assert_eq!(dump_all(&loaded), lines.as_bytes());

    let mut group = criterion.benchmark_group("json");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1))
        .throughput(Throughput::Bytes(array.len() as u64));
    for (name, pool) in [("one thread", None), ("all cores", Some(&pool))] {
        group.bench_function(format!("array, {name}"), |bencher| {
            bencher.iter(|| hooked(pool, |hooks| load(array.as_bytes(), hooks)).expect("sessions"));
        });
        group.bench_function(format!("lines, {name}"), |bencher| {
            bencher.iter(|| {
                hooked(pool, |hooks| load_ndjson(lines.as_bytes(), hooks)).expect("sessions")
            });
        });
    }
    group.bench_function("dump", |bencher| bencher.iter(|| dump_all(&loaded)));
    group.finish();
}

criterion_group!(benches, json);
criterion_main!(benches);
