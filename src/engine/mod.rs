//! The engine: plain data in, positions and scores out. Nothing here imports Python.
//!
//! [`index::Index`] answers top-k queries over [`session::Sessions`], to the bit as [`score::Scorer`] scores them.

pub mod bitmap;
mod bound;
pub mod column;
pub mod cache;
pub mod catalog;
pub mod conflict;
pub mod error;
pub mod event;
mod exhaustive;
pub mod file;
pub mod facet;
pub mod filter;
pub mod index;
pub mod interest;
pub mod json;
mod lane;
pub mod lexicon;
pub mod moment;
mod order;
pub mod plan;
mod pool;
mod posting;
mod radix;
pub mod score;
pub mod segment;
pub mod select;
pub mod session;
mod simd;
mod sparse;
pub mod text;
pub mod directory;
mod topk;
pub mod vocabulary;
pub mod window;
