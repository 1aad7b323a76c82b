//! Checks single-load loading over all interleavings of its threads.

#![cfg(loom)]

#[path = "../src/engine/calendar/cache/mod.rs"]
mod cache;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use loom::sync::atomic::{AtomicU64, Ordering};
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    use super::cache::load::{Load, LoadEnd, LoadInfo};
    use super::cache::state::CacheState;
    use super::cache::key::Key;
    use super::cache::outcome::{Caller, Loaded, Lookup, Outcome, Role};
    use super::cache::policy::Policy;

    const NOW: Duration = Duration::from_secs(1);

    fn key() -> Key {
        Key::new(Some(b"ann"), None, None, 10, false)
    }

    fn load() -> Arc<Load<u64, u8>> {
        Arc::new(Load::new(LoadInfo {
            key: key(),
            id: 1,
            started: NOW,
            background: false,
            process: 0,
            thread: None,
        }))
    }

    fn end_of<T: Clone, W>(load: &Load<T, W>) -> Option<LoadEnd<T>> {
        let woken = load.wait(None);
        assert!(woken.is_some());
        load.end()
    }

    #[test]
    fn threads_wake_one_another() {
        loom::model(|| {
            let load = load();
            let waiting: Vec<_> = (0..2)
                .map(|_| {
                    let load = Arc::clone(&load);
                    thread::spawn(move || end_of(&load))
                })
                .collect();
            load.abandon();
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Some(LoadEnd::Abandoned));
            }
        });
    }

    #[test]
    fn waiters_and_watchers_see_the_end() {
        loom::model(|| {
            let load = load();
            let waiter = thread::spawn({
                let load = Arc::clone(&load);
                move || end_of(&load)
            });
            let watcher = thread::spawn({
                let load = Arc::clone(&load);
                move || load.watch(9)
            });
            let woken = load.finish(7);
            assert_eq!(waiter.join().unwrap(), Some(LoadEnd::Finished(7)));
            match watcher.join().unwrap() {
                Some(ended) => {
                    assert_eq!(ended, (LoadEnd::Finished(7), 9));
                    assert!(woken.is_empty());
                }
                None => assert_eq!(woken, [9], "the waker is returned to the thread that ends the load"),
            }
        });
    }

    #[test]
    fn a_load_ends_once() {
        loom::model(|| {
            let load = load();
            assert_eq!(load.watch(9), None);
            let other = thread::spawn({
                let load = Arc::clone(&load);
                move || load.abandon()
            });
            let finished = load.finish(7);
            let first = load.end().unwrap();
            let abandoned = other.join().unwrap();
            assert_eq!(load.end(), Some(first.clone()));
            assert_eq!(finished.len() + abandoned.len(), 1);
            assert_eq!(first == LoadEnd::Abandoned, finished.is_empty());
        });
    }

    /// A cache and the source that it loads from.
    struct Scene {
        state: Mutex<CacheState<u64, (), u8>>,
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
                state: Mutex::new(CacheState::new(policy, 1)),
                version: AtomicU64::new(1),
                loads: AtomicU64::new(0),
            })
        }

        /// Requests the value as a caller does. A caller with `dies` abandons the first load that it leads, and returns
        /// `None`.
        fn get(&self, dies: bool) -> Option<u64> {
            let mut again = false;
            loop {
                let caller = Caller {
                    within: &[],
                    asynchronous: true,
                    again,
                };
                again = true;
                let role = self.state.lock().unwrap().assign_role(&key(), NOW, caller);
                match role {
                    Role::Answered(Lookup::Hit(value, _)) => return Some(value),
                    Role::Leader(load) if dies => {
                        self.state.lock().unwrap().abandon_load(&load.info);
                        load.abandon();
                        return None;
                    }
                    Role::Leader(load) => {
                        self.loads.fetch_add(1, Ordering::SeqCst);
                        let loaded = Loaded {
                            value: self.version.load(Ordering::SeqCst),
                            weight: 1,
                            age: Duration::ZERO,
                        };
                        let ended = self
                            .state
                            .lock()
                            .unwrap()
                            .complete_load(&load.info, loaded, NOW);
                        load.finish(ended.outcome);
                    }
                    Role::Waiter(load) => match end_of(&load) {
                        Some(LoadEnd::Finished(Outcome::Loaded(value, _))) => return Some(value),
                        Some(LoadEnd::Abandoned) => {}
                        other => panic!("{other:?}"),
                    },
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn concurrent_requests_share_one_load() {
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
    fn one_waiter_takes_over_from_a_leader_that_dies() {
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
            let discarded = scene.state.lock().unwrap().invalidate(&[]);
            drop(discarded);
            assert_eq!(
                scene.get(false),
                Some(2),
                "no request after the invalidation gets the old value"
            );
            assert!(other.join().unwrap().is_some());
        });
    }
}
