//! Plans itineraries of a catalogue.

use core::time::Duration;

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::ask::{Ask, HowRead};
use super::errors::{Answer, OrDecline, UNREADABLE, guarded, no_memory, room, settled, unwind};
use super::filter::Filter;
use super::intern::intern;
use super::search::{CatalogBase, refuse_text};
use super::{input, object};
use crate::engine::catalog::busy::Busy;
use crate::engine::catalog::itinerary::{Reason, Refusal};
use crate::engine::catalog::planning::{PlanWishes, best_first};
use crate::engine::catalog::{Best, Place};
use crate::engine::error::ErrorKind;

/// What a plan must keep to, as the caller gives it.
struct Given {
    /// Ids or titles.
    must: Vec<String>,
    /// Ids or titles.
    avoid: Vec<String>,
    /// Starts and ends.
    busy: Vec<(String, String)>,
}

/// Plans an itinerary; `gap` is in minutes, and `busy` holds starts and ends.
#[pyfunction]
#[pyo3(signature = (catalog, interests, top, gap, weights, filter, must, avoid, busy, reading=None))]
#[allow(clippy::too_many_arguments)] // Keyword arguments of Python.
pub(super) fn plan<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyAny>,
    top: Option<usize>,
    gap: f64,
    weights: Option<&Bound<'py, PyAny>>,
    filter: Option<&Bound<'py, Filter>>,
    must: Vec<String>,
    avoid: Vec<String>,
    busy: Vec<(String, String)>,
    reading: HowRead<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let gap = Duration::try_from_secs_f64(gap * 60.0);
    let gap = gap.map_err(|_| PyValueError::new_err("gap: expected minutes from 0 up"))?;
    let catalog = catalog.get();
    catalog.prepare(py, reading)?;
    refuse_text(interests)?;
    let filter = settled(unwind(|| catalog.narrowed(py, filter)), UNREADABLE)?;
    let planned = guarded(py, || {
        let ask = Ask::read(catalog, interests, weights, reading)?;
        let ranked = ask.everything(filter.as_ref())?;
        let given = Given { must, avoid, busy };
        let wishes = catalog.wishes(py, &given, &ranked)?;
        let inner = &catalog.data.catalog;
        let (ranked, arranged) = py.detach(|| inner.best_plan(ranked, &wishes, top, gap));
        let itinerary = match arranged {
            Ok(itinerary) => itinerary,
            Err(refusal) => return Err(catalog.refused(py, &refusal, &given, &ranked)?.into()),
        };
        let at = |number: &u32| ranked.get(*number as usize).copied();
        let chosen = itinerary.plan.positions.iter().filter_map(at).collect();
        let answer = catalog.planned(py, chosen, &ask.scorer)?;
        let fields = input::exact_dict(&answer)?;
        let total = object::new_float(py, itinerary.plan.total)?;
        fields.set_item(intern!(py, "total"), total)?;
        let untimed = object::new_int(py, itinerary.plan.untimed as i64)?;
        fields.set_item(intern!(py, "untimed"), untimed)?;
        let left_out = catalog.left_out(py, &itinerary.left_out, &given, &ranked)?;
        fields.set_item(intern!(py, "left_out"), left_out)?;
        ask.tell(py, fields)?;
        Ok(answer)
    });
    catalog.data.settled(planned)
}

impl CatalogBase {
    /// Finds the sessions of the wishes. Raises `KeyError` for one that no session has, and `ValueError` for a required
    /// one that a filter hides.
    fn wishes(&self, py: Python<'_>, given: &Given, ranked: &[Best]) -> Answer<PlanWishes> {
        let mut wishes = PlanWishes::default();
        for (start, end) in &given.busy {
            let busy = Busy::parse(start.as_bytes(), end.as_bytes());
            let wrong = |error| PyValueError::new_err(format!("busy: {error}"));
            wishes.busy.push(busy.map_err(wrong)?);
        }
        for name in &given.avoid {
            wishes.avoid.extend(self.named(py, "avoid", name)?);
        }
        for name in &given.must {
            let place = self.named(py, "must", name)?.into_iter().next();
            let place = place.or_decline()?;
            if !ranked.iter().any(|best| best.place == place) {
                let message = format!("must names {name:?}, which the filter does not admit");
                return Err(PyValueError::new_err(message).into());
            }
            wishes.must.push(place);
        }
        Ok(wishes)
    }

    /// Returns all sessions with this id or, if there is none, with this title.
    fn named(&self, py: Python<'_>, argument: &str, name: &str) -> Answer<Vec<Place>> {
        let text = PyString::new(py, name);
        let Some(first) = self.find(py, &text)? else {
            let message = format!("{argument} names {name:?}, which is no session's id or title");
            return Err(PyKeyError::new_err(message).into());
        };
        if self.data.is_identified(py, first, name.as_bytes())? {
            return self.data.with_id(py, name.as_bytes());
        }
        input::with_lowered(&text, |lowered| self.data.with_title(py, lowered))?
    }

    /// Returns the error for wishes that cannot be kept.
    fn refused(
        &self,
        py: Python<'_>,
        refusal: &Refusal,
        given: &Given,
        ranked: &[Best],
    ) -> Answer<PyErr> {
        let busy = |number: u32| {
            let busy = given.busy.get(number as usize);
            busy.map_or_else(String::new, |(start, end)| format!("from {start} to {end}"))
        };
        let title = |number: u32| -> Answer<String> {
            let best = ranked.get(number as usize).or_decline()?;
            Ok(self.shown_title(py, best.place)?.repr()?.to_string())
        };
        match refusal {
            Refusal::Failed(error) if error.kind() == ErrorKind::Memory => Ok(no_memory(error)),
            _ => Ok(PyValueError::new_err(refusal.message(title, busy)?)),
        }
    }

    /// Returns the title of a session as the session has it, or `None` as a Python object.
    pub(super) fn shown_title<'py>(
        &self,
        py: Python<'py>,
        place: Place,
    ) -> Answer<Bound<'py, PyAny>> {
        let title = self.data.member(py, place, "title")?;
        Ok(title.unwrap_or_else(|| py.None().into_bound(py)))
    }

    /// Returns the sessions that a plan leaves out, best first, each with the reason.
    fn left_out<'py>(
        &self,
        py: Python<'py>,
        left_out: &[(u32, Reason)],
        given: &Given,
        ranked: &[Best],
    ) -> Answer<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for (best, reason) in best_first(left_out, ranked) {
            room("the plan", 0)?;
            let row: Bound<'py, PyDict> = object::new_dict(py)?;
            row.set_item(intern!(py, "title"), self.shown_title(py, best.place)?)?;
            row.set_item(intern!(py, "score"), object::new_float(py, best.score)?)?;
            row.set_item(intern!(py, "reason"), reason.name())?;
            match reason {
                Reason::Busy(number) => {
                    let (start, end) = given.busy.get(number as usize).or_decline()?;
                    row.set_item(intern!(py, "busy"), PyList::new(py, [start, end])?)?;
                }
                Reason::Overlaps(other) => {
                    let other = ranked.get(other as usize).or_decline()?;
                    let title = self.shown_title(py, other.place)?;
                    row.set_item(intern!(py, "session"), title)?;
                }
                _ => {}
            }
            list.append(row)?;
        }
        Ok(list)
    }
}
