//! Proves that a list of sessions is what it was when it was compiled. One of the few `unsafe` files of the crate.
//!
//! The proof touches as little memory as possible: a mark for each session, and the elements of its list of tags. Up
//! to CPython 3.13 the mark is the version tag of the dict, and from 3.14 on its address, together with a log of the
//! dicts that were changed ([`super::watch`]). Every function needs the interpreter attached, which its `Bound`
//! arguments witness, and none runs Python code of others.

#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::layout;
use crate::engine::memory::prefetch;

/// How changes of a dict are noticed: by its version tag, below 3.14.
///
/// CPython numbers every dict from one counter and renumbers it at each change (PEP 509): two equal tags mean the same
/// dict with the same contents.
#[cfg(not(any(Py_3_14, Py_GIL_DISABLED, Py_LIMITED_API)))]
#[allow(clippy::unnecessary_wraps)] // The other kinds of marks may fail.
mod mark {
    use super::{Bound, PyDict, PyResult, Python, ffi};

    /// Whether [`is_same`] reads the dict.
    pub(super) const READS_DICT: bool = true;

    pub(super) fn start(_: Python<'_>) -> PyResult<bool> {
        Ok(true)
    }

    pub(super) fn now() -> u64 {
        0
    }

    #[inline]
    #[allow(deprecated)] // PEP 699 deprecates reading the tag; it is kept up to date until 3.14 removes it.
    pub(super) fn of(dict: &Bound<'_, PyDict>) -> Option<u64> {
        let object = dict.as_ptr().cast::<ffi::PyDictObject>();
        // SAFETY: `dict` is a live dict, whose layout is that of this build's `PyDictObject`.
        Some(unsafe { (*object).ma_version_tag })
    }

    pub(super) fn is_clean(_: Python<'_>, _: u64, _: &[u64]) -> bool {
        true
    }

    /// Returns true if `object` is a plain dict with this version tag.
    ///
    /// # Safety
    /// `object` must be live.
    #[inline]
    #[allow(deprecated)]
    pub(super) unsafe fn is_same(object: *mut ffi::PyObject, mark: u64) -> bool {
        // SAFETY: an object of the exact type `dict` has the layout of `PyDictObject`.
        unsafe {
            ffi::Py_TYPE(object) == &raw mut ffi::PyDict_Type
                && (*object.cast::<ffi::PyDictObject>()).ma_version_tag == mark
        }
    }
}

/// How changes of a dict are noticed: it is watched, from 3.14 on. The mark is its address.
#[cfg(all(Py_3_14, not(any(Py_GIL_DISABLED, Py_LIMITED_API))))]
mod mark {
    use super::{Bound, PyDict, ffi};
    pub(super) use crate::bindings::watch::{is_clean, mark as now, start};

    /// Whether [`is_same`] reads the dict.
    pub(super) const READS_DICT: bool = false;

    #[inline]
    pub(super) fn of(dict: &Bound<'_, PyDict>) -> Option<u64> {
        crate::bindings::watch::watch(dict).then_some(dict.as_ptr() as u64)
    }

    /// Returns true if `object` has this address. With a clean log that means that it is the same dict, unchanged.
    ///
    /// # Safety
    /// None: nothing is read.
    #[inline]
    pub(super) unsafe fn is_same(object: *mut ffi::PyObject, mark: u64) -> bool {
        object as u64 == mark
    }
}

/// Changes of a dict cannot be noticed here: every list is scanned.
#[cfg(any(Py_GIL_DISABLED, Py_LIMITED_API))]
#[allow(clippy::unnecessary_wraps)] // The other kinds of marks may fail.
mod mark {
    use super::{Bound, PyDict, PyResult, Python, ffi};

    pub(super) const READS_DICT: bool = false;

    pub(super) fn start(_: Python<'_>) -> PyResult<bool> {
        Ok(false)
    }

    pub(super) fn now() -> u64 {
        0
    }

    pub(super) fn of(_: &Bound<'_, PyDict>) -> Option<u64> {
        None
    }

    pub(super) fn is_clean(_: Python<'_>, _: u64, _: &[u64]) -> bool {
        false
    }

    /// # Safety
    /// None: nothing is read.
    pub(super) unsafe fn is_same(_: *mut ffi::PyObject, _: u64) -> bool {
        false
    }
}

/// Returns true if the changes of dicts can be noticed on this interpreter. If not, no list gets a snapshot.
pub(super) fn is_possible(py: Python<'_>) -> PyResult<bool> {
    Ok(layout::knows_dicts() && mark::start(py)?)
}

/// The state of a list of sessions when it was compiled: columns with one entry for each position.
///
/// Dropped: marks and addresses as 32-bit distances from the first one, with those too far away in a list beside, and
/// without `tag_arrays`. A snapshot of 100,000 sessions took 63 bytes a session instead of 93, but decoding cost more
/// than the smaller columns saved: a warm `recommend` took 2.4 times as long at 1,000 sessions, 2.7 times at 10,000,
/// and 0.9 times at 100,000 (sides in turns, a busy machine).
///
/// Dropped too: a second thread that checks one half of a long list while the caller's thread checks the other. A warm
/// `recommend` took 1.05 to 1.13 times as long at 100,000 sessions (two processors, both busy).
#[derive(Debug)]
pub(super) struct Fingerprint {
    /// The mark of each session.
    marks: Vec<u64>,
    /// How much of the log of changed dicts was looked through.
    seen: AtomicU64,
    /// The address of each session's list of tags, 0 where it has none. The unchanged session keeps it alive.
    tag_lists: Vec<usize>,
    /// Where the elements of that list were: a hint for the cache, never read through.
    tag_arrays: Vec<usize>,
    /// `tags[offsets[i]..offsets[i + 1]]` are the tags of session `i`.
    offsets: Vec<u32>,
    /// The tags themselves. Owning them is what makes an equal address mean an equal string.
    tags: Vec<Py<PyString>>,
}

impl Fingerprint {
    /// How far ahead dicts and lists are fetched into the cache: far enough to hide a miss to memory
    /// (bench `recommend` at 100,000 sessions: none 4.1 ms, 8 ahead 1.9 ms, 16 ahead 1.7 ms, 32 ahead 1.7 ms).
    const AHEAD: usize = 16;

    /// Begins a fingerprint. Returns `None` if no later change could be noticed. Raises `MemoryError`.
    pub(super) fn begin(py: Python<'_>) -> PyResult<Option<Self>> {
        Ok(is_possible(py)?.then(|| Self {
            marks: Vec::new(),
            seen: AtomicU64::new(mark::now()),
            tag_lists: Vec::new(),
            tag_arrays: Vec::new(),
            offsets: vec![0],
            tags: Vec::new(),
        }))
    }

    /// Marks a session, which must be done before anything is read of it. Returns `None` if its changes cannot be
    /// noticed: attribute assignment may write the values of a dict that belongs to an instance.
    #[inline]
    pub(super) fn mark(dict: &Bound<'_, PyDict>) -> Option<u64> {
        if layout::owns_its_values(dict) {
            mark::of(dict)
        } else {
            None
        }
    }

    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    pub(super) fn nbytes(&self) -> usize {
        let addresses = self.tag_lists.capacity() + self.tag_arrays.capacity();
        8 * (self.marks.capacity() + addresses + self.tags.capacity()) + 4 * self.offsets.capacity()
    }

    /// Adds a tag of the session that the next [`Self::push_session`] closes.
    #[inline]
    pub(super) fn push_tag(&mut self, tag: &Bound<'_, PyString>) {
        self.tags.push(tag.clone().unbind());
    }

    /// Adds a session; `None` once 2³² − 1 tags are held.
    #[inline]
    pub(super) fn push_session(
        &mut self,
        mark: u64,
        tag_list: Option<&Bound<'_, PyList>>,
    ) -> Option<()> {
        self.offsets.push(u32::try_from(self.tags.len()).ok()?);
        self.marks.push(mark);
        self.tag_lists
            .push(tag_list.map_or(0, |list| list.as_ptr() as usize));
        self.tag_arrays.push(tag_list.map_or(0, elements));
        Some(())
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.marks.shrink_to_fit();
        self.tag_lists.shrink_to_fit();
        self.tag_arrays.shrink_to_fit();
        self.offsets.shrink_to_fit();
        self.tags.shrink_to_fit();
    }

    /// Returns true if `sessions` holds the same dicts with the same contents, tags included. Runs no Python code.
    /// O(n).
    pub(super) fn same(&self, sessions: &Bound<'_, PyList>) -> bool {
        let Some(items) = self
            .items(sessions)
            .filter(|_| self.is_clean(sessions.py()))
        else {
            return false;
        };
        let tags = self.tag_lists.iter().zip(self.offsets.windows(2));
        let columns = items.iter().zip(&self.marks).zip(tags);
        for (position, ((&session, &mark), (&tag_list, bounds))) in columns.enumerate() {
            let ahead = position + Self::AHEAD;
            if mark::READS_DICT {
                prefetch(items.get(ahead).map_or(0, |&later| later as usize));
            }
            prefetch(self.tag_lists.get(ahead).copied().unwrap_or_default());
            prefetch(self.tag_arrays.get(ahead).copied().unwrap_or_default());
            // SAFETY: `session` is an element that the list owns.
            if !unsafe { mark::is_same(session, mark) } {
                return false;
            }
            let &[start, end] = bounds else { return false };
            let tags = self
                .tags
                .get(start as usize..end as usize)
                .unwrap_or_default();
            // SAFETY: the session is unchanged, so it still owns the list of tags found in it at `tag_list`.
            if tag_list != 0 && !unsafe { is_same_tags(tag_list, tags) } {
                return false;
            }
        }
        true
    }

    /// Returns true if `sessions` is as long as it was and its first `count` are the same dicts with the same values.
    /// Their lists of tags may have changed inside. Runs no Python code. O(count).
    pub(super) fn same_dicts(&self, sessions: &Bound<'_, PyList>, count: usize) -> bool {
        let Some(items) = self
            .items(sessions)
            .filter(|_| self.is_clean(sessions.py()))
        else {
            return false;
        };
        let columns = items.iter().zip(&self.marks).take(count);
        columns.enumerate().all(|(position, (&session, &mark))| {
            if mark::READS_DICT {
                let ahead = items.get(position + Self::AHEAD);
                prefetch(ahead.map_or(0, |&later| later as usize));
            }
            // SAFETY: `session` is an element that the list owns.
            unsafe { mark::is_same(session, mark) }
        })
    }

    /// Returns true if none of the sessions was logged as changed since this was asked last.
    fn is_clean(&self, py: Python<'_>) -> bool {
        let now = mark::now();
        let clean = mark::is_clean(py, self.seen.load(Ordering::Relaxed), &self.marks);
        if clean {
            self.seen.store(now, Ordering::Relaxed);
        }
        clean
    }

    /// Returns the elements of the list, if it is as long as it was.
    fn items<'a>(&self, sessions: &'a Bound<'_, PyList>) -> Option<&'a [*mut ffi::PyObject]> {
        if sessions.len() != self.len() {
            return None;
        }
        if sessions.is_empty() {
            return Some(&[]);
        }
        // SAFETY: `sessions` is a live list that owns `len()` elements. The callers run no code that could change it
        // while they hold the slice.
        unsafe {
            let elements = layout::elements(sessions.as_ptr());
            (!elements.is_null()).then(|| core::slice::from_raw_parts(elements, self.len()))
        }
    }
}

/// Returns true if the list at `address` holds exactly these strings.
///
/// # Safety
/// `address` must be that of a live exact `list`, of a layout that is known.
#[inline]
unsafe fn is_same_tags(address: usize, tags: &[Py<PyString>]) -> bool {
    let list = address as *mut ffi::PyObject;
    // SAFETY: a live list owns `Py_SIZE` elements; an empty one may have no array at all and is not read.
    unsafe {
        if usize::try_from(ffi::Py_SIZE(list)) != Ok(tags.len()) {
            return false;
        }
        if tags.is_empty() {
            return true;
        }
        core::slice::from_raw_parts(layout::elements(list), tags.len())
            .iter()
            .zip(tags)
            .all(|(&item, tag)| item == tag.as_ptr())
    }
}

/// Returns the address of the list's elements.
fn elements(list: &Bound<'_, PyList>) -> usize {
    // SAFETY: `list` is a live list.
    unsafe { layout::elements(list.as_ptr()) as usize }
}
