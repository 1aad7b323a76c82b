//! Lets CPython tell which dicts are changed (PEP 699 and the dict watchers of 3.12). One of the few `unsafe` files.
//!
//! Up to 3.13 a dict has a version tag, which 3.14 removed. From 3.14 on, a snapshot watches each of its sessions, and
//! CPython calls [`changed`] before it changes one. The address goes into a log, and a snapshot is current if none of
//! its own was logged since it looked last. The bit that marks a dict as watched proves nothing by itself: another
//! snapshot of the same dict may have set it again after a change (test `test_lists_that_share_dicts`).
//!
//! Below 3.14 watchers are not used: on 3.12.1 an unwatch inside the callback is lost, and on 3.13.0 attribute assignment
//! to an instance's dict calls nobody.
//!
//! Three changes go unseen, and no check can find them. A callback of another extension calls eventkit after our
//! callback and before the change itself. Other code unwatches one of our dicts with our watcher's number. A
//! sub-interpreter, which has callbacks of its own, changes a dict of the main interpreter.

#![allow(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::layout;
use super::object;
use crate::engine::catalog::touch_log::TouchLog;

/// The changes that are remembered, a power of two: 2 MB once that many were made, and nothing before.
/// A list that dies logs each of its dicts, so a list of this length may die without a word of its neighbours.
const CHANGES: usize = 1 << 18;

static LOG: TouchLog<CHANGES> = TouchLog::new();
/// The number that CPython gave [`changed`], -1 before.
static WATCHER: AtomicI32 = AtomicI32::new(-1);
/// The address of the dict that tells whether [`changed`] is still called.
static CANARY: AtomicUsize = AtomicUsize::new(0);
/// How often the canary was changed.
static SONGS: AtomicU64 = AtomicU64::new(0);

/// The members of a session that a snapshot keeps.
const MEMBERS: [&[u8]; 3] = [b"tags", b"popularity", b"title"];

type Callback = unsafe extern "C" fn(
    event: c_int,
    dict: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int;

// pyo3-ffi lacks it. Only Windows has to know which library it comes from.
#[cfg_attr(
    all(windows, not(Py_3_15)),
    link(name = "python314", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, Py_3_15, not(Py_3_16)),
    link(name = "python315", kind = "raw-dylib")
)]
#[cfg_attr(all(windows, Py_3_16), link(name = "python316", kind = "raw-dylib"))]
unsafe extern "C" {
    fn PyDict_AddWatcher(callback: Callback) -> c_int;
}

/// Is called by CPython before a watched dict is changed. Runs no Python code and raises nothing.
///
/// # Safety
/// As CPython calls it: `dict` is live, and so is `key` for the events that have one.
unsafe extern "C" fn changed(
    event: c_int,
    dict: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    _value: *mut ffi::PyObject,
) -> c_int {
    /// `PyDict_EVENT_ADDED`, `_MODIFIED` and `_DELETED` come first, and have a key.
    const DELETED: c_int = 2;
    const DEALLOCATED: c_int = 5;
    let address = dict as usize;
    if address == CANARY.load(Ordering::Relaxed) {
        SONGS.fetch_add(1, Ordering::Relaxed);
        return 0;
    }
    // SAFETY: the event has a key, which is live.
    if event <= DELETED && unsafe { is_ignored(key) } {
        return 0;
    }
    LOG.push(address);
    // One entry is enough until a snapshot watches the dict again: further changes cost nothing.
    if event != DEALLOCATED {
        // SAFETY: `dict` is a live dict. Our number is in use, since this is its callback; so nothing is raised.
        unsafe { ffi::PyDict_Unwatch(WATCHER.load(Ordering::Relaxed), dict) };
    }
    0
}

/// Returns true if the key is an exact string and none of the members that a snapshot keeps.
///
/// Other keys may be equal to such a member, whatever they are.
///
/// # Safety
/// `key` must be null or live.
#[inline]
unsafe fn is_ignored(key: *mut ffi::PyObject) -> bool {
    // SAFETY: a key that is not null is live.
    unsafe {
        if key.is_null() || ffi::PyUnicode_CheckExact(key) == 0 {
            return false;
        }
        layout::ascii_at(key).is_some_and(|key| !MEMBERS.contains(&key))
    }
}

/// Makes sure that changes are logged from now on. Returns false if they cannot be: no number is left for a watcher.
/// Raises `MemoryError`.
pub(super) fn start(py: Python<'_>) -> PyResult<bool> {
    if is_working(py)? {
        return Ok(true);
    }
    // Somebody cleared our number, or it was never given. Who relied on the log until now has missed changes.
    LOG.lose();
    // SAFETY: the interpreter is attached, and `changed` is a function of the right type that lives for ever.
    let watcher = unsafe { PyDict_AddWatcher(changed) };
    WATCHER.store(watcher, Ordering::Relaxed);
    if watcher < 0 {
        drop(PyErr::take(py));
        return Ok(false);
    }
    is_working(py)
}

/// Returns true if CPython still calls [`changed`], found by changing a dict of our own.
fn is_working(py: Python<'_>) -> PyResult<bool> {
    static DICT: OnceLock<(Py<PyDict>, Py<PyString>)> = OnceLock::new();
    let watcher = WATCHER.load(Ordering::Relaxed);
    if watcher < 0 {
        return Ok(false);
    }
    let (dict, key) = if let Some(made) = DICT.get() {
        made
    } else {
        let made = (object::new_dict(py)?, object::new_str(py, b"tags")?);
        let made = DICT.get_or_init(|| (made.0.unbind(), made.1.unbind()));
        CANARY.store(made.0.as_ptr() as usize, Ordering::Relaxed);
        made
    };
    if !watch(dict.bind(py)) {
        return Ok(false);
    }
    let before = SONGS.load(Ordering::Relaxed);
    // Of two different values one is another than before: CPython does not report a value that replaces itself.
    dict.bind(py).set_item(key, key)?;
    dict.bind(py).set_item(key, py.None())?;
    Ok(SONGS.load(Ordering::Relaxed) != before)
}

/// Returns the mark from which [`is_clean`] looks. To be taken before the first session is watched.
pub(super) fn mark() -> u64 {
    LOG.mark()
}

/// Watches a dict. Returns false if that fails. What is read of the dict afterwards is watched.
pub(super) fn watch(dict: &Bound<'_, PyDict>) -> bool {
    // SAFETY: the dict is live. -1 is returned with an error set.
    let watched = unsafe { ffi::PyDict_Watch(WATCHER.load(Ordering::Relaxed), dict.as_ptr()) } == 0;
    if !watched {
        drop(PyErr::take(dict.py()));
    }
    watched
}

/// Returns true if no dict at these addresses was changed or freed since the mark. False if that is unknown.
pub(super) fn is_clean(py: Python<'_>, since: u64, addresses: &[u64]) -> bool {
    LOG.is_clean(since, addresses) && is_working(py).unwrap_or(false)
}
