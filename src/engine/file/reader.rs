//! Opens a container: checks its header and table, and returns sections as views.
//!
//! Invariant: a [`Reader`] exists only for a file whose header and table passed every check of [`super::layout`].
//! Opening costs O(sections) and reads no section.

use core::hash::Hasher;
use std::io;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use twox_hash::XxHash3_64;

use super::buffer::Buffer;
use super::layout::{Layout, LayoutError, Section};
use crate::engine::error::{Error, ErrorKind};
use crate::engine::file::column::{Column, Plain};

/// The number of bytes between two progress reports of [`Reader::verify`].
const REPORT: usize = 1 << 24;

/// An open container, or its sections under a prefix. Clones share the bytes.
#[derive(Clone)]
pub struct Reader {
    file: Arc<Contents>,
    prefix: String,
}

/// Identifies the content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The length of the file in bytes.
    pub len: u64,
    /// The checksum of the header. It covers the checksums of all sections, so other content has another one.
    pub checksum: u64,
}

struct Contents {
    origin: String,
    /// The absolute path of a mapped file.
    path: Option<PathBuf>,
    buffer: Arc<Buffer>,
    layout: Layout,
}

impl Reader {
    /// Opens the file at `path` by memory map.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be opened, or if it is not a container, is truncated or damaged, has a newer version or
    /// the other byte order, or if its table contradicts itself. The message starts with the path.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let origin = path.display().to_string();
        let buffer = Buffer::map(path).map_err(|error| failed(&origin, &error))?;
        // Made now, because the working directory may be another one later.
        let path = path::absolute(path).map_err(|error| failed(&origin, &error))?;
        Self::new(origin, Some(path), buffer)
    }

    /// Opens a copy of the file at `path` in new memory. Later changes of the file have no effect.
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::open`] does, and if there is no memory for the copy.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let origin = path.display().to_string();
        let buffer = Buffer::read(path).map_err(|error| failed(&origin, &error))?;
        Self::new(origin, None, buffer)
    }

    /// Checks that no program has written to the mapped file or cut it since it was opened. Costs one system call.
    ///
    /// Two changes are not noticed: one within a tick of the file system's clock (some milliseconds) after the opening,
    /// and one through another memory map that the kernel has not written back.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Changed`] if the file changed. The message says how to replace a file.
    pub fn check_unchanged(&self) -> Result<(), Error> {
        if self.file.buffer.is_unchanged() {
            return Ok(());
        }
        let message = "another program changed it while it was open; open it again, and replace such a file by \
                       renaming a new one over it, never by writing into it";
        Err(self.file.refuse(ErrorKind::Changed, message))
    }

    /// Opens a container in memory. Copies the bytes once.
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::read`] does. The message starts with `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let buffer = Buffer::copy(bytes).map_err(|error| failed("bytes", &error))?;
        Self::new("bytes".into(), None, buffer)
    }

    fn new(origin: String, path: Option<PathBuf>, buffer: Buffer) -> Result<Self, Error> {
        let layout = Layout::read(buffer.as_ref()).map_err(|fault| fault.of(&origin))?;
        let file = Contents {
            origin,
            path,
            buffer: Arc::new(buffer),
            layout,
        };
        Ok(Self {
            file: Arc::new(file),
            prefix: String::new(),
        })
    }

    /// Returns a reader of the sections whose names start with `prefix` and a slash. Its names are the rest of theirs.
    #[must_use]
    pub fn under(&self, prefix: &str) -> Self {
        Self {
            file: Arc::clone(&self.file),
            prefix: format!("{}{prefix}/", self.prefix),
        }
    }

    /// Returns the values of a section, without reading them. Only their number and size is checked.
    ///
    /// # Errors
    ///
    /// Fails if there is no such section, or if its values have another size.
    pub fn column<T: Plain>(&self, name: &str) -> Result<Column<T>, Error> {
        let name = format!("{}{name}", self.prefix);
        let Some(section) = self.file.layout.sections.get(&*name) else {
            return Err(self.file.missing(&name));
        };
        let fits = section.width == size_of::<T>();
        let view = fits.then(|| Column::view(&self.file.buffer, section.range.clone()));
        view.flatten().ok_or_else(|| {
            let (width, expected) = (section.width, size_of::<T>());
            self.file.refuse(
                ErrorKind::Inconsistent,
                &format!("section {name:?} has values of {width} bytes, expected {expected}"),
            )
        })
    }

    /// Returns the value of a section that holds exactly one.
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does, and if the section does not hold exactly one value.
    pub fn value<T: Plain>(&self, name: &str) -> Result<T, Error> {
        match *self.column(name)? {
            [value] => Ok(value),
            ref values => {
                let len = values.len();
                Err(self.refuse(&format!("section {name:?} has {len} values, expected one")))
            }
        }
    }

    /// Returns true if there is a section with this name.
    pub fn contains(&self, name: &str) -> bool {
        let name = format!("{}{name}", self.prefix);
        self.file.layout.sections.contains_key(&*name)
    }

    /// Iterates over the names of the sections, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.file.layout.sections.keys();
        names.filter_map(|name| name.strip_prefix(&*self.prefix))
    }

    /// Makes the error for columns that contradict each other. It names the file.
    pub fn refuse(&self, message: &str) -> Error {
        self.file.refuse(ErrorKind::Inconsistent, message)
    }

    /// Returns the length of the whole file in bytes.
    pub fn len(&self) -> usize {
        (*self.file.buffer).as_ref().len()
    }

    /// Returns false, because every file has a header.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the absolute path under which a file was mapped, or `None` for a copy in memory.
    pub fn path(&self) -> Option<&Path> {
        self.file.path.as_deref()
    }

    /// Returns what identifies the content. Costs O(1).
    pub fn identity(&self) -> Identity {
        Identity {
            len: self.len() as u64,
            checksum: self.file.layout.checksum,
        }
    }

    /// Returns the memory used, in bytes; 0 for a mapped file.
    pub fn nbytes(&self) -> usize {
        self.file.buffer.nbytes()
    }

    /// Reads every section of the file, regardless of the prefix, and compares checksums.
    ///
    /// Calls `progress` several times with the number of bytes that were checked so far, of [`Reader::len`].
    ///
    /// # Errors
    ///
    /// Names the first damaged section.
    pub fn verify(&self, progress: &mut dyn FnMut(usize)) -> Result<(), Error> {
        let sections = &self.file.layout.sections;
        let mut sections: Vec<_> = sections.iter().collect();
        sections.sort_unstable_by_key(|(_, section)| (section.range.start, section.end));
        for (name, section) in sections {
            self.check(name, section, progress)?;
        }
        progress(self.len());
        Ok(())
    }

    /// Reads one section and compares its checksum.
    ///
    /// # Errors
    ///
    /// Fails if there is no such section, or if it is damaged.
    pub fn verify_section(&self, name: &str) -> Result<(), Error> {
        let name = format!("{}{name}", self.prefix);
        match self.file.layout.sections.get(&*name) {
            Some(section) => self.check(&name, section, &mut |_| {}),
            None => Err(self.file.missing(&name)),
        }
    }

    fn check(
        &self,
        name: &str,
        section: &Section,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        let bytes = (*self.file.buffer).as_ref();
        let mut hasher = XxHash3_64::new();
        let mut done = section.range.start;
        let all = bytes.get(done..section.end).unwrap_or_default();
        for chunk in all.chunks(REPORT) {
            hasher.write(chunk);
            done += chunk.len();
            progress(done);
        }
        if hasher.finish() == section.checksum {
            return Ok(());
        }
        Err(LayoutError::damaged(&format!("section {name:?}")).of(&self.file.origin))
    }
}

fn failed(origin: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::OutOfMemory {
        return Error::file(ErrorKind::Memory, origin, "no memory for a copy of it");
    }
    Error::system(origin, error)
}

impl Contents {
    fn missing(&self, name: &str) -> Error {
        self.refuse(ErrorKind::Missing, &format!("no section {name:?}"))
    }

    fn refuse(&self, kind: ErrorKind, message: &str) -> Error {
        Error::file(kind, &self.origin, message)
    }
}

impl core::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Reader")
            .field("origin", &self.file.origin)
            .field("prefix", &self.prefix)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
