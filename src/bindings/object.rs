//! CPython objects, read and made below PyO3's safe API. The only `unsafe` file of the crate.
//!
//! Two things need it. Proving that a list of dicts is unchanged must touch as little memory as possible (one version
//! tag a dict, the element pointers of its tags), and objects must be made without PyO3's panic when memory runs out.
//! Every function needs the interpreter attached, which its `Bound` arguments witness, and none runs Python code
//! except where it says so.

#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyList, PyString};

/// The bytes of a compact ASCII string; `None` for every other string.
#[inline]
pub(super) fn ascii<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    let object = text.as_ptr();
    // SAFETY: `object` is a live `str`; a compact ASCII one stores `length` bytes right behind its header, they never
    // change, and the borrow of `text` keeps the object alive.
    unsafe {
        if ffi::PyUnicode_IS_COMPACT_ASCII(object) == 0 {
            return None;
        }
        let length = usize::try_from(ffi::PyUnicode_GET_LENGTH(object)).ok()?;
        let data = ffi::PyUnicode_DATA(object).cast::<u8>();
        Some(core::slice::from_raw_parts(data, length))
    }
}

/// The dict's version tag: two equal tags mean the same dict with the same contents.
///
/// CPython numbers every dict from one counter and renumbers it at each change (PEP 509), up to 3.13. `None` where
/// that proves nothing: later versions and free-threaded builds, and dicts that share their keys with an instance,
/// whose values attribute assignment may write behind the dict's back.
#[inline]
#[allow(deprecated)] // PEP 699 deprecates reading the tag; it is kept up to date until 3.14 removes it.
pub(super) fn version(dict: &Bound<'_, PyDict>) -> Option<u64> {
    #[cfg(not(any(Py_3_14, Py_GIL_DISABLED)))]
    {
        let object = dict.as_ptr().cast::<ffi::PyDictObject>();
        // SAFETY: `dict` is a live dict, whose layout is that of this build's `PyDictObject`.
        unsafe {
            (*object)
                .ma_values
                .is_null()
                .then(|| (*object).ma_version_tag)
        }
    }
    #[cfg(any(Py_3_14, Py_GIL_DISABLED))]
    {
        let _ = dict;
        None
    }
}

/// Whether looking up a string in the dict can run no foreign code: every key is of a type whose `==` is CPython's own.
#[inline]
pub(super) fn has_plain_keys(dict: &Bound<'_, PyDict>) -> bool {
    knows_all_str(dict) || all_plain(dict)
}

/// Whether CPython itself knows that all keys are exact strings (`dk_kind` of its keys, from 3.11 on).
#[inline]
fn knows_all_str(dict: &Bound<'_, PyDict>) -> bool {
    #[cfg(all(Py_3_11, not(any(Py_3_14, Py_GIL_DISABLED))))]
    {
        // `Py_ssize_t dk_refcnt; uint8_t dk_log2_size, dk_log2_index_bytes, dk_kind;` (pycore_dict.h, 3.11 to 3.13).
        const KIND: usize = size_of::<ffi::Py_ssize_t>() + 2;
        const GENERAL: u8 = 0;
        let object = dict.as_ptr().cast::<ffi::PyDictObject>();
        // SAFETY: a live dict of this build's layout has keys, and their header is longer than `KIND`.
        unsafe { *(*object).ma_keys.cast::<u8>().add(KIND) != GENERAL }
    }
    #[cfg(not(all(Py_3_11, not(any(Py_3_14, Py_GIL_DISABLED)))))]
    {
        let _ = dict;
        false
    }
}

/// Whether every key is of an exact built-in type, found by looking at them.
fn all_plain(dict: &Bound<'_, PyDict>) -> bool {
    let (mut place, mut key) = (0, core::ptr::null_mut());
    // SAFETY: `PyDict_Next` lends the keys of a live dict, which nothing changes in between.
    unsafe {
        while ffi::PyDict_Next(
            dict.as_ptr(),
            &raw mut place,
            &raw mut key,
            core::ptr::null_mut(),
        ) != 0
        {
            let plain = ffi::PyUnicode_CheckExact(key) != 0
                || ffi::PyLong_CheckExact(key) != 0
                || ffi::PyFloat_CheckExact(key) != 0
                || ffi::PyBytes_CheckExact(key) != 0
                || ffi::PyBool_Check(key) != 0
                || key == ffi::Py_None();
            if !plain {
                return false;
            }
        }
    }
    true
}

/// Whether dicts are laid out as this file reads them: all strings are known to be, an int among them is noticed.
pub(super) fn check_layout(py: Python<'_>) -> PyResult<bool> {
    let dict = new_dict(py)?;
    dict.set_item("key", 1)?;
    let known = knows_all_str(&dict) || !cfg!(all(Py_3_11, not(any(Py_3_14, Py_GIL_DISABLED))));
    let before = version(&dict);
    dict.set_item(1, "key")?;
    let numbered = before.is_none() || version(&dict) != before;
    Ok(known && numbered && !knows_all_str(&dict) && has_plain_keys(&dict))
}

/// What a list of sessions looked like when it was compiled, in columns by position.
#[derive(Debug)]
pub(super) struct Fingerprint {
    /// The version tag of each session.
    versions: Vec<u64>,
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

    pub(super) fn new() -> Self {
        Self {
            versions: Vec::new(),
            tag_lists: Vec::new(),
            tag_arrays: Vec::new(),
            offsets: vec![0],
            tags: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    pub(super) fn nbytes(&self) -> usize {
        let addresses = self.tag_lists.capacity() + self.tag_arrays.capacity();
        8 * (self.versions.capacity() + addresses + self.tags.capacity())
            + 4 * self.offsets.capacity()
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
        version: u64,
        tag_list: Option<&Bound<'_, PyList>>,
    ) -> Option<()> {
        self.offsets.push(u32::try_from(self.tags.len()).ok()?);
        self.versions.push(version);
        self.tag_lists
            .push(tag_list.map_or(0, |list| list.as_ptr() as usize));
        self.tag_arrays.push(tag_list.map_or(0, elements));
        Some(())
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.versions.shrink_to_fit();
        self.tag_lists.shrink_to_fit();
        self.tag_arrays.shrink_to_fit();
        self.offsets.shrink_to_fit();
        self.tags.shrink_to_fit();
    }

    /// Whether `sessions` holds the same dicts with the same contents, tags included. Runs no Python code. O(n).
    pub(super) fn same(&self, sessions: &Bound<'_, PyList>) -> bool {
        let Some(items) = self.items(sessions) else {
            return false;
        };
        let tags = self.tag_lists.iter().zip(self.offsets.windows(2));
        let columns = items.iter().zip(&self.versions).zip(tags);
        for (position, ((&session, &version), (&tag_list, bounds))) in columns.enumerate() {
            let ahead = position + Self::AHEAD;
            prefetch(items.get(ahead).map_or(0, |&later| later as usize));
            prefetch(self.tag_lists.get(ahead).copied().unwrap_or_default());
            prefetch(self.tag_arrays.get(ahead).copied().unwrap_or_default());
            // SAFETY: `session` is an element that the list owns.
            if !unsafe { is_version(session, version) } {
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

    /// Whether `sessions` is as long as it was and its first `count` are the same dicts with the same values. Their
    /// lists of tags may have changed inside. Runs no Python code. O(count).
    pub(super) fn same_dicts(&self, sessions: &Bound<'_, PyList>, count: usize) -> bool {
        let Some(items) = self.items(sessions) else {
            return false;
        };
        let columns = items.iter().zip(&self.versions).take(count);
        columns.enumerate().all(|(position, (&session, &version))| {
            let ahead = items.get(position + Self::AHEAD);
            prefetch(ahead.map_or(0, |&later| later as usize));
            // SAFETY: `session` is an element that the list owns.
            unsafe { is_version(session, version) }
        })
    }

    /// The elements of the list, if it is as long as it was.
    fn items<'a>(&self, sessions: &'a Bound<'_, PyList>) -> Option<&'a [*mut ffi::PyObject]> {
        if sessions.len() != self.len() {
            return None;
        }
        if sessions.is_empty() {
            return Some(&[]);
        }
        let list = sessions.as_ptr().cast::<ffi::PyListObject>();
        // SAFETY: `sessions` is a live list that owns `len()` elements. The callers run no code that could change it
        // while they hold the slice.
        Some(unsafe { core::slice::from_raw_parts((*list).ob_item, self.len()) })
    }
}

/// Whether `object` is a plain dict with this version tag.
///
/// # Safety
/// `object` must be live.
#[inline]
#[allow(deprecated)]
unsafe fn is_version(object: *mut ffi::PyObject, version: u64) -> bool {
    #[cfg(not(any(Py_3_14, Py_GIL_DISABLED)))]
    // SAFETY: an object of the exact type `dict` has the layout of `PyDictObject`.
    unsafe {
        ffi::Py_TYPE(object) == &raw mut ffi::PyDict_Type
            && (*object.cast::<ffi::PyDictObject>()).ma_version_tag == version
    }
    #[cfg(any(Py_3_14, Py_GIL_DISABLED))]
    {
        let _ = (object, version);
        false
    }
}

/// Whether the list at `address` holds exactly these strings.
///
/// # Safety
/// `address` must be that of a live exact `list`.
#[inline]
unsafe fn is_same_tags(address: usize, tags: &[Py<PyString>]) -> bool {
    let list = address as *mut ffi::PyListObject;
    // SAFETY: a live list owns `Py_SIZE` elements; an empty one may have no array at all and is not read.
    unsafe {
        if usize::try_from(ffi::Py_SIZE(list.cast())) != Ok(tags.len()) {
            return false;
        }
        if tags.is_empty() {
            return true;
        }
        core::slice::from_raw_parts((*list).ob_item, tags.len())
            .iter()
            .zip(tags)
            .all(|(&item, tag)| item == tag.as_ptr())
    }
}

/// The address of the list's elements.
fn elements(list: &Bound<'_, PyList>) -> usize {
    // SAFETY: `list` is a live list.
    unsafe { (*list.as_ptr().cast::<ffi::PyListObject>()).ob_item as usize }
}

#[inline]
fn prefetch(address: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint and never faults, whatever the address.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>((address as *const i8).wrapping_add(8));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// How many owners the object has.
pub(super) fn owners(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: the object is live.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) }
}

/// Builds something big without the garbage collector, which would look through all that is built, again and again, and
/// find nothing to free (bench `recommend_many` at 100,000 sessions: 8,000 answers a second with it, 100,000 without).
pub(super) fn without_collector<R>(_: Python<'_>, build: impl FnOnce() -> R) -> R {
    struct Enable(bool);
    impl Drop for Enable {
        fn drop(&mut self) {
            if self.0 {
                // SAFETY: dropped in this function, where the interpreter is attached.
                unsafe { ffi::PyGC_Enable() };
            }
        }
    }
    // SAFETY: the interpreter is attached.
    let _enable = Enable(unsafe { ffi::PyGC_Disable() } == 1);
    build()
}

/// `{}`, or `MemoryError`. May run the garbage collector.
#[inline]
pub(super) fn new_dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: `PyDict_New` returns a new reference to a dict or null with an error set.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyDict_New())?.cast_into_unchecked()) }
}

/// A float, or `MemoryError`.
#[inline]
pub(super) fn new_float(py: Python<'_>, value: f64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: `PyFloat_FromDouble` returns a new reference or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyFloat_FromDouble(value)) }
}

/// An int, or `MemoryError`.
#[inline]
pub(super) fn new_int(py: Python<'_>, value: i64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: `PyLong_FromLongLong` returns a new reference or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromLongLong(value)) }
}

/// Makes bytes that are a copy of `data`, or raises `MemoryError`.
#[inline]
pub(super) fn new_bytes<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, data.len(), |room| {
        room.copy_from_slice(data);
        Ok(())
    })
}

/// The value of an exact float.
#[inline]
pub(super) fn float_value(value: &Bound<'_, PyFloat>) -> f64 {
    // SAFETY: `value` is a live float.
    unsafe { ffi::PyFloat_AS_DOUBLE(value.as_ptr()) }
}

/// Makes a string of UTF-8 text. Raises `UnicodeDecodeError` for other bytes, and `MemoryError`.
///
/// `text` may lie in a memory map, whose bytes another process can change at any time. So it is copied first, and only
/// the copy is checked. ASCII is copied straight into the new string: `PyUnicode_DecodeUTF8` would look at it once more,
/// most of it byte by byte.
#[inline]
pub(super) fn new_str<'py>(py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyString>> {
    let length = ffi::Py_ssize_t::try_from(text.len())
        .map_err(|_| pyo3::exceptions::PyMemoryError::new_err(()))?;
    // The check of `text` is only a guess at which way is the short one.
    if length > 1 && text.is_ascii() {
        // SAFETY: `PyUnicode_New` returns a new reference or null with an error set. The new string has room for `length`
        // bytes at its data and no other owner; CPython shares only the strings of at most one character.
        let (made, copied) = unsafe {
            let made = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(length, 0x7f))?;
            let data = ffi::PyUnicode_DATA(made.as_ptr()).cast::<u8>();
            core::ptr::copy_nonoverlapping(text.as_ptr(), data, text.len());
            (made, core::slice::from_raw_parts(data, text.len()))
        };
        if copied.is_ascii() {
            // SAFETY: it was made by `PyUnicode_New`.
            return Ok(unsafe { made.cast_into_unchecked() });
        }
    }
    let mut copy = Vec::new();
    copy.try_reserve_exact(text.len())
        .map_err(|_| pyo3::exceptions::PyMemoryError::new_err(()))?;
    copy.extend_from_slice(text);
    // SAFETY: the function returns a new reference or null with an error set, and reads `length` bytes of the copy.
    unsafe {
        let made = ffi::PyUnicode_DecodeUTF8(copy.as_ptr().cast(), length, core::ptr::null());
        Ok(Bound::from_owned_ptr_or_err(py, made)?.cast_into_unchecked())
    }
}

/// A list of the items, or `MemoryError`. May run the garbage collector.
#[inline]
pub(super) fn new_list<'py>(
    py: Python<'py>,
    mut items: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    drain_list(py, &mut items)
}

/// [`new_list`], and leaves the vector to be used again.
#[inline]
pub(super) fn drain_list<'py>(
    py: Python<'py>,
    items: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let length = ffi::Py_ssize_t::try_from(items.len())
        .map_err(|_| pyo3::exceptions::PyMemoryError::new_err(()))?;
    // SAFETY: `PyList_New(n)` returns a list of n empty slots or null with an error set; each slot is then given one
    // owned reference, in range. The collector may see null slots, which it skips.
    unsafe {
        let list = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(length))?;
        for (slot, item) in (0..length).zip(items.drain(..)) {
            ffi::PyList_SET_ITEM(list.as_ptr(), slot, item.into_ptr());
        }
        Ok(list.cast_into_unchecked())
    }
}
