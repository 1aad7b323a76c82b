//! Takes lines from callers and writes them, in a background thread or in the call.
//!
//! With `Background`, a call formats its line into the queue and returns, and the thread writes it. With `Sync` and
//! `Fsync` the call writes. A forked child is recognised by its process id. It starts with an empty queue, a file and a
//! thread of its own, and never uses what it inherited, because a lock in it may be held for ever.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::queue::{Batch, Pushed, Queue};
use super::rotation::{self, Rotated, Tended};
use super::sink::{Outcome, Sink, unix_ns};

/// When a line is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A thread writes it, milliseconds after the call. Safe from a crash of the process once flushed.
    Background,
    /// The kernel has it when the call returns. Safe from a crash of the process.
    Sync,
    /// The disk has it when the call returns. Safe from a power cut.
    Fsync,
}

/// How to write.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// The file is rotated before it gets larger.
    pub max_bytes: Option<u64>,
    /// It is rotated when the day changes, in UTC.
    pub daily: bool,
    /// Segments older than this are compressed.
    pub compress_after: Option<Duration>,
    /// Segments older than this are deleted.
    pub delete_after: Option<Duration>,
    /// When a line is safe.
    pub durability: Durability,
    /// What the queue holds before it refuses.
    pub queue_bytes: usize,
}

/// What has happened so far, in this process.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// Lines that were offered.
    pub logged: u64,
    /// Lines that the kernel has.
    pub written: u64,
    /// Lines that are lost: the sum of the next three.
    pub dropped: u64,
    /// Because the queue was full.
    pub dropped_queue_full: u64,
    /// Because the file could not be written.
    pub dropped_io: u64,
    /// Because they could not be made into a line.
    pub dropped_unserializable: u64,
    /// Lines that still wait.
    pub queued: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Segments made.
    pub rotations: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// See the module.
#[derive(Debug)]
pub struct Writer {
    options: Options,
    first: Generation,
}

/// What one process writes with. A fork appends the next one, and nobody takes a lock for that: one that another thread
/// held at the fork would stay held in the child for ever.
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
    /// The queue has been emptied for good: calls write for themselves.
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
    untold: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    /// A writer; nothing is opened before the first line.
    pub fn new(options: Options) -> Self {
        let first = Generation::new(std::process::id(), &options);
        Self { options, first }
    }

    /// How it writes.
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

    /// Takes the line that `write` appends, with its newline; whether it was accepted, and whether there is something
    /// [`untold`](Self::untold).
    pub fn log(&self, write: impl FnOnce(&mut Vec<u8>)) -> (bool, bool) {
        // Asked for once: finding out the process id is a system call.
        let shared = self.shared();
        let accepted = self.log_to(shared, write);
        (accepted, shared.counters.untold.load(Ordering::Relaxed))
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
            // Closed between the look and the push.
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

    /// Whether a call writes for itself, and so may have to wait for the disk.
    pub fn is_direct(&self) -> bool {
        self.options.durability != Durability::Background
    }

    /// Counts a line that could not be made.
    pub fn refuse(&self, reason: String) {
        let shared = self.shared();
        shared.counters.logged.fetch_add(1, Ordering::Relaxed);
        shared
            .counters
            .unserializable
            .fetch_add(1, Ordering::Relaxed);
        shared.counters.fail(reason);
    }

    /// Waits until all lines so far are written or dropped. Returns false if that took longer than `patience`.
    pub fn flush(&self, patience: Duration) -> bool {
        let shared = self.shared();
        // Not waited for: the thread may be holding it through a write that hangs.
        if let Ok(mut sink) = shared.sink.try_lock() {
            sink.retry();
        }
        shared.queue.flush(patience)
    }

    /// Flushes and ends the thread; later lines are written by their callers.
    pub fn close(&self, patience: Duration) -> bool {
        let shared = self.shared();
        let flushed = shared.queue.flush(patience);
        shared.direct.store(true, Ordering::Release);
        shared.queue.close();
        flushed
    }

    /// Makes the file a segment now; its path, or `None` when there is nothing to rotate.
    ///
    /// # Errors
    ///
    /// The file system refused, or another process is rotating.
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
    /// The first that stopped it.
    pub fn tend(&self) -> io::Result<Tended> {
        let Options {
            path,
            compress_after,
            delete_after,
            ..
        } = &self.options;
        rotation::tend(path, SystemTime::now(), *compress_after, *delete_after)
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        let shared = self.shared();
        let counters = &shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut stats = Stats {
            logged: read(&counters.logged),
            written: read(&counters.written),
            dropped_queue_full: read(&counters.queue_full),
            dropped_io: read(&counters.io),
            dropped_unserializable: read(&counters.unserializable),
            queued: shared.queue.counts().1,
            bytes: read(&counters.bytes),
            rotations: read(&counters.rotations),
            last_error: lock(&counters.last_error).clone(),
            ..Stats::default()
        };
        stats.dropped = stats.dropped_queue_full + stats.dropped_io + stats.dropped_unserializable;
        stats
    }

    /// Returns the last error if it has not been returned before.
    pub fn untold(&self) -> Option<String> {
        let shared = self.shared();
        if !shared.counters.untold.swap(false, Ordering::Relaxed) {
            return None;
        }
        lock(&shared.counters.last_error).clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread writes what is left, and ends.
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

    /// Starts the thread before the first line; whether there is one.
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

    /// Writes a batch. Returns true if all of it is as safe as the options ask.
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

    /// Sees to old segments in a thread that nobody waits for: compressing 50 MB takes a second.
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
        self.untold.store(true, Ordering::Relaxed);
    }
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned())
}

/// Microseconds since 1970.
pub fn unix_us() -> u64 {
    unix_ns() / 1_000
}
