//! Splits plain and compressed files into pieces of work, and reads their lines.
//!
//! A plain file is cut into chunks, and a line belongs to the chunk in which it begins. Every pass reads what a file
//! held when it was opened, even if it grows meanwhile.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

const CHUNK: u64 = 8 << 20;
const BUFFER: usize = 256 << 10;
/// The length of the longest line. Longer lines are skipped and counted, in no more memory than a line of this length.
const MOST_LINE: usize = 16 << 20;

/// A compressed file may expand to this multiple of its size. Telemetry compresses to a tenth; one repeated line to a
/// 200th; a decompression bomb to a 1,000th.
const MOST_EXPANSION: u64 = 256;
/// A compressed file of any size may expand to this number of bytes.
const LEAST_EXPANDED: u64 = 64 << 20;

/// An open file.
#[derive(Debug)]
pub(super) struct LogSource {
    file: File,
    length: u64,
    compressed: bool,
    path: PathBuf,
}

/// A part of a file, for one thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    source: usize,
    start: u64,
    end: u64,
}

/// A line, as the caller gets it.
pub(super) trait Lines {
    /// Takes a whole line, without its newline.
    fn line(&mut self, line: &[u8]);
    /// Is told that a line was too long.
    fn too_long(&mut self);
    /// Asks whether to stop.
    fn is_stopped(&self) -> bool;
}

/// Opens files, each of them once: two names of one file count as one, and so do a segment and its compressed copy.
pub(super) fn open(paths: &[PathBuf]) -> io::Result<Vec<LogSource>> {
    let mut sources: Vec<LogSource> = Vec::new();
    let mut seen = Vec::new();
    for path in paths {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let plain = path
            .extension()
            .is_some_and(|ending| ending == "gz")
            .then(|| path.with_extension(""));
        if plain.is_some_and(|plain| paths.contains(&plain) && plain.exists()) {
            continue;
        }
        let file = open_to_read(path).map_err(named)?;
        let found = file.metadata().map_err(named)?;
        if !seen.contains(&(found.dev(), found.ino())) {
            seen.push((found.dev(), found.ino()));
            let mut magic = [0; 2];
            let compressed = file.read_exact_at(&mut magic, 0).is_ok() && magic == [0x1f, 0x8b];
            sources.push(LogSource {
                file,
                length: found.len(),
                compressed,
                path: path.clone(),
            });
        }
    }
    Ok(sources)
}

impl LogSource {
    /// Returns the start of the first chunk at or after `from` that holds data. A sparse file may claim terabytes, and its
    /// holes hold no line.
    fn next_data(&self, from: u64) -> u64 {
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(from)) {
            Ok(data) => data / CHUNK * CHUNK,
            Err(rustix::io::Errno::NXIO) => self.length,
            // A file system that does not know where its holes are.
            Err(_) => from,
        }
    }
}

fn open_to_read(path: &Path) -> io::Result<File> {
    // Does not wait for the other end of a pipe. Pipes are refused below.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty())?);
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "not a regular file",
    ))
}

/// Returns the total number of bytes that a pass reads.
pub(super) fn length(sources: &[LogSource]) -> u64 {
    sources.iter().map(|source| source.length).sum()
}

/// Returns the pieces of a pass. Compressed files come first, because they cannot be split.
pub(super) fn pieces(sources: &[LogSource]) -> Vec<Piece> {
    let whole = |(index, source): (usize, &LogSource)| {
        source.compressed.then_some(Piece {
            source: index,
            start: 0,
            end: u64::MAX,
        })
    };
    let mut pieces: Vec<Piece> = sources.iter().enumerate().filter_map(whole).collect();
    for (index, source) in sources
        .iter()
        .enumerate()
        .filter(|(_, source)| !source.compressed)
    {
        let mut start = 0;
        while start < source.length {
            pieces.push(Piece {
                source: index,
                start,
                end: (start + CHUNK).min(source.length),
            });
            start = source.next_data(start + CHUNK);
        }
    }
    pieces
}

/// Calls `consume` with the lines of a piece. If the file cannot be read to its end, it returns its path and the
/// reason.
pub(super) fn read(
    sources: &[LogSource],
    piece: Piece,
    read: &AtomicU64,
    lines: &mut impl Lines,
) -> Result<(), String> {
    let Some(source) = sources.get(piece.source) else {
        return Ok(());
    };
    let done = if source.compressed {
        let counted = Counted {
            file: &source.file,
            at: 0,
            length: source.length,
            read,
        };
        let mut decoder = MultiGzDecoder::new(counted);
        let most = LEAST_EXPANDED.max(source.length.saturating_mul(MOST_EXPANSION));
        let expand = |buffer: &mut [u8], at| {
            if at >= most {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("holds more than {most} bytes when decompressed"),
                ));
            }
            decoder.read(buffer)
        };
        each_line(piece, expand, lines)
    } else {
        each_line(
            piece,
            |buffer, at| {
                let left = usize::try_from(source.length.saturating_sub(at)).unwrap_or(usize::MAX);
                let most = buffer.len().min(left);
                let count = source
                    .file
                    .read_at(buffer.get_mut(..most).unwrap_or_default(), at)?;
                read.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            },
            lines,
        )
    };
    done.map_err(|error| format!("{}: {error}", source.path.display()))
}

/// A file read from its beginning, independently of other readers.
struct Counted<'a> {
    file: &'a File,
    at: u64,
    length: u64,
    read: &'a AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let count = self
            .file
            .read_at(buffer.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += count as u64;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn each_line(
    piece: Piece,
    mut read: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
    lines: &mut impl Lines,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    // The byte before the piece decides whether a line begins with the piece.
    let mut base = piece.start.saturating_sub(1);
    let mut skipping = piece.start > 0;
    let (mut filled, mut searched) = (0, 0);
    while !lines.is_stopped() {
        if skipping && base >= piece.end {
            return Ok(());
        }
        let count = match read(
            buffer.get_mut(filled..).unwrap_or_default(),
            base + filled as u64,
        ) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if count == 0 {
            if !skipping && filled > 0 {
                lines.line(buffer.get(..filled).unwrap_or_default());
            }
            return Ok(());
        }
        filled += count;
        let mut begin = 0;
        while let Some(newline) =
            memchr::memchr(b'\n', buffer.get(searched..filled).unwrap_or_default())
        {
            let end = searched + newline;
            if skipping {
                skipping = false;
            } else if begin < end {
                lines.line(buffer.get(begin..end).unwrap_or_default());
            }
            // A bomb may hold millions of empty lines: they are not searched for one by one.
            let rest = buffer.get(end..filled).unwrap_or_default();
            begin = end + rest.iter().take_while(|&&byte| byte == b'\n').count();
            searched = begin;
            if base + begin as u64 >= piece.end {
                return Ok(());
            }
        }
        buffer.copy_within(begin..filled, 0);
        base += begin as u64;
        filled -= begin;
        searched = filled;
        if skipping {
            base += filled as u64;
            (filled, searched) = (0, 0);
        } else if filled == buffer.len() {
            if buffer.len() < MOST_LINE {
                buffer.resize(buffer.len() * 2, 0);
            } else {
                lines.too_long();
                skipping = true;
                base += filled as u64;
                (filled, searched) = (0, 0);
            }
        }
    }
    Ok(())
}
