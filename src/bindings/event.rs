//! Transforms Microsoft Graph events into sessions.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString};

use super::errors::{Answer, OrDecline, Stop, guarded};
use super::intern::intern;
use super::{input, layout, object};
use crate::engine::calendar::event::{ClockTime, Fractions, Signals, clock_time};

const FRACTIONS: Fractions = if cfg!(Py_3_11) {
    Fractions::Any
} else {
    Fractions::MillisOrMicros
};
pub(super) const MOST_TAGS: usize = 5;

/// Transforms a list of events, without those that are cancelled, have no times or cannot be read.
#[pyfunction]
pub(super) fn transform_events<'py>(
    py: Python<'py>,
    events: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let mut sessions = Vec::new();
        for event in input::exact_list(events)? {
            if let Some(session) = transform(input::exact_dict(&event)?)? {
                sessions.push(session.into_any());
            }
        }
        Ok(object::new_list(py, sessions)?.into_any())
    })
}

/// Transforms one event. Returns `None` if it is left out. Declines one that only the interpreter can judge.
fn transform<'py>(event: &Bound<'py, PyDict>) -> Answer<Option<Bound<'py, PyDict>>> {
    let py = event.py();
    if flag(event.get_item(intern!(py, "isCancelled"))?)? {
        return Ok(None);
    }
    let start = moment(event.get_item(intern!(py, "start"))?)?;
    let end = moment(event.get_item(intern!(py, "end"))?)?;
    let (Some(start), Some(end)) = (start, end) else {
        return Ok(None);
    };
    let Some(location) = location(event)? else {
        return Ok(None);
    };
    let online = flag(event.get_item(intern!(py, "isOnlineMeeting"))?)?;
    let Some(tags) = tags(event, online)? else {
        return Ok(None);
    };
    let Some(described) = is_described(event)? else {
        return Ok(None);
    };
    let signals = Signals {
        described,
        attendees: attendees(event)?,
        located: location.as_ref().is_some_and(has_text),
        online,
    };
    let title = event.get_item(intern!(py, "subject"))?;
    let untitled = || intern!(py, "Untitled Event").clone().into_any();
    let session = object::new_dict(py)?;
    let id = event.get_item(intern!(py, "id"))?;
    let no_id = || intern!(py, "").clone().into_any();
    session.set_item(intern!(py, "id"), id.unwrap_or_else(no_id))?;
    session.set_item(intern!(py, "title"), title.unwrap_or_else(untitled))?;
    session.set_item(intern!(py, "start"), text(py, start)?)?;
    session.set_item(intern!(py, "end"), text(py, end)?)?;
    session.set_item(intern!(py, "location"), location)?;
    session.set_item(intern!(py, "tags"), object::new_list(py, tags)?)?;
    session.set_item(
        intern!(py, "popularity"),
        object::new_float(py, signals.popularity())?,
    )?;
    Ok(Some(session))
}

/// Reads a JSON boolean. A missing or null one is false.
fn flag(value: Option<Bound<'_, PyAny>>) -> Answer<bool> {
    match value {
        None => Ok(false),
        Some(value) if value.is_none() => Ok(false),
        Some(value) => value
            .cast_exact::<PyBool>()
            .ok()
            .or_decline()
            .map(PyBoolMethods::is_true),
    }
}

/// Reads the clock time of `{"dateTime": …}`, or `None` if there is none.
fn moment(value: Option<Bound<'_, PyAny>>) -> Answer<Option<ClockTime>> {
    let Some(value) = value.filter(|value| !value.is_none()) else {
        return Ok(None);
    };
    let Some(instant) = input::exact_dict(&value)?.get_item(intern!(value.py(), "dateTime"))?
    else {
        return Ok(None);
    };
    let instant = layout::ascii(input::exact_str(&instant)?).or_decline()?;
    clock_time(instant, FRACTIONS).or_decline().map(Some)
}

/// Reads the name of the place, of any type (`""` if it is missing). Returns an outer `None` if the event is left out.
#[allow(clippy::option_option)] // No event, an event whose place is null, an event with a place.
fn location<'py>(event: &Bound<'py, PyDict>) -> Answer<Option<Option<Bound<'py, PyAny>>>> {
    let py = event.py();
    let empty = || intern!(py, "").clone().into_any();
    let Some(place) = event.get_item(intern!(py, "location"))? else {
        return Ok(Some(Some(empty())));
    };
    if place.is_none() {
        return Ok(None);
    }
    let name = input::exact_dict(&place)?.get_item(intern!(py, "displayName"))?;
    let name = name.unwrap_or_else(empty);
    if name.is_none() {
        return Ok(Some(None));
    }
    input::exact_str(&name)?;
    Ok(Some(Some(name)))
}

fn has_text(text: &Bound<'_, PyAny>) -> bool {
    text.len().is_ok_and(|length| length > 0)
}

fn tags<'py>(event: &Bound<'py, PyDict>, online: bool) -> Answer<Option<Vec<Bound<'py, PyAny>>>> {
    let py = event.py();
    let mut tags = match event.get_item(intern!(py, "categories"))? {
        None => Vec::new(),
        Some(categories) if categories.is_none() => return Ok(None),
        Some(categories) => input::exact_list(&categories)?
            .iter()
            .take(MOST_TAGS)
            .collect(),
    };
    if online {
        tags.push(intern!(py, "online").clone().into_any());
    }
    if flag(event.get_item(intern!(py, "isReminderOn"))?)? {
        tags.push(intern!(py, "reminder").clone().into_any());
    }
    tags.truncate(MOST_TAGS);
    Ok(Some(tags))
}

/// Returns whether the event has a preview or a body, or `None` if it is left out.
fn is_described(event: &Bound<'_, PyDict>) -> Answer<Option<bool>> {
    let py = event.py();
    if is_text(event.get_item(intern!(py, "bodyPreview"))?)? {
        return Ok(Some(true));
    }
    match event.get_item(intern!(py, "body"))? {
        None => Ok(Some(false)),
        Some(body) if body.is_none() => Ok(None),
        Some(body) => {
            let content = input::exact_dict(&body)?.get_item(intern!(py, "content"))?;
            is_text(content).map(Some)
        }
    }
}

/// Returns true for a string that is not empty. Null and missing are not.
fn is_text(value: Option<Bound<'_, PyAny>>) -> Answer<bool> {
    match value {
        None => Ok(false),
        Some(value) if value.is_none() => Ok(false),
        Some(value) if value.is_exact_instance_of::<PyString>() => Ok(has_text(&value)),
        Some(_) => Err(Stop::Declined),
    }
}

fn attendees(event: &Bound<'_, PyDict>) -> Answer<usize> {
    match event.get_item(intern!(event.py(), "attendees"))? {
        None => Ok(0),
        Some(attendees) if attendees.is_none() => Ok(0),
        Some(attendees) => attendees
            .cast_exact::<PyList>()
            .ok()
            .or_decline()
            .map(PyListMethods::len),
    }
}

fn text(py: Python<'_>, clock: ClockTime) -> Answer<Bound<'_, PyString>> {
    core::str::from_utf8(&clock)
        .ok()
        .map(|text| PyString::new(py, text))
        .or_decline()
}
