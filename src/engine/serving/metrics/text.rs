//! Writes metrics in the text format of Prometheus (0.0.4) and of `OpenMetrics` (1.0.0).

use core::fmt::{Display, Write};

use super::total::{BOUNDS, BUCKETS, Totals};

/// Only every second bound is written, because a scrape would be twice as long otherwise. So a quantile that Prometheus
/// estimates is wrong by a factor of 1.6 at most.
const STEP: usize = 2;

/// The help texts of the counters and gauges that eventkit knows.
const HELP: [(&str, &str); 12] = [
    (
        "cache_hits",
        "Recommendations answered from the result cache",
    ),
    ("cache_misses", "Recommendations that were searched for"),
    ("graph_rate_limited", "Answers 429 of Microsoft Graph"),
    (
        "telemetry_dropped",
        "Lines of telemetry that could not be written",
    ),
    ("rate_limited", "Requests refused by the rate limiter"),
    ("unauthorized", "Requests refused for want of a valid token"),
    (
        "manifest_reloads",
        "Manifests read anew because their file changed",
    ),
    (
        "manifest_failures",
        "Manifests that changed and could not be read",
    ),
    ("worker_starts", "Worker processes that were started"),
    ("manifest_sessions", "Sessions in the manifest being served"),
    ("manifest_generation", "How often the manifest was read"),
    ("ready", "Whether the server answers questions"),
];

impl Totals {
    /// Returns the exposition, with the version of eventkit.
    pub fn render(&self, version: &str, openmetrics: bool) -> String {
        let mut text = Text {
            out: String::with_capacity(16 << 10),
            openmetrics,
        };
        text.build_info(version);
        text.family("eventkit_workers", "gauge", "Worker processes that live");
        text.sample("eventkit_workers", &[], self.workers);
        text.requests(self);
        text.durations(self);
        for (name, count) in &self.counters {
            let family = format!("eventkit_{name}");
            text.family(&family, "counter", help(name));
            text.sample(&format!("{family}_total"), &[], count);
        }
        for (name, value) in &self.gauges {
            let family = format!("eventkit_{name}");
            text.family(&family, "gauge", help(name));
            text.sample(&family, &[], value);
        }
        if openmetrics {
            text.out.push_str("# EOF\n");
        }
        text.out
    }
}

fn help(name: &str) -> &str {
    HELP.iter()
        .find(|(known, _)| *known == name)
        .map_or(name, |(_, help)| *help)
}

struct Text {
    out: String,
    openmetrics: bool,
}

impl Text {
    fn build_info(&mut self, version: &str) {
        self.family(
            "eventkit_build_info",
            "gauge",
            "The version that runs, as a label",
        );
        self.sample("eventkit_build_info", &[("version", version)], 1);
    }

    fn requests(&mut self, totals: &Totals) {
        let family = "eventkit_http_requests";
        self.family(family, "counter", "Requests answered, by route and status");
        for (route, counts) in &totals.routes {
            for (status, count) in &counts.statuses {
                let labels = [("route", route.as_str()), ("status", &status.to_string())];
                self.sample("eventkit_http_requests_total", &labels, count);
            }
        }
    }

    fn durations(&mut self, totals: &Totals) {
        let family = "eventkit_http_request_duration_seconds";
        self.family(family, "histogram", "From request to answer, by route");
        for (route, counts) in &totals.routes {
            let route = ("route", route.as_str());
            let mut within = 0;
            let bounds = BOUNDS
                .iter()
                .map(|bound| float(*bound))
                .chain(["+Inf".into()]);
            for ((at, bound), count) in bounds.enumerate().zip(counts.buckets) {
                within += count;
                if at % STEP == 0 || at + 1 >= BUCKETS {
                    self.sample(
                        &format!("{family}_bucket"),
                        &[route, ("le", &bound)],
                        within,
                    );
                }
            }
            self.sample(&format!("{family}_sum"), &[route], counts.sum());
            self.sample(&format!("{family}_count"), &[route], within);
        }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // `OpenMetrics` names a family without the suffix of its samples.
        let ending = if kind == "counter" && !self.openmetrics {
            "_total"
        } else {
            ""
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "# HELP {name}{ending} {help}.");
        let _ = writeln!(self.out, "# TYPE {name}{ending} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.out.push_str(name);
        for (number, (label, content)) in labels.iter().enumerate() {
            self.out.push(if number == 0 { '{' } else { ',' });
            let _ = write!(self.out, "{label}=\"{}\"", escape(content));
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        let _ = writeln!(self.out, " {value}");
    }
}

/// Formats a bound with a decimal point, as `OpenMetrics` requires.
fn float(value: f64) -> String {
    format!("{value:?}")
}

fn escape(content: &str) -> String {
    content
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
