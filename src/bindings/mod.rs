//! The Python module `eventkit._eventkit`: its list of exports.
//!
//! Thin on purpose: check the types, call the engine, build the answer, map the error.

mod answer;
mod errors;
mod event;
mod functions;
mod input;
mod object;
mod probe;
mod snapshot;
mod store;

use pyo3::prelude::*;

/// The native half of `eventkit`. Not public: import `eventkit`.
#[pymodule(gil_used = true)]
mod _eventkit {
    #[pymodule_export]
    use super::event::transform_events;
    #[pymodule_export]
    use super::functions::{
        cache_info, clear_cache, count_conflicts, explain, explain_sessions, on_collection,
        profile, recommend, recommend_sessions, score_session,
    };
    #[pymodule_export]
    use super::probe::{panic_for_test, sum_contributions, sum_regime};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // Looked up now: at the time of a failure there may be no memory to do so.
        super::errors::prepare(module.py());
        super::functions::probe_interpreter(module.py())
    }
}
