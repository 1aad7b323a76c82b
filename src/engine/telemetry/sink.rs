//! Writes batches of lines to the open file, and keeps lines whole when the disk or another process interferes.
//!
//! Before each batch it checks three things: that the path still names the open file (someone may have moved or deleted
//! it), that the last byte is a newline (a process may have been killed in the middle of a line), and that the file was
//! not last written to on an earlier day. After each batch it checks whether the file was deleted meanwhile. The batch is
//! then written again, to a new file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::civil;
use super::queue::Batch;
use super::rotation::{self, Rotated};
use super::writer::{Durability, Options};

/// The time after which a file that could not be opened is tried again. A flush tries at once.
const RETRY: Duration = Duration::from_secs(1);
/// How often a batch is written again after its file was deleted. The limit ends the loop when another process deletes the
/// file again and again.
const MOST_TRIES: u32 = 8;

/// The result of writing a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Lines that the kernel has.
    pub(super) written: u64,
    /// Lines that it did not take.
    pub(super) dropped: u64,
    /// Bytes of those written.
    pub(super) bytes: u64,
    /// The kernel has lines of which the disk did not confirm that it has them, although that was asked for.
    pub(super) unsynced: bool,
    /// Segments made.
    pub(super) rotations: u64,
    /// The last thing that went wrong.
    pub(super) error: Option<String>,
}

/// How far a batch is.
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
    /// Until when the file is not tried again, and why.
    refused: Option<(Instant, String)>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    size: u64,
    /// The last byte is that of a torn line.
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

    /// Forgets that the file could not be opened a moment ago.
    pub(super) fn retry(&mut self) {
        self.refused = None;
    }

    /// Writes the lines of a batch, each whole or not at all.
    pub(super) fn write(&mut self, batch: &Batch) -> Outcome {
        let mut outcome = Outcome::default();
        // How far it was when the file that is open now was opened.
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
            // Deleted under our hands: nobody will ever read what went there since.
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

    /// Sees to it that the file at the path is open, of today, and ends in a newline.
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

    /// Rotates because a line does not fit any more.
    fn rotate_full(&mut self, line: u64, outcome: &mut Outcome) {
        let Some(most) = self.options.max_bytes else {
            return;
        };
        let ours = self.open.as_ref().map(|open| open.identity);
        // Another process may have rotated already: then the path names a file that is not full.
        let due = |found: &Metadata| found.len() + line > most && Some(identity(found)) == ours;
        self.rotate(due, outcome);
    }

    /// Rotates if it is due. A failure is told, and costs no line: the file just grows.
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

    /// Rotates now, whatever the size; the segment, or `None` for an empty or missing file.
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

    /// Notes the size, and whether the last line lacks its newline.
    fn look_at_end(&mut self) -> io::Result<()> {
        self.size = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if self.size > 0 {
            // It may have been truncated since: then there is nothing to be torn.
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
                // Where our line ends, with everybody else's before it.
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

    /// Cuts off the part of a line that was written before the disk was full.
    ///
    /// Only if it is the end of the file still. Another process could append between the look and the cut, but only
    /// where the disk that had no room for this line has room for its.
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

/// Nanoseconds since 1970; 0 on a clock that stands before.
pub(super) fn unix_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
