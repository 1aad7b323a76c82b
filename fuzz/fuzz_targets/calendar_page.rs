//! Checks that a page of calendar events of any content is read without a panic, and only where it is JSON.
//!
//! What the reader accepts, `serde_json` reads too, and no page has more sessions than it has events. Each input is
//! read as it is, and again as the one event of a page.

#![no_main]

use eventkit::engine::calendar::event_page;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    read(data);
    let when = br#"{"dateTime": "2026-02-01T10:30:00.0000000", "timeZone": "UTC"}"#;
    let page = [
        br#"{"value": [{"start": "#,
        &when[..],
        br#", "end": "#,
        when,
        b", ",
        data,
        b"}]}",
    ];
    read(&page.concat());
});

fn read(bytes: &[u8]) {
    let Some(page) = event_page::read(bytes) else {
        return;
    };
    let text = core::str::from_utf8(bytes).expect("what is accepted is UTF-8");
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        // Python reads such a number as infinity, and so does the reader.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(error) => panic!("accepted, and not JSON: {error}"),
    };
    let events = document["value"].as_array().map_or(0, Vec::len);
    assert!(page.drafts.len() <= events, "more sessions than events");
    for draft in &page.drafts {
        for moment in [&draft.start, &draft.end] {
            assert!(moment.local.is_ascii() && moment.clock.is_ascii());
        }
        assert!(
            (0.0..=1.0).contains(&draft.popularity),
            "{}",
            draft.popularity
        );
    }
}
