//! The bytes of an open file: mapped, or copied from memory to a place that is aligned as a map is.

use std::fs::File;
use std::io;
use std::path::Path;

use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;

use super::layout::ALIGNMENT;
use super::map;

/// As many bytes as a section is aligned to.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Block([u8; ALIGNMENT]);

/// Bytes that start at a multiple of [`ALIGNMENT`].
pub(super) enum Buffer {
    Mapped(Mmap),
    Copied { blocks: Box<[Block]>, len: usize },
}

impl Buffer {
    /// Maps the file at `path`.
    pub(super) fn map(path: &Path) -> io::Result<Self> {
        // Asked first: opening a pipe would wait for somebody to write.
        if !path.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        map::map(&File::open(path)?).map(Self::Mapped)
    }

    /// Copies `bytes`.
    pub(super) fn copy(bytes: &[u8]) -> Self {
        let mut blocks: Box<[Block]> = bytemuck::zeroed_slice_box(bytes.len().div_ceil(ALIGNMENT));
        let room: &mut [u8] = bytemuck::must_cast_slice_mut(&mut blocks);
        if let Some(room) = room.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
        }
        Self::Copied {
            blocks,
            len: bytes.len(),
        }
    }

    /// Bytes of memory of its own: the pages of a map are the file's.
    pub(super) fn nbytes(&self) -> usize {
        match self {
            Self::Mapped(_) => 0,
            Self::Copied { blocks, .. } => size_of_val(&**blocks),
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Copied { blocks, len } => {
                let room: &[u8] = bytemuck::must_cast_slice(blocks);
                room.get(..*len).unwrap_or(room)
            }
        }
    }
}
