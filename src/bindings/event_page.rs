//! A page of Graph events, from the bytes of the answer to sessions; nothing is locked while they are read.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::errors::{Answer, OrDecline, guarded, unwind};
use super::event::MOST_TAGS;
use super::intern::intern;
use super::object;
use crate::engine::event_page::{Draft, EventPage, Moment, Text, Zone, read};

/// Reads a page: its sessions, the link to the next, and which sessions' times are in zones that only Python knows.
#[pyfunction]
pub(super) fn graph_page<'py>(
    py: Python<'py>,
    body: &Bound<'py, PyBytes>,
) -> PyResult<Bound<'py, PyAny>> {
    let bytes = body.as_bytes();
    let page = py.detach(|| unwind(|| read(bytes)))?;
    guarded(py, || {
        let page = page.or_decline()?;
        let (sessions, zoned) = sessions(py, &page)?;
        let next_link = page.next_link.as_ref().map(|link| &*link.0);
        Ok((sessions, next_link, zoned).into_pyobject(py)?.into_any())
    })
}

/// The position of a session, and the zones of its start and end where they have a name to look up.
type Zoned<'a> = (usize, Option<&'a str>, Option<&'a str>);

fn sessions<'py, 'a>(
    py: Python<'py>,
    page: &'a EventPage<'_>,
) -> Answer<(Bound<'py, PyList>, Vec<Zoned<'a>>)> {
    let mut strings = Strings {
        py,
        made: HashMap::with_hasher(RandomState::default()),
        template: template(py)?,
    };
    let mut made = Vec::with_capacity(page.drafts.len());
    let mut zoned = Vec::new();
    for (position, draft) in page.drafts.iter().enumerate() {
        made.push(session(&mut strings, draft)?.into_any());
        let names = (name(&draft.start), name(&draft.end));
        if names != (None, None) {
            zoned.push((position, names.0, names.1));
        }
    }
    Ok((object::new_list(py, made)?, zoned))
}

fn name<'a>(moment: &'a Moment<'_>) -> Option<&'a str> {
    match &moment.zone {
        Zone::Named(name) => Some(&name.0),
        Zone::Utc | Zone::Unknown => None,
    }
}

/// Strings that come again and again (tags, places, clock times) are made once a page.
struct Strings<'py, 'a> {
    py: Python<'py>,
    made: HashMap<&'a str, Bound<'py, PyString>, RandomState>,
    /// A session without values: its copy has the room that nine keys would grow into by steps.
    template: Bound<'py, PyDict>,
}

fn template(py: Python<'_>) -> Answer<Bound<'_, PyDict>> {
    let template = object::new_dict(py)?;
    for name in [
        intern!(py, "id"),
        intern!(py, "title"),
        intern!(py, "start"),
        intern!(py, "end"),
        intern!(py, "location"),
        intern!(py, "tags"),
        intern!(py, "popularity"),
        intern!(py, "start_at"),
        intern!(py, "end_at"),
    ] {
        template.set_item(name, py.None())?;
    }
    Ok(template)
}

impl<'py, 'a> Strings<'py, 'a> {
    fn shared(&mut self, text: &'a str) -> Bound<'py, PyString> {
        let made = self.made.entry(text);
        made.or_insert_with(|| PyString::new(self.py, text)).clone()
    }

    fn clock(&mut self, moment: &'a Moment<'_>) -> Bound<'py, PyString> {
        // The five bytes of `HH:MM` stand in the text as they are.
        self.shared(moment.local().get(11..16).unwrap_or_default())
    }
}

fn session<'py, 'a>(
    strings: &mut Strings<'py, 'a>,
    draft: &'a Draft<'_>,
) -> Answer<Bound<'py, PyDict>> {
    let py = strings.py;
    let text = |text: &Text<'_>| PyString::new(py, &text.0);
    let mut tags: Vec<Bound<'py, PyAny>> = Vec::with_capacity(MOST_TAGS);
    for category in draft.categories.iter().take(MOST_TAGS) {
        tags.push(strings.shared(&category.0).into_any());
    }
    if draft.online {
        tags.push(intern!(py, "online").clone().into_any());
    }
    if draft.reminder {
        tags.push(intern!(py, "reminder").clone().into_any());
    }
    tags.truncate(MOST_TAGS);
    let session = strings.template.copy()?;
    session.set_item(intern!(py, "id"), draft.id.as_ref().map(text))?;
    match &draft.title {
        Some(title) => session.set_item(intern!(py, "title"), title.as_ref().map(text))?,
        None => session.set_item(intern!(py, "title"), intern!(py, "Untitled Event"))?,
    }
    session.set_item(intern!(py, "start"), strings.clock(&draft.start))?;
    session.set_item(intern!(py, "end"), strings.clock(&draft.end))?;
    let location = draft.location.as_ref();
    session.set_item(
        intern!(py, "location"),
        location.map(|location| strings.shared(&location.0)),
    )?;
    session.set_item(intern!(py, "tags"), object::new_list(py, tags)?)?;
    session.set_item(
        intern!(py, "popularity"),
        object::new_float(py, draft.popularity)?,
    )?;
    session.set_item(intern!(py, "start_at"), dated(py, &draft.start))?;
    session.set_item(intern!(py, "end_at"), dated(py, &draft.end))?;
    Ok(session)
}

/// Date, time and offset; without the offset where that is Python's to find.
fn dated<'py>(py: Python<'py>, moment: &Moment<'_>) -> Bound<'py, PyString> {
    let local = moment.local();
    if moment.zone != Zone::Utc {
        return PyString::new(py, local);
    }
    let mut text = String::with_capacity(25);
    text.push_str(local);
    text.push_str("+00:00");
    PyString::new(py, &text)
}
