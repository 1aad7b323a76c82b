//! The container: the file format of a saved catalogue. It holds named arrays and opens by memory map, in O(sections).
//!
//! | where | what |
//! |---|---|
//! | 0..64 | header: magic, version, byte order, length of the file, place and checksum of the table, its own checksum |
//! | 64.. | the sections, one after the other, each from a multiple of 64 on, padded with zeros to the next |
//! | then | the table: name, place, length, width of a value and checksum of each section, in the order of their places |
//!
//! Invariant: a checksum covers every byte of a file. [`Reader::open`] checks the header and the table, so every
//! section is aligned, inside the file and apart from the others. [`Reader::verify`] checks the sections and their
//! padding. The code that uses a section checks its values. Checksums are XXH3 (64 bits): they find accidents, not forgeries. So
//! safety does not depend on them: a forged file gives wrong values or an error, nothing worse.
//!
//! A struct saves its columns under short names. The struct that contains it gives it a prefix:
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
mod existing;
mod layout;
mod map;
mod reader;
mod writer;

pub use existing::first_existing;
pub use reader::{Identity, Reader};
pub use writer::Writer;
