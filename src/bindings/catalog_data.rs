//! The sessions of a catalogue: compiled for the engine, and as the objects or text that answers are made of.

use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::errors::{Answer, CHANGED, OrDecline, file_error, no_memory, settled, unwind};
use super::intern::intern;
use super::{decode, input, source};
use crate::engine::catalog::{Catalog, Place};
use crate::engine::file::Reader;
use crate::engine::json::{self, SessionText, SessionView};
use crate::engine::memory;

/// The caller's own sessions of one part, and the JSON of those that were written before.
pub(super) struct Objects {
    sessions: Vec<Py<PyAny>>,
    dumped: OnceLock<Vec<OnceLock<Box<[u8]>>>>,
}

/// Compiled sessions for a `Catalog`, as Python holds them.
#[pyclass(frozen, name = "CatalogData", module = "eventkit._eventkit")]
pub(super) struct SharedCatalogData(pub(super) CatalogData);

/// Compiles the sessions of a list.
#[pyfunction]
pub(super) fn compile_sessions(sessions: &Bound<'_, PyList>) -> PyResult<SharedCatalogData> {
    settled(unwind(|| CatalogData::of_objects(sessions)), CHANGED).map(SharedCatalogData)
}

/// Returns true if it is certain that the manifest's schema accepts every session; otherwise Python has to look.
#[pyfunction]
pub(super) fn sessions_pass_schema(
    py: Python<'_>,
    data: &Bound<'_, SharedCatalogData>,
) -> PyResult<bool> {
    let data = &data.get().0;
    data.check()?;
    let passed = unwind(|| py.detach(|| data.pass_schema()));
    data.settled(passed)
}

/// A catalogue and the sessions of its parts. Cloning is cheap.
#[derive(Clone)]
pub(super) struct CatalogData {
    pub(super) catalog: Catalog,
    /// By part: the caller's objects, or `None` if the segment holds the text.
    holders: Vec<Option<Arc<Objects>>>,
    /// By part, as far as it goes: the file that it was opened from, or its copy in memory.
    files: Arc<[Option<Reader>]>,
}

impl CatalogData {
    /// Compiles the sessions of a list and keeps the objects.
    pub(super) fn of_objects(sessions: &Bound<'_, PyList>) -> Answer<Self> {
        let segment = source::compile(sessions)?;
        // A hostile session may have changed the list while it was read.
        (segment.len() == sessions.len())
            .then_some(())
            .or_decline()?;
        let sessions = sessions.iter().map(Bound::unbind).collect();
        let objects = Objects {
            sessions,
            dumped: OnceLock::new(),
        };
        Ok(Self {
            catalog: Catalog::new(segment),
            holders: vec![Some(Arc::new(objects))],
            files: Arc::default(),
        })
    }

    /// Creates the data of a catalogue that was opened from a file.
    pub(super) fn of_file(catalog: Catalog, file: Reader) -> Self {
        Self {
            files: [Some(file)].into(),
            ..Self::of_text(catalog)
        }
    }

    /// Joins catalogues of one part, each without the sessions at given positions. Returns `None` if one has more parts,
    /// or no session at such a position.
    pub(super) fn joined(pieces: &[(Self, Vec<u32>)]) -> Option<Self> {
        let mut catalog = Catalog::default();
        let (mut holders, mut files) = (Vec::new(), Vec::new());
        for (piece, removed) in pieces {
            let mut segments = piece.catalog.segments();
            let (segment, None) = (segments.next()?, segments.next()) else {
                return None;
            };
            if !catalog.push_without(Arc::clone(segment), removed) {
                return None;
            }
            files.push(piece.file(0).cloned());
            holders.extend(piece.holders.iter().cloned());
        }
        Some(Self {
            catalog,
            holders,
            files: files.into(),
        })
    }

    /// Returns the file that a part was opened from, or its copy in memory.
    pub(super) fn file(&self, part: u32) -> Option<&Reader> {
        self.files.get(part as usize)?.as_ref()
    }

    /// Returns the memory of the compiled sessions in bytes: that of a mapped file counts as 0.
    pub(super) fn nbytes(&self) -> usize {
        let files = self.files.iter().flatten().map(Reader::nbytes);
        self.catalog.nbytes() + files.sum::<usize>()
    }

    /// Checks that the catalogue's files have not changed since it was opened; raises `CatalogFileError` if it has.
    /// Called before each use, because reading a mapped file that was cut short would end the process.
    #[inline]
    pub(super) fn check(&self) -> PyResult<()> {
        let mut files = self.files.iter().flatten();
        let checked = files.try_for_each(Reader::check_unchanged);
        checked.map_err(|error| file_error(&error))
    }

    /// Returns the outcome of a use, or raises as [`Self::check`] does: what was read while the file changed may be
    /// wrong.
    #[inline]
    pub(super) fn settled<T>(&self, outcome: PyResult<T>) -> PyResult<T> {
        self.check().and(outcome)
    }

    /// Creates the data of a catalogue whose segments hold the text of their sessions.
    pub(super) fn of_text(catalog: Catalog) -> Self {
        let holders = catalog.segments().map(|_| None).collect();
        Self {
            catalog,
            holders,
            files: Arc::default(),
        }
    }

    /// Returns the sessions with those of a list after them.
    ///
    /// Parts grow as in a log-structured merge tree: the last part is compiled together with the parts before it that
    /// are not twice as long. So n additions of one session make O(log n) parts.
    pub(super) fn with_added(&self, py: Python<'_>, added: &Bound<'_, PyList>) -> Answer<Self> {
        let mut sessions: Vec<Bound<'_, PyAny>> = added.iter().collect();
        let mut kept = self.holders.len();
        while let Some(last) = kept.checked_sub(1) {
            let objects = self.holders.get(last).and_then(Option::as_ref);
            let Some(objects) =
                objects.filter(|objects| objects.sessions.len() < 2 * sessions.len())
            else {
                break;
            };
            let held = self.catalog.places_of(last as u32);
            let held = held.filter_map(|place| objects.sessions.get(place.local as usize));
            let mut merged: Vec<_> = held.map(|session| session.bind(py).clone()).collect();
            merged.append(&mut sessions);
            sessions = merged;
            kept = last;
        }
        let tail = Self::of_objects(&super::object::new_list(py, sessions)?)?;
        let mut grown = self.clone();
        grown.catalog.truncate(kept);
        grown.holders.truncate(kept);
        for segment in tail.catalog.segments() {
            grown.catalog.push(Arc::clone(segment));
        }
        grown.holders.extend(tail.holders);
        Ok(grown)
    }

    /// Returns true if it is certain that the manifest's schema accepts every session. The caller's own objects are
    /// never certain.
    pub(super) fn pass_schema(&self) -> bool {
        let accepts = |text: &SessionText| {
            (0..text.len()).all(|at| text.get(at).is_some_and(|session| session.passes_schema()))
        };
        let mut segments = self.catalog.segments();
        segments.all(|segment| segment.text.as_ref().is_some_and(accepts))
    }

    /// Iterates over the objects of one part, in order, removed ones included; over none if the engine holds the text.
    pub(super) fn sessions_of<'py>(
        &self,
        py: Python<'py>,
        part: u32,
    ) -> impl Iterator<Item = Bound<'py, PyAny>> {
        let objects = self.holders.get(part as usize).and_then(Option::as_ref);
        let sessions = objects.map_or(&[][..], |objects| &objects.sessions);
        sessions.iter().map(move |session| session.bind(py).clone())
    }

    fn objects(&self, place: Place) -> Option<&Objects> {
        self.holders.get(place.part as usize)?.as_deref()
    }

    fn text(&self, place: Place) -> Option<&SessionText> {
        self.catalog
            .segments()
            .nth(place.part as usize)?
            .text
            .as_ref()
    }

    fn view(&self, place: Place) -> Option<SessionView<'_>> {
        self.text(place)?.get(place.local as usize)
    }

    /// Returns a session: the caller's own object, or a new dict.
    pub(super) fn session<'py>(&self, py: Python<'py>, place: Place) -> Answer<Bound<'py, PyAny>> {
        if let Some(objects) = self.objects(place) {
            let session = objects.sessions.get(place.local as usize).or_decline()?;
            return Ok(session.bind(py).clone());
        }
        Ok(decode::session(py, self.view(place).or_decline()?)?.into_any())
    }

    /// Returns the caller's own object, or `None` if the engine holds the text.
    pub(super) fn object<'py>(&self, py: Python<'py>, place: Place) -> Option<Bound<'py, PyAny>> {
        let session = self.objects(place)?.sessions.get(place.local as usize)?;
        Some(session.bind(py).clone())
    }

    /// Returns the address of the caller's own object; 0 if the engine holds the text.
    pub(super) fn address(&self, place: Place) -> usize {
        let objects = self.objects(place);
        let session = objects.and_then(|objects| objects.sessions.get(place.local as usize));
        session.map_or(0, |session| session.as_ptr() as usize)
    }

    /// Returns how many bytes the session takes as JSON, at most; a guess where it is the caller's object.
    pub(super) fn text_bytes(&self, place: Place) -> usize {
        // A byte of the packed text becomes an escape of six bytes, or one of the names of up to 64 bytes.
        let packed = self.view(place).map_or(0, |view| view.packed().len());
        packed.saturating_mul(8).saturating_add(1 << 10)
    }

    /// Appends the text of a session that the engine holds.
    pub(super) fn dump_text(&self, place: Place, out: &mut Vec<u8>) {
        if let Some(view) = self.view(place) {
            view.dump(out);
        }
    }

    /// Returns the session as an exact dict, or declines.
    pub(super) fn plain_session<'py>(
        &self,
        py: Python<'py>,
        place: Place,
    ) -> Answer<Bound<'py, PyDict>> {
        input::exact_dict(&self.session(py, place)?).cloned()
    }

    /// Returns all sessions in order.
    pub(super) fn sessions<'py>(
        &self,
        py: Python<'py>,
        places: impl Iterator<Item = Place>,
    ) -> Answer<Bound<'py, PyList>> {
        let sessions: Answer<Vec<_>> = places.map(|place| self.session(py, place)).collect();
        Ok(super::object::new_list(py, sessions?)?)
    }

    /// Returns true if the session's lowered title is this one.
    pub(super) fn is_titled(&self, py: Python<'_>, place: Place, lowered: &[u8]) -> Answer<bool> {
        let title = self.member(py, place, "title")?.or_decline()?;
        input::with_lowered(input::exact_str(&title)?, |title| title == lowered)
    }

    /// Returns true if the session's id is this string.
    pub(super) fn is_identified(&self, py: Python<'_>, place: Place, id: &[u8]) -> Answer<bool> {
        let Some(held) = self.member(py, place, "id")? else {
            return Ok(false);
        };
        held.cast_exact::<PyString>()
            .map_or(Ok(false), |held| input::with_bytes(held, |held| held == id))
    }

    /// Returns all sessions with this id, in order.
    pub(super) fn identified(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyString>,
    ) -> Answer<Vec<Place>> {
        input::with_bytes(id, |id| self.with_id(py, id))?
    }

    /// Returns all sessions with this id, in order.
    pub(super) fn with_id(&self, py: Python<'_>, id: &[u8]) -> Answer<Vec<Place>> {
        let candidates = self.catalog.identified(id);
        confirmed(candidates, |place| self.is_identified(py, place, id)).collect()
    }

    /// Returns all sessions with this lowered title, in order.
    pub(super) fn with_title(&self, py: Python<'_>, lowered: &[u8]) -> Answer<Vec<Place>> {
        let candidates = self.catalog.titled(lowered);
        confirmed(candidates, |place| self.is_titled(py, place, lowered)).collect()
    }

    /// Returns the value of a key of the session.
    pub(super) fn member<'py>(
        &self,
        py: Python<'py>,
        place: Place,
        name: &str,
    ) -> Answer<Option<Bound<'py, PyAny>>> {
        if let (Some(text), Some(view)) = (self.text(place), self.view(place)) {
            let value = view.get(&text.member(name));
            return value
                .map(|value| decode::value(py, &view, value.packed()))
                .transpose();
        }
        let session = self.session(py, place)?;
        let name = PyString::intern(py, name);
        match input::exact_dict(&session) {
            Ok(plain) => Ok(plain.get_item(name)?),
            Err(_) => Ok(session.call_method1(intern!(py, "get"), (name,)).ok()),
        }
    }

    /// Returns a dict with the start and the end of the session.
    pub(super) fn slot<'py>(&self, py: Python<'py>, place: Place) -> Answer<Bound<'py, PyDict>> {
        let Some(text) = self.text(place) else {
            return self.plain_session(py, place);
        };
        let view = self.view(place).or_decline()?;
        let slot = super::object::new_dict(py)?;
        for name in ["start", "end"] {
            if let Some(value) = view.get(&text.member(name)) {
                slot.set_item(
                    PyString::intern(py, name),
                    decode::value(py, &view, value.packed())?,
                )?;
            }
        }
        Ok(slot)
    }

    /// Appends the session as `json.dumps` writes it.
    pub(super) fn dump(&self, py: Python<'_>, place: Place, out: &mut Vec<u8>) -> Answer<()> {
        let Some(objects) = self.objects(place) else {
            self.view(place).or_decline()?.dump(out);
            return Ok(());
        };
        let dumped = objects
            .dumped
            .get_or_init(|| objects.sessions.iter().map(|_| OnceLock::new()).collect());
        let slot = dumped.get(place.local as usize).or_decline()?;
        if slot.get().is_none() {
            let text = dumps(&self.session(py, place)?)?;
            let _ = slot.set(text.to_str().ok().or_decline()?.as_bytes().into());
        }
        let text = slot.get().or_decline()?;
        memory::reserve(out, text.len()).map_err(|error| no_memory(&error))?;
        out.extend_from_slice(text);
        Ok(())
    }

    /// Appends the session's title as `json.dumps` writes it. Declines if it has none.
    pub(super) fn dump_title(&self, py: Python<'_>, place: Place, out: &mut Vec<u8>) -> Answer<()> {
        if let Some(text) = self.text(place) {
            let member = text.member("title");
            self.view(place)
                .and_then(|view| view.get(&member))
                .or_decline()?
                .dump(out);
            return Ok(());
        }
        let title = self.member(py, place, "title")?.or_decline()?;
        match title.cast_exact::<PyString>().map(|title| title.to_str()) {
            Ok(Ok(title)) => json::write_str(out, title),
            _ => out.extend_from_slice(dumps(&title)?.to_str().ok().or_decline()?.as_bytes()),
        }
        Ok(())
    }
}

/// Returns the places that are confirmed, and the reasons why that of others is unknown.
pub(super) fn confirmed(
    candidates: impl Iterator<Item = Place>,
    is_it: impl Fn(Place) -> Answer<bool>,
) -> impl Iterator<Item = Answer<Place>> {
    candidates.filter_map(move |place| match is_it(place) {
        Ok(is_it) => is_it.then_some(Ok(place)),
        Err(stop) => Some(Err(stop)),
    })
}

/// Calls `json.dumps(value)`.
pub(super) fn dumps<'py>(value: &Bound<'py, PyAny>) -> Answer<Bound<'py, PyString>> {
    let py = value.py();
    let dumps = py
        .import(intern!(py, "json"))?
        .getattr(intern!(py, "dumps"))?;
    dumps
        .call1((value,))?
        .cast_into_exact::<PyString>()
        .ok()
        .or_decline()
}
