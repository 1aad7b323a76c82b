//! Exact, fast session recommendations for Event Kit agents.
//!
//! * [`engine`]: scoring, index, top-k. Knows nothing of Python; `cargo test` never starts an interpreter.
//! * `bindings` (feature `python`): the module `eventkit._eventkit`. Reads arguments, calls the engine, builds answers.

pub mod engine;

#[cfg(feature = "python")]
mod bindings;
