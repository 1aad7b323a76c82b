//! Reads the feed of a programme. Its sessions stay in the engine until Python asks for their dicts.

use std::borrow::Cow;

use hashbrown::HashMap;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use super::catalog_data::SharedCatalogData;
use super::errors::{room, unwind};
use super::intern::intern;
use super::load::{LOADING, load};
use super::object;
use crate::engine::feeds::{self, FORMATS, Fault, Format, Report, Session};
use crate::engine::json;

pyo3::import_exception!(eventkit.errors, FeedError);

/// The sessions of a feed, of which there is no Python object before somebody asks for it.
#[pyclass(frozen, name = "FeedSessions", module = "eventkit._eventkit")]
pub(super) struct FeedSessions(Vec<Session<'static>>);

#[pymethods]
impl FeedSessions {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Makes a dict of each session.
    fn dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        object::without_collector(py, || {
            let mut maker = Maker {
                py,
                shared: HashMap::new(),
            };
            let dicts = self.0.iter();
            let dicts = dicts.map(|session| maker.session(session).map(Bound::into_any));
            object::new_list(py, dicts.collect::<PyResult<Vec<_>>>()?)
        })
    }

    /// Compiles the sessions for a catalogue that makes its answers of their text. Returns `None` if Python's own reader
    /// has to.
    fn compile(&self, py: Python<'_>) -> PyResult<Option<SharedCatalogData>> {
        let text = unwind(|| py.detach(|| feeds::json(&self.0)))?
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        room("the catalogue", text.len().saturating_mul(LOADING))?;
        let loaded = load(py, "feed", None, |hooks| json::load(&text, hooks))?;
        Ok(loaded.map(|(data, _)| data))
    }
}

/// The sessions, and what is known of the programme beside them.
type Outcome<'py> = (FeedSessions, Bound<'py, PyDict>);

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
                let sessions = programme.sessions.into_iter();
                let sessions = sessions.map(Session::into_owned).collect();
                let name = programme.name.into_owned();
                let head = (name, programme.zone, programme.format.name());
                (FeedSessions(sessions), head, programme.report)
            })
        })
    })?;
    let (sessions, (name, zone, format), report) =
        made.map_err(|fault| feed_error(origin, &fault))?;
    let about = object::new_dict(py)?;
    about.set_item("name", name)?;
    about.set_item("zone", zone)?;
    about.set_item("format", format)?;
    fill_report(&about, &report)?;
    Ok((sessions, about))
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
        let [start, end] = session.hours();
        self.put(&dict, intern!(py, "start"), start)?;
        self.put(&dict, intern!(py, "end"), end)?;
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
        let [start_at, end_at] = session.moments();
        self.put(&dict, intern!(py, "start_at"), start_at)?;
        self.put(&dict, intern!(py, "end_at"), end_at)?;
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
