//! The Python module `eventkit._eventkit`, with its list of exports.
//!
//! The modules here check types, call the engine, build answers and map errors. No algorithm belongs here.

mod answer;
mod arrow;
mod arrow_capsule;
mod ask;
mod balance;
mod cache;
mod catalog;
mod catalog_answer;
mod catalog_data;
mod decode;
mod encode;
mod errors;
mod event;
mod event_page;
mod external;
mod feed;
mod file;
mod filter;
mod fingerprint;
mod functions;
mod graph_cache;
mod graph_events;
mod graph_last_result;
mod graph_shared;
mod graph_ticket;
mod input;
mod intern;
mod layout;
mod load;
#[cfg(unix)]
mod metrics;
mod object;
mod plan;
mod probe;
mod query;
mod questions;
mod rate;
mod reading;
mod replica;
mod search;
mod snapshot;
mod source;
mod store;
#[cfg(unix)]
mod telemetry;
mod templates;
mod top;
mod understanding;
#[cfg(all(Py_3_14, not(any(Py_GIL_DISABLED, Py_LIMITED_API))))]
mod watch;
mod words;
mod wsgi;

use pyo3::prelude::*;

/// Every allocation of the extension has the reserve behind it.
#[global_allocator]
static ALLOCATOR: crate::engine::allocator::Reserving = crate::engine::allocator::Reserving;

/// The native half of `eventkit`. Not public: import `eventkit`.
#[pymodule(gil_used = true)]
mod _eventkit {
    #[pymodule_export]
    use super::arrow::{RankedArray, load_arrow, rank_arrow};
    #[pymodule_export]
    use super::balance::unmatched_interests;
    #[pymodule_export]
    use super::catalog_data::{SharedCatalogData, compile_sessions, sessions_pass_schema};
    #[pymodule_export]
    use super::event::transform_events;
    #[pymodule_export]
    use super::event_page::graph_page;
    #[pymodule_export]
    use super::external::external_place;
    #[pymodule_export]
    use super::feed::{FeedSessions, feed_formats, read_feed};
    #[pymodule_export]
    use super::file::{
        file_identity, join_catalogs, load_catalog, open_catalog, save_catalog, saved_fields,
        take_apart,
    };
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
    #[cfg(unix)]
    #[pymodule_export]
    use super::metrics::ServerMetrics;
    #[pymodule_export]
    use super::plan::plan;
    #[cfg(feature = "fault-injection")]
    #[pymodule_export]
    use super::probe::panic_for_test;
    #[pymodule_export]
    use super::probe::{sum_contributions, sum_regime};
    #[pymodule_export]
    use super::questions::{alternatives, why_not};
    #[pymodule_export]
    use super::rate::{RateLimiter, RequestLog};
    #[pymodule_export]
    use super::reading::Reading;
    #[pymodule_export]
    use super::search::CatalogBase;
    #[cfg(unix)]
    #[pymodule_export]
    use super::telemetry::{TelemetryWriter, summarize_telemetry, telemetry_segments};
    #[pymodule_export]
    use super::understanding::{
        explain_understood, recommend_understood, understand_interests, understood_points,
    };
    #[pymodule_export]
    use super::words::compile_words;
    #[pymodule_export]
    use super::wsgi::kept_question;

    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // Done now, because there may be no memory for it when an error is raised.
        let _ = crate::engine::allocator::refill();
        super::errors::prepare(module.py());
        let unproven = super::functions::probe_interpreter(module.py())?;
        module.add("unproven", PyTuple::new(module.py(), unproven)?)
    }
}
