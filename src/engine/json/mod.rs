//! Sessions from JSON and back, without Python: a manifest, a bare array or one session a line.
//!
//! What it accepts, it reads as Python's `json` does, and every text that only Python can judge (NaN, lone surrogates, a tag
//! that is no string, ...) is an error of the kind [`Unsupported`](crate::engine::error::ErrorKind::Unsupported), upon which the
//! caller loads it by Python. O(bytes), over the cores of a pool that the caller owns.
//!
//! # Performance notes
//!
//! The source is cut into pieces whose borders are guessed (`array`), each piece is read in one pass that
//! checks, packs and fills columns (`session`), and the pieces are joined in order while the next are read
//! (`loaded`). Names that sessions share stand as one byte (`key`), tags are looked up by their source bytes, so that
//! lowering costs once per different tag and piece, and numbers are parsed only where they are needed.

mod array;
mod cursor;
mod error;
mod key;
mod line;
mod loaded;
mod manifest;
mod number;
mod ordered_tasks;
mod pack;
mod scan;
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
pub use session::Spans;
pub use string::{decode, write_str};
pub use text::{Member, SessionText, SessionView, ValueView};
pub use token::{Token, Tokens};
