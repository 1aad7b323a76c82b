//! A page of Graph events, from the bytes of the answer to sessions; nothing is locked while they are read.
//!
//! # Performance notes
//!
//! Most of what remains is CPython's: nine values to a dict, and its allocator. A session is a copy of a template, since a dict
//! that grows to nine keys is laid out three times; its strings are copied once, from the page; tags, places and instants
//! are made once a page.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::errors::{Answer, OrDecline, guarded, unwind};
use super::event::MOST_TAGS;
use super::intern::intern;
use super::object;
use crate::engine::calendar::event_page::{Draft, EventPage, Moment, Text, Zone, read};

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
        let next_link = page.next_link.map(|link| text(py, &page, link));
        let answer = (sessions, next_link.transpose()?, zoned);
        Ok(answer.into_pyobject(py)?.into_any())
    })
}

/// The position of a session, and the zones of its start and end where they have a name to look up.
type Zoned<'py> = (
    usize,
    Option<Bound<'py, PyString>>,
    Option<Bound<'py, PyString>>,
);

fn sessions<'py>(
    py: Python<'py>,
    page: &EventPage<'_>,
) -> Answer<(Bound<'py, PyList>, Vec<Zoned<'py>>)> {
    let mut maker = Maker {
        py,
        page,
        shared: HashMap::with_hasher(RandomState::default()),
        instants: HashMap::with_hasher(RandomState::default()),
        template: template(py)?,
        tags: Vec::with_capacity(MOST_TAGS),
    };
    let mut made = Vec::with_capacity(page.drafts.len());
    let mut zoned = Vec::new();
    for (position, draft) in page.drafts.iter().enumerate() {
        made.push(maker.session(draft)?.into_any());
        let mut zone = |moment: &Moment| match moment.zone {
            Zone::Named(name) => maker.shared(name).map(Some),
            Zone::Utc | Zone::Unknown => Ok(None),
        };
        let (start, end) = (zone(&draft.start)?, zone(&draft.end)?);
        if start.is_some() || end.is_some() {
            zoned.push((position, start, end));
        }
    }
    Ok((object::new_list(py, made)?, zoned))
}

fn text<'py>(py: Python<'py>, page: &EventPage<'_>, text: Text) -> PyResult<Bound<'py, PyString>> {
    object::new_str(py, &page.text(text))
}

/// An instant: its clock time, and its date, time and offset; without the offset where that is Python's to find.
type Instant<'py> = (Bound<'py, PyString>, Bound<'py, PyString>);

/// What sessions of a page are made of and with.
struct Maker<'py, 'a> {
    py: Python<'py>,
    page: &'a EventPage<'a>,
    /// Strings that come again and again, by what is written in the page.
    shared: HashMap<&'a [u8], Bound<'py, PyString>, RandomState>,
    /// Instants, which come again in a calendar of quarters of hours, and whether they are in UTC.
    instants: HashMap<(&'a [u8; 19], bool), Instant<'py>, RandomState>,
    /// A session without values: its copy has the room that nine keys would grow into by steps.
    template: Bound<'py, PyDict>,
    /// Empty between sessions.
    tags: Vec<Bound<'py, PyAny>>,
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

impl<'py, 'a> Maker<'py, 'a> {
    fn shared(&mut self, text: Text) -> PyResult<Bound<'py, PyString>> {
        let written = self.page.written(text);
        if let Some(made) = self.shared.get(written) {
            return Ok(made.clone());
        }
        let made = object::new_str(self.py, &self.page.text(text))?;
        self.shared.insert(written, made.clone());
        Ok(made)
    }

    fn instant(&mut self, moment: &'a Moment) -> PyResult<Instant<'py>> {
        let key = (&moment.local, moment.zone == Zone::Utc);
        if let Some((clock, dated)) = self.instants.get(&key) {
            return Ok((clock.clone(), dated.clone()));
        }
        let clock = object::new_str(self.py, &moment.clock)?;
        let made = (clock, dated(self.py, moment)?);
        self.instants.insert(key, made.clone());
        Ok(made)
    }

    fn session(&mut self, draft: &'a Draft) -> Answer<Bound<'py, PyDict>> {
        let (py, page) = (self.py, self.page);
        let id = draft.id.map(|id| text(py, page, id)).transpose()?;
        let title = match draft.title {
            Some(title) => title.map(|title| text(py, page, title)).transpose()?,
            None => Some(intern!(py, "Untitled Event").clone()),
        };
        let location = match draft.location {
            Some(name) => name.map(|name| self.shared(name)).transpose()?,
            None => Some(intern!(py, "").clone()),
        };
        let (start, start_at) = self.instant(&draft.start)?;
        let (end, end_at) = self.instant(&draft.end)?;
        let popularity = object::new_float(py, draft.popularity)?;
        let session = self.template.copy()?;
        session.set_item(intern!(py, "id"), id)?;
        session.set_item(intern!(py, "title"), title)?;
        session.set_item(intern!(py, "start"), start)?;
        session.set_item(intern!(py, "end"), end)?;
        session.set_item(intern!(py, "location"), location)?;
        session.set_item(intern!(py, "tags"), self.tags(draft)?)?;
        session.set_item(intern!(py, "popularity"), popularity)?;
        session.set_item(intern!(py, "start_at"), start_at)?;
        session.set_item(intern!(py, "end_at"), end_at)?;
        Ok(session)
    }

    fn tags(&mut self, draft: &Draft) -> PyResult<Bound<'py, PyList>> {
        for &category in self.page.categories(draft).iter().take(MOST_TAGS) {
            let tag = self.shared(category)?;
            self.tags.push(tag.into_any());
        }
        if draft.online {
            self.tags
                .push(intern!(self.py, "online").clone().into_any());
        }
        if draft.reminder {
            let reminder = intern!(self.py, "reminder").clone();
            self.tags.push(reminder.into_any());
        }
        self.tags.truncate(MOST_TAGS);
        object::drain_list(self.py, &mut self.tags)
    }
}

fn dated<'py>(py: Python<'py>, moment: &Moment) -> PyResult<Bound<'py, PyString>> {
    if moment.zone != Zone::Utc {
        return object::new_str(py, &moment.local);
    }
    let mut text = *b"YYYY-MM-DDTHH:MM:SS+00:00";
    if let Some(local) = text.first_chunk_mut() {
        *local = moment.local;
    }
    object::new_str(py, &text)
}
