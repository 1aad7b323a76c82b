//! Rotates the log: renames it to a segment, and later compresses and deletes segments. Nothing is ever overwritten.
//!
//! Each step is one system call that happens completely or not at all. So a process that is killed between two steps
//! loses nothing and repeats nothing. A rename refuses to replace a file, and a compressed segment is synced and named
//! before the plain one is deleted. The kernel releases locks when their holder dies.

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

use super::{fault, log_segment};

/// How long ago a segment must have been written to. A process that has not noticed the rotation may still append a
/// line.
const SETTLED: Duration = Duration::from_secs(60);
/// The number of digits in the lock file. It is fixed, so that one write replaces the number.
const DIGITS: usize = 20;

/// The result of an attempt to rotate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rotated {
    /// The log is now this segment.
    To(PathBuf),
    /// A rotation is no longer due, because another process was faster.
    NotDue,
    /// Another process holds the lock.
    Busy,
}

/// What a round of maintenance did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaintenanceReport {
    /// The number of segments that were compressed.
    pub compressed: u64,
    /// The number of segments that were deleted.
    pub deleted: u64,
}

/// Opens a regular file without following a symbolic link and without blocking.
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

/// Renames the log at `path` to a segment, if a rotation is still due once the lock is held.
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
        let target = log_segment::new_path(path, sequence, unix_ns, std::process::id());
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

/// Renames a file, unless the new name exists.
fn rename_new(from: &Path, to: &Path) -> rustix::io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            // For file systems without such a rename, as NFS. In between both names are the same file, which readers
            // notice.
            linkat(CWD, from, CWD, to, rustix::fs::AtFlags::empty())?;
            fault::point();
            unlinkat(CWD, from, rustix::fs::AtFlags::empty())
        }
        done => done,
    }
}

/// The locked file `<path>.lock`. It holds the number of the last segment, so that nobody has to list the directory.
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
            None => log_segment::list(path)?
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
        // Closing is not enough: a child that was forked a moment ago may hold the same open file.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Compresses and deletes the old segments of `path`. Two processes may do so at the same time.
///
/// # Errors
///
/// Returns the first error. What was done before stays done.
pub(super) fn tend(
    path: &Path,
    now: SystemTime,
    compress_after: Option<Duration>,
    delete_after: Option<Duration>,
) -> io::Result<MaintenanceReport> {
    let mut tended = MaintenanceReport::default();
    for segment in log_segment::list(path)? {
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

/// Returns how long ago a file was written to, or `None` if it no longer exists.
fn age(path: &Path, now: SystemTime) -> Option<Duration> {
    let written = std::fs::symlink_metadata(path).ok()?.modified().ok()?;
    Some(now.duration_since(written).unwrap_or_default())
}

/// Deletes a file. Returns false if it did not exist.
fn unlink(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Replaces a segment by a compressed one. Returns true if this process did so.
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
        // A process was killed between its last two steps, or the file is not ours. Nothing is overwritten.
        return if holds(&target, &mut source)? {
            unlink(path)
        } else {
            Ok(false)
        };
    }
    // Left by a process that was killed. This process holds the segment's lock, so nobody is writing it now.
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
        // The segment grew, so it is left for later. On a full disk the plain segment stays.
        Ok(_) => return unlink(&temporary).map(|_| false),
        Err(error) => {
            unlink(&temporary)?;
            return Err(error);
        }
    }
    fault::point();
    unlink(path)
}

/// Returns true if a compressed file has exactly the content of a plain one.
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

/// Syncs the directory of a file, so that names in it survive a power failure.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(log_segment::directory(path))?.sync_all()
}

/// Writes a line in one system call if the kernel accepts it whole. Returns the number of bytes written.
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
