//! One load and all who wait for it, in every order that threads can come in.

#![cfg(loom)]

#[path = "../src/engine/calendar/cache/mod.rs"]
mod graph_cache;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use loom::sync::atomic::{AtomicU64, Ordering};
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    use super::graph_cache::flight::{Departure, Flight, Landing};
    use super::graph_cache::keeper::Keeper;
    use super::graph_cache::key::Key;
    use super::graph_cache::outcome::{Boarding, Cargo, Look, Outcome, Passenger};
    use super::graph_cache::policy::Policy;

    const NOW: Duration = Duration::from_secs(1);

    fn key() -> Key {
        Key::new(Some(b"ann"), None, None, 10, false)
    }

    fn flight() -> Arc<Flight<u64, u8>> {
        Arc::new(Flight::new(Departure {
            key: key(),
            id: 1,
            started: NOW,
            background: false,
            process: 0,
            thread: None,
        }))
    }

    fn heard<T: Clone, W>(flight: &Flight<T, W>) -> Option<Landing<T>> {
        let woken = flight.wait(None);
        assert!(woken.is_some());
        flight.landing()
    }

    #[test]
    fn threads_wake_one_another() {
        loom::model(|| {
            let flight = flight();
            let waiting: Vec<_> = (0..2)
                .map(|_| {
                    let flight = Arc::clone(&flight);
                    thread::spawn(move || heard(&flight))
                })
                .collect();
            flight.abandon();
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Some(Landing::Abandoned));
            }
        });
    }

    #[test]
    fn who_waits_or_watches_hears_of_the_end() {
        loom::model(|| {
            let flight = flight();
            let waiter = thread::spawn({
                let flight = Arc::clone(&flight);
                move || heard(&flight)
            });
            let watcher = thread::spawn({
                let flight = Arc::clone(&flight);
                move || flight.watch(9)
            });
            let woken = flight.land(7);
            assert_eq!(waiter.join().unwrap(), Some(Landing::Landed(7)));
            match watcher.join().unwrap() {
                Some(told) => {
                    assert_eq!(told, (Landing::Landed(7), 9));
                    assert!(woken.is_empty());
                }
                None => assert_eq!(woken, [9], "the waker is handed to who ends it"),
            }
        });
    }

    #[test]
    fn it_ends_once() {
        loom::model(|| {
            let flight = flight();
            assert_eq!(flight.watch(9), None);
            let other = thread::spawn({
                let flight = Arc::clone(&flight);
                move || flight.abandon()
            });
            let landed = flight.land(7);
            let first = flight.landing().unwrap();
            let abandoned = other.join().unwrap();
            assert_eq!(flight.landing(), Some(first.clone()));
            assert_eq!(landed.len() + abandoned.len(), 1);
            assert_eq!(first == Landing::Abandoned, landed.is_empty());
        });
    }

    /// A cache, and the source that it loads from.
    struct Scene {
        keeper: Mutex<Keeper<u64, (), u8>>,
        version: AtomicU64,
        loads: AtomicU64,
    }

    impl Scene {
        fn new() -> Arc<Self> {
            let policy = Policy {
                ttl: Duration::from_secs(300),
                stale_ttl: Duration::ZERO,
                stale_if_error: Duration::ZERO,
                cool_down: Duration::ZERO,
                jitter: 0.0,
                max_entries: 10,
                max_bytes: 1000,
                refreshers: 2,
                reuse: true,
                keep_expired: false,
            };
            Arc::new(Self {
                keeper: Mutex::new(Keeper::new(policy, 1)),
                version: AtomicU64::new(1),
                loads: AtomicU64::new(0),
            })
        }

        /// What a caller does; who dies gives up the first load that it leads.
        fn get(&self, dies: bool) -> Option<u64> {
            let mut again = false;
            loop {
                let who = Passenger {
                    within: &[],
                    asynchronous: true,
                    again,
                };
                again = true;
                let boarding = self.keeper.lock().unwrap().board(&key(), NOW, who);
                match boarding {
                    Boarding::Answered(Look::Hit(value, _)) => return Some(value),
                    Boarding::Lead(flight) if dies => {
                        self.keeper.lock().unwrap().abandon(&flight.departure);
                        flight.abandon();
                        return None;
                    }
                    Boarding::Lead(flight) => {
                        self.loads.fetch_add(1, Ordering::SeqCst);
                        let cargo = Cargo {
                            value: self.version.load(Ordering::SeqCst),
                            weight: 1,
                            age: Duration::ZERO,
                        };
                        let ended = self
                            .keeper
                            .lock()
                            .unwrap()
                            .land(&flight.departure, cargo, NOW);
                        flight.land(ended.outcome);
                    }
                    Boarding::Join(flight) => match heard(&flight) {
                        Some(Landing::Landed(Outcome::Loaded(value, _))) => return Some(value),
                        Some(Landing::Abandoned) => {}
                        other => panic!("{other:?}"),
                    },
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_burst_is_one_load() {
        loom::model(|| {
            let scene = Scene::new();
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let scene = Arc::clone(&scene);
                    thread::spawn(move || scene.get(false))
                })
                .collect();
            assert_eq!(scene.get(false), Some(1));
            for other in others {
                assert_eq!(other.join().unwrap(), Some(1));
            }
            assert_eq!(scene.loads.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn a_leader_that_dies_is_followed_by_one() {
        loom::model(|| {
            let scene = Scene::new();
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let scene = Arc::clone(&scene);
                    thread::spawn(move || scene.get(false))
                })
                .collect();
            let died = scene.get(true);
            assert!(died.is_none_or(|value| value == 1));
            for other in others {
                assert_eq!(other.join().unwrap(), Some(1));
            }
            assert_eq!(scene.loads.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn an_invalidation_during_a_load_wins() {
        loom::model(|| {
            let scene = Scene::new();
            let other = thread::spawn({
                let scene = Arc::clone(&scene);
                move || scene.get(false)
            });
            scene.version.store(2, Ordering::SeqCst);
            let discarded = scene.keeper.lock().unwrap().invalidate(&[]);
            drop(discarded);
            assert_eq!(
                scene.get(false),
                Some(2),
                "nobody gets what was there before"
            );
            assert!(other.join().unwrap().is_some());
        });
    }
}
