//! Takes Arrow's structs out of Python's capsules, and puts them in. One of the few `unsafe` files of the crate.

#![allow(unsafe_code)]

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::engine::arrow::abi::{Data, Owned, Schema, Stream};
use crate::engine::arrow::import::Arrays;

/// Makes the capsule of a struct.
pub(super) fn capsule<T: Owned + Send + 'static>(
    py: Python<'_>,
    held: T,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, held, T::NAME)
}

/// Takes over the array or the stream of an object; `None` if it has neither. Raises `ValueError` if its capsule was
/// used before, or holds something else.
pub(super) fn arrays(object: &Bound<'_, PyAny>) -> PyResult<Option<Arrays>> {
    if object.hasattr("__arrow_c_array__")? {
        let capsules = object.call_method0("__arrow_c_array__")?;
        let (schema, data): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = capsules.extract()?;
        let (schema, data): (Schema, Data) = (take(&schema)?, take(&data)?);
        return Ok(Some(Arrays::one(schema, data)));
    }
    if object.hasattr("__arrow_c_stream__")? {
        let capsule = object.call_method0("__arrow_c_stream__")?;
        let capsule = capsule.cast_into::<PyCapsule>().map_err(PyErr::from)?;
        let stream: Stream = take(&capsule)?;
        return Ok(Some(Arrays::many(stream)));
    }
    Ok(None)
}

/// Takes over the struct of a capsule.
fn take<T: Owned>(capsule: &Bound<'_, PyCapsule>) -> PyResult<T> {
    let held = capsule.pointer_checked(Some(T::NAME))?;
    // SAFETY: the name of the capsule says that a valid `T` is there. The capsule lives until the end of this function,
    // and nobody else uses the struct while this thread is attached to Python.
    unsafe { T::take_from(held.cast()) }.ok_or_else(|| {
        PyValueError::new_err("the Arrow capsule was used before: it holds nothing any more")
    })
}
