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
    #[cfg(unix)]
    #[pymodule_export]
    use super::metrics::ServerMetrics;
    #[cfg(feature = "fault-injection")]
    #[pymodule_export]
    use super::probe::panic_for_test;
    #[cfg(unix)]
    #[pymodule_export]
    use super::telemetry::{TelemetryWriter, summarize_telemetry, telemetry_segments};
    #[pymodule_export]
    use super::{
        arrow::{RankedArray, load_arrow, rank_arrow},
        balance::unmatched_interests,
        catalog_data::{SharedCatalogData, compile_sessions, sessions_pass_schema},
        event::transform_events,
        event_page::graph_page,
        external::external_place,
        feed::{FeedSessions, feed_formats, read_feed},
        file::{
            file_identity, join_catalogs, load_catalog, open_catalog, save_catalog, saved_fields,
            take_apart,
        },
        filter::Filter,
        functions::{
            cache_info, clear_cache, count_conflicts, explain, explain_sessions, profile,
            recommend, recommend_sessions, score_session,
        },
        graph_cache::GraphCacheBase,
        graph_events::{SharedEvents, share_events},
        graph_ticket::Ticket,
        load::{load_json, load_ndjson},
        plan::plan,
        probe::{sum_contributions, sum_regime},
        questions::{alternatives, why_not},
        rate::{RateLimiter, RequestLog},
        reading::Reading,
        search::CatalogBase,
        understanding::{
            explain_understood, recommend_understood, understand_interests, understood_points,
        },
        words::compile_words,
        wsgi::kept_question,
    };

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
