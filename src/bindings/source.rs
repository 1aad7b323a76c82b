//! A caller's sessions, compiled for good.
//!
//! Lenient where the functions are strict: a session that the engine cannot score exactly is compiled all the same, with
//! a popularity of NaN. The index then declines every query, and the reference answers from the caller's objects.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::errors::{Answer, OrDecline};
use super::input::{self, Tags};
use crate::engine::moment::Span;
use crate::engine::score::Number;
use crate::engine::segment::{Segment, SegmentBuilder};

/// What a session's engine cannot prove: scored by the reference only.
const UNPROVEN: Number = Number::Float(f64::NAN);

/// Compiles the sessions of a list, in order.
pub(super) fn compile(sessions: &Bound<'_, PyList>) -> Answer<Segment> {
    let mut builder = SegmentBuilder::default();
    for session in sessions {
        match input::exact_dict(&session) {
            Ok(session) => push(&mut builder, session)?,
            Err(_) => {
                builder.push_title(None);
                builder.push(UNPROVEN, Span::default(), None).ok().or_decline()?;
            }
        }
    }
    builder.finish().ok().or_decline()
}

fn push(builder: &mut SegmentBuilder, session: &Bound<'_, PyDict>) -> Answer<()> {
    let py = session.py();
    let tags = Tags::of(session).and_then(|tags| {
        tags.try_for_each(|tag| input::with_lowered(tag, |lowered| builder.push_tag(lowered))?.or_decline())
    });
    let popularity = match (tags, input::popularity(session)) {
        (Ok(()), Ok(popularity)) => popularity,
        _ => {
            builder.clear_tags();
            UNPROVEN
        }
    };
    let title = session.get_item(intern!(py, "title"))?;
    match title.as_ref().and_then(|title| title.cast_exact::<PyString>().ok()) {
        Some(title) => input::with_lowered(title, |lowered| builder.push_title(Some(lowered)))?,
        None => builder.push_title(None),
    }
    let id = session.get_item(intern!(py, "id"))?;
    if let Some(id) = id.as_ref().and_then(|id| id.cast_exact::<PyString>().ok()) {
        input::with_bytes(id, |bytes| builder.push_id(bytes))?;
    }
    let start = bytes_of(session.get_item(intern!(py, "start"))?)?;
    let end = bytes_of(session.get_item(intern!(py, "end"))?)?;
    let span = Span::parse(&start, &end);
    let place = session.get_item(intern!(py, "location"))?;
    match place.as_ref().and_then(|place| place.cast_exact::<PyString>().ok()) {
        Some(place) => input::with_lowered(place, |place| builder.push(popularity, span, Some(place)))?,
        None => builder.push(popularity, span, None),
    }
    .ok()
    .or_decline()
}

/// The bytes of a string; nothing for every other object.
fn bytes_of(value: Option<Bound<'_, PyAny>>) -> Answer<Vec<u8>> {
    match value.as_ref().and_then(|value| value.cast_exact::<PyString>().ok()) {
        Some(text) => input::with_bytes(text, <[u8]>::to_vec),
        None => Ok(Vec::new()),
    }
}
