//! The container that compiled catalogues are kept in: named arrays that open by memory map, in O(sections).
//!
//! | where | what |
//! |---|---|
//! | 0..64 | header: magic, version, byte order, length of the file, place and checksum of the table, its own checksum |
//! | 64.. | the sections, one after the other, each from a multiple of 64 on, padded with zeros to the next |
//! | then | the table: name, place, length, width of a value and checksum of each section, in the order of their places |
//!
//! Invariant: a file has no byte that no checksum covers. [`Reader::open`] checks header and table, and with them that
//! every section lies inside the file, apart from the others and aligned; [`Reader::verify`] checks the sections, with
//! their padding. What the values *mean* is checked by whoever asks for them. Checksums are XXH3 (64 bits): they find
//! accidents, not forgers. So nothing relies on them for safety: a forged file yields wrong values or an error.
//!
//! A struct saves its columns under short names, and its owner gives each struct a prefix:
//!
//! ```
//! use eventkit::engine::file::column::Column;
//! use eventkit::engine::error::Error;
//! use eventkit::engine::file::{Reader, Writer};
//!
//! #[derive(Debug, PartialEq)]
//! struct Ranks {
//!     positions: Column<u32>,
//!     largest: f64,
//! }
//!
//! impl Ranks {
//!     fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
//!         writer.column("positions", &self.positions)?;
//!         writer.value("largest", self.largest)
//!     }
//!
//!     fn open(reader: &Reader) -> Result<Self, Error> {
//!         Ok(Self { positions: reader.column("positions")?, largest: reader.value("largest")? })
//!     }
//! }
//!
//! let ranks = Ranks { positions: vec![2, 0, 1].into(), largest: 0.5 };
//! let bytes = Writer::to_bytes(|writer| ranks.save(&mut writer.under("ranks")))?;
//! assert_eq!(Ranks::open(&Reader::from_bytes(&bytes)?.under("ranks"))?, ranks);
//! # Ok::<(), Error>(())
//! ```

mod atomic;
mod buffer;
pub mod column;
mod layout;
mod map;
mod reader;
mod writer;

pub use reader::Reader;
pub use writer::Writer;
