//! Who waits for a flight sees its end, however many there are and whenever they come.

// Clippy knows a test by its attribute, and not the functions that tests share.
#![allow(clippy::expect_used)]

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use eventkit::engine::calendar::cache::flight::{Departure, Flight, Landing};
use eventkit::engine::calendar::cache::key::Key;

fn flight() -> Arc<Flight<u32, ()>> {
    Arc::new(Flight::new(Departure {
        key: Key::new(Some(b"ann"), None, None, 10, false),
        id: 1,
        started: Duration::ZERO,
        background: false,
        process: 0,
        thread: None,
    }))
}

/// A story: some wait for ever, some give up and come again, some come late; one after another they wake.
fn everybody_sees(end: impl FnOnce(&Flight<u32, ()>), expected: &Landing<u32>) {
    let flight = flight();
    let started = Arc::new(Barrier::new(65));
    let waiting: Vec<_> = (0..64)
        .map(|number| {
            let (flight, started) = (Arc::clone(&flight), Arc::clone(&started));
            thread::spawn(move || {
                started.wait();
                loop {
                    let soon = Instant::now() + Duration::from_micros(200);
                    let until = (number % 2 == 0).then_some(soon);
                    if let Some(woken) = flight.wait(until) {
                        let landing = flight.landing();
                        drop(woken);
                        return landing;
                    }
                }
            })
        })
        .collect();
    started.wait();
    end(&flight);
    for thread in waiting {
        let seen = thread.join().expect("no panic");
        assert_eq!(seen.as_ref(), Some(expected));
    }
    assert!(flight.wait(Some(Instant::now())).is_some(), "late");
}

#[test]
fn everybody_who_waits_sees_the_end() {
    for _ in 0..50 {
        everybody_sees(
            |flight| {
                let _ = flight.land(7);
            },
            &Landing::Landed(7),
        );
        everybody_sees(
            |flight| {
                let _ = flight.abandon();
            },
            &Landing::Abandoned,
        );
    }
}

#[test]
fn a_flight_ends_once_and_a_wait_may_end_before_it() {
    let flight = flight();
    let soon = Instant::now() + Duration::from_millis(1);
    assert!(flight.wait(Some(soon)).is_none());
    assert!(flight.watch(()).is_none());
    assert_eq!(flight.land(1), [()]);
    assert!(flight.land(2).is_empty() && flight.abandon().is_empty());
    assert_eq!(flight.landing(), Some(Landing::Landed(1)));
    assert_eq!(flight.watch(()), Some((Landing::Landed(1), ())));
}
