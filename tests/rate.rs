//! The rate limiter's laws, held against the plain form of its algorithm, and its bounds.

// Clippy knows a test by its attribute, and not the functions that tests share.
#![allow(clippy::expect_used)]

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use eventkit::engine::serving::rate::{Limiter, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

fn admitted(limiter: &Limiter, key: &str, now: Duration) -> bool {
    limiter.check(key.as_bytes(), now) == Verdict::Admitted
}

fn burst(limiter: &Limiter, key: &str, now: Duration) -> usize {
    (0..10_000)
        .take_while(|_| admitted(limiter, key, now))
        .count()
}

/// GCRA with one unit of time small enough that every interval is whole.
struct Plain {
    interval: u128,
    limit: u128,
    scale: u128,
    rests: HashMap<u8, u128>,
}

impl Plain {
    fn new(limit: u32, window: Duration) -> Self {
        Self {
            interval: window.as_nanos(),
            limit: u128::from(limit),
            scale: u128::from(limit),
            rests: HashMap::new(),
        }
    }

    fn check(&mut self, key: u8, now: Duration) -> bool {
        let now = now.as_nanos() * self.scale;
        let rest = (*self.rests.get(&key).unwrap_or(&0)).max(now);
        let admitted = rest - now <= (self.limit - 1) * self.interval;
        if admitted {
            self.rests.insert(key, rest + self.interval);
        }
        admitted
    }
}

proptest! {
    /// Times are whole milliseconds, and a tick is no longer than one: rounding to ticks changes no verdict there.
    #[test]
    fn it_is_the_plain_algorithm(
        limit in 1_u32..120,
        seconds in 1_u64..100,
        steps in vec((0_u8..3, 0_u64..3_000), 1..300),
    ) {
        let window = Duration::from_secs(seconds);
        let limiter = Limiter::new(limit, window, 100);
        let mut plain = Plain::new(limit, window);
        let mut now = Duration::ZERO;
        for (key, wait) in steps {
            now += Duration::from_millis(wait);
            let verdict = limiter.check(&[key], now);
            prop_assert_eq!(verdict == Verdict::Admitted, plain.check(key, now));
            if let Verdict::Limited(wait) = verdict {
                // Waiting as long as told is enough, and half of it is not.
                prop_assert!(wait > Duration::ZERO);
                prop_assert_ne!(limiter.check(&[key], now + wait / 2), Verdict::Admitted);
                let rested = Limiter::new(limit, window, 100);
                for _ in 0..limit {
                    rested.check(&[key], now);
                }
                let told = rested.check(&[key], now);
                let Verdict::Limited(told) = told else { panic!("{told:?}") };
                prop_assert_eq!(rested.check(&[key], now + told), Verdict::Admitted);
            }
        }
    }

    #[test]
    fn a_rested_key_gets_its_limit_and_a_window_gives_it_back(
        limit in 1_u32..3_000,
        nanos in 1_000_000_u64..100_000_000_000,
        start in 0_u64..1_000_000_000_000_000,
    ) {
        let limiter = Limiter::new(limit, Duration::from_nanos(nanos), 10);
        let start = Duration::from_nanos(start);
        for windows in 0..3 {
            let now = start + windows * Duration::from_nanos(nanos);
            prop_assert_eq!(burst(&limiter, "key", now), limit as usize);
        }
    }

    #[test]
    fn any_window_holds_fewer_than_twice_the_limit(
        limit in 1_u32..20,
        waits in vec(0_u64..4_000, 1..400),
    ) {
        let limiter = Limiter::new(limit, Duration::from_secs(10), 10);
        let (mut now, mut times) = (Duration::ZERO, Vec::new());
        for wait in waits {
            now += Duration::from_millis(wait);
            if admitted(&limiter, "key", now) {
                times.push(now);
            }
        }
        for start in &times {
            let within = times.iter().filter(|time| {
                **time >= *start && **time < *start + Duration::from_secs(10)
            });
            prop_assert!(within.count() < 2 * limit as usize);
        }
    }

    #[test]
    fn it_never_holds_more_keys_than_it_may(
        capacity in 1_usize..5_000,
        keys in vec(any::<u16>(), 1..6_000),
    ) {
        let limiter = Limiter::new(3, MINUTE, capacity);
        for key in keys {
            limiter.check(&key.to_le_bytes(), Duration::ZERO);
        }
        prop_assert!(limiter.len() <= capacity);
    }
}

#[test]
fn keys_at_rest_make_room_first_and_limited_ones_last() {
    let limiter = Limiter::new(5, MINUTE, 64);
    for key in 0..32 {
        assert_eq!(
            burst(&limiter, &format!("limited {key}"), Duration::from_secs(20)),
            5
        );
        assert!(admitted(&limiter, &format!("rested {key}"), Duration::ZERO));
    }
    // At 21 s the ones that came once at 0 s have been at rest since 12 s; nobody else goes for them.
    assert!(admitted(&limiter, "new", Duration::from_secs(21)));
    assert_eq!((limiter.len(), limiter.forgotten()), (33, 0));
    for key in 0..10_000 {
        limiter.check(format!("flood {key}").as_bytes(), Duration::from_secs(21));
    }
    assert!(limiter.forgotten() > 0);
    for key in 0..32 {
        assert!(!admitted(
            &limiter,
            &format!("limited {key}"),
            Duration::from_secs(21)
        ));
    }
}

/// Sixteen threads start together on one key; the clock stands, so nothing is given back while they run.
#[test]
fn sixteen_threads_are_admitted_exactly_as_often_as_one() {
    let limiter = Limiter::new(100, MINUTE, 1_000);
    let (admissions, start) = (AtomicU64::new(0), Barrier::new(16));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                start.wait();
                for _ in 0..10_000 {
                    if admitted(&limiter, "key", Duration::ZERO) {
                        admissions.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admissions.into_inner(), 100);
}

#[test]
fn a_million_keys_are_held_within_their_memory() {
    let limiter = Limiter::new(100, MINUTE, 1 << 20);
    for key in 0_u32..1_000_000 {
        limiter.check(&key.to_le_bytes(), Duration::ZERO);
    }
    assert_eq!((limiter.len(), limiter.forgotten()), (1_000_000, 0));
    assert!(limiter.nbytes() <= 64 << 20, "{}", limiter.nbytes());
    for key in 1_000_000_u32..2_000_000 {
        limiter.check(&key.to_le_bytes(), Duration::ZERO);
    }
    assert!(limiter.len() <= 1 << 20);
    assert!(limiter.nbytes() <= 64 << 20, "{}", limiter.nbytes());
    let held = limiter.len();
    assert_eq!(limiter.forget_rested(MINUTE), held);
    assert!(limiter.is_empty());
    assert!(limiter.nbytes() < 1 << 20, "{}", limiter.nbytes());
}
