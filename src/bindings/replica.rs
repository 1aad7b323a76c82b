//! Copies events so that no mutable object is shared: like `copy.deepcopy`, but twenty times as fast.
//!
//! Exact dicts, lists and tuples are copied here, and plain values are shared. Everything else, and what is nested
//! deeper than any event, is copied by `copy.deepcopy`, which knows cycles and the protocols of foreign classes.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::errors::room;
use super::intern::intern;
use super::{layout, object};

/// Deeper nesting is left to `copy.deepcopy`.
const DEEPEST: u32 = 32;

/// Copies a list of events, or the first of them.
pub(super) fn events<'py>(
    events: &Bound<'py, PyList>,
    most: usize,
) -> PyResult<Bound<'py, PyList>> {
    let most = most.min(events.len());
    room("the events", most.saturating_mul(size_of::<usize>()))?;
    let mut copies = Vec::with_capacity(most);
    for event in events.iter().take(most) {
        copies.push(one(&event)?);
    }
    object::new_list(events.py(), copies)
}

/// Copies one event.
pub(super) fn one<'py>(event: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match value(event, 0)? {
        Some(copy) => Ok(copy),
        None => deepcopy(event),
    }
}

/// Returns a copy, or `None` if the value is nested too deep.
fn value<'py>(held: &Bound<'py, PyAny>, depth: u32) -> PyResult<Option<Bound<'py, PyAny>>> {
    if is_plain(held) {
        return Ok(Some(held.clone()));
    }
    if depth > DEEPEST {
        return Ok(None);
    }
    if let Ok(dict) = held.cast_exact::<PyDict>() {
        return self::dict(dict, depth);
    }
    if let Ok(list) = held.cast_exact::<PyList>() {
        let copies: PyResult<Option<Vec<_>>> =
            list.iter().map(|item| value(&item, depth + 1)).collect();
        let copies = copies?.map(|copies| object::new_list(held.py(), copies));
        return Ok(copies.transpose()?.map(Bound::into_any));
    }
    if let Ok(tuple) = held.cast_exact::<PyTuple>() {
        let copies: PyResult<Option<Vec<_>>> =
            tuple.iter().map(|item| value(&item, depth + 1)).collect();
        let copies = copies?.map(|copies| PyTuple::new(held.py(), copies));
        return Ok(copies.transpose()?.map(Bound::into_any));
    }
    deepcopy(held).map(Some)
}

fn dict<'py>(held: &Bound<'py, PyDict>, depth: u32) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !layout::has_plain_keys(held) {
        return deepcopy(held.as_any()).map(Some);
    }
    let copy = held.copy()?;
    // Of the copy and not of the original, because nobody else can change it meanwhile. Values are replaced, no key is
    // added or removed.
    for (key, item) in &copy {
        if !is_plain(&item) {
            let Some(fresh) = value(&item, depth + 1)? else {
                return Ok(None);
            };
            copy.set_item(key, fresh)?;
        }
    }
    Ok(Some(copy.into_any()))
}

/// Returns true if nobody can change the value.
#[inline]
fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_none()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyBytes>()
}

fn deepcopy<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    py.import(intern!(py, "copy"))?
        .call_method1(intern!(py, "deepcopy"), (value,))
}

/// Estimates the bytes of events, by `sys.getsizeof` of everything in them except keys, which all events share.
pub(super) fn weight(events: &Bound<'_, PyList>) -> PyResult<usize> {
    let py = events.py();
    let getsizeof = py
        .import(intern!(py, "sys"))?
        .getattr(intern!(py, "getsizeof"))?;
    weigh(events.as_any(), &getsizeof, 0)
}

fn weigh(value: &Bound<'_, PyAny>, getsizeof: &Bound<'_, PyAny>, depth: u32) -> PyResult<usize> {
    let mut bytes: usize = getsizeof.call1((value,))?.extract()?;
    if depth > DEEPEST {
        return Ok(bytes);
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        for (_, item) in dict {
            bytes += weigh(&item, getsizeof, depth + 1)?;
        }
    } else if let Ok(list) = value.cast_exact::<PyList>() {
        for item in list {
            bytes += weigh(&item, getsizeof, depth + 1)?;
        }
    } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        for item in tuple {
            bytes += weigh(&item, getsizeof, depth + 1)?;
        }
    }
    Ok(bytes)
}
