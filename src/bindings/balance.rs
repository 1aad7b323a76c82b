//! Recommends with the places shared among interests or among the values of fields.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::ask::{Ask, HowRead};
use super::errors::{Answer, Stop, guarded};
use super::intern::intern;
use super::reading::unmatched_row;
use super::search::{CatalogBase, Narrowed};
use super::{input, object};
use crate::engine::catalog::nearest::Likeness;
use crate::engine::catalog::sharing::{Shared, Sharer, day_of};
use crate::engine::catalog::{Best, Place};
use crate::engine::ranking::interest::InterestSet;

/// How the places of an answer are shared.
pub(super) struct Sharing {
    by_interest: bool,
    fields: Vec<String>,
}

impl Sharing {
    /// Reads the arguments `balance` and `spread`; `None` if neither is given.
    pub(super) fn read(
        balance: Option<&Bound<'_, PyAny>>,
        spread: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Self>> {
        let by_interest = match balance {
            None => false,
            Some(balance) if balance.extract::<&str>().is_ok_and(|it| it == "interests") => true,
            Some(other) => {
                return Err(PyValueError::new_err(format!(
                    "balance is {}, expected 'interests' or None",
                    other.repr()?
                )));
            }
        };
        let named = |spread: &Bound<'_, PyAny>| -> PyResult<Vec<String>> {
            if let Ok(field) = spread.extract::<String>() {
                return Ok(vec![field]);
            }
            spread.extract().map_err(|_| match spread.repr() {
                Ok(shown) => PyTypeError::new_err(format!(
                    "spread is {shown}, expected the name of a field or a list of names"
                )),
                Err(error) => error,
            })
        };
        let fields = spread.map_or(Ok(Vec::new()), named)?;
        Ok((by_interest || !fields.is_empty()).then_some(Self {
            by_interest,
            fields,
        }))
    }
}

impl CatalogBase {
    /// Returns the recommendation with shared places, or raises `ValueError` if the index cannot rank the sessions.
    #[allow(clippy::too_many_arguments)] // Those of `recommend` of Python.
    pub(super) fn balanced<'py>(
        &self,
        py: Python<'py>,
        interests: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        filter: Option<&Narrowed<'_>>,
        sharing: &Sharing,
        reading: HowRead<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let answer = guarded(py, || {
            let ask = Ask::read(self, interests, weights, reading)?;
            let ranked = ask.matching(filter)?;
            let most = match ask.understood {
                Some(_) => input::slice_end(top, ranked.len())?,
                None => self.most(top, filter)?,
            };
            let (best, shares) = self.shared(py, &ranked, &ask, most, sharing)?;
            let answer = self.planned(py, best, &ask.scorer)?;
            let fields = input::exact_dict(&answer)?;
            if let Some(shares) = shares {
                fields.set_item(intern!(py, "shares"), shares)?;
            }
            ask.tell(py, fields)?;
            Ok(answer)
        })?;
        if answer.is(py.NotImplemented()) {
            // An error of the original comes first, such as that of a weight that is missing.
            if reading.is_none() {
                self.refer(py, interests, top, weights, filter)?;
            }
            return Err(PyValueError::new_err(
                "these interests, weights or sessions cannot be balanced: there is a score that the index cannot prove \
                 (NaN, or types other than str, int and float)",
            ));
        }
        Ok(answer)
    }

    /// Chooses sessions of a ranking, and returns the share of each interest if the places are shared among them.
    fn shared<'py>(
        &self,
        py: Python<'py>,
        ranked: &[Best],
        ask: &Ask<'_>,
        most: usize,
        sharing: &Sharing,
    ) -> Answer<(Vec<Best>, Option<Bound<'py, PyList>>)> {
        let names = ask.names();
        let matches = ask.counts_for(ranked);
        let mut places = Sharer::new(sharing.by_interest.then_some(names.len()));
        for (best, interests) in ranked.iter().zip(&matches) {
            if places.knows_title(self.title(py, best.place)?) {
                continue;
            }
            let values = sharing.fields.iter();
            let values: Answer<Vec<_>> = values
                .map(|field| self.field(py, best.place, field))
                .collect();
            places.push(*best, values?, interests);
        }
        let Shared {
            chosen,
            counts,
            places,
        } = places.choose(most);
        if !sharing.by_interest {
            return Ok((chosen, None));
        }
        let shares = PyList::empty(py);
        let rows = names.into_iter().zip(counts).zip(places);
        for ((interest, sessions), places) in rows {
            let share = object::new_dict(py)?;
            share.set_item(intern!(py, "interest"), object::new_str(py, interest)?)?;
            share.set_item(intern!(py, "sessions"), sessions)?;
            share.set_item(intern!(py, "places"), places)?;
            shares.append(share)?;
        }
        Ok((chosen, Some(shares)))
    }

    /// Returns the lowered title of a session; `None` if it has none.
    fn title(&self, py: Python<'_>, place: Place) -> Answer<Option<Vec<u8>>> {
        let title = self.data.member(py, place, "title")?;
        title
            .as_ref()
            .and_then(|title| title.cast_exact::<PyString>().ok())
            .map(|title| input::with_lowered(title, <[u8]>::to_vec))
            .transpose()
    }

    /// Returns the value of a field of a session, so that equal values have equal bytes; empty if it has none.
    fn field(&self, py: Python<'_>, place: Place, field: &str) -> Answer<Vec<u8>> {
        let mut value = match field {
            "day" => self.data.member(py, place, "start")?,
            _ => self.data.member(py, place, field)?,
        };
        if field == "room" && value.is_none() {
            value = self.data.member(py, place, "location")?;
        }
        let Some(value) = value.filter(|value| !value.is_none()) else {
            return Ok(Vec::new());
        };
        if field == "day" {
            let text = input::time_text(&value)?;
            let text = text
                .as_ref()
                .map(|text| input::with_bytes(text, <[u8]>::to_vec));
            return Ok(day_of(text.transpose()?.unwrap_or_default()));
        }
        let text = match value.cast_exact::<PyString>() {
            Ok(text) => text.clone(),
            Err(_) => value.repr()?,
        };
        input::with_lowered(&text, |lowered| [b"=", lowered].concat())
    }

    /// Returns the interests that no session has as a tag, each with the tags that are spelt most like it.
    pub(super) fn unmatched<'py>(
        &self,
        py: Python<'py>,
        interests: &InterestSet,
    ) -> Answer<Bound<'py, PyList>> {
        let unmatched = PyList::empty(py);
        let catalog = &self.data.catalog;
        for interest in interests
            .iter()
            .filter(|interest| !catalog.has_tag(interest))
        {
            let nearest = catalog.nearest_tags(interest, NEAREST, Likeness::Near);
            unmatched.append(unmatched_row(py, interest, &nearest)?)?;
        }
        Ok(unmatched)
    }
}

/// How many tags are named for an interest that matches nothing.
const NEAREST: usize = 3;

/// Returns the interests that no session of a catalogue has as a tag, and the nearest tags of each. Returns an empty list
/// for interests that only the reference can read.
#[pyfunction]
pub(super) fn unmatched_interests<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let catalog = catalog.get();
    catalog.data.check()?;
    let found = guarded(py, || match input::interests(interests) {
        Ok(set) => Ok(catalog.unmatched(py, &set)?.into_any()),
        Err(Stop::Declined) => Ok(PyList::empty(py).into_any()),
        Err(stop) => Err(stop),
    });
    catalog.data.settled(found)
}
