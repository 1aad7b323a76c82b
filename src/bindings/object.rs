//! Makes CPython's objects below PyO3's safe API, which panics when memory runs out. One of the few `unsafe` files.
//!
//! Every function needs the interpreter attached, which its `Bound` arguments witness, and none runs Python code
//! except where it says so.

#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

#[cfg(not(Py_LIMITED_API))]
use super::layout;

/// Returns how many owners the object has.
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

/// Makes `{}`, or raises `MemoryError`. May run the garbage collector.
#[inline]
pub(super) fn new_dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: `PyDict_New` returns a new reference to a dict or null with an error set.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyDict_New())?.cast_into_unchecked()) }
}

/// Makes a float, or raises `MemoryError`.
#[inline]
pub(super) fn new_float(py: Python<'_>, value: f64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: `PyFloat_FromDouble` returns a new reference or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyFloat_FromDouble(value)) }
}

/// Makes an int, or raises `MemoryError`.
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
    #[cfg(not(Py_LIMITED_API))]
    if length > 1 && text.is_ascii() {
        // SAFETY: `PyUnicode_New` returns a new reference to a string, or null with an error set.
        let made: Bound<'py, PyString> = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(length, 0x7f))?
                .cast_into_unchecked()
        };
        // SAFETY: the new string has room for `length` bytes at its data and no other owner; CPython shares only the
        // strings of at most one character.
        let copied = layout::new_ascii_data(&made).map(|data| unsafe {
            core::ptr::copy_nonoverlapping(text.as_ptr(), data, text.len());
            core::slice::from_raw_parts(data, text.len())
        });
        if copied.is_some_and(<[u8]>::is_ascii) {
            return Ok(made);
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

/// Makes a list of the items, or raises `MemoryError`. May run the garbage collector.
#[inline]
pub(super) fn new_list<'py>(
    py: Python<'py>,
    mut items: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    drain_list(py, &mut items)
}

/// Does as [`new_list`], and leaves the vector to be used again.
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
            #[cfg(not(Py_LIMITED_API))]
            ffi::PyList_SET_ITEM(list.as_ptr(), slot, item.into_ptr());
            #[cfg(Py_LIMITED_API)]
            ffi::PyList_SetItem(list.as_ptr(), slot, item.into_ptr());
        }
        Ok(list.cast_into_unchecked())
    }
}
