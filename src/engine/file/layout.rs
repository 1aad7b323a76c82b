//! Defines the bytes of the header and the table, and checks them.
//!
//! Invariant: [`Layout::read`] accepts only what [`Header::seal`] and the writer produce: sections that follow each other
//! without a gap from the header to the table, each at a multiple of [`ALIGNMENT`]. Reading costs O(sections), and the
//! memory is proportional to the table in the file.

use core::ops::Range;
use std::collections::HashMap;

use bytemuck::{Pod, Zeroable};
use twox_hash::XxHash3_64;

use crate::engine::error::{Error, ErrorKind};

/// Sections start at multiples of this number, a cache line. It suits every type of the engine.
pub(super) const ALIGNMENT: usize = 64;
/// The version that is written, and the newest that is read. Newer files are refused.
pub(super) const VERSION: u32 = 2;
/// The largest number of bytes in the name of a section, including prefixes.
pub(super) const NAME: usize = 48;

const MAGIC: [u8; 8] = *b"EVKTCAT\0";
/// A number that reads as another one on a machine with the other byte order.
const BYTE_ORDER: u32 = 0x0403_0201;

/// The first [`ALIGNMENT`] bytes.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Header {
    magic: [u8; 8],
    version: u32,
    byte_order: u32,
    /// The length of the whole file.
    len: u64,
    table: u64,
    sections: u64,
    table_checksum: u64,
    /// Zero. A later version may use it.
    reserved: u64,
    /// The checksum of all fields before this one.
    checksum: u64,
}

const HEADER: usize = size_of::<Header>();
const SEALED: usize = HEADER - size_of::<u64>();
const _: () = assert!(HEADER == ALIGNMENT, "sections start behind the header");

/// A row of the table.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Entry {
    /// The name in UTF-8, filled up with zeros.
    name: [u8; NAME],
    start: u64,
    len: u64,
    /// The size of one value in bytes.
    width: u64,
    /// The checksum of the values and the padding after them.
    checksum: u64,
}

impl Entry {
    /// Makes the row of a section that starts at `start`. Returns `None` if the name is empty, too long or has a NUL.
    pub(super) fn new(name: &str, start: u64, width: usize) -> Option<Self> {
        let mut padded = [0; NAME];
        padded
            .get_mut(..name.len())?
            .copy_from_slice(name.as_bytes());
        (!name.is_empty() && !name.contains('\0')).then_some(Self {
            name: padded,
            start,
            len: 0,
            width: width as u64,
            checksum: 0,
        })
    }

    /// Completes the row after its values were written.
    pub(super) fn finish(self, len: u64, checksum: u64) -> Self {
        Self {
            len,
            checksum,
            ..self
        }
    }

    fn name(&self) -> Option<&str> {
        let end = self.name.iter().position(|&byte| byte == 0).unwrap_or(NAME);
        let (name, rest) = self.name.split_at_checked(end)?;
        let clean = !name.is_empty() && rest.iter().all(|&byte| byte == 0);
        core::str::from_utf8(name).ok().filter(|_| clean)
    }
}

impl Header {
    /// Makes the header of a file whose table has these rows and starts at `table`.
    pub(super) fn seal(table: u64, rows: &[Entry]) -> Self {
        let rows_as_bytes: &[u8] = bytemuck::must_cast_slice(rows);
        let mut header = Self {
            magic: MAGIC,
            version: VERSION,
            byte_order: BYTE_ORDER,
            len: table + rows_as_bytes.len() as u64,
            table,
            sections: rows.len() as u64,
            table_checksum: XxHash3_64::oneshot(rows_as_bytes),
            reserved: 0,
            checksum: 0,
        };
        header.checksum = header.own_checksum();
        header
    }

    fn own_checksum(&self) -> u64 {
        let bytes: &[u8; HEADER] = bytemuck::must_cast_ref(self);
        XxHash3_64::oneshot(bytes.first_chunk::<SEALED>().map_or(&[], |sealed| sealed))
    }

    fn read(bytes: &[u8]) -> Result<Self, LayoutError> {
        if bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) {
            return Err(LayoutError::truncated(bytes.len(), "a header has 64"));
        }
        if !bytes.starts_with(&MAGIC) {
            let message = "not a compiled catalogue: it does not start with \"EVKTCAT\\0\"";
            return Err(LayoutError(ErrorKind::Foreign, message.into()));
        }
        let Some(header) = bytes.first_chunk::<HEADER>() else {
            return Err(LayoutError::truncated(bytes.len(), "a header has 64"));
        };
        let header: Self = bytemuck::must_cast(*header);
        header.check(bytes.len()).map(|()| header)
    }

    /// Checks version and byte order before the checksum, which a newer version may store elsewhere.
    fn check(&self, len: usize) -> Result<(), LayoutError> {
        if self.byte_order == BYTE_ORDER.swap_bytes() {
            let message =
                "written on a machine of the other byte order; compile it again on this one";
            return Err(LayoutError(ErrorKind::ByteOrder, message.into()));
        }
        if self.version > VERSION {
            let message = format!(
                "format version {}, and this release reads up to {VERSION}",
                self.version
            );
            return Err(LayoutError(ErrorKind::Newer, message));
        }
        if self.checksum != self.own_checksum() {
            return Err(LayoutError::damaged("the header"));
        }
        if self.byte_order != BYTE_ORDER || self.version == 0 || self.reserved != 0 {
            return Err(LayoutError::inconsistent(
                "the header holds values that no release writes",
            ));
        }
        if self.len > len as u64 {
            return Err(LayoutError::truncated(
                len,
                format_args!("its header says {}", self.len),
            ));
        }
        if self.len < len as u64 {
            let extra = len as u64 - self.len;
            return Err(LayoutError::inconsistent(format_args!(
                "{extra} bytes follow its end"
            )));
        }
        Ok(())
    }

    /// Returns the range of the table.
    fn table(&self) -> Result<Range<usize>, LayoutError> {
        let width = size_of::<Entry>() as u64;
        let end = self
            .sections
            .checked_mul(width)
            .and_then(|len| len.checked_add(self.table));
        let start = usize::try_from(self.table).ok();
        match (start, usize::try_from(self.len)) {
            (Some(start), Ok(len)) if end == Some(self.len) && start >= HEADER => Ok(start..len),
            _ => Err(LayoutError::inconsistent(format_args!(
                "a table of {} sections at byte {} of {}",
                self.sections, self.table, self.len
            ))),
        }
    }
}

/// The place of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// The bytes of its values, without padding.
    pub(super) range: Range<usize>,
    /// The end of its padding, where the next section starts.
    pub(super) end: usize,
    pub(super) width: usize,
    pub(super) checksum: u64,
}

/// What the header and the table say.
#[derive(Debug)]
pub(super) struct Layout {
    /// The sections by name.
    pub(super) sections: HashMap<Box<str>, Section>,
    /// The checksum of the header.
    pub(super) checksum: u64,
}

impl Layout {
    /// Reads and checks the header and the table.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, LayoutError> {
        let header = Header::read(bytes)?;
        let table = header.table()?;
        let rows = bytes.get(table.clone()).unwrap_or_default();
        if header.table_checksum != XxHash3_64::oneshot(rows) {
            return Err(LayoutError::damaged("the table of sections"));
        }
        let mut sections = HashMap::with_capacity(rows.len() / size_of::<Entry>());
        let mut end = HEADER;
        for row in rows.chunks_exact(size_of::<Entry>()) {
            let entry: Entry = bytemuck::pod_read_unaligned(row);
            let Some(name) = entry.name() else {
                let name = String::from_utf8_lossy(&entry.name);
                return Err(LayoutError::inconsistent(format_args!(
                    "a section named {name:?}"
                )));
            };
            let section = place(&entry, end, table.start).map_err(|what| {
                LayoutError::inconsistent(format_args!("section {name:?} {what}"))
            })?;
            end = section.end;
            if sections.insert(name.into(), section).is_some() {
                return Err(LayoutError::inconsistent(format_args!(
                    "two sections named {name:?}"
                )));
            }
        }
        if end == table.start {
            return Ok(Self {
                sections,
                checksum: header.checksum,
            });
        }
        let gap = table.start - end;
        Err(LayoutError::inconsistent(format_args!(
            "{gap} bytes before the table belong to no section"
        )))
    }
}

/// Checks a row against the end of the section before it and the start of the table.
fn place(entry: &Entry, free: usize, table: usize) -> Result<Section, String> {
    let Entry {
        start, len, width, ..
    } = *entry;
    let outside =
        || format!("of {len} bytes at byte {start} leaves the file's {table} bytes of sections");
    let from = usize::try_from(start).map_err(|_| outside())?;
    let len_here = usize::try_from(len).map_err(|_| outside())?;
    let to = from.checked_add(len_here).ok_or_else(outside)?;
    let end = to.checked_next_multiple_of(ALIGNMENT).ok_or_else(outside)?;
    if end > table {
        return Err(outside());
    }
    if !from.is_multiple_of(ALIGNMENT) {
        return Err(format!(
            "starts at byte {start}, expected a multiple of {ALIGNMENT}"
        ));
    }
    if from < free {
        return Err(format!(
            "starts at byte {start}, inside the section that ends at {free}"
        ));
    }
    if from > free {
        return Err(format!("starts at byte {start}, expected {free}"));
    }
    let width_here = usize::try_from(width).ok().filter(|&width| width > 0);
    match width_here.filter(|&width| len_here.is_multiple_of(width)) {
        Some(width) => Ok(Section {
            range: from..to,
            end,
            width,
            checksum: entry.checksum,
        }),
        None => Err(format!("has {len} bytes of values of {width} bytes each")),
    }
}

/// A reason to refuse a file, without the name of the file.
#[derive(Debug)]
pub(super) struct LayoutError(pub(super) ErrorKind, pub(super) String);

impl LayoutError {
    pub(super) fn damaged(what: &str) -> Self {
        Self(
            ErrorKind::Damaged,
            format!("{what} does not match its checksum: damaged, or torn while written"),
        )
    }

    fn truncated(len: usize, expected: impl core::fmt::Display) -> Self {
        Self(
            ErrorKind::Truncated,
            format!("truncated: it has {len} bytes, and {expected}"),
        )
    }

    fn inconsistent(what: impl core::fmt::Display) -> Self {
        Self(ErrorKind::Inconsistent, what.to_string())
    }

    /// Makes the error for a file of this name.
    pub(super) fn of(self, origin: &str) -> Error {
        Error::file(self.0, origin, &self.1)
    }
}
