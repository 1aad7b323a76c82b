//! The engine: plain data in, positions and scores out. Nothing here imports Python.
//!
//! [`index::Index`] answers top-k queries over [`session::Sessions`], to the bit as [`score::Scorer`] scores them.

mod bound;
pub mod conflict;
pub mod error;
pub mod event;
mod exhaustive;
pub mod index;
pub mod interest;
mod lane;
mod order;
mod pool;
mod posting;
mod radix;
pub mod score;
pub mod select;
pub mod session;
mod simd;
mod sparse;
pub mod telemetry;
pub mod text;
pub mod title;
mod topk;
pub mod vocabulary;
