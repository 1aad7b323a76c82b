//! Builds the answers to many queries of one call.
//!
//! Popular sessions are in many of the answers. What an answer needs of a session (its title, the number of its time
//! slot) is read from its dict once and kept, because a dict that is not in the processor's cache costs more to search
//! than a new one to build. Contributions of equal hits are copies of one dict. Numbers are shared, as objects that never
//! change may be; every dict and list of an answer is new.
//!
//! Invariant: an entry holds what the session said at one moment of the call. Only other threads, and the code that
//! [`forget`](Templates::forget) follows, can change it meanwhile.
//!
//! `recommend_many` of 5,000 lists at 100,000 sessions: 7.7 µs of this thread for each list instead of 9.7 µs (with reading
//! the interests, of which the pool now does the larger part).
//!
//! Dropped: whole lines of the scoring as templates, by session and hits. The templates were not in the cache either
//! (`recommend_many` at 100,000 sessions: 19 µs for each answer on the caller's thread, 12 µs without templates).

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::answer::{self, slot_end};
use super::errors::{Answer, OrDecline, room};
use super::intern::intern;
use super::object;
use super::search::CatalogBase;
use crate::engine::catalog::conflict::{SlotNumbers, count_conflicts};
use crate::engine::catalog::many::Found;
use crate::engine::catalog::place_map::PlaceMap;
use crate::engine::catalog::{Best, Place};
use crate::engine::memory::prefetch;
use crate::engine::ranking::score::{Contributions, Number};

/// The largest number of sessions that are kept, a power of two.
const MOST_ENTRIES: usize = 1 << 14;
/// The number of time slots after which all is forgotten, so that a long call does not keep those of all sessions.
const MOST_SLOTS: usize = 1 << 13;
/// Contributions of fewer hits than this are kept.
const MOST_HITS: usize = 32;

/// A session of answers.
struct Entry<'py> {
    /// The number of its time slot, or `None` if the interpreter has to compare it.
    slot: Option<u32>,
    title: Bound<'py, PyAny>,
    session: Session<'py>,
}

/// How a session gets into an answer.
enum Session<'py> {
    /// The caller's own object.
    Own(Bound<'py, PyDict>),
    /// A copy of a dict and of its lists, whose items never change.
    Copied(Box<(Bound<'py, PyDict>, Vec<Member<'py>>)>),
}

type Member<'py> = (Bound<'py, PyAny>, Bound<'py, PyList>);

/// The contributions of sessions with equal hits, without the popularity.
struct Shared<'py> {
    parts: Contributions,
    dict: Bound<'py, PyDict>,
}

/// What the answers of one call share.
pub(super) struct Templates<'py> {
    py: Python<'py>,
    answer: Bound<'py, PyDict>,
    line: Bound<'py, PyDict>,
    /// By hits.
    contributions: [Option<Shared<'py>>; MOST_HITS],
    entries: PlaceMap<Entry<'py>>,
    slots: SlotNumbers,
}

impl<'py> Templates<'py> {
    /// Makes the templates of a call, for answers with the given number of sessions.
    pub(super) fn new(py: Python<'py>, sessions: usize) -> PyResult<Self> {
        let none = |names: [&Bound<'py, PyString>; 3]| -> PyResult<_> {
            let dict = object::new_dict(py)?;
            for name in names {
                dict.set_item(name, py.None())?;
            }
            Ok(dict)
        };
        let entries = sessions.min(MOST_ENTRIES);
        room("the answers", PlaceMap::<Entry<'py>>::nbytes(entries))?;
        Ok(Self {
            py,
            answer: none([
                intern!(py, "sessions"),
                intern!(py, "scoring"),
                intern!(py, "conflicts"),
            ])?,
            line: none([
                intern!(py, "title"),
                intern!(py, "score"),
                intern!(py, "contributions"),
            ])?,
            contributions: [const { None }; MOST_HITS],
            entries: PlaceMap::new(entries),
            slots: SlotNumbers::default(),
        })
    }

    /// Forgets what sessions said.
    pub(super) fn forget(&mut self) {
        self.slots.clear();
        self.entries.clear();
    }

    /// Builds an answer. Declines if the original might raise.
    pub(super) fn answer(&mut self, base: &CatalogBase, found: Found) -> Answer<Bound<'py, PyAny>> {
        let py = self.py;
        if self.slots.len() > MOST_SLOTS {
            self.forget();
        }
        let count = found.best.len();
        room("the answer", count.saturating_mul(4 * size_of::<usize>()))?;
        found
            .best
            .iter()
            .for_each(|best| self.fetch(base, best.place));
        let mut sessions = Vec::with_capacity(count);
        let mut scoring = Vec::with_capacity(count);
        let mut slots = Vec::with_capacity(count);
        for best in &found.best {
            room("the answer", 0)?;
            let line = self.line.copy()?;
            let parts = found
                .scorer
                .contributions_of(best.matched, best.popularity)
                .or_decline()?;
            let total = answer::number(py, found.scorer.total(&parts))?;
            line.set_item(intern!(py, "score"), total)?;
            line.set_item(
                intern!(py, "contributions"),
                self.contributions(best, parts)?,
            )?;
            let entry = self.entry(base, best.place)?;
            let Some((entry, slot)) = entry.and_then(|entry| entry.slot.map(|slot| (entry, slot)))
            else {
                return base.answer(py, found.best, &found.scorer);
            };
            line.set_item(intern!(py, "title"), &entry.title)?;
            slots.push(slot);
            sessions.push(entry.session.given()?.into_any());
            scoring.push(line.into_any());
        }
        let answer = self.answer.copy()?;
        answer.set_item(intern!(py, "sessions"), object::new_list(py, sessions)?)?;
        answer.set_item(intern!(py, "scoring"), object::new_list(py, scoring)?)?;
        let conflicts = object::new_int(py, count_conflicts(&slots) as i64)?;
        answer.set_item(intern!(py, "conflicts"), conflicts)?;
        Ok(answer.into_any())
    }

    /// Builds the contributions of a session.
    fn contributions(&mut self, best: &Best, parts: Contributions) -> PyResult<Bound<'py, PyDict>> {
        let Number::Int(hits) = best.matched else {
            return answer::contributions(self.py, &parts);
        };
        let slot = usize::try_from(hits).ok();
        let Some(slot) = slot.and_then(|hits| self.contributions.get_mut(hits)) else {
            return answer::contributions(self.py, &parts);
        };
        let same = |shared: &Shared<'py>| {
            shared.parts.interest_match.is_same(parts.interest_match)
                && shared.parts.diversity.map(f64::to_bits) == parts.diversity.map(f64::to_bits)
        };
        if !slot.as_ref().is_some_and(same) {
            let dict = answer::contributions(self.py, &parts)?;
            *slot = Some(Shared { parts, dict });
        }
        let Some(shared) = slot else {
            return answer::contributions(self.py, &parts);
        };
        let copy = shared.dict.copy()?;
        let popularity = answer::number(self.py, parts.popularity)?;
        copy.set_item(intern!(self.py, "popularity"), popularity)?;
        Ok(copy)
    }

    /// Fetches what [`Self::entry`] will read into the processor's cache, for all sessions of an answer at once.
    fn fetch(&self, base: &CatalogBase, place: Place) {
        prefetch(base.data.address(place));
        if let Some(held) = self.entries.get(place) {
            prefetch(held.title.as_ptr() as usize);
        }
    }

    /// Returns the entry of a session, or `None` if it cannot be kept.
    fn entry(&mut self, base: &CatalogBase, place: Place) -> Answer<Option<&Entry<'py>>> {
        if self.entries.get(place).is_none() {
            let entry = self.read(base, place)?;
            self.entries.set(place, entry);
        }
        Ok(self.entries.get(place))
    }

    /// Reads a session. Returns `None` if it cannot be kept.
    fn read(&mut self, base: &CatalogBase, place: Place) -> Answer<Option<Entry<'py>>> {
        let py = self.py;
        let session = base.data.plain_session(py, place)?;
        let slot = self.slot(&session)?;
        let title = session.get_item(intern!(py, "title"))?.or_decline()?;
        let session = if base.data.object(py, place).is_some() {
            Session::Own(session)
        } else {
            match copied_members(&session) {
                Some(lists) if is_constant(&title) => Session::Copied(Box::new((session, lists))),
                _ => return Ok(None),
            }
        };
        Ok(Some(Entry {
            slot,
            title,
            session,
        }))
    }

    /// Returns the number of a session's time slot: equal slots have equal numbers. `None` if the interpreter has to
    /// compare them.
    fn slot(&mut self, session: &Bound<'py, PyDict>) -> Answer<Option<u32>> {
        let start = session.get_item(intern!(self.py, "start"))?;
        let end = session.get_item(intern!(self.py, "end"))?;
        let ends = slot_end(start.as_ref()).zip(slot_end(end.as_ref()));
        let Some((start, end)) = ends else {
            return Ok(None);
        };
        room("the answer", start.nbytes().saturating_add(end.nbytes()))?;
        let number = self.slots.number(start, end).or_decline()?;
        Ok(Some(number))
    }
}

impl<'py> Session<'py> {
    /// Returns the session as an answer gives it.
    fn given(&self) -> PyResult<Bound<'py, PyDict>> {
        match self {
            Self::Own(session) => Ok(session.clone()),
            Self::Copied(kept) => {
                let (session, lists) = &**kept;
                let copy = session.copy()?;
                for (name, list) in lists {
                    copy.set_item(name, list.get_slice(0, list.len()))?;
                }
                Ok(copy)
            }
        }
    }
}

/// Returns the members of a session that are lists. `None` if copying these and the dict is not enough.
fn copied_members<'py>(session: &Bound<'py, PyDict>) -> Option<Vec<Member<'py>>> {
    let mut lists = Vec::new();
    for (name, value) in session {
        if let Ok(list) = value.cast_exact::<PyList>() {
            if !list.iter().all(|item| is_constant(&item)) {
                return None;
            }
            lists.push((name, list.clone()));
        } else if !is_constant(&value) {
            return None;
        }
    }
    Some(lists)
}

/// Returns true if the object never changes, so that answers may share it.
fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
