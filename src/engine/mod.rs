//! The engine: plain data in, positions and scores out. Nothing here imports Python.
//!
//! [`index::Index`] answers top-k queries over [`session::Sessions`], to the bit as [`score::Scorer`] scores them.

pub mod bitmap;
mod bound;
pub mod cache;
pub mod catalog;
pub mod column;
pub mod conflict;
pub mod directory;
pub mod error;
pub mod event;
pub mod event_page;
mod exhaustive;
pub mod facet;
pub mod file;
pub mod filter;
pub mod graph_cache;
pub mod index;
pub mod interest;
pub mod json;
mod lane;
pub mod lexicon;
pub mod memory;
pub mod metrics;
pub mod moment;
mod order;
pub mod plan;
mod pool;
mod posting;
mod radix;
pub mod rate;
pub mod score;
pub mod segment;
pub mod select;
pub mod session;
mod simd;
mod sparse;
pub mod telemetry;
pub mod text;
mod topk;
pub mod vocabulary;
pub mod window;
