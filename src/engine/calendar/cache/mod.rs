//! The cache in front of a calendar service: keys, expiry, single-flight loads, `Retry-After` and size limits.
//!
//! [`state::CacheState`] decides: what is held, who loads, who waits. It never blocks, calls nobody, and takes the time
//! as an argument. Callers share it behind a lock. [`load::Load`] is what callers wait on, outside of that lock.
//! `completion` holds the methods that end a load.
//!
//! # Performance notes
//! * This is own code and not `moka`. One step decides here between fresh, stale, stale because the service fails, not
//!   before a moment, loading already, and overtaken by an invalidation; an expiry policy of `moka` cannot express
//!   that. `moka` enforces its size limit later, not at once. It takes no clock of the caller's, and its `get_with`
//!   waits on a lock that neither a second event loop nor Ctrl-C can leave.
//! * There is one lock, not shards: a lookup holds it for about 60 ns, and CPython attaches one thread at a time. Only
//!   threads attached to the interpreter take it, so a forked child never finds it locked.
//! * The identity of a load in the table serves as the entry's generation: an invalidation removes the load, and a
//!   result that arrives later is not stored. A counter for each user would have to be kept for every user ever
//!   invalidated.

mod completion;
pub mod key;
pub mod load;
pub mod outcome;
pub mod policy;
pub mod recency;
pub mod retry_after;
pub mod state;
