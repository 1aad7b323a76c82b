//! The functions of `eventkit._eventkit`: read, rank, build the answer.
//!
//! Each answers exactly as the original does, or returns `NotImplemented` before anything had an effect, and the caller
//! asks `eventkit.reference`. The interpreter stays attached throughout: what is read is the caller's mutable data, and
//! one answer must come from one state of it.

use std::sync::OnceLock;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::answer::{self, Chosen};
use super::errors::{Answer, OrDecline, Stop, guarded};
use super::intern::intern;
use super::store::{Proof, Sight};
use super::{input, object, snapshot, store};
use crate::engine::index::Ranked;
use crate::engine::interest::InterestSet;
use crate::engine::score::{Number, Scorer, SumRegime, Weights};
use crate::engine::select::Selection;

static REGIME: OnceLock<Option<SumRegime>> = OnceLock::new();

/// Finds out how this interpreter's `sum()` adds and lays out dicts; without an answer every call is declined.
pub(super) fn probe_interpreter(py: Python<'_>) -> PyResult<()> {
    let layout_is_known = object::check_layout(py)?;
    let sum = py
        .import(intern!(py, "builtins"))?
        .getattr(intern!(py, "sum"))?;
    let regime = regime_of(&sum)?;
    let _ = REGIME.set(regime.filter(|_| layout_is_known));
    Ok(())
}

/// The regime that this `sum` follows, told by what it makes of two lists that all three regimes add differently.
pub(super) fn regime_of(sum: &Bound<'_, PyAny>) -> PyResult<Option<SumRegime>> {
    let floats = [Number::Float(0.1), Number::Float(0.2), Number::Float(0.3)];
    let mixed = [Number::Float(0.1), Number::Int(1), Number::Float(0.03)];
    let of_floats: f64 = sum.call1(((0.1, 0.2, 0.3),))?.extract()?;
    let of_mixed: f64 = sum.call1(((0.1, 1, 0.03),))?.extract()?;
    Ok(SumRegime::ALL.into_iter().find(|regime| {
        regime.sum(&floats) == Number::Float(of_floats)
            && regime.sum(&mixed) == Number::Float(of_mixed)
    }))
}

pub(super) fn scorer(weights: Weights, interests: &InterestSet) -> Answer<Scorer> {
    let regime = REGIME.get().copied().flatten().or_decline()?;
    Ok(Scorer::new(weights, interests.len(), regime))
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
        let (weights, sessions) = input::manifest(manifest)?;
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

/// Recommends, and tells where the time went instead of what the answer is.
#[pyfunction]
pub(super) fn profile<'py>(
    py: Python<'py>,
    manifest: &Bound<'py, PyAny>,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let mut stages = Stopwatch::start();
        let (weights, sessions) = input::manifest(manifest)?;
        let interests = input::interests(interests)?;
        let scorer = scorer(weights, &interests)?;
        let k = input::slice_end(top, sessions.len())?;
        let snapshot = store::current(&sessions)?;
        let load = stages.lap();
        let indexed = snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.rank(&interests, &scorer, k));
        let (road, chosen, score, sort) = if let Some(ranked) = indexed {
            // The index finds the best in their order: there is nothing left to sort.
            let chosen = chosen_at(&sessions, ranked)?;
            (intern!(py, "snapshot"), chosen, stages.lap(), 0.0)
        } else {
            let mut offers = Vec::with_capacity(sessions.len());
            scan(&sessions, &interests, &scorer, |score, chosen| {
                offers.push((score, chosen()));
            })?;
            let score = stages.lap();
            let mut selection = Selection::new(k);
            for (score, chosen) in offers {
                selection.push_with(score, || chosen);
            }
            (
                intern!(py, "scan"),
                in_order(selection),
                score,
                stages.lap(),
            )
        };
        let conflicts = answer::conflicts(py, chosen.iter().map(|chosen| &chosen.session))?;
        let conflicts_time = stages.lap();
        let entries: Answer<Vec<_>> = chosen
            .into_iter()
            .map(|chosen| chosen.scored(&scorer))
            .collect();
        answer::recommendation(py, entries?, conflicts)?;
        let format = stages.lap();
        let stages = [
            (intern!(py, "load"), load),
            (intern!(py, "score"), score),
            (intern!(py, "sort"), sort),
            (intern!(py, "conflicts"), conflicts_time),
            (intern!(py, "format"), format),
        ];
        let milliseconds = object::new_dict(py)?;
        for (stage, time) in stages {
            milliseconds.set_item(stage, object::new_float(py, time)?)?;
        }
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

struct Stopwatch(Instant);

impl Stopwatch {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the last lap.
    fn lap(&mut self) -> f64 {
        let elapsed = self.0.elapsed();
        self.0 = Instant::now();
        elapsed.as_secs_f64() * 1e3
    }
}

fn ranked_answer<'py>(
    sessions: &Bound<'py, PyList>,
    weights: Weights,
    interests: &Bound<'py, PyAny>,
    top: &Bound<'py, PyAny>,
) -> Answer<Bound<'py, PyAny>> {
    let interests = input::interests(interests)?;
    let scorer = scorer(weights, &interests)?;
    let k = input::slice_end(top, sessions.len())?;
    let chosen = rank(sessions, &interests, &scorer, k)?;
    answer::finish(sessions.py(), chosen, &scorer)
}

/// The best `k` sessions, from the snapshot where there is a current one.
fn rank<'py>(
    sessions: &Bound<'py, PyList>,
    interests: &InterestSet,
    scorer: &Scorer,
    k: usize,
) -> Answer<Vec<Chosen<'py>>> {
    let snapshot = store::current(sessions)?;
    if let Some(ranked) = snapshot.and_then(|snapshot| snapshot.rank(interests, scorer, k)) {
        return chosen_at(sessions, ranked);
    }
    let mut selection = Selection::new(k);
    scan(sessions, interests, scorer, |score, chosen| {
        selection.push_with(score, chosen);
    })?;
    Ok(in_order(selection))
}

fn chosen_at<'py>(sessions: &Bound<'py, PyList>, ranked: Vec<Ranked>) -> Answer<Vec<Chosen<'py>>> {
    let chosen = ranked.into_iter().map(|ranked| {
        let session = sessions.get_item(ranked.position as usize)?;
        Ok(Chosen {
            session: input::exact_dict(&session)?.clone(),
            hits: ranked.hits,
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

/// Scores each session and offers it, in order of position, with what makes it a part of the answer.
///
/// Declined at a NaN, whose place in a sort only the interpreter knows.
fn scan<'py>(
    sessions: &Bound<'py, PyList>,
    interests: &InterestSet,
    scorer: &Scorer,
    mut offer: impl FnMut(f64, &mut dyn FnMut() -> Chosen<'py>),
) -> Answer<()> {
    for session in sessions {
        let session = input::exact_dict(&session)?;
        let hits = input::hits(session, interests)?;
        let popularity = input::popularity(session)?;
        let score = scorer.score(hits, popularity).or_decline()?.as_f64();
        (!score.is_nan()).then_some(()).or_decline()?;
        offer(score, &mut || Chosen {
            session: session.clone(),
            hits,
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
        let (weights, sessions) = input::manifest(manifest)?;
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

/// The first session whose lowered title is this, from the snapshot where there is a current one.
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
    if let Some((_, place)) = store::current_if(sessions, Sight::Explain, prove)? {
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

/// Drops every snapshot.
#[pyfunction]
pub(super) fn clear_cache() {
    store::clear();
}

/// What the snapshots hold.
#[pyfunction]
pub(super) fn cache_info<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    guarded(py, || {
        let held = store::info(py);
        let info = object::new_dict(py)?;
        let set = |name: &Bound<'py, PyString>, value: u64| -> PyResult<()> {
            info.set_item(name, object::new_int(py, value as i64)?)
        };
        set(intern!(py, "snapshots"), held.snapshots)?;
        set(intern!(py, "max_snapshots"), held.max_snapshots)?;
        set(intern!(py, "sessions"), held.sessions)?;
        set(intern!(py, "bytes"), held.bytes)?;
        set(intern!(py, "hits"), held.hits)?;
        set(intern!(py, "misses"), held.misses)?;
        Ok(info.into_any())
    })
}

/// Drops the snapshots of lists that nobody holds any more. `store` adds it to `gc.callbacks`.
#[pyfunction]
#[pyo3(signature = (phase, info, /))]
pub(super) fn on_collection(py: Python<'_>, phase: &str, info: &Bound<'_, PyAny>) {
    let _ = info;
    if phase == "start" {
        store::sweep(py);
    }
}
