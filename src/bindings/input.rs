//! Reads arguments of exact plain types only. Everything else is declined before anything with an effect is read.
//!
//! `extract::<f64>()` and its like are not used: they accept and convert `bool`, `Decimal`, `Fraction` and numpy
//! scalars, but the original multiplies these as they are.

use pyo3::exceptions::{PyException, PyMemoryError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple,
};

use super::errors::{Answer, OrDecline, room};
use super::intern::intern;
use super::layout;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Weights};
use crate::engine::text;

/// Returns the object as an exact `dict` whose lookups run no foreign code, or declines.
#[inline]
pub(super) fn exact_dict<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Answer<&'a Bound<'py, PyDict>> {
    let dict = object.cast_exact::<PyDict>().ok().or_decline()?;
    layout::has_plain_keys(dict).then_some(dict).or_decline()
}

/// Returns the object as an exact `list`, or declines.
#[inline]
pub(super) fn exact_list<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Answer<&'a Bound<'py, PyList>> {
    object.cast_exact::<PyList>().ok().or_decline()
}

/// Returns the object as an exact `str`, or declines.
#[inline]
pub(super) fn exact_str<'a, 'py>(
    object: &'a Bound<'py, PyAny>,
) -> Answer<&'a Bound<'py, PyString>> {
    object.cast_exact::<PyString>().ok().or_decline()
}

/// Returns an exact `float`, an `int` within 64 bits, or a `bool`. Declines anything else.
#[inline]
pub(super) fn number(object: &Bound<'_, PyAny>) -> Answer<Number> {
    if let Ok(value) = object.cast_exact::<PyFloat>() {
        return Ok(Number::Float(layout::float_value(value)));
    }
    if object.is_exact_instance_of::<PyInt>() || object.is_exact_instance_of::<PyBool>() {
        return object.extract::<i64>().ok().map(Number::Int).or_decline();
    }
    Err(super::errors::Stop::Declined)
}

/// Reads the manifest's weights. `diversity` may be missing.
pub(super) fn weights(object: &Bound<'_, PyAny>) -> Answer<Weights> {
    let py = object.py();
    let weights = exact_dict(object)?;
    let interest = weights.get_item(intern!(py, "interest"))?.or_decline()?;
    let popularity = weights.get_item(intern!(py, "popularity"))?.or_decline()?;
    let diversity = weights.get_item(intern!(py, "diversity"))?;
    Ok(Weights {
        interest: number(&interest)?,
        popularity: number(&popularity)?,
        diversity: diversity.as_ref().map(number).transpose()?,
    })
}

/// Reads the interests of a query: a list, tuple, set or frozenset of strings.
pub(super) fn interests(object: &Bound<'_, PyAny>) -> Answer<InterestSet> {
    let count = object.cast_exact::<PyList>().map_or(0, PyListMethods::len);
    let mut set = InterestSet::with_capacity(count);
    each_interest(object, |interest| {
        set.insert(interest);
        Ok(())
    })?;
    Ok(set)
}

/// Calls `visit` with the bytes of each interest of a query, which [`interests`] would read.
pub(super) fn each_interest(
    object: &Bound<'_, PyAny>,
    mut visit: impl FnMut(&[u8]) -> Answer<()>,
) -> Answer<()> {
    let mut visit = |interest: &Bound<'_, PyAny>| -> Answer<()> {
        room("the interests", 0)?;
        with_bytes(exact_str(interest)?, &mut visit)?
    };
    // Twice what an interest takes, because a table is copied when it grows.
    let many = |count: usize| room("the interests", count.saturating_mul(128));
    if let Ok(list) = object.cast_exact::<PyList>() {
        many(list.len())?;
        list.iter().try_for_each(|interest| visit(&interest))
    } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        many(tuple.len())?;
        tuple.iter().try_for_each(|interest| visit(&interest))
    } else if let Ok(set) = object.cast_exact::<PySet>() {
        many(set.len())?;
        set.iter().try_for_each(|interest| visit(&interest))
    } else {
        let set = object.cast_exact::<PyFrozenSet>().ok().or_decline()?;
        many(set.len())?;
        set.iter().try_for_each(|interest| visit(&interest))
    }
}

/// Returns how many of `length` items the slice `[:top]` holds. `top` is an int or `bool` of any size (negative numbers
/// count from the end), or `None` for all.
#[inline]
pub(super) fn slice_end(top: &Bound<'_, PyAny>, length: usize) -> Answer<usize> {
    if top.is_none() {
        return Ok(length);
    }
    let exact = top.is_exact_instance_of::<PyInt>() || top.is_exact_instance_of::<PyBool>();
    exact.then_some(()).or_decline()?;
    let Ok(end) = top.extract::<isize>() else {
        return Ok(if top.gt(0)? { length } else { 0 });
    };
    Ok(usize::try_from(end).map_or_else(
        |_| length.saturating_sub(end.unsigned_abs()),
        |end| end.min(length),
    ))
}

/// Returns a time as text: a string as it is, and what a `datetime`, `date`, `time`, `pandas.Timestamp` or
/// `numpy.datetime64` writes in ISO 8601. `None` for every other object, and for one that fails to write itself.
pub(super) fn time_text<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = value.py();
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(text.clone()));
    }
    let kind = value.get_type();
    let written = if kind.name()? == "datetime64" {
        value.str().map(Bound::into_any)
    } else if kind.hasattr(intern!(py, "isoformat"))? {
        value.call_method0(intern!(py, "isoformat"))
    } else {
        return Ok(None);
    };
    match written {
        Ok(text) => Ok(text.cast_into::<PyString>().ok()),
        Err(error) if error.is_instance_of::<PyMemoryError>(py) => Err(error),
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the string's bytes: UTF-8, with lone surrogates encoded as `surrogatepass` does.
pub(super) fn encoded<'py>(text: &Bound<'py, PyString>) -> Answer<Bound<'py, PyBytes>> {
    if let Ok(bytes) = text.encode_utf8() {
        return Ok(bytes);
    }
    let py = text.py();
    let arguments = (intern!(py, "utf-8"), intern!(py, "surrogatepass"));
    let bytes = text.call_method1(intern!(py, "encode"), arguments)?;
    bytes.cast_into_exact::<PyBytes>().ok().or_decline()
}

/// Calls `use_bytes` with the string's bytes.
#[inline]
pub(super) fn with_bytes<R>(
    text: &Bound<'_, PyString>,
    use_bytes: impl FnOnce(&[u8]) -> R,
) -> Answer<R> {
    match layout::ascii(text) {
        Some(bytes) => Ok(use_bytes(bytes)),
        None => Ok(use_bytes(encoded(text)?.as_bytes())),
    }
}

/// Calls `use_lowered` with the bytes of `text.lower()`.
#[inline]
pub(super) fn with_lowered<R>(
    text: &Bound<'_, PyString>,
    use_lowered: impl FnOnce(&[u8]) -> R,
) -> Answer<R> {
    match layout::ascii(text) {
        Some(bytes) => Ok(text::with_lowered(bytes, use_lowered)),
        None => Ok(use_lowered(lowered(text)?.as_bytes())),
    }
}

/// Returns `text.lower()` as bytes, for strings that are not ASCII. The interpreter does it, because Unicode versions
/// differ.
fn lowered<'py>(text: &Bound<'py, PyString>) -> Answer<Bound<'py, PyBytes>> {
    let lowered = text.call_method0(intern!(text.py(), "lower"))?;
    encoded(exact_str(&lowered)?)
}

/// The tags of a session: a list or tuple, or none.
pub(super) enum Tags<'py> {
    /// The session has no key `tags`.
    Missing,
    /// An exact list.
    List(Bound<'py, PyList>),
    /// An exact tuple.
    Tuple(Bound<'py, PyTuple>),
}

impl<'py> Tags<'py> {
    /// Reads `session.get("tags", [])`.
    #[inline]
    pub(super) fn of(session: &Bound<'py, PyDict>) -> Answer<Self> {
        let Some(tags) = session.get_item(intern!(session.py(), "tags"))? else {
            return Ok(Self::Missing);
        };
        match tags.cast_into_exact::<PyList>() {
            Ok(list) => Ok(Self::List(list)),
            Err(other) => {
                let tuple = other.into_inner().cast_into_exact::<PyTuple>();
                tuple.ok().map(Self::Tuple).or_decline()
            }
        }
    }

    /// Calls `visit` with each tag, all of which must be exact strings.
    #[inline]
    pub(super) fn try_for_each(
        &self,
        mut visit: impl FnMut(&Bound<'py, PyString>) -> Answer<()>,
    ) -> Answer<()> {
        match self {
            Self::Missing => Ok(()),
            Self::List(list) => list.iter().try_for_each(|tag| visit(exact_str(&tag)?)),
            Self::Tuple(tuple) => tuple.iter().try_for_each(|tag| visit(exact_str(&tag)?)),
        }
    }
}

/// Returns true if the lowered tag is one of the interests.
#[inline]
pub(super) fn is_hit(tag: &Bound<'_, PyString>, interests: &InterestSet) -> Answer<bool> {
    match layout::ascii(tag) {
        Some(bytes) => Ok(interests.contains_lowered(bytes)),
        None => Ok(interests.contains(lowered(tag)?.as_bytes())),
    }
}

/// Counts the session's tags that are interests.
#[inline]
pub(super) fn hits(session: &Bound<'_, PyDict>, interests: &InterestSet) -> Answer<u32> {
    let mut hits = 0;
    Tags::of(session)?.try_for_each(|tag| {
        hits += u32::from(is_hit(tag, interests)?);
        Ok(())
    })?;
    Ok(hits)
}

/// Reads `session.get("popularity", 0)`.
#[inline]
pub(super) fn popularity(session: &Bound<'_, PyDict>) -> Answer<Number> {
    let popularity = session.get_item(intern!(session.py(), "popularity"))?;
    popularity.map_or(Ok(Number::Int(0)), |value| number(&value))
}
