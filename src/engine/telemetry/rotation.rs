//! Rotates the file into a segment, and later compresses and deletes segments. Nothing is ever overwritten.
//!
//! Each step is one system call that either happened or did not, so a kill between two of them loses and repeats nothing.
//! Renames refuse to replace a file. A compressed segment is synced and gets its name before the plain one is deleted.
//! The kernel releases a lock when its holder dies.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::fs::{
    CWD, FlockOperation, OFlags, RenameFlags, flock, linkat, renameat_with, unlinkat,
};
use rustix::io::Errno;

use super::{fault, segment};

/// Younger segments may still get a line from a process that has not noticed the rotation.
const SETTLED: Duration = Duration::from_secs(60);
/// The number of digits in the lock file. It is constant, so that one write replaces them.
const DIGITS: usize = 20;

/// The result of an attempt to rotate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rotated {
    /// The file is a segment now.
    To(PathBuf),
    /// It is not due any more: another process was faster.
    NotDue,
    /// Another process holds the lock.
    Busy,
}

/// The number of old segments that were compressed and deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Segments that were compressed.
    pub compressed: u64,
    /// Segments that were deleted.
    pub deleted: u64,
}

/// Opens a regular file without following a symbolic link, and without waiting for the other end of a pipe.
pub(super) fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "not a regular file",
    ))
}

/// Makes the file at `path` a segment, if it is still `due` once the lock is held.
pub(super) fn rotate(
    path: &Path,
    unix_ns: u64,
    due: impl Fn(&Metadata) -> bool,
) -> io::Result<Rotated> {
    let Some(mut lock) = Lock::try_acquire(path)? else {
        return Ok(Rotated::Busy);
    };
    fault::point();
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() > 0 && due(&found) => {}
        Ok(_) => return Ok(Rotated::NotDue),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Rotated::NotDue),
        Err(error) => return Err(error),
    }
    let mut sequence = lock.next_sequence(path)?;
    loop {
        let target = segment::new_path(path, sequence, unix_ns, std::process::id());
        fault::point();
        match rename_new(path, &target) {
            Ok(()) => {
                fault::point();
                return Ok(Rotated::To(target));
            }
            Err(Errno::EXIST) => sequence += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Renames, unless there is something of the new name.
fn rename_new(from: &Path, to: &Path) -> rustix::io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            // A file system without it, NFS for one. Between the two, both names are the same file, which readers notice.
            linkat(CWD, from, CWD, to, rustix::fs::AtFlags::empty())?;
            fault::point();
            unlinkat(CWD, from, rustix::fs::AtFlags::empty())
        }
        done => done,
    }
}

/// `<path>.lock`, held. It holds the number of the last segment, so that nobody lists the directory for it.
struct Lock(File);

impl Lock {
    fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let lock = path.with_file_name(name);
        let mut options = OpenOptions::new();
        let file = open_plain(
            &lock,
            options.read(true).write(true).create(true).truncate(false),
        );
        let file = file.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", lock.display()))
        })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn next_sequence(&mut self, path: &Path) -> io::Result<u64> {
        let last = match self.last_sequence() {
            Some(last) => last,
            None => segment::list(path)?
                .last()
                .map_or(0, |segment| segment.sequence),
        };
        fault::point();
        let next = last + 1;
        self.0
            .write_all_at(format!("{next:0DIGITS$}\n").as_bytes(), 0)?;
        Ok(next)
    }

    fn last_sequence(&self) -> Option<u64> {
        let mut text = [0; DIGITS + 1];
        self.0.read_exact_at(&mut text, 0).ok()?;
        std::str::from_utf8(&text)
            .ok()?
            .strip_suffix('\n')?
            .parse()
            .ok()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, but for a child that was forked a moment ago and holds the same open file.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Compresses and deletes the segments of `path` that are old enough. Two processes may do so at once.
///
/// # Errors
///
/// The first that stopped it; what was done until then stays done.
pub(super) fn tend(
    path: &Path,
    now: SystemTime,
    compress_after: Option<Duration>,
    delete_after: Option<Duration>,
) -> io::Result<Tended> {
    let mut tended = Tended::default();
    for segment in segment::list(path)? {
        let Some(age) = age(&segment.path, now) else {
            continue;
        };
        let is_old = |limit: Option<Duration>| limit.is_some_and(|limit| age >= limit.max(SETTLED));
        if is_old(delete_after) {
            fault::point();
            tended.deleted += u64::from(unlink(&segment.path)?);
        } else if !segment.compressed && is_old(compress_after) {
            tended.compressed += u64::from(compress(&segment.path)?);
        }
    }
    Ok(tended)
}

/// How long ago a file was written to; `None` when it is gone.
fn age(path: &Path, now: SystemTime) -> Option<Duration> {
    let written = std::fs::symlink_metadata(path).ok()?.modified().ok()?;
    Some(now.duration_since(written).unwrap_or_default())
}

/// Whether there was something to unlink.
fn unlink(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Replaces a segment by a compressed one; whether this process did.
fn compress(path: &Path) -> io::Result<bool> {
    let mut source = match open_plain(path, OpenOptions::new().read(true)) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if flock(&source, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(false);
    }
    let found = source.metadata()?;
    if found.nlink() == 0 {
        return Ok(false); // Another process has just finished it.
    }
    let (target, temporary) = (with_ending(path, ".gz"), with_ending(path, ".gz.tmp"));
    if target.exists() {
        // Killed between its last two steps, or a file of somebody else's: nothing is overwritten.
        return if holds(&target, &mut source)? {
            unlink(path)
        } else {
            Ok(false)
        };
    }
    // What a killed process left: the lock on the segment says that nobody is writing it now.
    unlink(&temporary)?;
    fault::point();
    let file = open_plain(&temporary, OpenOptions::new().write(true).create_new(true))?;
    let written = (|| {
        let mut encoder = GzEncoder::new(file, Compression::default());
        let copied = io::copy(&mut source, &mut encoder)?;
        let file = encoder.finish()?;
        file.set_modified(found.modified()?)?;
        fault::point();
        file.sync_all()?;
        Ok::<_, io::Error>(copied)
    })();
    fault::point();
    match written {
        Ok(copied) if copied == source.metadata()?.len() => rename_new(&temporary, &target)?,
        // It grew: later. A full disk: the plain segment stays.
        Ok(_) => return unlink(&temporary).map(|_| false),
        Err(error) => {
            unlink(&temporary)?;
            return Err(error);
        }
    }
    fault::point();
    unlink(path)
}

/// Whether a compressed file has exactly the content of a plain one.
fn holds(compressed: &Path, plain: &mut File) -> io::Result<bool> {
    // A link, a pipe or a directory of that name is not the copy.
    let Ok(file) = open_plain(compressed, OpenOptions::new().read(true)) else {
        return Ok(false);
    };
    let mut decoder = flate2::read::MultiGzDecoder::new(file);
    plain.seek(SeekFrom::Start(0))?;
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let Ok(read) = decoder.read(&mut left) else {
            return Ok(false);
        };
        let (Some(left), Some(right)) = (left.get(..read), right.get_mut(..read.max(1))) else {
            return Ok(false);
        };
        if left.is_empty() {
            return Ok(plain.read(right)? == 0);
        }
        if plain.read_exact(right).is_err() || left != right {
            return Ok(false);
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Forces the names in the directory of a file to the disk.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(segment::directory(path))?.sync_all()
}

/// Writes a whole line in one system call where the kernel takes it whole; how much of it was written.
pub(super) fn write_line(file: &mut File, line: &[u8]) -> (usize, Option<io::Error>) {
    let mut done = 0;
    while let Some(rest) = line.get(done..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return (done, Some(io::ErrorKind::WriteZero.into())),
            Ok(written) => done += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (done, Some(error)),
        }
    }
    (done, None)
}
