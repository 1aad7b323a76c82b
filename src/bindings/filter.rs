//! `eventkit.Filter`: which sessions a query may choose from.

#![allow(clippy::doc_markdown, clippy::doc_link_with_quotes)] // Docstrings of Python.

use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::errors::{Stop, room};
use super::input;
use super::object;
use crate::engine::catalog::filter::Filter as Sessions;
use crate::engine::catalog::window::{Fit, Window};

/// Narrows what a `Catalog` chooses from. It changes no score, and every condition given must hold.
///
/// Args:
///     start: The beginning of a time window: a date and time with an offset (compared as an instant), one without
///         (compared with the wall clock of the session's place), or a time of day `HH:MM` (on every day). Text, or a
///         `datetime`, `date` or `time`, also pandas' and numpy's.
///     end: Its end, of the same kind; the window is `[start, end)`, and a date alone is the midnight that begins it.
///     fit: How a session must lie to the window: `"within"`, `"overlapping"` or `"starting"`.
///     locations: It is at one of these, whatever the case.
///     all_tags: It has all of these tags, whatever the case.
///     any_tags: It has one of these.
///     no_tags: It has none of these.
///     exclude: Its id is none of these.
///
/// Raises:
///     ValueError: A time that cannot be read, a window that ends before it starts, an unknown `fit`.
///     TypeError: A time that is neither text nor a datetime, or a list of something else than strings.
///
/// Example:
///     >>> import eventkit
///     >>> sessions = [{"title": "A", "start": "09:00", "end": "10:00"}, {"title": "B", "start": "13:00", "end": "14:00"}]
///     >>> catalog = eventkit.Catalog(sessions)
///     >>> answer = catalog.recommend(["ai"], 2, filter=eventkit.Filter(start="12:00"))
///     >>> [session["title"] for session in answer["sessions"]]
///     ['B']
#[pyclass(frozen, module = "eventkit", name = "Filter")]
pub(super) struct Filter {
    pub(super) sessions: Sessions,
    /// Its arguments, as in `repr`.
    shown: String,
    /// Its arguments, with texts for times and lists for iterables.
    arguments: Py<PyDict>,
}

#[pymethods]
impl Filter {
    #[new]
    #[pyo3(signature = (*, start=None, end=None, fit="within", locations=None, all_tags=None, any_tags=None, no_tags=None, exclude=None))]
    #[allow(clippy::too_many_arguments)] // Keyword arguments of Python, each a condition of its own.
    fn new<'py>(
        py: Python<'py>,
        start: Option<&Bound<'py, PyAny>>,
        end: Option<&Bound<'py, PyAny>>,
        fit: &str,
        locations: Option<&Bound<'py, PyAny>>,
        all_tags: Option<&Bound<'py, PyAny>>,
        any_tags: Option<&Bound<'py, PyAny>>,
        no_tags: Option<&Bound<'py, PyAny>>,
        exclude: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let fit_name = fit;
        let fit = Fit::named(fit).ok_or_else(|| {
            let expected = "expected 'within', 'overlapping' or 'starting'";
            PyValueError::new_err(format!("fit {fit:?}: {expected}"))
        })?;
        let start = start.map(|start| bound("start", start)).transpose()?;
        let end = end.map(|end| bound("end", end)).transpose()?;
        let (start, end) = (start.as_deref(), end.as_deref());
        let window = Window::parse(start.map(str::as_bytes), end.map(str::as_bytes), fit)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let mut shown = String::new();
        let arguments = PyDict::new(py);
        for (name, end) in [("start", start), ("end", end)] {
            if let Some(end) = end {
                show(&mut shown, name, &format!("{end:?}"))?;
                arguments.set_item(name, end)?;
            }
        }
        if fit != Fit::default() {
            show(&mut shown, "fit", &format!("{fit_name:?}"))?;
            arguments.set_item("fit", fit_name)?;
        }
        let mut listed = |name, given: Option<&Bound<'py, PyAny>>| {
            let Some(given) = given else {
                return Ok(None);
            };
            show(&mut shown, name, &given.repr()?.to_cow()?)?;
            let list = list_of(name, given)?;
            arguments.set_item(name, &list)?;
            PyResult::Ok(Some(list))
        };
        let locations = listed("locations", locations)?;
        let all_tags = listed("all_tags", all_tags)?;
        let any_tags = listed("any_tags", any_tags)?;
        let no_tags = listed("no_tags", no_tags)?;
        let exclude = listed("exclude", exclude)?;
        let lower = |name, list: Option<_>| list.map(|list| lowered(name, &list)).transpose();
        let excluded = exclude.map(|ids| exact("exclude", &ids)).transpose()?;
        Ok(Self {
            sessions: Sessions {
                window,
                places: lower("locations", locations)?,
                all_tags: lower("all_tags", all_tags)?.unwrap_or_default(),
                any_tags: lower("any_tags", any_tags)?,
                no_tags: lower("no_tags", no_tags)?.unwrap_or_default(),
                excluded: excluded.unwrap_or_default(),
            },
            shown,
            arguments: arguments.unbind(),
        })
    }

    /// Returns the arguments for pickle and copy, which make an equal filter of them.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((), Bound<'py, PyDict>)> {
        Ok(((), self.arguments.bind(py).copy()?))
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let mut text = String::new();
        add(&mut text, &["Filter(", &self.shown, ")"])?;
        object::new_str(py, text.as_bytes())
    }
}

/// Adds an argument to the text of a filter.
fn show(shown: &mut String, name: &str, value: &str) -> PyResult<()> {
    let separator = if shown.is_empty() { "" } else { ", " };
    add(shown, &[separator, name, "=", value])
}

fn add(text: &mut String, pieces: &[&str]) -> PyResult<()> {
    for piece in pieces {
        text.try_reserve(piece.len())
            .map_err(|_| PyMemoryError::new_err("no memory for the text of the filter"))?;
        text.push_str(piece);
    }
    Ok(())
}

/// Returns the text of one end of the window.
fn bound(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let Some(text) = input::time_text(value)? else {
        return Err(PyTypeError::new_err(format!(
            "{name} is {} of type {}, expected a time as text or a datetime",
            value.repr()?,
            value.get_type().name()?
        )));
    };
    Ok(text.to_string_lossy().into_owned())
}

/// Returns an iterable of strings as a list.
fn list_of<'py>(name: &str, strings: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    if strings.is_exact_instance_of::<PyString>() {
        let shown = strings.repr()?;
        return Err(PyTypeError::new_err(format!(
            "{name} is {shown}, expected a list of strings"
        )));
    }
    let list = PyList::empty(strings.py());
    for string in strings.try_iter()? {
        room("the filter", 0)?;
        list.append(string?)?;
    }
    Ok(list)
}

fn lowered(name: &str, strings: &Bound<'_, PyList>) -> PyResult<Vec<Vec<u8>>> {
    each(name, strings, |string| {
        input::with_lowered(string, <[u8]>::to_vec)
    })
}

fn exact(name: &str, strings: &Bound<'_, PyList>) -> PyResult<Vec<Vec<u8>>> {
    each(name, strings, |string| {
        input::with_bytes(string, <[u8]>::to_vec)
    })
}

fn each(
    name: &str,
    strings: &Bound<'_, PyList>,
    read: impl Fn(&Bound<'_, PyString>) -> Result<Vec<u8>, Stop>,
) -> PyResult<Vec<Vec<u8>>> {
    let expected = |value: &Bound<'_, PyAny>| match value.repr() {
        Ok(shown) => PyTypeError::new_err(format!("{name} holds {shown}, expected strings")),
        Err(error) => error,
    };
    let read = |string: Bound<'_, PyAny>| {
        let string = string
            .cast_exact::<PyString>()
            .map_err(|_| expected(&string))?;
        read(string).map_err(|stop| match stop {
            Stop::Raised(error) => error,
            Stop::Declined => expected(string),
        })
    };
    let mut all = Vec::new();
    for string in strings.iter() {
        all.try_reserve(1)
            .map_err(|_| PyMemoryError::new_err("no memory for the filter"))?;
        all.push(read(string)?);
    }
    Ok(all)
}
