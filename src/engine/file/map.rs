//! The memory map of a file. Nothing else is `unsafe` about files.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps a whole file for reading; processes that map the same file share its memory.
///
/// A file that is cut short while it is mapped kills the process that reads beyond the cut (SIGBUS). [`super::Writer`]
/// never changes a file in place, so only other programs cut one. [`super::Reader::check_unchanged`] finds a file that
/// was cut before a use; a cut during the use is not survived. [`super::Reader::read`] copies the file instead.
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are read as plain values only, and every use checks range, alignment and meaning and trusts
    // no earlier check, so bytes that another process changes can make an answer wrong and nothing worse. Text is
    // copied before it is checked. Saving replaces the file by rename: the map keeps the old content.
    unsafe { Mmap::map(file) }
}
