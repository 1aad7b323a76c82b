//! Writes a container, section by section, to a file or to memory.
//!
//! Invariant: the header is written last, so a file without a header is unfinished. Memory is O(sections), because values
//! are written to the file at once.

use core::hash::Hasher;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use twox_hash::XxHash3_64;

use super::atomic::{self, AtomicFile};
use super::layout::{ALIGNMENT, Entry, Header, NAME};
use crate::engine::error::{Error, ErrorKind};
use crate::engine::file::column::Plain;

/// The number of bytes that are hashed and written together, so that the write finds them in the processor's cache.
const CHUNK: usize = 1 << 17;

/// Writes the sections of a container, under a prefix.
pub struct Writer<'a> {
    output: &'a mut Output,
    prefix: String,
}

impl Writer<'_> {
    /// Writes a whole file or nothing: afterwards `path` has the old content, or everything that `save` writes.
    ///
    /// The new file is written beside the old one, synced and renamed. Links are followed, and permissions are kept. A
    /// process that has mapped the old file keeps its content.
    ///
    /// # Errors
    ///
    /// An error of the operating system, or the error that `save` returns. No new file is left then.
    pub fn to_file<E: From<Error>>(
        path: &Path,
        save: impl FnOnce(&mut Writer<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let origin = path.display().to_string();
        let failed = |error: &io::Error| Error::system(&origin, error);
        let target = atomic::follow(path);
        let (temporary, file) = AtomicFile::create(&target).map_err(|error| failed(&error))?;
        let sink = file.try_clone().map_err(|error| failed(&error))?;
        Output::fill(
            Sink::File(BufWriter::with_capacity(CHUNK, sink)),
            &origin,
            save,
        )?;
        temporary
            .replace(&file)
            .map_err(|error| failed(&error).into())
    }

    /// Writes a container to memory.
    ///
    /// # Errors
    ///
    /// Fails as `save` does.
    pub fn to_bytes<E: From<Error>>(
        save: impl FnOnce(&mut Writer<'_>) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        match Output::fill(Sink::Memory(Vec::new()), "bytes", save)? {
            Sink::Memory(bytes) => Ok(bytes),
            // Cannot happen: the sink was made for memory.
            Sink::File(_) => Ok(Vec::new()),
        }
    }

    /// Writes below a prefix: section `name` becomes `prefix/name`.
    pub fn under(&mut self, prefix: &str) -> Writer<'_> {
        Writer {
            prefix: format!("{}{prefix}/", self.prefix),
            output: self.output,
        }
    }

    /// Writes a section of these values.
    ///
    /// # Errors
    ///
    /// Fails if the system cannot write, or if the name is empty, longer than 48 bytes with all prefixes, or not new.
    pub fn column<T: Plain>(&mut self, name: &str, values: &[T]) -> Result<(), Error> {
        self.chunks(name, [values])
    }

    /// Writes a section of one value.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn value<T: Plain>(&mut self, name: &str, value: T) -> Result<(), Error> {
        self.column(name, &[value])
    }

    /// Writes a section of values that are given in pieces. No piece is kept in memory.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn chunks<T: Plain>(
        &mut self,
        name: &str,
        chunks: impl IntoIterator<Item = impl AsRef<[T]>>,
    ) -> Result<(), Error> {
        let name = format!("{}{name}", self.prefix);
        let mut section = self.output.begin(&name, size_of::<T>())?;
        for chunk in chunks {
            self.output
                .extend(&mut section, bytemuck::must_cast_slice(chunk.as_ref()))?;
        }
        self.output.end(section)
    }
}

/// A section that is being written.
struct Section {
    row: Entry,
    len: u64,
    hasher: XxHash3_64,
}

struct Output {
    sink: Sink,
    origin: String,
    end: u64,
    rows: Vec<Entry>,
    names: HashSet<String>,
    /// The first error of the sink. Everything written after it would be at a wrong place.
    failure: Option<Error>,
}

impl Output {
    fn fill<E: From<Error>>(
        sink: Sink,
        origin: &str,
        save: impl FnOnce(&mut Writer<'_>) -> Result<(), E>,
    ) -> Result<Sink, E> {
        let mut output = Self {
            sink,
            origin: origin.into(),
            end: ALIGNMENT as u64,
            rows: Vec::new(),
            names: HashSet::new(),
            failure: None,
        };
        output.append(&[0; ALIGNMENT])?;
        save(&mut Writer {
            output: &mut output,
            prefix: String::new(),
        })?;
        output.finish().map_err(E::from)
    }

    fn begin(&mut self, name: &str, width: usize) -> Result<Section, Error> {
        let Some(row) = Entry::new(name, self.end, width) else {
            let message =
                format!("section {name:?}: a name has 1 to {NAME} bytes, none of them NUL");
            return Err(self.refuse(&message));
        };
        if !self.names.insert(name.into()) {
            return Err(self.refuse(&format!("two sections named {name:?}")));
        }
        Ok(Section {
            row,
            len: 0,
            hasher: XxHash3_64::new(),
        })
    }

    fn extend(&mut self, section: &mut Section, bytes: &[u8]) -> Result<(), Error> {
        for chunk in bytes.chunks(CHUNK) {
            section.hasher.write(chunk);
            self.append(chunk)?;
        }
        section.len += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, mut section: Section) -> Result<(), Error> {
        let len = section.len;
        let padding = len.next_multiple_of(ALIGNMENT as u64) - len;
        let zeros = [0; ALIGNMENT];
        self.extend(
            &mut section,
            zeros.get(..padding as usize).unwrap_or_default(),
        )?;
        self.rows
            .push(section.row.finish(len, section.hasher.finish()));
        self.end += section.len;
        Ok(())
    }

    fn finish(mut self) -> Result<Sink, Error> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let header = Header::seal(self.end, &self.rows);
        let rows = core::mem::take(&mut self.rows);
        self.append(bytemuck::must_cast_slice(&rows))?;
        let sealed = self.sink.put_header(bytemuck::bytes_of(&header));
        sealed.map_err(|error| Error::system(&self.origin, &error))?;
        Ok(self.sink)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sink.append(bytes).map_err(|error| {
            let error = Error::system(&self.origin, &error);
            self.failure.get_or_insert(error).clone()
        })
    }

    fn refuse(&self, message: &str) -> Error {
        Error::file(ErrorKind::Inconsistent, &self.origin, message)
    }
}

enum Sink {
    File(BufWriter<File>),
    Memory(Vec<u8>),
}

impl Sink {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(bytes),
            Self::Memory(all) => {
                all.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn put_header(&mut self, header: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => {
                file.seek(SeekFrom::Start(0))?;
                file.write_all(header)?;
                file.flush()
            }
            Self::Memory(all) => {
                for (to, from) in all.iter_mut().zip(header) {
                    *to = *from;
                }
                Ok(())
            }
        }
    }
}
