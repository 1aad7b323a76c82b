//! Finds the external sessions file that a manifest asks for.
//!
//! Only plain settings are answered here. Odd ones are declined, and so is every error of a look-up other than "there is
//! no such file", because the original raises some of those errors.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString, PyTuple};

use super::errors::{Answer, OrDecline, guarded};
use super::input;
use super::intern::intern;
use crate::engine::file::first_existing;

/// Returns the name of the external file, or `None` when the manifest does not ask for one.
pub(super) fn file_of<'py>(manifest: &Bound<'py, PyDict>) -> Answer<Option<Bound<'py, PyString>>> {
    let py = manifest.py();
    let Some(features) = manifest.get_item(intern!(py, "features"))? else {
        return Ok(None);
    };
    let features = input::exact_dict(&features)?;
    let Some(settings) = features.get_item(intern!(py, "externalSessions"))? else {
        return Ok(None);
    };
    let settings = input::exact_dict(&settings)?;
    let enabled = settings.get_item(intern!(py, "enabled"))?;
    let Some(enabled) = enabled.filter(|enabled| !enabled.is(PyBool::new(py, false))) else {
        return Ok(None);
    };
    enabled
        .is(PyBool::new(py, true))
        .then_some(())
        .or_decline()?;
    match settings.get_item(intern!(py, "file"))? {
        Some(file) => Ok(Some(input::exact_str(&file)?.clone())),
        None => Ok(Some(intern!(py, "sessions_external.json").clone())),
    }
}

/// Returns the first of the file's places that exists: as it is written, then below each directory.
///
/// The interpreter is released during the look-ups: a file system on a network may take long.
fn place_of(
    file: &Bound<'_, PyString>,
    directories: &Bound<'_, PyTuple>,
) -> Answer<Option<PathBuf>> {
    let py = file.py();
    let name: PathBuf = file.extract().ok().or_decline()?;
    // `Path` of Python drops such endings, a look-up by the system does not.
    let text = file.to_str().ok().or_decline()?;
    let plain = !text.is_empty() && text != "." && !text.ends_with('/') && !text.ends_with("/.");
    (cfg!(unix) && plain).then_some(()).or_decline()?;
    let mut places = Vec::with_capacity(1 + directories.len());
    places.push(name.clone());
    for directory in directories {
        let directory: PathBuf = input::exact_str(&directory)?.extract().ok().or_decline()?;
        places.push(directory.join(&name));
    }
    py.detach(|| first_existing(places)).ok().or_decline()
}

/// Returns the path of the external file that a manifest asks for: `None` when it asks for none, `""` when it is absent.
#[pyfunction]
pub(super) fn external_place<'py>(
    py: Python<'py>,
    manifest: &Bound<'py, PyAny>,
    directories: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let Some(file) = file_of(input::exact_dict(manifest)?)? else {
            return Ok(py.None().into_bound(py));
        };
        let place = place_of(&file, directories)?.unwrap_or_default();
        let place = place.as_os_str().into_pyobject(py);
        Ok(place.map_err(PyErr::from)?.into_any())
    })
}
