//! The Python module `eventkit._eventkit`, with its list of exports.
//!
//! The modules here check types, call the engine, build answers and map errors. No algorithm belongs here.

mod allocator;
mod answer;
mod cache;
mod catalog;
mod catalog_data;
mod decode;
mod encode;
mod errors;
mod event;
mod event_page;
mod external;
mod file;
mod filter;
mod functions;
mod graph_cache;
mod graph_events;
mod graph_last_result;
mod graph_shared;
mod graph_ticket;
mod input;
mod intern;
mod load;
mod metrics;
mod object;
mod pool;
mod probe;
mod query;
mod rate;
mod replica;
mod search;
mod snapshot;
mod source;
mod store;
mod telemetry;
mod top;
mod understanding;
mod wsgi;

use pyo3::prelude::*;

/// The native half of `eventkit`. Not public: import `eventkit`.
#[pymodule(gil_used = true)]
mod _eventkit {
    #[pymodule_export]
    use super::catalog::compile_sessions;
    #[pymodule_export]
    use super::catalog_data::SharedCatalogData;
    #[pymodule_export]
    use super::event::transform_events;
    #[pymodule_export]
    use super::event_page::graph_page;
    #[pymodule_export]
    use super::external::external_place;
    #[pymodule_export]
    use super::file::{dump_catalog, load_catalog, open_catalog, save_catalog};
    #[pymodule_export]
    use super::filter::Filter;
    #[pymodule_export]
    use super::functions::{
        cache_info, clear_cache, count_conflicts, explain, explain_sessions, profile, recommend,
        recommend_sessions, score_session,
    };
    #[pymodule_export]
    use super::graph_cache::GraphCacheBase;
    #[pymodule_export]
    use super::graph_events::{SharedEvents, share_events};
    #[pymodule_export]
    use super::graph_ticket::Ticket;
    #[pymodule_export]
    use super::load::{load_json, load_ndjson};
    #[pymodule_export]
    use super::metrics::ServerMetrics;
    #[cfg(feature = "fault-injection")]
    #[pymodule_export]
    use super::probe::panic_for_test;
    #[pymodule_export]
    use super::probe::{sum_contributions, sum_regime};
    #[pymodule_export]
    use super::rate::{RateLimiter, RequestLog};
    #[pymodule_export]
    use super::search::CatalogBase;
    #[pymodule_export]
    use super::telemetry::{TelemetryWriter, summarize_telemetry, telemetry_segments};
    #[pymodule_export]
    use super::understanding::{
        Reading, compile_words, explain_understood, recommend_understood, understand_interests,
        understood_points,
    };
    #[pymodule_export]
    use super::wsgi::kept_question;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // Done now, because there may be no memory for it when an error is raised.
        let _ = super::allocator::refill();
        super::errors::prepare(module.py());
        super::functions::probe_interpreter(module.py())
    }
}
