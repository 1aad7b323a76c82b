//! The native functions of `eventkit`: read the arguments, rank the sessions, build the answer.
//!
//! Each answers exactly as the original does, or returns `NotImplemented` before it had any effect; then the caller
//! asks `eventkit.reference`. The thread stays attached to the interpreter, because the sessions are the caller's
//! mutable data, and an answer must come from one state of them.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::answer::{self, Chosen};
use super::errors::{Answer, OrDecline, Stop, guarded, room};
use super::intern::intern;
use super::store::Proof;
use super::{external, fingerprint, input, layout, object, snapshot, store};
use crate::engine::catalog::compile_policy::Use;
use crate::engine::ranking::index::Ranked;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Scorer, SumRegime, Weights};
use crate::engine::ranking::select::Selection;
use crate::engine::ranking::stages::{Stage, StageTimes, Stages};

static REGIME: OnceLock<Option<SumRegime>> = OnceLock::new();

/// Finds out how this interpreter lays out objects and how its `sum()` adds. Returns what it could not find out.
///
/// Without the regime of `sum()` every call is declined. Raises `ImportError` if nothing is as it should be.
pub(super) fn probe_interpreter(py: Python<'_>) -> PyResult<Vec<&'static str>> {
    let mut unproven = layout::check(py)?;
    let sum = py
        .import(intern!(py, "builtins"))?
        .getattr(intern!(py, "sum"))?;
    let regime = regime_of(&sum)?.filter(|_| !layout::is_told_to_fail("sum"));
    if regime.is_none() {
        unproven.push("sum");
    }
    let _ = REGIME.set(regime);
    Ok(unproven)
}

/// Returns the regime of a `sum`, found from two lists that the three regimes add differently.
pub(super) fn regime_of(sum: &Bound<'_, PyAny>) -> PyResult<Option<SumRegime>> {
    let floats: f64 = sum.call1(((0.1, 0.2, 0.3),))?.extract()?;
    let mixed: f64 = sum.call1(((0.1, 1, 0.03),))?.extract()?;
    Ok(SumRegime::that_gives(floats, mixed))
}

/// Returns how this interpreter's `sum()` adds, or declines if that is not known.
pub(super) fn regime() -> Answer<SumRegime> {
    REGIME.get().copied().flatten().or_decline()
}

pub(super) fn scorer(weights: Weights, interests: &InterestSet) -> Answer<Scorer> {
    Ok(Scorer::new(weights, interests.len(), regime()?))
}

/// Reads the manifest's own weights and sessions. Declines if an external file may hold the sessions.
fn read_manifest<'py>(manifest: &Bound<'py, PyAny>) -> Answer<(Weights, Bound<'py, PyList>)> {
    let py = manifest.py();
    let manifest = input::exact_dict(manifest)?;
    let weights = input::weights(&manifest.get_item(intern!(py, "weights"))?.or_decline()?)?;
    external::file_of(manifest)?
        .is_none()
        .then_some(())
        .or_decline()?;
    let sessions = manifest.get_item(intern!(py, "sessions"))?.or_decline()?;
    Ok((weights, input::exact_list(&sessions)?.clone()))
}

/// Recommends from a manifest that holds its sessions itself.
#[pyfunction]
pub(super) fn recommend<'py>(
    py: Python<'py>,
    manifest: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let (weights, sessions) = read_manifest(manifest)?;
        ranked_answer(&sessions, weights, interests, top)
    })
}

/// Recommends from a list of sessions.
#[pyfunction]
pub(super) fn recommend_sessions<'py>(
    py: Python<'py>,
    sessions: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let weights = input::weights(weights)?;
        ranked_answer(input::exact_list(sessions)?, weights, interests, top)
    })
}

/// Measures how long each stage of `recommend` takes. Returns the times, not the recommendation.
#[pyfunction]
pub(super) fn profile<'py>(
    py: Python<'py>,
    manifest: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        // Both are made by the first call, so that a later one that takes the other road needs no memory for a name.
        let (by_snapshot, by_scan) = (intern!(py, "snapshot"), intern!(py, "scan"));
        let mut times = StageTimes::start();
        let (weights, sessions) = read_manifest(manifest)?;
        timed_answer(&sessions, weights, interests, top, &mut times)?;
        let milliseconds = object::new_dict(py)?;
        let names = [
            intern!(py, "load"),
            intern!(py, "score"),
            intern!(py, "sort"),
            intern!(py, "conflicts"),
            intern!(py, "format"),
        ];
        for (name, time) in names.into_iter().zip(times.milliseconds) {
            milliseconds.set_item(name, object::new_float(py, time)?)?;
        }
        let road = if times.indexed { by_snapshot } else { by_scan };
        let profile = object::new_dict(py)?;
        profile.set_item(intern!(py, "road"), road)?;
        profile.set_item(
            intern!(py, "sessions"),
            object::new_int(py, sessions.len() as i64)?,
        )?;
        profile.set_item(intern!(py, "milliseconds"), milliseconds)?;
        Ok(profile.into_any())
    })
}

fn ranked_answer<'py>(
    sessions: &Bound<'py, PyList>,
    weights: Weights,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
) -> Answer<Bound<'py, PyAny>> {
    timed_answer(sessions, weights, interests, top, &mut ())
}

/// Ranks sessions and builds the answer, stage by stage.
fn timed_answer<'py>(
    sessions: &Bound<'py, PyList>,
    weights: Weights,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
    stages: &mut impl Stages,
) -> Answer<Bound<'py, PyAny>> {
    let interests = input::interests(interests)?;
    let scorer = scorer(weights, &interests)?;
    let k = input::slice_end(top, sessions.len())?;
    let chosen = rank(sessions, &interests, &scorer, k, stages)?;
    let py = sessions.py();
    let conflicts = answer::conflicts(py, chosen.iter().map(|chosen| &chosen.session))?;
    stages.ended(Stage::Conflicts);
    let answer = answer::finish_with(py, chosen, &scorer, conflicts)?;
    stages.ended(Stage::Format);
    Ok(answer)
}

/// Returns the best `k` sessions, from the snapshot if there is a current one.
fn rank<'py>(
    sessions: &Bound<'py, PyList>,
    interests: &InterestSet,
    scorer: &Scorer,
    k: usize,
    stages: &mut impl Stages,
) -> Answer<Vec<Chosen<'py>>> {
    let snapshot = store::current(sessions)?;
    stages.ended(Stage::Load);
    if let Some(ranked) = snapshot.and_then(|snapshot| snapshot.rank(interests, scorer, k)) {
        // The index returns the best sessions in order: there is nothing left to sort.
        let chosen = chosen_at(sessions, ranked);
        stages.uses_index();
        stages.ended(Stage::Score);
        return chosen;
    }
    let mut selection = Selection::new(k);
    scan(sessions, interests, scorer, |score, chosen| {
        selection.push_with(score, chosen);
    })?;
    stages.ended(Stage::Score);
    let chosen = in_order(selection);
    stages.ended(Stage::Sort);
    Ok(chosen)
}

fn chosen_at<'py>(sessions: &Bound<'py, PyList>, ranked: Vec<Ranked>) -> Answer<Vec<Chosen<'py>>> {
    let chosen = ranked.into_iter().map(|ranked| {
        let session = sessions.get_item(ranked.position as usize)?;
        Ok(Chosen {
            session: input::exact_dict(&session)?.clone(),
            matched: Number::Int(i64::from(ranked.hits)),
            popularity: ranked.popularity,
        })
    });
    chosen.collect()
}

fn in_order(selection: Selection<Chosen<'_>>) -> Vec<Chosen<'_>> {
    selection
        .into_sorted()
        .into_iter()
        .map(|(_, chosen)| chosen)
        .collect()
}

/// Scores each session and offers it in order of position, with a function that makes it a part of the answer.
///
/// Declines a NaN, because only the interpreter knows its place in a sort.
fn scan<'py>(
    sessions: &Bound<'py, PyList>,
    interests: &InterestSet,
    scorer: &Scorer,
    mut offer: impl FnMut(f64, &mut dyn FnMut() -> Chosen<'py>),
) -> Answer<()> {
    for session in sessions {
        room("the answer", 0)?;
        let session = input::exact_dict(&session)?;
        let hits = input::hits(session, interests)?;
        let popularity = input::popularity(session)?;
        let score = scorer.score(hits, popularity).or_decline()?.as_f64();
        (!score.is_nan()).then_some(()).or_decline()?;
        offer(score, &mut || Chosen {
            session: session.clone(),
            matched: Number::Int(i64::from(hits)),
            popularity,
        });
    }
    Ok(())
}

/// Explains the score of the first session with this title.
#[pyfunction]
pub(super) fn explain<'py>(
    py: Python<'py>,
    manifest: &Bound<'py, PyAny>,
    title: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let (weights, sessions) = read_manifest(manifest)?;
        explained(&sessions, weights, title, interests)
    })
}

/// Explains the score of the first session of a list with this title.
#[pyfunction]
pub(super) fn explain_sessions<'py>(
    py: Python<'py>,
    sessions: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    title: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let weights = input::weights(weights)?;
        explained(input::exact_list(sessions)?, weights, title, interests)
    })
}

fn explained<'py>(
    sessions: &Bound<'py, PyList>,
    weights: Weights,
    title: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
) -> Answer<Bound<'py, PyAny>> {
    let title = input::exact_str(title)?;
    let interests = input::interests(interests)?;
    let scorer = scorer(weights, &interests)?;
    let found = input::with_lowered(title, |lowered| find(sessions, lowered))??;
    let Some(session) = found else {
        return answer::not_found(title);
    };
    answer::explained(session, &interests, &scorer)
}

/// Returns the first session with this lowered title, from the snapshot if there is a current one.
fn find<'py>(sessions: &Bound<'py, PyList>, lowered: &[u8]) -> Answer<Option<Bound<'py, PyDict>>> {
    let py = sessions.py();
    let prove = |snapshot: &snapshot::Snapshot| {
        if !snapshot.is_searched() {
            return Ok(Proof::Unneeded);
        }
        match snapshot.find(sessions, lowered) {
            Ok(place) => Ok(Proof::Current(place)),
            Err(Stop::Declined) => Ok(Proof::Stale),
            Err(raised) => Err(raised),
        }
    };
    if let Some((_, place)) = store::current_if(sessions, Use::Explain, prove)? {
        let session = place
            .map(|position| sessions.get_item(position))
            .transpose()?;
        return session
            .map(|session| input::exact_dict(&session).cloned())
            .transpose();
    }
    for session in sessions {
        let session = input::exact_dict(&session)?;
        let title = session.get_item(intern!(py, "title"))?.or_decline()?;
        if snapshot::is_title(&title, lowered)? {
            return Ok(Some(session.clone()));
        }
    }
    Ok(None)
}

/// Scores one session.
#[pyfunction]
pub(super) fn score_session<'py>(
    py: Python<'py>,
    session: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let session = input::exact_dict(session)?;
        let weights = input::weights(weights)?;
        let interests = input::interests(interests)?;
        let scorer = scorer(weights, &interests)?;
        let hits = input::hits(session, &interests)?;
        let parts = scorer
            .contributions(hits, input::popularity(session)?)
            .or_decline()?;
        answer::session_score(session, &parts, scorer.total(&parts))
    })
}

/// Counts the time slots that more than one session has.
#[pyfunction]
pub(super) fn count_conflicts<'py>(
    py: Python<'py>,
    sessions: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let sessions = answer::exact_dicts(input::exact_list(sessions)?)?;
        let conflicts = answer::conflicts(py, sessions.iter())?;
        Ok((conflicts as u64)
            .into_pyobject(py)
            .map_err(PyErr::from)?
            .into_any())
    })
}

/// Drops all snapshots.
#[pyfunction]
pub(super) fn clear_cache() {
    store::clear();
}

/// Returns the figures of the snapshots.
#[pyfunction]
pub(super) fn cache_info(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    guarded(py, || {
        let info = object::new_dict(py)?;
        let enabled = [("enabled", u64::from(fingerprint::is_possible(py)?))];
        for (name, count) in store::info(py).into_iter().chain(enabled) {
            let name = object::new_str(py, name.as_bytes())?;
            info.set_item(name, object::new_int(py, count as i64)?)?;
        }
        Ok(info.into_any())
    })
}
