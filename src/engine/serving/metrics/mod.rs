//! The server's counters and latency histograms, right over all of its worker processes.
//!
//! * [`shared`]: memory that processes share; a counter is one relaxed atomic addition.
//! * [`table`]: what lies where in it, and who has which place.
//! * [`directory`]: one file a process; the files of the dead are folded into one.
//! * [`total`]: sums over them, percentiles, and the text that Prometheus reads.
//!
//! A process that is killed in the middle loses at most the observation that it was writing.

mod shared;
mod shared_directory;
mod table;
mod text;
mod total;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub use shared_directory::MetricsDirectory;
pub use table::MOST_NAME;
pub use total::{BOUNDS, Route, Totals};

use self::shared_directory::Own;
use crate::engine::error::Error;

/// How often this process is the child of one that had metrics already.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// Tells every [`Metrics`] that this process is a new one: a child counts into a file of its own.
pub fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Counters and histograms of this process, and the sums over all that share its directory.
#[derive(Debug)]
pub struct Metrics {
    directory: Option<MetricsDirectory>,
    own: RwLock<Arc<Own>>,
}

impl Metrics {
    /// Metrics shared through a directory, which is made if need be; of this process alone without one.
    ///
    /// # Errors
    ///
    /// A directory that is a link, another user's or open to others; one that cannot be written to.
    pub fn new(directory: Option<PathBuf>) -> Result<Self, Error> {
        let directory = directory.map(MetricsDirectory::open).transpose()?;
        let own = Own::new(directory.as_ref(), FORKS.load(Ordering::Relaxed))?;
        Ok(Self {
            directory,
            own: RwLock::new(Arc::new(own)),
        })
    }

    /// Counts a request, and how long it took.
    pub fn observe(&self, route: &str, status: u16, seconds: f64) {
        self.with_own(|own| own.table().observe(route, status, seconds));
    }

    /// Adds to a counter.
    pub fn add(&self, name: &str, amount: u64) {
        self.with_own(|own| own.table().add(name, amount));
    }

    /// Brings a counter up to what something in this process has counted by itself.
    pub fn raise_to(&self, name: &str, count: u64) {
        self.with_own(|own| own.table().raise_to(name, count));
    }

    /// Sets a gauge; that of the highest value counts among processes.
    pub fn set(&self, name: &str, value: f64) {
        self.with_own(|own| own.table().set(name, value));
    }

    /// The sums over every process that shares the directory, also those that are gone.
    ///
    /// # Errors
    ///
    /// A directory that cannot be read.
    pub fn totals(&self) -> Result<Totals, Error> {
        match &self.directory {
            Some(directory) => {
                // A forked child that has not counted yet is a worker all the same.
                self.with_own(|_| ());
                directory.totals()
            }
            None => Ok(self.with_own(|own| {
                let mut totals = Totals::default();
                own.table().add_to(&mut totals, true);
                totals
            })),
        }
    }

    fn with_own<T>(&self, call: impl FnOnce(&Own) -> T) -> T {
        let forks = FORKS.load(Ordering::Relaxed);
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        if own.forks() == forks {
            return call(&own);
        }
        drop(own);
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        if own.forks() != forks {
            // Counting goes on, in memory of its own, where the directory has become unwritable.
            let renewed =
                Own::new(self.directory.as_ref(), forks).or_else(|_| Own::new(None, forks));
            if let Ok(renewed) = renewed {
                *own = Arc::new(renewed);
            }
        }
        call(&own)
    }
}
