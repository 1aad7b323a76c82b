//! Keeps one file of metrics for each process, in a directory of this user alone.
//!
//! A process locks its file for as long as it lives. So a file whose lock is free belongs to a process that is gone.
//! Such files are merged into `folded`: a new `folded`, which names the files in it, replaces the old one by a rename,
//! and the merged files are deleted afterwards. If a process is killed in between, `folded` names the files that
//! remain, so they are not counted twice. Readers take a shared lock of the directory; creating and merging files takes
//! an exclusive one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FallocateFlags, FlockOperation, OFlags, fallocate, flock};

use super::shared::Shared;
use super::table::{MOST_ABSORBED, Table, WORDS};
use super::total::Totals;
use crate::engine::error::{Error, ErrorKind};

const FOLDED: &str = "folded";
const LOCK: &str = "lock";
const PREFIX: &str = "worker-";

/// A directory in which the processes of one server share their metrics.
#[derive(Debug)]
pub struct MetricsDirectory(PathBuf);

/// The file of this process.
#[derive(Debug)]
pub(super) struct Own {
    shared: Shared,
    forks: u64,
    /// Its lock shows that the process lives.
    _file: Option<File>,
}

impl Own {
    pub(super) fn new(directory: Option<&MetricsDirectory>, forks: u64) -> Result<Self, Error> {
        let (shared, file) = match directory {
            Some(directory) => directory.add().map_err(|error| directory.failed(&error))?,
            None => (
                Shared::anonymous(WORDS).map_err(|error| Error::system("metrics", &error))?,
                None,
            ),
        };
        if file.is_none() {
            Table::init(shared.words(), &[]);
        }
        Ok(Self {
            shared,
            forks,
            _file: file,
        })
    }

    pub(super) fn forks(&self) -> u64 {
        self.forks
    }

    pub(super) fn table(&self) -> Table<'_> {
        Table::over(self.shared.words())
    }
}

impl MetricsDirectory {
    /// Opens a directory, and creates it with mode 0700 if needed.
    ///
    /// # Errors
    ///
    /// Fails if it is a link, belongs to another user, or is open to others.
    pub fn open(path: PathBuf) -> Result<Self, Error> {
        let made = DirBuilder::new().mode(0o700).create(&path);
        let directory = Self(path);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(directory.failed(&error));
            }
            _ => {}
        }
        let found = fs::symlink_metadata(&directory.0).map_err(|error| directory.failed(&error))?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_dir() || found.uid() != own || found.mode() & 0o077 != 0 {
            let origin = directory.0.display().to_string();
            let message = format!(
                "expected a directory of user {own} with mode 0700, found user {} and mode {:o}",
                found.uid(),
                found.mode()
            );
            return Err(Error::file(ErrorKind::Foreign, &origin, &message));
        }
        Ok(directory)
    }

    /// Returns the sums over all files. It merges the files of processes that are gone first.
    pub(super) fn totals(&self) -> Result<Totals, Error> {
        self.try_totals().map_err(|error| self.failed(&error))
    }

    fn try_totals(&self) -> io::Result<Totals> {
        if self.workers()?.iter().any(Worker::is_dead) {
            let _lock = self.lock(FlockOperation::LockExclusive)?;
            self.fold()?;
        }
        let _lock = self.lock(FlockOperation::LockShared)?;
        let mut totals = Totals::default();
        let absorbed = self.read_folded(&mut totals)?;
        for worker in self.workers()? {
            if !absorbed.contains(&worker.id) {
                worker.add_to(&mut totals, !worker.is_dead());
            }
        }
        Ok(totals)
    }

    /// Creates and locks a file for this process.
    fn add(&self) -> io::Result<(Shared, Option<File>)> {
        let _lock = self.lock(FlockOperation::LockExclusive)?;
        self.fold()?;
        let file = options(true).open(self.0.join(format!("{PREFIX}{:016x}", next_id())))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        let shared = allocate(&file)?;
        Table::init(shared.words(), &[]);
        Ok((shared, Some(file)))
    }

    /// Merges the files of processes that are gone. The caller holds the exclusive lock.
    fn fold(&self) -> io::Result<()> {
        let (mut totals, mut dead) = (Totals::default(), Vec::new());
        let absorbed = self.read_folded(&mut totals)?;
        for worker in self.workers()? {
            if absorbed.contains(&worker.id) {
                fs::remove_file(&worker.path)?;
            } else if dead.len() < MOST_ABSORBED && worker.is_dead() {
                worker.add_to(&mut totals, false);
                dead.push(worker);
            }
        }
        if dead.is_empty() {
            return Ok(());
        }
        let temporary = self.0.join(format!("{FOLDED}.new"));
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let shared = allocate(&options(true).open(&temporary)?)?;
        let ids: Vec<u64> = dead.iter().map(|worker| worker.id).collect();
        if let Some(table) = Table::init(shared.words(), &ids) {
            table.absorb(&totals);
        }
        fs::rename(&temporary, self.0.join(FOLDED))?;
        dead.iter()
            .try_for_each(|worker| fs::remove_file(&worker.path))
    }

    /// Adds the merged file, and returns the names of the files in it.
    fn read_folded(&self, totals: &mut Totals) -> io::Result<Vec<u64>> {
        let file = match options(false).open(self.0.join(FOLDED)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        let shared = Shared::map(&file, WORDS)?;
        let Some(table) = Table::of(shared.words()) else {
            return Ok(Vec::new());
        };
        table.add_to(totals, false);
        Ok(table.absorbed())
    }

    fn workers(&self) -> io::Result<Vec<Worker>> {
        let mut workers = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let id = name
                .and_then(|name| name.strip_prefix(PREFIX))
                .and_then(|id| u64::from_str_radix(id, 16).ok());
            let Some(id) = id else { continue };
            match options(false).open(&path) {
                Ok(file) => workers.push(Worker { path, id, file }),
                // Another process merged it after the directory was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(workers)
    }

    fn lock(&self, how: FlockOperation) -> io::Result<File> {
        let file = options(false).create(true).open(self.0.join(LOCK))?;
        flock(&file, how)?;
        Ok(file)
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::system(&self.0.display().to_string(), error)
    }
}

/// A file of a process, alive or not.
struct Worker {
    path: PathBuf,
    id: u64,
    file: File,
}

impl Worker {
    /// Returns true if the process is gone. The lock is released at once, or the file would look alive to others.
    fn is_dead(&self) -> bool {
        let had = flock(&self.file, FlockOperation::NonBlockingLockShared).is_ok();
        if had {
            let _ = flock(&self.file, FlockOperation::Unlock);
        }
        had
    }

    /// Adds the counts of a file. A process that was killed before it counted adds nothing.
    fn add_to(&self, totals: &mut Totals, alive: bool) {
        if let Ok(shared) = Shared::map(&self.file, WORDS)
            && let Some(table) = Table::of(shared.words())
        {
            table.add_to(totals, alive);
        }
    }
}

fn options(new: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create_new(new)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32);
    options
}

/// Reserves disk space for a table. If the disk filled up later, the process would be killed at its first count.
fn allocate(file: &File) -> io::Result<Shared> {
    fallocate(
        file,
        FallocateFlags::empty(),
        0,
        (WORDS * size_of::<u64>()) as u64,
    )?;
    Shared::map(file, WORDS)
}

/// Returns a number that no other file of the directory has.
fn next_id() -> u64 {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos() as u64;
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    // Microseconds in the upper bits, process and counter in the lower. `create_new` refuses a duplicate in any case.
    (now / 1000) << 22 | (u64::from(std::process::id()) & 0xFFFF) << 6 | made & 0x3F
}
