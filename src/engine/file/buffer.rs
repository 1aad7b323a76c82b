//! The bytes of a container: a memory map of a file, or a private copy that is aligned as a map is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

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
    Mapped {
        map: Mmap,
        /// Held open, because only the file itself can say whether it changed: its name may lead to another one.
        file: File,
        opened: State,
    },
    Copied {
        blocks: Box<[Block]>,
        len: usize,
    },
}

/// What of a file changes when somebody writes to it or cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    len: u64,
    /// The time of the last modification. Not the time of change: replacing the file sets that one too.
    modified: SystemTime,
}

impl State {
    fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            len: found.len(),
            modified: found.modified()?,
        })
    }
}

impl Buffer {
    /// Maps the file at `path`.
    pub(super) fn map(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        let opened = State::of(&file)?;
        let map = map::map(&file)?;
        Ok(Self::Mapped { map, file, opened })
    }

    /// Reads the file at `path` into memory of its own. Nobody can change the copy.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut file = open(path)?;
        let opened = State::of(&file)?;
        let len = usize::try_from(opened.len).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut blocks = zeroed(len)?;
        let room: &mut [u8] = bytemuck::must_cast_slice_mut(&mut blocks);
        file.read_exact(room.get_mut(..len).unwrap_or_default())?;
        if State::of(&file)? != opened {
            return Err(io::Error::other("it changed while it was read"));
        }
        Ok(Self::Copied { blocks, len })
    }

    /// Copies `bytes`.
    pub(super) fn copy(bytes: &[u8]) -> io::Result<Self> {
        let len = bytes.len();
        let mut blocks = zeroed(len)?;
        let room: &mut [u8] = bytemuck::must_cast_slice_mut(&mut blocks);
        if let Some(room) = room.get_mut(..len) {
            room.copy_from_slice(bytes);
        }
        Ok(Self::Copied { blocks, len })
    }

    /// Returns true if the mapped file is as long and as old as when it was opened, and for a copy. One system call.
    pub(super) fn is_unchanged(&self) -> bool {
        match self {
            Self::Mapped { file, opened, .. } => State::of(file).is_ok_and(|now| now == *opened),
            Self::Copied { .. } => true,
        }
    }

    /// Bytes of memory of its own: the pages of a map are the file's.
    pub(super) fn nbytes(&self) -> usize {
        match self {
            Self::Mapped { .. } => 0,
            Self::Copied { blocks, .. } => size_of_val(&**blocks),
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Mapped { map, .. } => map,
            Self::Copied { blocks, len } => {
                let room: &[u8] = bytemuck::must_cast_slice(blocks);
                room.get(..*len).unwrap_or(room)
            }
        }
    }
}

/// Opens a regular file for reading. Never waits for the other end of a pipe.
fn open(path: &Path) -> io::Result<File> {
    let file = open_at_once(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "not a regular file",
    ))
}

#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};

    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Other systems have no pipes among their files.
#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Room for `len` bytes, or an error where there is no memory for it.
fn zeroed(len: usize) -> io::Result<Box<[Block]>> {
    bytemuck::try_zeroed_slice_box(len.div_ceil(ALIGNMENT))
        .map_err(|()| io::ErrorKind::OutOfMemory.into())
}
