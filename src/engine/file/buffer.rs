//! The bytes of a container: a memory map of a file, or a private copy with the same alignment.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;

use super::layout::ALIGNMENT;
use super::map;

/// A block of [`ALIGNMENT`] bytes.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Block([u8; ALIGNMENT]);

/// Bytes that start at a multiple of [`ALIGNMENT`].
pub(super) enum Buffer {
    Mapped {
        map: Mmap,
        /// Kept open, to check whether this file changed. Its name may mean another file by now.
        file: File,
        opened: State,
    },
    Copied {
        blocks: Box<[Block]>,
        len: usize,
    },
}

/// The attributes of a file that change when a program writes to it or cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    len: u64,
    /// The time of the last modification. The time of change would not do: a rename sets it too.
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

    /// Reads the file at `path` into new memory. No other program can change the copy.
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

    /// Returns true for a copy, and for a mapped file that has not changed since it was opened. Costs one system call.
    pub(super) fn is_unchanged(&self) -> bool {
        match self {
            Self::Mapped { file, opened, .. } => State::of(file).is_ok_and(|now| now == *opened),
            Self::Copied { .. } => true,
        }
    }

    /// Returns the memory used, in bytes; 0 for a map, whose pages belong to the file.
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

/// Returns memory for `len` bytes, or an error if there is none.
fn zeroed(len: usize) -> io::Result<Box<[Block]>> {
    bytemuck::try_zeroed_slice_box(len.div_ceil(ALIGNMENT))
        .map_err(|()| io::ErrorKind::OutOfMemory.into())
}
