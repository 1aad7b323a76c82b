//! Writes batches of lines to the open log, one `write` a line, and keeps lines whole when the disk or others
//! interfere.
//!
//! Before each batch it checks whether the path still names the open file (after an external `mv` or `rm`), whether the
//! last byte is a newline (a process may have been killed within a line), and whether the last write was on an earlier
//! day. After each batch it checks whether the file was deleted meanwhile. Then it writes the batch again, to a new
//! file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::civil;
use super::options::{Durability, Options};
use super::queue::Batch;
use super::rotation::{self, Rotated};

/// For how long a file that could not be opened is not tried again, unless somebody flushes.
const RETRY: Duration = Duration::from_secs(1);
/// How often a batch is written again because its file was deleted. Deleting in a loop must not block the writer.
const MOST_TRIES: u32 = 8;

/// The result of writing a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Lines that the kernel accepted.
    pub(super) written: u64,
    /// Lines that could not be written.
    pub(super) dropped: u64,
    /// Bytes that were written.
    pub(super) bytes: u64,
    /// Whether lines were written whose sync to disk failed although it was requested.
    pub(super) unsynced: bool,
    /// Completed rotations.
    pub(super) rotations: u64,
    /// The last error.
    pub(super) error: Option<String>,
}

/// How much of a batch is done.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    written: u64,
    dropped: u64,
    bytes: u64,
}

impl Progress {
    fn lines(self) -> u64 {
        self.written + self.dropped
    }
}

#[derive(Debug)]
pub(super) struct Sink {
    options: Options,
    open: Option<Open>,
    /// Until when the file is not tried again, and the error.
    refused: Option<(Instant, String)>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    size: u64,
    /// Whether the file ends within a torn line.
    torn: bool,
}

fn identity(of: &Metadata) -> (u64, u64) {
    (of.dev(), of.ino())
}

impl Sink {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            open: None,
            refused: None,
        }
    }

    /// Allows the next batch to open the file again at once.
    pub(super) fn retry(&mut self) {
        self.refused = None;
    }

    /// Writes the lines of a batch, each of them whole or not at all.
    pub(super) fn write(&mut self, batch: &Batch) -> Outcome {
        let mut outcome = Outcome::default();
        // The progress when the current file was opened.
        let mut safe = Progress::default();
        let mut tries = 0;
        loop {
            let mut progress = safe;
            if let Err(error) = self.write_from(batch, &mut progress, &mut safe, &mut outcome) {
                outcome.error = Some(error.to_string());
                let left = batch.len() as u64 - progress.lines();
                progress.dropped += left;
                outcome.unsynced |= left == 0;
            }
            // The file was deleted while it was open: nobody can read what was written to it since.
            let deleted = self
                .open
                .as_ref()
                .is_some_and(|open| open.file.metadata().is_ok_and(|found| found.nlink() == 0));
            tries += 1;
            if !deleted || progress.written == safe.written || tries == MOST_TRIES {
                let Progress {
                    written,
                    dropped,
                    bytes,
                } = progress;
                return Outcome {
                    written,
                    dropped,
                    bytes,
                    ..outcome
                };
            }
            self.open = None;
        }
    }

    fn write_from(
        &mut self,
        batch: &Batch,
        progress: &mut Progress,
        safe: &mut Progress,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        self.prepare(outcome)?;
        for line in batch.lines().skip(progress.lines() as usize) {
            let length = line.len() as u64;
            let is_full = self.options.max_bytes.is_some_and(|most| {
                let open = self.open.as_ref();
                open.is_some_and(|open| open.size > 0 && open.size + length > most)
            });
            if is_full {
                self.rotate_full(length, outcome);
            }
            if self.open.is_none() {
                self.open_file()?;
                *safe = *progress;
            }
            let Some(open) = &mut self.open else { continue };
            match open.append(line) {
                Ok(()) => {
                    progress.written += 1;
                    progress.bytes += length;
                }
                Err(error) => {
                    progress.dropped += 1;
                    outcome.error = Some(error.to_string());
                }
            }
        }
        if let (Durability::Fsync, Some(open)) = (self.options.durability, &self.open) {
            open.file.sync_data()?;
        }
        Ok(())
    }

    /// Makes sure that the file at the path is open, is of today, and ends in a newline.
    fn prepare(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        let found = std::fs::symlink_metadata(&self.options.path).ok();
        if let (Some(open), Some(found)) = (&self.open, &found) {
            if open.identity != identity(found) {
                self.open = None;
            }
        } else {
            self.open = None;
        }
        if self.options.daily
            && found
                .as_ref()
                .is_some_and(|found| found.len() > 0 && is_of_earlier_day(found))
        {
            self.rotate(is_of_earlier_day, outcome);
        }
        match &mut self.open {
            Some(open) => open.look_at_end(),
            None => self.open_file(),
        }
    }

    fn open_file(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if let Some((_, reason)) = self.refused.as_ref().filter(|(until, _)| now < *until) {
            return Err(io::Error::other(reason.clone()));
        }
        match Open::new(&self.options) {
            Ok(open) => {
                self.open = Some(open);
                self.refused = None;
                Ok(())
            }
            Err(error) => {
                self.refused = Some((now + RETRY, error.to_string()));
                Err(error)
            }
        }
    }

    /// Rotates because a line no longer fits.
    fn rotate_full(&mut self, line: u64, outcome: &mut Outcome) {
        let Some(most) = self.options.max_bytes else {
            return;
        };
        let ours = self.open.as_ref().map(|open| open.identity);
        // Another process may have rotated already. Then the path names a file that is not full.
        let due = |found: &Metadata| found.len() + line > most && Some(identity(found)) == ours;
        self.rotate(due, outcome);
    }

    /// Rotates if that is due. A failure is reported and costs no line: the file grows instead.
    fn rotate(&mut self, due: impl Fn(&Metadata) -> bool, outcome: &mut Outcome) {
        match rotation::rotate(&self.options.path, unix_ns(), due) {
            Ok(Rotated::To(_)) => {
                outcome.rotations += 1;
                self.open = None;
                if self.options.durability == Durability::Fsync {
                    let _ = rotation::sync_directory(&self.options.path);
                }
            }
            Ok(Rotated::NotDue) => self.open = None,
            Ok(Rotated::Busy) => {}
            Err(error) => outcome.error = Some(format!("not rotated: {error}")),
        }
    }

    /// Rotates now, whatever the size. Returns the segment, or `None` if the file is empty or missing.
    pub(super) fn rotate_now(&mut self) -> io::Result<Rotated> {
        self.open = None;
        rotation::rotate(&self.options.path, unix_ns(), |_| true)
    }
}

impl Open {
    fn new(options: &Options) -> io::Result<Self> {
        let mut how = OpenOptions::new();
        let file = rotation::open_plain(&options.path, how.read(true).append(true).create(true))?;
        let identity = identity(&file.metadata()?);
        let mut open = Self {
            file,
            identity,
            size: 0,
            torn: false,
        };
        open.look_at_end()?;
        Ok(open)
    }

    /// Reads the size, and whether the last line lacks its newline.
    fn look_at_end(&mut self) -> io::Result<()> {
        self.size = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if self.size > 0 {
            // The file may have been truncated since. Then there is no torn line.
            let _ = self.file.read_at(&mut last, self.size - 1)?;
        }
        self.torn = last != *b"\n";
        Ok(())
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let (done, error) = if self.torn {
            let mut guarded = Vec::with_capacity(line.len() + 1);
            guarded.push(b'\n');
            guarded.extend_from_slice(line);
            rotation::write_line(&mut self.file, &guarded)
        } else {
            rotation::write_line(&mut self.file, line)
        };
        match error {
            None => {
                self.torn = false;
                // The position behind this line, after the lines of all other processes.
                self.size = self.file.stream_position()?;
                Ok(())
            }
            Some(error) => {
                if done > 0 {
                    self.take_back(done as u64);
                }
                Err(error)
            }
        }
    }

    /// Removes the part of a line that was written before the disk was full.
    ///
    /// It does so only if the part still ends the file. Another process could append between the check and the
    /// truncation, but only if the disk has room for its line and had none for this one.
    fn take_back(&mut self, written: u64) {
        let end = self.file.stream_position().unwrap_or_default();
        let is_end = self.file.metadata().is_ok_and(|found| found.len() == end);
        let cut = is_end && end >= written && self.file.set_len(end - written).is_ok();
        if cut {
            self.size = end - written;
        } else {
            self.torn = true;
        }
    }
}

fn is_of_earlier_day(found: &Metadata) -> bool {
    civil::day(found.mtime())
        < civil::day(i64::try_from(unix_ns() / 1_000_000_000).unwrap_or(i64::MAX))
}

/// Returns the nanoseconds since 1970, or 0 if the clock is set to an earlier time.
pub(super) fn unix_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
