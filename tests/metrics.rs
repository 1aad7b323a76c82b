//! The metrics' laws: nothing counted is lost or counted twice, also when processes come and go.

// Clippy knows a test by its attribute, and not the functions that tests share.
#![allow(clippy::expect_used)]

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use eventkit::engine::serving::metrics::{BOUNDS, Metrics, Totals};
use proptest::collection::vec;
use proptest::prelude::*;

/// A directory of one test, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ek-metrics-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        DirBuilder::new().mode(0o700).create(&path).expect("made");
        Self(path)
    }

    fn metrics(&self) -> Metrics {
        Metrics::new(Some(self.0.clone())).expect("opened")
    }

    fn files(&self) -> usize {
        fs::read_dir(&self.0).expect("read").count()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn totals(metrics: &Metrics) -> Totals {
    metrics.totals().expect("read")
}

#[test]
fn threads_count_into_one_table_without_losing_any() {
    let metrics = Metrics::new(None).expect("made");
    thread::scope(|scope| {
        for worker in 0..8_u32 {
            let metrics = &metrics;
            scope.spawn(move || {
                for number in 0..5_000_u32 {
                    metrics.observe(&format!("/{}", (worker + number) % 7), 200, 0.001);
                    metrics.add("cache_hits", 2);
                }
            });
        }
    });
    let totals = totals(&metrics);
    assert_eq!(totals.counters["cache_hits"], 80_000);
    assert_eq!(totals.routes.len(), 7);
    assert_eq!(
        totals
            .routes
            .values()
            .map(eventkit::engine::serving::metrics::Route::count)
            .sum::<u64>(),
        40_000
    );
}

/// A dropped table is one whose process is gone: its lock is free, its file is folded by the next to come.
#[test]
fn tables_of_the_dead_are_summed_and_their_files_do_not_pile_up() {
    let scratch = Scratch::new("folding");
    let reader = scratch.metrics();
    for round in 1..=40 {
        let worker = scratch.metrics();
        worker.observe("/recommend", 200, 0.5);
        worker.observe("/recommend", 503, 0.5);
        worker.add("rate_limited", 3);
        worker.set("manifest_sessions", 100.0);
        assert_eq!(totals(&reader).workers, 2);
        assert!(totals(&reader).gauges.contains_key("manifest_sessions"));
        drop(worker);
        let sums = totals(&reader);
        assert_eq!(sums.workers, 1);
        assert!(!sums.gauges.contains_key("manifest_sessions"));
        assert_eq!(sums.counters["rate_limited"], 3 * round);
        assert_eq!(sums.routes["/recommend"].statuses[&503], round);
        assert!((sums.routes["/recommend"].sum() - round as f64).abs() < 1e-9);
        // The lock, what was folded, the reader's own.
        assert!(scratch.files() <= 3);
    }
}

/// Killed after the folding and before the absorbed file was deleted: it is there again, and not counted again.
#[test]
fn a_file_that_was_folded_already_is_not_counted_again() {
    let scratch = Scratch::new("killed");
    let reader = scratch.metrics();
    let worker = scratch.metrics();
    worker.add("rate_limited", 5);
    let copies: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&scratch.0)
        .expect("read")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.to_string_lossy().contains("worker-"))
        .map(|path| (path.clone(), fs::read(path).expect("read")))
        .collect();
    drop(worker);
    assert_eq!(totals(&reader).counters["rate_limited"], 5);
    for (path, content) in copies.iter().filter(|(path, _)| !path.exists()) {
        fs::write(path, content).expect("written");
    }
    assert_eq!(scratch.files(), 4);
    assert_eq!(totals(&reader).counters["rate_limited"], 5);
    assert_eq!(totals(&scratch.metrics()).counters["rate_limited"], 5);
}

#[test]
fn directories_of_others_and_damaged_files_are_no_sources() {
    let scratch = Scratch::new("refused");
    let open = scratch.0.join("open");
    fs::create_dir(&open).expect("made");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("set");
    let refused = Metrics::new(Some(open)).expect_err("refused").to_string();
    assert!(refused.contains("mode 0700"), "{refused}");
    let link = scratch.0.join("link");
    symlink(&scratch.0, &link).expect("linked");
    assert!(Metrics::new(Some(link)).is_err());
    assert!(Metrics::new(Some(Path::new("/nowhere/at/all").into())).is_err());
    // A worker killed before its file had its length, and one whose file is somebody's noise.
    fs::write(scratch.0.join("worker-0000000000000001"), b"").expect("written");
    fs::write(scratch.0.join("worker-0000000000000002"), vec![7; 1 << 20]).expect("written");
    let metrics = scratch.metrics();
    metrics.add("rate_limited", 1);
    assert_eq!(totals(&metrics).counters["rate_limited"], 1);
}

#[test]
fn names_without_a_place_of_their_own_are_still_counted() {
    let metrics = Metrics::new(None).expect("made");
    for route in 0..100 {
        metrics.observe(&format!("/{route}"), 200, 0.001);
    }
    metrics.observe(&"x".repeat(65), 200, 0.001);
    metrics.observe("", 42, f64::NAN);
    let totals = totals(&metrics);
    assert_eq!(totals.routes.len(), 32);
    assert_eq!(totals.routes["other"].count(), 71);
    assert_eq!(totals.routes["other"].statuses[&500], 1);
}

proptest! {
    #[test]
    fn a_quantile_is_within_its_bucket_of_the_true_one(
        mut times in vec(1e-5_f64..9.0, 1..300),
        share in 0.01_f64..1.0,
    ) {
        let metrics = Metrics::new(None).expect("made");
        for time in &times {
            metrics.observe("/", 200, *time);
        }
        times.sort_by(f64::total_cmp);
        // The first whose rank reaches the share.
        let wanted = share * times.len() as f64;
        let place = (0..times.len()).find(|place| (place + 1) as f64 >= wanted);
        let exact = times[place.expect("a share of 1 at most")];
        let estimate = totals(&metrics).routes["/"].quantile(share).expect("some");
        let upper = BOUNDS.iter().position(|bound| exact <= *bound).expect("within");
        let lower = if upper == 0 { 0.0 } else { BOUNDS[upper - 1] };
        prop_assert!(estimate >= lower && estimate <= BOUNDS[upper], "{} for {}", estimate, exact);
    }
}

#[test]
fn the_text_is_an_exposition_in_both_formats() {
    let metrics = Metrics::new(None).expect("made");
    metrics.observe("/a\"\\\nb", 200, 0.0005);
    metrics.observe("/a\"\\\nb", 200, 100.0);
    metrics.add("cache_hits", 3);
    metrics.set("manifest_sessions", 12.0);
    let plain = totals(&metrics).render("1.2.3", false);
    for line in [
        "eventkit_build_info{version=\"1.2.3\"} 1",
        "# TYPE eventkit_http_requests_total counter",
        "eventkit_http_requests_total{route=\"/a\\\"\\\\\\nb\",status=\"200\"} 2",
        "eventkit_http_request_duration_seconds_bucket{route=\"/a\\\"\\\\\\nb\",le=\"60.0\"} 1",
        "eventkit_http_request_duration_seconds_bucket{route=\"/a\\\"\\\\\\nb\",le=\"+Inf\"} 2",
        "eventkit_http_request_duration_seconds_count{route=\"/a\\\"\\\\\\nb\"} 2",
        "eventkit_cache_hits_total 3",
        "eventkit_manifest_sessions 12",
    ] {
        assert!(plain.lines().any(|found| found == line), "{line}\n{plain}");
    }
    let open = totals(&metrics).render("1.2.3", true);
    assert!(open.contains("# TYPE eventkit_http_requests counter\n"));
    assert!(open.ends_with("\n# EOF\n") && !plain.contains("EOF"));
}
