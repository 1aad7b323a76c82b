//! Tests that everybody who waits for a load sees its end, however many wait and whenever they come.

// Clippy knows a test by its attribute, and not the functions that tests share.
#![allow(clippy::expect_used)]

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use eventkit::engine::calendar::cache::key::Key;
use eventkit::engine::calendar::cache::load::{Load, LoadEnd, LoadInfo};

fn load() -> Arc<Load<u32, ()>> {
    Arc::new(Load::new(LoadInfo {
        key: Key::new(Some(b"ann"), None, None, 10, false),
        id: 1,
        started: Duration::ZERO,
        background: false,
        process: 0,
        thread: None,
    }))
}

/// Half of the threads wait without a limit; the others give up and wait again; one comes after the end. All see it.
fn everybody_sees(end_load: impl FnOnce(&Load<u32, ()>), expected: &LoadEnd<u32>) {
    let load = load();
    let started = Arc::new(Barrier::new(65));
    let waiting: Vec<_> = (0..64)
        .map(|number| {
            let (load, started) = (Arc::clone(&load), Arc::clone(&started));
            thread::spawn(move || {
                started.wait();
                loop {
                    let soon = Instant::now() + Duration::from_micros(200);
                    let until = (number % 2 == 0).then_some(soon);
                    if let Some(woken) = load.wait(until) {
                        let end = load.end();
                        drop(woken);
                        return end;
                    }
                }
            })
        })
        .collect();
    started.wait();
    end_load(&load);
    for thread in waiting {
        let seen = thread.join().expect("no panic");
        assert_eq!(seen.as_ref(), Some(expected));
    }
    assert!(load.wait(Some(Instant::now())).is_some(), "late");
}

#[test]
fn every_waiter_sees_the_end_of_a_load() {
    for _ in 0..50 {
        everybody_sees(
            |load| {
                let _ = load.finish(7);
            },
            &LoadEnd::Finished(7),
        );
        everybody_sees(
            |load| {
                let _ = load.abandon();
            },
            &LoadEnd::Abandoned,
        );
    }
}

#[test]
fn a_load_ends_once_and_a_wait_can_time_out_before() {
    let load = load();
    let soon = Instant::now() + Duration::from_millis(1);
    assert!(load.wait(Some(soon)).is_none());
    assert!(load.watch(()).is_none());
    assert_eq!(load.finish(1), [()]);
    assert!(load.finish(2).is_empty() && load.abandon().is_empty());
    assert_eq!(load.end(), Some(LoadEnd::Finished(1)));
    assert_eq!(load.watch(()), Some((LoadEnd::Finished(1), ())));
}
