//! Reads strings, dicts and lists of CPython where they lie in memory. One of the few `unsafe` files of the crate.
//!
//! A function call for each string and each key would cost more than the ranking. So three facts about CPython's
//! objects are built in: where the characters of an ASCII string are, where a dict says that its keys are all strings
//! or that an instance shares them, and where a list has its elements. [`check`] proves them for the running
//! interpreter at import, with objects made for it. What is not proven is not read: strings are then read through
//! CPython's own functions, keys are looked at one by one, and no list gets a snapshot.

#![allow(unsafe_code)]

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString};

/// Where the characters of a compact ASCII string begin, in bytes from the object; 0 if that is not proven.
static ASCII_DATA: AtomicUsize = AtomicUsize::new(0);
/// Whether the fields of a dict are where this file reads them.
static DICTS: AtomicBool = AtomicBool::new(false);

/// The fields of a string, in bytes from the object: `Py_ssize_t length; Py_hash_t hash; struct { … } state;`.
const LENGTH: usize = size_of::<ffi::PyObject>();
const STATE: usize = LENGTH + 2 * size_of::<ffi::Py_ssize_t>();
/// The bits `compact` and `ascii` of the state, after two of `interned` and three of `kind` (3.10 to 3.15).
const COMPACT_ASCII: u8 = 0b0110_0000;

/// Returns the bytes of a string that is ASCII only, `None` for every other string.
#[inline]
pub(super) fn ascii<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    match ASCII_DATA.load(Ordering::Relaxed) {
        0 => converted(text),
        // SAFETY: `text` is a live `str`, whose borrow keeps it alive. Strings are laid out as `check` has shown.
        data => unsafe { compact(text.as_ptr(), data) },
    }
}

/// Returns the bytes of a string that is ASCII only; `None` for every other string, and for all if that is not proven.
///
/// # Safety
/// `text` must be a live `str`, for as long as the bytes are used.
#[cfg_attr(not(Py_3_14), allow(dead_code))] // The watchers of dicts use it.
#[inline]
pub(super) unsafe fn ascii_at<'a>(text: *mut ffi::PyObject) -> Option<&'a [u8]> {
    let data = ASCII_DATA.load(Ordering::Relaxed);
    // SAFETY: as the caller says. Strings are laid out as `check` has shown.
    (data != 0)
        .then(|| unsafe { compact(text, data) })
        .flatten()
}

/// Reads a string's fields.
///
/// # Safety
/// `text` must be a live `str` for as long as the bytes are used, the fields where this file says, and the characters
/// of a compact ASCII string at `data`.
#[inline]
unsafe fn compact<'a>(text: *mut ffi::PyObject, data: usize) -> Option<&'a [u8]> {
    let object = text.cast::<u8>();
    // SAFETY: a compact ASCII string stores `length` bytes behind its header, and they never change. The header is
    // aligned as its first field is.
    #[allow(clippy::cast_ptr_alignment)]
    unsafe {
        if *object.add(STATE) & COMPACT_ASCII != COMPACT_ASCII {
            return None;
        }
        let length = usize::try_from(*object.add(LENGTH).cast::<ffi::Py_ssize_t>()).ok()?;
        Some(core::slice::from_raw_parts(object.add(data), length))
    }
}

/// Returns the same as [`ascii`] without knowing how strings are laid out. Slower.
#[cold]
fn converted<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    let mut length = 0;
    // SAFETY: `text` is a live `str`. The bytes belong to it, and the borrow keeps it alive; or null is returned, with
    // an error set.
    let bytes = unsafe {
        let bytes = ffi::PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut length);
        if bytes.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        core::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(length).ok()?)
    };
    bytes.is_ascii().then_some(bytes)
}

/// Returns the characters of a new string of ASCII that nobody else has seen, to be written. `None` if it is not known
/// where they are.
#[cfg(not(Py_LIMITED_API))]
pub(super) fn new_ascii_data(made: &Bound<'_, PyString>) -> Option<*mut u8> {
    let data = ASCII_DATA.load(Ordering::Relaxed);
    // SAFETY: strings are laid out as `check` has shown.
    (data != 0).then(|| unsafe { made.as_ptr().cast::<u8>().add(data) })
}

/// Returns true if looking up a string in the dict can run no foreign code: every key is of a type whose `==` is
/// CPython's own.
#[inline]
pub(super) fn has_plain_keys(dict: &Bound<'_, PyDict>) -> bool {
    knows_all_str(dict) || all_plain(dict)
}

/// Returns true if CPython itself knows that all keys are exact strings (`dk_kind` of its keys, from 3.11 on).
#[inline]
fn knows_all_str(dict: &Bound<'_, PyDict>) -> bool {
    knows_dicts() && is_unicode_kind(dict)
}

/// Returns true if the fields of dicts may be read.
#[inline]
pub(super) fn knows_dicts() -> bool {
    DICTS.load(Ordering::Relaxed)
}

/// Reads `dk_kind`. Returns false where dicts have none.
#[inline]
fn is_unicode_kind(dict: &Bound<'_, PyDict>) -> bool {
    #[cfg(all(Py_3_11, not(any(Py_LIMITED_API, Py_GIL_DISABLED))))]
    {
        // `Py_ssize_t dk_refcnt; uint8_t dk_log2_size, dk_log2_index_bytes, dk_kind;` (pycore_dict.h, 3.11 to 3.15).
        const KIND: usize = size_of::<ffi::Py_ssize_t>() + 2;
        const GENERAL: u8 = 0;
        let object = dict.as_ptr().cast::<ffi::PyDictObject>();
        // SAFETY: a live dict of this build's layout has keys, and their header is longer than `KIND`.
        unsafe { *(*object).ma_keys.cast::<u8>().add(KIND) != GENERAL }
    }
    #[cfg(not(all(Py_3_11, not(any(Py_LIMITED_API, Py_GIL_DISABLED)))))]
    {
        let _ = dict;
        false
    }
}

/// Returns true if every key is of an exact built-in type, found by looking at them.
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

/// Returns true if the dict's values are its own, so that only functions of dicts change them. Attribute assignment may
/// write the values that a dict shares with an instance.
#[inline]
pub(super) fn owns_its_values(dict: &Bound<'_, PyDict>) -> bool {
    knows_dicts() && has_no_values(dict)
}

#[inline]
fn has_no_values(dict: &Bound<'_, PyDict>) -> bool {
    #[cfg(not(Py_LIMITED_API))]
    {
        let object = dict.as_ptr().cast::<ffi::PyDictObject>();
        // SAFETY: `dict` is a live dict, whose layout is that of this build's `PyDictObject`.
        unsafe { (*object).ma_values.is_null() }
    }
    #[cfg(Py_LIMITED_API)]
    {
        let _ = dict;
        false
    }
}

/// Returns the address of the list's elements, null if it has none or if lists are not laid out as this build says.
///
/// # Safety
/// `list` must be a live exact list.
#[inline]
pub(super) unsafe fn elements(list: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    #[cfg(not(Py_LIMITED_API))]
    // SAFETY: an exact list has this build's layout: `check` has shown it.
    unsafe {
        (*list.cast::<ffi::PyListObject>()).ob_item
    }
    #[cfg(Py_LIMITED_API)]
    {
        let _ = list;
        core::ptr::null_mut()
    }
}

/// Returns the value of an exact float.
#[inline]
pub(super) fn float_value(value: &Bound<'_, PyFloat>) -> f64 {
    // SAFETY: `value` is a live float, whose value CPython can always tell.
    unsafe {
        #[cfg(not(Py_LIMITED_API))]
        return ffi::PyFloat_AS_DOUBLE(value.as_ptr());
        #[cfg(Py_LIMITED_API)]
        return ffi::PyFloat_AsDouble(value.as_ptr());
    }
}

/// Proves that objects are laid out as this file reads them, by looking at some. Returns what is not proven: that works
/// too, but slower.
///
/// Raises `ImportError` if lists or floats are not laid out as PyO3 reads them: then nothing is safe.
pub(super) fn check(py: Python<'_>) -> PyResult<Vec<&'static str>> {
    if !basics_are_known(py)? {
        return Err(pyo3::exceptions::PyImportError::new_err(format!(
            "this build of eventkit cannot read the lists and floats of Python {}",
            Python::version_str()
        )));
    }
    let mut unproven = Vec::new();
    // `wchar_t *wstr` stands before the characters up to 3.11.
    let wide = usize::from(py.version_info() < (3, 12));
    let data = STATE + (1 + wide) * size_of::<usize>();
    if strings_are_known(py, data)? && !is_told_to_fail("strings") {
        ASCII_DATA.store(data, Ordering::Relaxed);
    } else {
        unproven.push("strings");
    }
    if dicts_are_known(py)? && !is_told_to_fail("dicts") {
        DICTS.store(true, Ordering::Relaxed);
    } else if !cfg!(any(Py_LIMITED_API, Py_GIL_DISABLED)) {
        unproven.push("dicts");
    }
    Ok(unproven)
}

/// Returns true if a test wants this proof to fail.
pub(super) fn is_told_to_fail(proof: &str) -> bool {
    cfg!(feature = "fault-injection")
        && std::env::var("EVENTKIT_FAULT_UNPROVEN").is_ok_and(|told| told.contains(proof))
}

fn basics_are_known(py: Python<'_>) -> PyResult<bool> {
    let items = [1.5, -2.25, 1e300].map(|value| PyFloat::new(py, value));
    let list = PyList::new(py, &items)?;
    // SAFETY: `list` is a live list.
    let elements = unsafe { elements(list.as_ptr()) };
    // SAFETY: a list of three that says where its elements are has three of them.
    let same = elements.is_null()
        || unsafe { core::slice::from_raw_parts(elements, 3) }
            .iter()
            .zip(&items)
            .all(|(&element, item)| element == item.as_ptr());
    let values = items.iter().map(float_value).eq([1.5, -2.25, 1e300]);
    let lists = !elements.is_null() || cfg!(Py_LIMITED_API);
    Ok(same && values && lists && !is_told_to_fail("lists"))
}

/// Texts that CPython stores in all its ways: shared ones, one to four bytes a character.
const SAMPLES: [&str; 10] = [
    "",
    "a",
    "tags",
    "an ASCII text that is longer than the header of a string, so that no byte after it is looked at",
    "\u{7f}",
    "\u{80}",
    "caf\u{e9}, and then a text that goes on and on with nothing but plain letters",
    "\u{3b1}\u{3b2}\u{3b3}",
    "\u{10348}",
    "plain letters, many of them, and then one from far away: \u{1f600}",
];

fn strings_are_known(py: Python<'_>, data: usize) -> PyResult<bool> {
    for sample in SAMPLES {
        let made = PyString::new(py, sample);
        let interned = PyString::intern(py, sample);
        let joined = PyString::new(py, "").call_method1("join", ([&made, &interned],))?;
        let joined = joined.cast_into::<PyString>()?;
        let twice = [sample, sample].concat();
        for (text, wanted) in [(made, sample), (interned, sample), (joined, &twice)] {
            let object = text.as_ptr().cast::<u8>();
            // SAFETY: every string has a header of at least `STATE` and a word, whatever its fields mean. What they say
            // is looked at before the characters are read, and the length is compared first.
            #[allow(clippy::cast_ptr_alignment)]
            let (state, length) = unsafe {
                let length = *object.add(LENGTH).cast::<ffi::Py_ssize_t>();
                (*object.add(STATE), usize::try_from(length))
            };
            let is_ascii = state & COMPACT_ASCII == COMPACT_ASCII;
            if length != Ok(wanted.chars().count()) || is_ascii != wanted.is_ascii() {
                return Ok(false);
            }
            // SAFETY: the length is right, so at worst the bytes are those of another field or of the allocator.
            if is_ascii && unsafe { compact(text.as_ptr(), data) } != Some(wanted.as_bytes()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Returns true if a dict whose keys are all strings is known to be one, if other keys are noticed, and if a dict that
/// belongs to an instance is noticed too.
fn dicts_are_known(py: Python<'_>) -> PyResult<bool> {
    if cfg!(any(Py_LIMITED_API, Py_GIL_DISABLED)) {
        return Ok(false);
    }
    // Of 3.10's dicts no kind is read.
    let has_kind = cfg!(Py_3_11);
    for many in [1, 6, 300] {
        let dict = PyDict::new(py);
        for number in 0..many {
            dict.set_item(format!("key {number}"), number)?;
        }
        if is_unicode_kind(&dict) != has_kind || !has_no_values(&dict) {
            return Ok(false);
        }
        dict.set_item(many, "number")?;
        if is_unicode_kind(&dict) || !has_no_values(&dict) || !all_plain(&dict) {
            return Ok(false);
        }
    }
    let class = py
        .get_type::<pyo3::types::PyType>()
        .call1(("Instance", (), PyDict::new(py)))?;
    let mut shared = false;
    // The first instance of a class may have a dict of its own (3.10).
    for _ in 0..3 {
        let instance = class.call0()?;
        instance.setattr("title", 1)?;
        let dict = instance.getattr("__dict__")?.cast_into::<PyDict>()?;
        shared |= !has_no_values(&dict);
    }
    Ok(shared)
}
