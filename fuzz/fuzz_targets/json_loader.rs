//! Whatever the text, the loader neither panics nor loops, and what it accepts or calls a syntax error, `serde_json`
//! does too.
//!
//! Of accepted text: every session is dumped as JSON of the same value, dumping what was dumped changes nothing, and
//! lines, pieces and the whole give the same sessions.

#![no_main]

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use eventkit::engine::error::{Error, ErrorKind};
use eventkit::engine::json::{self, Hooks, Loaded, Shape};
use libfuzzer_sys::fuzz_target;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Value;

/// No session.
static NONE: Value = Value::Array(Vec::new());

static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
    ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .expect("two threads")
});

fuzz_target!(|data: &[u8]| {
    let loaded = load(|hooks| json::load(data, hooks));
    let shared = load(|hooks| {
        hooks.pool = Some(&*POOL);
        json::load(data, hooks)
    });
    same_result(&loaded, &shared);
    if core::str::from_utf8(data).is_ok() && !data.starts_with(b"\xef\xbb\xbf") {
        against_serde(data, &loaded);
    }
    if let Ok(loaded) = &loaded {
        again(loaded);
    }
    lines(data);
});

fn load(read: impl FnOnce(&mut Hooks<'_>) -> Result<Loaded, Error>) -> Result<Loaded, Error> {
    let mut hooks = Hooks {
        lower: &|text| text.to_lowercase().into_bytes(),
        progress: &mut |_| ControlFlow::Continue(()),
        pool: None,
    };
    read(&mut hooks)
}

fn dumps(loaded: &Loaded) -> Vec<Vec<u8>> {
    let dump = |position| {
        let mut out = Vec::new();
        if let Some(session) = loaded.text.get(position) {
            session.dump(&mut out);
        }
        out
    };
    (0..loaded.len()).map(dump).collect()
}

fn against_serde(data: &[u8], loaded: &Result<Loaded, Error>) {
    let parsed = serde_json::from_slice::<Value>(data);
    match (loaded, parsed) {
        (Ok(loaded), Ok(parsed)) => {
            let sessions = match (&loaded.shape, &parsed) {
                // As for the functions, a manifest without any has none.
                (Shape::Manifest, Value::Object(manifest)) => {
                    manifest.get("sessions").unwrap_or(&NONE)
                }
                _ => &parsed,
            };
            let sessions = sessions.as_array().expect("it was accepted");
            assert_eq!(sessions.len(), loaded.len());
            for (session, dumped) in sessions.iter().zip(dumps(loaded)) {
                let dumped: Value = serde_json::from_slice(&dumped).expect("a dump is JSON");
                assert!(same(session, &dumped), "{session} dumped as {dumped}");
            }
        }
        (Ok(_), Err(error)) if !error.to_string().starts_with("recursion limit") => {
            panic!("accepted, and serde_json says {error}");
        }
        (Err(error), Ok(_)) => {
            assert!(
                !matches!(error.kind(), ErrorKind::Syntax(_)),
                "serde_json accepts it: {error}"
            );
        }
        _ => {}
    }
}

/// Equal as Python's values are written: `-0` is the int 0, and members keep their order.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let members = one.iter().zip(other);
            one.len() == other.len()
                && members
                    .map(|(one, other)| one.0 == other.0 && same(one.1, other.1))
                    .all(|same| same)
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// The dumps, loaded again, are the same sessions.
fn again(loaded: &Loaded) {
    let first = dumps(loaded);
    let array = [b"[", &*first.join(&b","[..]), b"]"].concat();
    let second = load(|hooks| json::load(&array, hooks)).expect("a dump is accepted");
    assert!(first == dumps(&second));
    assert!(second.tags == loaded.tags && second.offsets == loaded.offsets);
    assert!(second.titles == loaded.titles && second.popularity == loaded.popularity);

    let lines = first.join(&b"\n"[..]);
    let third = load(|hooks| json::load_ndjson(&*lines, hooks)).expect("a dump has no line breaks");
    assert!(first == dumps(&third) && third.ids == second.ids && third.spans == second.spans);
}

/// The pieces in which lines arrive change nothing.
fn lines(data: &[u8]) {
    let whole = load(|hooks| json::load_ndjson(data, hooks));
    let trickled = load(|hooks| json::load_ndjson(Trickle(data), hooks));
    same_result(&whole, &trickled);
}

fn same_result(one: &Result<Loaded, Error>, other: &Result<Loaded, Error>) {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            assert!(dumps(one) == dumps(other));
            assert!(one.titles == other.titles && one.ids == other.ids && one.tags == other.tags);
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        (one, other) => panic!(
            "accepted one way only: {:?}, {:?}",
            one.as_ref().err(),
            other.as_ref().err()
        ),
    }
}

/// Gives three bytes at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let len = into.len().min(3);
        self.0.read(into.get_mut(..len).unwrap_or_default())
    }
}
