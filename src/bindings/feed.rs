//! Reads the feed of a programme, and makes dicts of its sessions.

use std::borrow::Cow;

use hashbrown::HashMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use super::errors::unwind;
use super::intern::intern;
use super::object;
use crate::engine::feeds::{self, FORMATS, Fault, Format, Programme, Report, Session, hour, iso};
use crate::engine::time::{Moment, Scale};

pyo3::import_exception!(eventkit.errors, FeedError);

/// The sessions, and what is known of the programme beside them.
type Outcome<'py> = (Bound<'py, PyList>, Bound<'py, PyDict>);

/// Reads the programme that `data` holds. Raises `FeedError`, which names `origin`.
#[pyfunction]
pub(super) fn read_feed<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyBytes>,
    origin: &str,
    format: Option<&str>,
    zone: Option<&str>,
) -> PyResult<Outcome<'py>> {
    let format = format
        .map(Format::named)
        .transpose()
        .map_err(|fault| feed_error(origin, &fault))?;
    let bytes = data.as_bytes();
    let made = unwind(|| {
        py.detach(|| {
            feeds::read(bytes, format, zone, |programme| {
                Python::attach(|py| {
                    object::without_collector(py, || programme_of(py, &programme))
                        .map(|(sessions, about)| (sessions.unbind(), about.unbind()))
                })
            })
        })
    })?;
    let (sessions, about) = made.map_err(|fault| feed_error(origin, &fault))??;
    Ok((sessions.into_bound(py), about.into_bound(py)))
}

/// Returns the names of all formats.
#[pyfunction]
pub(super) fn feed_formats(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, FORMATS.map(|(_, name)| name))
}

fn feed_error(origin: &str, fault: &Fault) -> PyErr {
    let (line, column) = fault.place().unzip();
    FeedError::new_err((origin.to_owned(), fault.reason().to_owned(), line, column))
}

fn programme_of<'py>(py: Python<'py>, programme: &Programme<'_>) -> PyResult<Outcome<'py>> {
    let mut maker = Maker {
        py,
        shared: HashMap::new(),
    };
    let sessions = programme
        .sessions
        .iter()
        .map(|session| maker.session(session).map(Bound::into_any))
        .collect::<PyResult<Vec<_>>>()?;
    let about = object::new_dict(py)?;
    about.set_item("name", &programme.name)?;
    about.set_item("zone", programme.zone)?;
    about.set_item("format", programme.format.name())?;
    fill_report(&about, &programme.report)?;
    Ok((object::new_list(py, sessions)?, about))
}

fn fill_report(about: &Bound<'_, PyDict>, report: &Report) -> PyResult<()> {
    let reasons = report
        .reasons
        .iter()
        .map(|skipped| (&skipped.place, &skipped.reason));
    about.set_item("skipped", report.skipped)?;
    about.set_item("reasons", reasons.collect::<Vec<_>>())?;
    about.set_item("tags", &report.tags)?;
    about.set_item("notes", &report.notes)
}

/// Makes dicts of sessions. Texts that many sessions share are one object.
struct Maker<'py, 'a> {
    py: Python<'py>,
    shared: HashMap<&'a str, Bound<'py, PyString>>,
}

impl<'py, 'a> Maker<'py, 'a> {
    fn session(&mut self, session: &'a Session<'_>) -> PyResult<Bound<'py, PyDict>> {
        let py = self.py;
        let dict = object::new_dict(py)?;
        dict.set_item(intern!(py, "id"), self.text(&session.id)?)?;
        dict.set_item(intern!(py, "title"), self.text(&session.title)?)?;
        if !session.all_day {
            self.put(
                &dict,
                intern!(py, "start"),
                session.start.map(|at| hour(at.wall_ms())),
            )?;
            self.put(
                &dict,
                intern!(py, "end"),
                session.end.map(|at| hour(at.wall_ms())),
            )?;
        }
        self.share(&dict, intern!(py, "location"), &session.location)?;
        let tags = self.list(session.tags.iter().map(|(_, tag)| tag))?;
        dict.set_item(intern!(py, "tags"), tags)?;
        if let Some(popularity) = session.popularity {
            dict.set_item(intern!(py, "popularity"), popularity)?;
        }
        let unshared = [
            (intern!(py, "subtitle"), &session.subtitle),
            (intern!(py, "abstract"), &session.summary),
            (intern!(py, "description"), &session.description),
        ];
        for (name, text) in unshared.into_iter().filter(|(_, text)| !text.is_empty()) {
            dict.set_item(name, self.text(text)?)?;
        }
        let speakers = self.list(session.speakers.iter())?;
        dict.set_item(intern!(py, "speakers"), speakers)?;
        let shared = [
            (intern!(py, "track"), &session.track),
            (intern!(py, "type"), &session.kind),
            (intern!(py, "language"), &session.language),
            (intern!(py, "day"), &session.day),
        ];
        for (name, text) in shared {
            self.share(&dict, name, text)?;
        }
        if !session.url.is_empty() {
            dict.set_item(intern!(py, "url"), self.text(&session.url)?)?;
        }
        self.put(&dict, intern!(py, "start_at"), full(session.start))?;
        self.put(&dict, intern!(py, "end_at"), full(session.end))?;
        for (name, flag) in [
            (intern!(py, "all_day"), session.all_day),
            (intern!(py, "service"), session.service),
        ] {
            if flag {
                dict.set_item(name, true)?;
            }
        }
        Ok(dict)
    }

    fn text(&self, text: &str) -> PyResult<Bound<'py, PyString>> {
        if text.is_ascii() {
            return object::new_str(self.py, text.as_bytes());
        }
        // `new_str` copies other text first, which only the bytes of a mapped file need.
        Ok(PyString::new(self.py, text))
    }

    /// Sets a text that is not shared, unless there is none.
    fn put(
        &self,
        dict: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
        text: Option<String>,
    ) -> PyResult<()> {
        match text {
            Some(text) => dict.set_item(name, self.text(&text)?),
            None => Ok(()),
        }
    }

    /// Sets a text that other sessions may have too, unless it is empty.
    fn share(
        &mut self,
        dict: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
        text: &'a str,
    ) -> PyResult<()> {
        if text.is_empty() {
            return Ok(());
        }
        dict.set_item(name, self.shared(text)?)
    }

    fn shared(&mut self, text: &'a str) -> PyResult<Bound<'py, PyString>> {
        if let Some(known) = self.shared.get(text) {
            return Ok(known.clone());
        }
        let made = self.text(text)?;
        self.shared.insert(text, made.clone());
        Ok(made)
    }

    fn list<'c: 'a>(
        &mut self,
        texts: impl Iterator<Item = &'a Cow<'c, str>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let items = texts
            .map(|text| self.shared(text).map(Bound::into_any))
            .collect::<PyResult<Vec<_>>>()?;
        object::new_list(self.py, items)
    }
}

/// The date and the time of a moment that has a date.
fn full(moment: Option<Moment>) -> Option<String> {
    moment
        .filter(|moment| moment.scale() != Some(Scale::Clock))
        .map(iso)
}
