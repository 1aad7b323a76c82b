//! Writes sessions as JSON that restores them exactly. What JSON cannot hold is refused by name, not converted.
//!
//! `json.dumps` would write a tuple as a list, NaN as invalid JSON, and the key `1` as `"1"`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::layout;
use crate::engine::json::{write_float, write_str};

/// The deepest nesting that the loader accepts.
const MOST_DEPTH: usize = 100;

/// Appends a session. `position` names it in an error.
pub(super) fn session(
    session: &Bound<'_, PyAny>,
    position: usize,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    if !session.is_exact_instance_of::<PyDict>() {
        return Err(refused(session, &format!("sessions[{position}]")));
    }
    value(session, 0, out, &mut || format!("sessions[{position}]"))
}

fn value(
    item: &Bound<'_, PyAny>,
    depth: usize,
    out: &mut Vec<u8>,
    path: &mut dyn FnMut() -> String,
) -> PyResult<()> {
    if depth > MOST_DEPTH {
        let message = format!("{} is nested more than {MOST_DEPTH} deep", path());
        return Err(PyValueError::new_err(message));
    }
    if let Ok(text) = item.cast_exact::<PyString>() {
        let text = text.to_str().map_err(|_| refused(item, &path()))?;
        write_str(out, text);
    } else if let Ok(float) = item.cast_exact::<PyFloat>() {
        let float = layout::float_value(float);
        if !float.is_finite() {
            return Err(refused(item, &path()));
        }
        write_float(out, float);
    } else if item.is_none() {
        out.extend_from_slice(b"null");
    } else if let Ok(flag) = item.cast_exact::<PyBool>() {
        out.extend_from_slice(if flag.is_true() { b"true" } else { b"false" });
    } else if item.is_exact_instance_of::<PyInt>() {
        out.extend_from_slice(item.str()?.to_str()?.as_bytes());
    } else if let Ok(list) = item.cast_exact::<PyList>() {
        out.push(b'[');
        for (number, item) in list.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            value(&item, depth + 1, out, &mut || {
                format!("{}[{number}]", path())
            })?;
        }
        out.push(b']');
    } else if let Ok(object) = item.cast_exact::<PyDict>() {
        out.push(b'{');
        for (number, (name, item)) in object.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            let text = name
                .cast_exact::<PyString>()
                .ok()
                .and_then(|name| name.to_str().ok());
            let Some(text) = text else {
                return Err(refused(&name, &format!("a key of {}", path())));
            };
            write_str(out, text);
            out.push(b':');
            value(&item, depth + 1, out, &mut || format!("{}.{text}", path()))?;
        }
        out.push(b'}');
    } else {
        return Err(refused(item, &path()));
    }
    Ok(())
}

fn refused(item: &Bound<'_, PyAny>, path: &str) -> PyErr {
    let kind = item
        .get_type()
        .name()
        .map_or_else(|_| String::from("?"), |name| name.to_string());
    let shown = item
        .repr()
        .map_or_else(|_| String::from("a value"), |shown| shown.to_string());
    PyValueError::new_err(format!(
        "{path} is {shown} of type {kind}, which JSON cannot hold as it is"
    ))
}
