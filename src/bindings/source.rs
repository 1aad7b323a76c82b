//! Compiles a caller's sessions for a `Catalog`.
//!
//! It is lenient where the functions are strict: a session that the engine cannot score exactly is compiled with a
//! popularity of NaN. The index then declines every query, and the reference answers from the caller's objects.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::errors::{Answer, OrDecline, room};
use super::input::{self, Tags};
use super::intern::intern;
use crate::engine::catalog::segment::{Segment, SegmentBuilder};
use crate::engine::ranking::score::Number;
use crate::engine::time::Span;

/// The popularity of a session that only the reference can score.
const UNPROVEN: Number = Number::Float(f64::NAN);

/// The bytes that compiling takes for a session, at most, while its columns grow, without tags and text.
const SESSION: usize = 256;

/// What a session is known by besides its popularity.
const MEMBERS: [&str; 8] = [
    "tags", "title", "id", "start", "end", "location", "start_at", "end_at",
];

/// Compiles the sessions of a list in order.
pub(super) fn compile(sessions: &Bound<'_, PyList>) -> Answer<Segment> {
    let mut builder = SegmentBuilder::default();
    room("the sessions", sessions.len().saturating_mul(SESSION))?;
    for session in sessions {
        room("the sessions", 0)?;
        match input::exact_dict(&session) {
            Ok(plain) => {
                let popularity = input::popularity(plain).unwrap_or(UNPROVEN);
                push(&mut builder, plain, popularity)?;
            }
            Err(_) => push(&mut builder, &members(&session)?, UNPROVEN)?,
        }
    }
    room("the index", sessions.len().saturating_mul(SESSION))?;
    builder.finish().ok().or_decline()
}

/// Makes a dict of what another kind of mapping answers to `get`.
fn members<'py>(session: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = session.py();
    let members = PyDict::new(py);
    for name in MEMBERS {
        let name = PyString::intern(py, name);
        let value = session.call_method1(intern!(py, "get"), (&name,));
        if let Some(value) = value.ok().filter(|value| !value.is_none()) {
            members.set_item(name, value)?;
        }
    }
    Ok(members)
}

fn push(
    builder: &mut SegmentBuilder,
    session: &Bound<'_, PyDict>,
    mut popularity: Number,
) -> Answer<()> {
    let py = session.py();
    let tags = Tags::of(session).and_then(|tags| {
        tags.try_for_each(|tag| {
            input::with_lowered(tag, |lowered| builder.push_tag(lowered))?.or_decline()
        })
    });
    if tags.is_err() {
        builder.clear_tags();
        popularity = UNPROVEN;
    }
    let title = session.get_item(intern!(py, "title"))?;
    match title
        .as_ref()
        .and_then(|title| title.cast_exact::<PyString>().ok())
    {
        Some(title) => input::with_lowered(title, |lowered| builder.push_title(Some(lowered)))?,
        None => builder.push_title(None),
    }
    let id = session.get_item(intern!(py, "id"))?;
    if let Some(id) = id.as_ref().and_then(|id| id.cast_exact::<PyString>().ok()) {
        input::with_bytes(id, |bytes| builder.push_id(bytes))?;
    }
    let time = |name: &Bound<'_, PyString>| time_of(session.get_item(name)?.as_ref());
    let start_at = time(intern!(py, "start_at"))?;
    let dated = if start_at.is_empty() {
        Span::default()
    } else {
        Span::parse(&start_at, &time(intern!(py, "end_at"))?)
    };
    let span = match dated.start.scale() {
        Some(_) => dated,
        None => Span::parse(&time(intern!(py, "start"))?, &time(intern!(py, "end"))?),
    };
    let place = session.get_item(intern!(py, "location"))?;
    match place
        .as_ref()
        .and_then(|place| place.cast_exact::<PyString>().ok())
    {
        Some(place) => {
            input::with_lowered(place, |place| builder.push(popularity, span, Some(place)))?
        }
        None => builder.push(popularity, span, None),
    }
    .ok()
    .or_decline()
}

/// Returns the text of a session's time; nothing where there is none that can be read, which leaves the session
/// untimed.
fn time_of(value: Option<&Bound<'_, PyAny>>) -> Answer<Vec<u8>> {
    let text = value.map_or(Ok(None), input::time_text)?;
    text.map_or(Ok(Vec::new()), |text| {
        input::with_bytes(&text, <[u8]>::to_vec)
    })
}
