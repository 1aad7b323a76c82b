//! Numbers in memory that processes share through a file, or that one process has alone. The only `unsafe` code of
//! metrics.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapMut, MmapOptions};

/// A memory map of whole words.
#[derive(Debug)]
pub(super) struct Shared(MmapMut);

impl Shared {
    /// Maps memory of this process alone, filled with zeros.
    pub(super) fn anonymous(words: usize) -> io::Result<Self> {
        MmapMut::map_anon(words * size_of::<u64>()).map(Self)
    }

    /// Maps the first words of a file that is at least as long.
    pub(super) fn map(file: &File, words: usize) -> io::Result<Self> {
        let length = words * size_of::<u64>();
        if file.metadata()?.len() < length as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // SAFETY: the bytes are only ever reached as the atomics below, here and in every other process, and any
        // content is a valid number. The file is as long as the map, its directory is this user's alone, and this
        // package never shortens a file. Another program that shortens it kills the processes that map it (SIGBUS).
        unsafe { MmapOptions::new().len(length).map_mut(file) }.map(Self)
    }

    /// Returns all words.
    #[allow(clippy::cast_ptr_alignment)] // A map begins at a page.
    pub(super) fn words(&self) -> &[AtomicU64] {
        let words = self.0.len() / size_of::<u64>();
        // SAFETY: a map begins at a page, which is aligned for any word; it is as long as these words, and lives as
        // long as `self`. An atomic has the layout of its number, and may be written through a shared reference: the
        // map is writable, and no reference to its plain bytes is ever made.
        unsafe { core::slice::from_raw_parts(self.0.as_ptr().cast::<AtomicU64>(), words) }
    }
}
