//! Accepts telemetry lines from callers and writes them to the log, in the background or at once.
//!
//! A call formats its line into a queue and returns; a background thread writes it. With a durability of `Sync` or
//! `Fsync` the call itself writes. A forked child notices by its process id that it is one. It starts with an empty
//! queue, and its own file and thread, and never touches what it inherited, locked or not.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::options::{Durability, Options};
use super::queue::{Batch, Pushed, Queue};
use super::rotation::{self, MaintenanceReport, Rotated};
use super::sink::{Outcome, Sink, unix_ns};

/// Counts of what this process has done so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WriterStats {
    /// Lines that callers logged.
    pub logged: u64,
    /// Lines that were handed to the kernel.
    pub written: u64,
    /// Lines that are lost: the sum of the next three counts.
    pub dropped: u64,
    /// Lines lost because the queue was full.
    pub dropped_queue_full: u64,
    /// Lines lost because the file could not be written.
    pub dropped_io: u64,
    /// Lines lost because they could not be serialised.
    pub dropped_unserializable: u64,
    /// Lines that are waiting in the queue.
    pub queued: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Completed rotations.
    pub rotations: u64,
    /// The last error.
    pub last_error: Option<String>,
}

/// Writes telemetry lines.
#[derive(Debug)]
pub struct Writer {
    options: Options,
    first: Generation,
}

/// The queue, file and thread of one process. A forked child appends its own generation, without a lock: a lock that
/// another thread held during the fork would never be released in the child.
#[derive(Debug)]
struct Generation {
    pid: u32,
    shared: Arc<Shared>,
    next: OnceLock<Box<Self>>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    queue: Queue,
    sink: Mutex<Sink>,
    counters: Counters,
    running: AtomicBool,
    /// Whether the background thread has ended for good. Then calls write their own lines.
    direct: AtomicBool,
    tending: AtomicBool,
}

#[derive(Debug, Default)]
struct Counters {
    logged: AtomicU64,
    written: AtomicU64,
    queue_full: AtomicU64,
    io: AtomicU64,
    unserializable: AtomicU64,
    bytes: AtomicU64,
    rotations: AtomicU64,
    last_error: Mutex<Option<String>>,
    has_new_error: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    /// Creates a writer. It opens nothing before the first line.
    pub fn new(options: Options) -> Self {
        let first = Generation::new(std::process::id(), &options);
        Self { options, first }
    }

    /// Returns the options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    fn shared(&self) -> &Arc<Shared> {
        let pid = std::process::id();
        let mut generation = &self.first;
        while generation.pid != pid {
            let next = || Box::new(Generation::new(pid, &self.options));
            generation = generation.next.get_or_init(next);
        }
        &generation.shared
    }

    /// Logs the line that `write` appends, which must end in a newline.
    ///
    /// Returns whether the line was accepted, and whether there is an error that nobody has [taken](Self::take_error)
    /// yet.
    pub fn log(&self, write: impl FnOnce(&mut Vec<u8>)) -> (bool, bool) {
        // Looked up once, because finding out the process id is a system call.
        let shared = self.shared();
        let accepted = self.log_to(shared, write);
        (
            accepted,
            shared.counters.has_new_error.load(Ordering::Relaxed),
        )
    }

    fn log_to(&self, shared: &Arc<Shared>, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        shared.counters.logged.fetch_add(1, Ordering::Relaxed);
        let is_direct = self.options.durability != Durability::Background
            || shared.direct.load(Ordering::Acquire)
            || !shared.ensure_thread();
        if is_direct {
            let mut line = Vec::with_capacity(256);
            write(&mut line);
            return shared.write(&Batch::of(line));
        }
        let mut write = Some(write);
        let pushed = shared.queue.push(|out| {
            if let Some(write) = write.take() {
                write(out);
            }
        });
        match (pushed, write) {
            (Pushed::Accepted, _) => true,
            // The queue was closed between the check and the push.
            (Pushed::Closed, Some(write)) => {
                let mut line = Vec::new();
                write(&mut line);
                shared.write(&Batch::of(line))
            }
            (Pushed::Full | Pushed::Closed, _) => {
                shared.counters.queue_full.fetch_add(1, Ordering::Relaxed);
                shared.counters.fail("the queue is full".to_owned());
                false
            }
        }
    }

    /// Returns true if a call writes its line itself, and so may have to wait for the disk.
    pub fn is_direct(&self) -> bool {
        self.options.durability != Durability::Background
    }

    /// Counts a line that could not be serialised.
    pub fn refuse(&self, reason: String) {
        let shared = self.shared();
        shared.counters.logged.fetch_add(1, Ordering::Relaxed);
        shared
            .counters
            .unserializable
            .fetch_add(1, Ordering::Relaxed);
        shared.counters.fail(reason);
    }

    /// Waits until all lines so far are written or lost. Returns false if that takes longer than `patience`.
    pub fn flush(&self, patience: Duration) -> bool {
        let shared = self.shared();
        // Not waited for: the background thread may hold the lock during a write that hangs.
        if let Ok(mut sink) = shared.sink.try_lock() {
            sink.retry();
        }
        shared.queue.flush(patience)
    }

    /// Flushes, and ends the background thread. Later lines are written by their callers.
    pub fn close(&self, patience: Duration) -> bool {
        let shared = self.shared();
        let flushed = shared.queue.flush(patience);
        shared.direct.store(true, Ordering::Release);
        shared.queue.close();
        flushed
    }

    /// Rotates the log now. Returns the path of the segment, or `None` if there is nothing to rotate.
    ///
    /// # Errors
    ///
    /// Fails if the file system refuses, or if another process is rotating.
    pub fn rotate(&self) -> io::Result<Option<PathBuf>> {
        let shared = self.shared();
        let rotated = lock(&shared.sink).rotate_now()?;
        match rotated {
            Rotated::To(segment) => {
                shared.counters.rotations.fetch_add(1, Ordering::Relaxed);
                Ok(Some(segment))
            }
            Rotated::NotDue => Ok(None),
            Rotated::Busy => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another process is rotating it",
            )),
        }
    }

    /// Compresses and deletes old segments now.
    ///
    /// # Errors
    ///
    /// Returns the first error. What was done before stays done.
    pub fn tend(&self) -> io::Result<MaintenanceReport> {
        let Options {
            path,
            compress_after,
            delete_after,
            ..
        } = &self.options;
        rotation::tend(path, SystemTime::now(), *compress_after, *delete_after)
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> WriterStats {
        let shared = self.shared();
        let counters = &shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut stats = WriterStats {
            logged: read(&counters.logged),
            written: read(&counters.written),
            dropped_queue_full: read(&counters.queue_full),
            dropped_io: read(&counters.io),
            dropped_unserializable: read(&counters.unserializable),
            queued: shared.queue.counts().1,
            bytes: read(&counters.bytes),
            rotations: read(&counters.rotations),
            last_error: lock(&counters.last_error).clone(),
            ..WriterStats::default()
        };
        stats.dropped = stats.dropped_queue_full + stats.dropped_io + stats.dropped_unserializable;
        stats
    }

    /// Returns the last error, unless it was returned before.
    pub fn take_error(&self) -> Option<String> {
        let shared = self.shared();
        if !shared.counters.has_new_error.swap(false, Ordering::Relaxed) {
            return None;
        }
        lock(&shared.counters.last_error).clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The background thread writes what is queued, and ends.
        self.shared().queue.close();
    }
}

impl Generation {
    fn new(pid: u32, options: &Options) -> Self {
        Self {
            pid,
            shared: Shared::new(options.clone()),
            next: OnceLock::new(),
        }
    }
}

impl Shared {
    fn new(options: Options) -> Arc<Self> {
        Arc::new(Self {
            queue: Queue::new(options.queue_bytes),
            sink: Mutex::new(Sink::new(options.clone())),
            options,
            counters: Counters::default(),
            running: AtomicBool::new(false),
            direct: AtomicBool::new(false),
            tending: AtomicBool::new(false),
        })
    }

    /// Starts the background thread before the first line. Returns false if it cannot be started.
    fn ensure_thread(self: &Arc<Self>) -> bool {
        if self.running.load(Ordering::Acquire) || self.running.swap(true, Ordering::AcqRel) {
            return true;
        }
        let shared = Arc::clone(self);
        let spawned = named("eventkit-telemetry").spawn(move || {
            let mut batch = Batch::default();
            while let Some(taken) = shared.queue.take(batch) {
                shared.write(&taken);
                shared.queue.settle(taken.len());
                batch = taken;
            }
        });
        if spawned.is_err() {
            self.direct.store(true, Ordering::Release);
        }
        spawned.is_ok()
    }

    /// Writes a batch. Returns true if all of its lines were written.
    fn write(self: &Arc<Self>, batch: &Batch) -> bool {
        let Outcome {
            written,
            dropped,
            bytes,
            unsynced,
            rotations,
            error,
        } = lock(&self.sink).write(batch);
        let counters = &self.counters;
        counters.written.fetch_add(written, Ordering::Relaxed);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        counters.io.fetch_add(dropped, Ordering::Relaxed);
        if let Some(error) = error {
            counters.fail(error);
        }
        if rotations > 0 {
            counters.rotations.fetch_add(rotations, Ordering::Relaxed);
            self.tend_aside();
        }
        dropped == 0 && !unsynced
    }

    /// Compresses and deletes old segments in a separate thread: compressing 50 MB takes a second.
    fn tend_aside(self: &Arc<Self>) {
        let Options {
            compress_after,
            delete_after,
            ..
        } = self.options;
        if (compress_after.is_none() && delete_after.is_none())
            || self.tending.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let shared = Arc::clone(self);
        let spawned = named("eventkit-tend").spawn(move || {
            let tended = rotation::tend(
                &shared.options.path,
                SystemTime::now(),
                compress_after,
                delete_after,
            );
            if let Err(error) = tended {
                shared.counters.fail(format!("old segments: {error}"));
            }
            shared.tending.store(false, Ordering::Release);
        });
        if spawned.is_err() {
            self.tending.store(false, Ordering::Release);
        }
    }
}

impl Counters {
    fn fail(&self, reason: String) {
        *lock(&self.last_error) = Some(reason);
        self.has_new_error.store(true, Ordering::Relaxed);
    }
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned())
}

/// Returns the microseconds since 1970.
pub fn unix_us() -> u64 {
    unix_ns() / 1_000
}
