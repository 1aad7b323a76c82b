//! Checks that a telemetry file of any content is summarised without a panic, and alike by one thread and by three.
//!
//! Each line of a summary is counted once: as a row, as torn or as foreign. A gzip file is read as its content is.

#![no_main]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use eventkit::engine::telemetry::summary::{By, Query, Summary, summarize};
use libfuzzer_sys::fuzz_target;

/// A directory of this process, in memory where the system has such a place.
static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
    let shared = Path::new("/dev/shm");
    let parent = if shared.is_dir() {
        shared.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    let directory = parent.join(format!("eventkit-fuzz-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory can be made");
    directory
});

fuzz_target!(|data: &[u8]| {
    let Some((&choice, content)) = data.split_first() else {
        return;
    };
    let by = [By::Action, By::Source, By::Hour][usize::from(choice % 3)];
    let since = (choice & 4 != 0).then_some(1_700_000_000.0);
    let plain = DIRECTORY.join("log.jsonl");
    fs::write(&plain, content).expect("the file can be written");
    let query = |path: &Path, threads| Query {
        paths: vec![path.to_path_buf()],
        by,
        since,
        threads,
    };
    let one = summarized(&query(&plain, 1));
    same(&one, &summarized(&query(&plain, 3)));
    if !content.starts_with(&[0x1f, 0x8b]) {
        let packed = DIRECTORY.join("packed.gz");
        let file = fs::File::create(&packed).expect("the file can be made");
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder
            .write_all(content)
            .and_then(|()| encoder.finish())
            .expect("it can be packed");
        same(&one, &summarized(&query(&packed, 1)));
        let lines = content
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .count() as u64;
        let counted = one.total.count + one.total.exceptions + one.torn + one.foreign;
        // A row behind the remains of another counts as two; rows before `since` count as none.
        assert!(counted <= 2 * lines, "{counted} of {lines} lines");
    }
});

fn summarized(query: &Query) -> Summary {
    summarize(query, |done, all| {
        assert!(done <= all);
        true
    })
    .expect("the file can be read")
}

fn same(one: &Summary, other: &Summary) {
    let shown = |summary: &Summary| {
        let mut parts: Vec<String> = summary
            .parts
            .iter()
            .map(|part| format!("{part:?}"))
            .collect();
        parts.sort();
        let unreadable = summary.unreadable.len();
        format!(
            "{:?} {parts:?} {} {} {unreadable} {:?}",
            summary.total, summary.torn, summary.foreign, summary.histogram
        )
    };
    assert_eq!(shown(one), shown(other));
}
