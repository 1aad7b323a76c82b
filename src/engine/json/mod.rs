//! Loads sessions from JSON without Python: a manifest, a bare array, or one session a line. Writes them as
//! `json.dumps` does.
//!
//! What it accepts it reads as Python's `json` does. Text that only Python can judge (NaN, lone surrogates, a tag that
//! is not a string, …) is an error of kind [`Unsupported`](crate::engine::error::ErrorKind::Unsupported), and the
//! caller then loads it with Python. O(bytes), in parallel on a thread pool of the caller.
//!
//! # Performance notes
//!
//! The source is cut into pieces whose borders are guessed (`array`). One pass over a piece checks it, packs it and
//! fills columns (`session`). Pieces are joined in order while the next ones are read (`loaded`). Names that sessions
//! share are written as one byte (`key`). Tags are looked up by their source bytes, so each different tag of a piece is
//! lowered once. Numbers are parsed only if their value is needed.
//!
//! Tried and dropped: `jiter` 0.18. Both read 19,406 sessions of a real catalogue (5.1 MB) in turns on one thread of a
//! busy machine. This loader read 1.13 million sessions in a second of processor time. `jiter`'s iterator read 1.00
//! million, although it only checked them and copied their text, titles and tags. Of 15 texts that Python rejects, this
//! loader gives Python's message and position for all. `jiter` has its own messages, and other positions for 6.

mod array;
mod cursor;
mod error;
mod key;
mod line;
mod loaded;
mod manifest;
mod number;
mod pack;
mod row;
mod scalar;
pub(crate) mod scan;
mod scoring;
mod session;
mod skip;
mod string;
mod text;
mod token;

pub(in crate::engine) use cursor::Cursor;
pub use key::{KeyId, KeyTable};
pub use line::load_ndjson;
pub use loaded::{Hooks, Loaded, Progress, Shape};
pub use manifest::load;
pub use number::{write_float, write_number};
pub(in crate::engine) use row::{Name, Packed, Rows, load_packed};
pub use scalar::Scalar;
pub use scoring::write_scoring;
pub use session::Spans;
pub use string::{decode, write_str};
pub use text::{Member, SessionText, SessionView, ValueView};
pub use token::{Token, Tokens};
