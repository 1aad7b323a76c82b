//! The cache in front of a calendar service, without Python: keys, deadlines, single flight, refusals, bounds.
//!
//! [`keeper::Keeper`] is the state machine: what it holds, who loads, what must wait. It never blocks, knows no clock but
//! the `now` it is given, and calls nobody (`arrival` is how its loads end); whoever shares it puts it behind a lock. [`flight::Flight`] is the one thing
//! that is waited on, and it is waited on outside that lock.
//!
//! # Performance notes
//! * Own code and not `moka`: what has to be decided in one step here (fresh, old and good enough, old because the source
//!   fails, not before a moment, somebody loads already, this load was overtaken by an invalidation) is no entry's
//!   property that an expiry policy could hold. `moka` bounds its size eventually, where "entries <= cap" is asked at any
//!   moment, takes no clock of the caller's, and its `get_with` waits on a lock of its own that neither a second event
//!   loop nor Ctrl-C can leave.
//! * One lock and not shards: a look-up holds it for about 60 ns and CPython attaches one thread at a time; it is only ever
//!   taken by a thread that is attached to the interpreter, so that it is never found locked after a fork.
//! * The generation of an entry is the identity of its flight in the table: an invalidation takes the flight out, and
//!   what lands later finds itself overtaken. A counter a user would have to be kept for every user ever invalidated.

mod arrival;
pub mod flight;
pub mod gate;
pub mod keeper;
pub mod key;
pub mod outcome;
pub mod policy;
pub mod recency;
