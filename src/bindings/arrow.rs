//! Ranks interests that come as an Arrow array, and loads tables. No value is made a Python object on the way.

#![allow(clippy::doc_markdown, clippy::doc_link_with_quotes)] // Docstrings of Python.

use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyString, PyTuple};

use super::arrow_capsule::{arrays, capsule};
use super::catalog_data::{CatalogData, dumps};
use super::errors::{Answer, UNREADABLE, no_memory, pool, settled, unwind};
use super::filter::Filter;
use super::functions::scorer;
use super::input;
use super::load::{Outcome, load};
use super::search::{CatalogBase, Narrowed};
use crate::engine::arrow::Array;
use crate::engine::arrow::export::RankedColumns;
use crate::engine::arrow::import::Arrays;
use crate::engine::arrow::ranked::{Ids, RankedRows, not_unicode};
use crate::engine::arrow::table;
use crate::engine::error::{Error, ErrorKind};
use crate::engine::ranking::interest::InterestSet;

/// Ranked sessions in columns, which other libraries read without a copy through Arrow's C data interface.
#[pyclass(frozen, name = "RankedArray", module = "eventkit._eventkit")]
pub(super) struct RankedArray {
    columns: Arc<RankedColumns>,
}

/// Ranks the rows of an Arrow array of lists of texts, with or without the ids of the sessions. Returns `None` if the
/// engine cannot rank one of them.
#[pyfunction]
#[pyo3(signature = (catalog, interests, top, weights, filter, with_ids))]
pub(super) fn rank_arrow<'py>(
    py: Python<'py>,
    catalog: &Bound<'py, CatalogBase>,
    interests: &Bound<'py, PyAny>,
    top: usize,
    weights: Option<&Bound<'py, PyAny>>,
    filter: Option<&Bound<'py, Filter>>,
    with_ids: bool,
) -> PyResult<Option<RankedArray>> {
    let catalog = catalog.get();
    catalog.data.check()?;
    let filter = settled(unwind(|| catalog.narrowed(py, filter)), UNREADABLE)?;
    let given = arrays_of(interests, "an array of lists of texts")?;
    let weights = weights.map_or_else(
        || catalog.parsed.ok_or(()),
        |weights| input::weights(weights).map_err(|_| ()),
    );
    let Ok(weights) = weights else {
        return Ok(None);
    };
    let Ok(scorer) = scorer(weights, &InterestSet::default()) else {
        return Ok(None);
    };
    let pool = pool()?;
    let ranked = py.detach(|| {
        unwind(|| {
            let arrays: Vec<Array> = given.collect::<Result<_, Error>>()?;
            if let Some(other) = arrays.iter().find(|array| !array.holds_lists_of_texts()) {
                let kind = other.kind();
                return Err(Error::arrow(format!(
                    "interests have {kind} values, expected lists of texts"
                )));
            }
            let narrow = filter.as_ref().map(Narrowed::narrow);
            let rows = catalog
                .data
                .catalog
                .rank_rows(&pool, &arrays, &scorer, top, narrow)?;
            let Some(rows) = rows else { return Ok(None) };
            let ids = with_ids.then(|| catalog.data.catalog.ids_of(&pool, &rows.places));
            Ok(Some((rows, ids.flatten().transpose()?)))
        })
    })?;
    let Some((rows, ids)) = ranked.map_err(|error| refused(&error))? else {
        return catalog.data.settled(Ok(None));
    };
    let ids = match ids {
        None if with_ids => Some(settled(unwind(|| catalog.data.ids(py, &rows)), UNREADABLE)?),
        ids => ids,
    };
    let columns = Arc::new(RankedColumns { rows, ids });
    catalog.data.settled(Ok(Some(RankedArray { columns })))
}

/// Loads the rows of an Arrow table as sessions. Returns `None` if only Python can hold one of them.
#[pyfunction]
pub(super) fn load_arrow<'py>(
    py: Python<'py>,
    table: &Bound<'py, PyAny>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Outcome<'py>> {
    let given = arrays_of(table, "a table")?;
    load(py, "the table", progress, move |hooks| {
        table::load(given, hooks)
    })
}

/// Takes over the arrays of an argument. Raises `TypeError` if it has none.
fn arrays_of(object: &Bound<'_, PyAny>, expected: &str) -> PyResult<Arrays> {
    arrays(object)?.ok_or_else(|| {
        let kind = object.get_type().name();
        let kind = kind.map_or_else(|_| String::from("?"), |kind| kind.to_string());
        PyTypeError::new_err(format!(
            "expected {expected} with __arrow_c_array__ or __arrow_c_stream__, not {kind}: see pyarrow.array, \
             or a Series of polars"
        ))
    })
}

/// Returns the exception for an array that cannot be ranked.
fn refused(error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::Memory => no_memory(error),
        _ => PyValueError::new_err(error.to_string()),
    }
}

impl CatalogData {
    /// Returns the ids of sessions of which some are the caller's objects.
    fn ids(&self, py: Python<'_>, rows: &RankedRows) -> Answer<Ids> {
        let mut ids = Ids::with_capacity(rows.places.len());
        let failed = |error: Error| refused(&error);
        for &place in &rows.places {
            let id = self.member(py, place, "id")?.filter(|id| !id.is_none());
            let Some(id) = id else {
                ids.push(None).map_err(failed)?;
                continue;
            };
            let text = match id.cast::<PyString>() {
                Ok(text) => text.clone(),
                Err(_) => dumps(&id)?,
            };
            let text = input::encoded(&text)?;
            if core::str::from_utf8(text.as_bytes()).is_err() {
                return Err(failed(not_unicode(text.as_bytes())).into());
            }
            ids.push(Some(text.as_bytes())).map_err(failed)?;
        }
        Ok(ids)
    }
}

#[pymethods]
impl RankedArray {
    fn __len__(&self) -> usize {
        self.columns.rows.len()
    }

    fn __repr__(&self) -> String {
        let rows = &self.columns.rows;
        format!(
            "RankedArray({} rows, {} sessions)",
            rows.len(),
            rows.places.len()
        )
    }

    /// Return the type: for each row a list of structs of `position` (int64), `id` (text, if it has ids) and `score` (double).
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule(py, self.columns.schema())
    }

    /// Return the capsules of the type and the array. Another type is never made.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let _ = requested_schema;
        let array = capsule(py, self.columns.data())?;
        PyTuple::new(py, [capsule(py, self.columns.schema())?, array])
    }

    /// Return the capsule of a stream of one array. Another type is never made.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        capsule(py, self.columns.stream())
    }
}
