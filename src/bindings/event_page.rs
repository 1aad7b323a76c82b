//! Builds the sessions of one page of Graph events. The page is parsed without holding the interpreter.
//!
//! # Performance notes
//! Most of the remaining time is CPython's: nine values a dict, and its allocator. A session is a copy of a template,
//! because a dict that grows to nine keys is laid out three times. Tags, places and times are made once a page.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::errors::{Answer, OrDecline, guarded, unwind};
use super::event::MOST_TAGS;
use super::intern::intern;
use super::object;
use crate::engine::calendar::event_page::{Draft, EventPage, EventTime, Zone, read};

/// Reads a page. Returns the sessions, the link to the next page, and the sessions whose time zones Python must look
/// up.
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
        let next_link = page.next_link.as_deref().map(|link| text(py, link));
        let answer = (sessions, next_link.transpose()?, zoned);
        Ok(answer.into_pyobject(py)?.into_any())
    })
}

/// The position of a session, and the names of the zones of its start and end, if Python must look them up.
type Zoned<'py> = (
    usize,
    Option<Bound<'py, PyString>>,
    Option<Bound<'py, PyString>>,
);

fn sessions<'py, 'a>(
    py: Python<'py>,
    page: &'a EventPage<'a>,
) -> Answer<(Bound<'py, PyList>, Vec<Zoned<'py>>)> {
    let mut maker = Maker {
        py,
        shared: HashMap::with_hasher(RandomState::default()),
        instants: HashMap::with_hasher(RandomState::default()),
        template: template(py)?,
        tags: Vec::with_capacity(MOST_TAGS),
    };
    let mut made = Vec::with_capacity(page.drafts.len());
    let mut zoned = Vec::new();
    for (position, draft) in page.drafts.iter().enumerate() {
        made.push(maker.session(draft)?.into_any());
        let mut zone = |moment: &'a EventTime<'a>| match &moment.zone {
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

fn text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyString>> {
    object::new_str(py, text.as_bytes())
}

/// The two texts of a time: clock time, and date with time and offset. Python adds the offset of a named zone.
type Instant<'py> = (Bound<'py, PyString>, Bound<'py, PyString>);

/// Makes the sessions of a page and keeps the objects that they share.
struct Maker<'py, 'a> {
    py: Python<'py>,
    /// Strings that occur many times.
    shared: HashMap<&'a str, Bound<'py, PyString>, RandomState>,
    /// Times, and whether they are in UTC. Meetings start at few different times.
    instants: HashMap<(&'a [u8; 19], bool), Instant<'py>, RandomState>,
    /// A session with all keys and no values. A copy of it never has to grow.
    template: Bound<'py, PyDict>,
    /// A buffer that is empty between sessions.
    tags: Vec<Bound<'py, PyAny>>,
}

/// Builds the dict that every session is a copy of.
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
    /// Returns the string object of a text, the same one for equal texts.
    fn shared(&mut self, text: &'a str) -> PyResult<Bound<'py, PyString>> {
        if let Some(made) = self.shared.get(text) {
            return Ok(made.clone());
        }
        let made = object::new_str(self.py, text.as_bytes())?;
        self.shared.insert(text, made.clone());
        Ok(made)
    }

    /// Returns the string objects of a time, the same ones for equal times.
    fn instant(&mut self, moment: &'a EventTime<'a>) -> PyResult<Instant<'py>> {
        let key = (&moment.local, moment.zone == Zone::Utc);
        if let Some((clock, dated)) = self.instants.get(&key) {
            return Ok((clock.clone(), dated.clone()));
        }
        let clock = object::new_str(self.py, &moment.clock)?;
        let made = (clock, dated(self.py, moment)?);
        self.instants.insert(key, made.clone());
        Ok(made)
    }

    /// Makes one session.
    fn session(&mut self, draft: &'a Draft<'a>) -> Answer<Bound<'py, PyDict>> {
        let py = self.py;
        let id = match &draft.id {
            Some(id) => id.as_deref().map(|id| text(py, id)).transpose()?,
            None => Some(intern!(py, "").clone()),
        };
        let title = match &draft.title {
            Some(title) => title.as_deref().map(|title| text(py, title)).transpose()?,
            None => Some(intern!(py, "Untitled Event").clone()),
        };
        let location = match &draft.location {
            Some(name) => name.as_deref().map(|name| self.shared(name)).transpose()?,
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

    /// Makes the tags of a session: its first categories, and what its flags add.
    fn tags(&mut self, draft: &'a Draft<'a>) -> PyResult<Bound<'py, PyList>> {
        for category in draft.categories.iter().take(MOST_TAGS) {
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

/// Makes the text of date and time, with the offset of UTC if it is in UTC.
fn dated<'py>(py: Python<'py>, moment: &EventTime<'_>) -> PyResult<Bound<'py, PyString>> {
    if moment.zone != Zone::Utc {
        return object::new_str(py, &moment.local);
    }
    let mut text = *b"YYYY-MM-DDTHH:MM:SS+00:00";
    if let Some(local) = text.first_chunk_mut() {
        *local = moment.local;
    }
    object::new_str(py, &text)
}
