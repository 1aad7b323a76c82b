//! Finds the best sessions for a set of interests: scores, posting lists, the order of an index, and the exact top k.
//!
//! [`index::Index`] answers top-k queries over [`session::Sessions`]. Its scores equal those of [`score::Scorer`] to
//! the last bit.

pub mod bitmap;
mod bound;
mod constant;
mod exhaustive;
mod floor;
pub mod index;
pub mod interest;
mod lane;
mod order;
mod pool;
mod posting;
mod radix;
mod runs;
pub mod score;
pub mod select;
pub mod session;
pub mod share;
mod simd;
mod sparse;
pub mod stages;
mod topk;
