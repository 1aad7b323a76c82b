//! Laws of saved segments: one that was opened answers as the one that was saved, and a damaged one answers something.

#![allow(missing_docs, clippy::expect_used)]

mod common;
#[path = "common/exercise.rs"]
mod exercise;
#[path = "common/seal.rs"]
mod seal;

use std::sync::OnceLock;

use common::{Columns, Popularity, Tags};
use eventkit::engine::catalog::directory::hash;
use eventkit::engine::catalog::segment::Segment;
use eventkit::engine::file::Writer;
use eventkit::engine::ranking::index::TagId;
use exercise::{PREFIX, exercise, opened, saved, segment};
use proptest::prelude::*;

fn all_text(segment: &Segment) -> Vec<u8> {
    let text = segment.text.as_ref().expect("loaded from JSON");
    let mut out = Vec::new();
    for position in 0..text.len() {
        text.get(position).expect("in range").dump(&mut out);
    }
    out
}

fn check_equal(fresh: &Segment, opened: &Segment) {
    assert_eq!(fresh.len(), opened.len());
    assert_eq!(fresh.vocabulary.len(), opened.vocabulary.len());
    let query: Vec<TagId> = (0..fresh.vocabulary.len() as u32).map(TagId).collect();
    for scorer in &exercise::scorers() {
        for wanted in [0, 1, 3, 10, query.len()] {
            let query = &query[..wanted.min(query.len())];
            for k in [1, 5, fresh.len() / 5, fresh.len()] {
                assert_eq!(
                    fresh.index.top_k(query, scorer, k),
                    opened.index.top_k(query, scorer, k)
                );
            }
        }
    }
    for &tag in &query {
        let bytes = fresh.vocabulary.bytes(tag);
        assert_eq!(
            (opened.vocabulary.bytes(tag), opened.vocabulary.get(bytes)),
            (bytes, Some(tag))
        );
        let visited = |segment: &Segment| {
            let mut positions = Vec::new();
            segment
                .index
                .visit(tag, &mut |position| positions.push(position));
            positions
        };
        assert_eq!(visited(fresh), visited(opened));
    }
    assert_eq!(fresh.titles.places(), opened.titles.places());
    assert_eq!(fresh.ids.places(), opened.ids.places());
    assert_eq!(fresh.untitled, opened.untitled);
    for position in 0..fresh.len() as u32 {
        assert_eq!(fresh.facets.span(position), opened.facets.span(position));
        assert_eq!(fresh.facets.place(position), opened.facets.place(position));
    }
    assert_eq!(all_text(fresh), all_text(opened));
}

#[test]
fn an_opened_segment_is_the_saved_one() {
    for (len, tags) in [
        (0, Tags::None),
        (1, Tags::Zipf),
        (700, Tags::Repeated),
        (9000, Tags::Zipf),
    ] {
        for popularity in [Popularity::Unit, Popularity::Mixed, Popularity::SmallInts] {
            let fresh = segment(&Columns::new(3, len, 40, tags, popularity));
            let bytes = saved(&fresh);
            let again = opened(&bytes).expect("just written");
            check_equal(&fresh, &again);
            exercise(&again);
            assert_eq!(saved(&again), bytes, "a copy is the same file");
        }
    }
}

#[test]
fn an_opened_segment_holds_no_copy_of_its_sessions() {
    let fresh = segment(&Columns::new(3, 20_000, 40, Tags::Zipf, Popularity::Unit));
    let again = opened(&saved(&fresh)).expect("just written");
    assert!(again.nbytes() < 20_000, "{} bytes", again.nbytes());
}

#[test]
fn parts_of_different_catalogues_are_refused() {
    let refused = |hashing: u32, one: &Segment, other: &Segment| {
        let mixed = Writer::to_bytes(|writer| {
            let mut writer = writer.under(PREFIX);
            writer.value("hashing", hashing)?;
            one.index.save(&mut writer.under("index"))?;
            other.vocabulary.save(&mut writer.under("tags"))?;
            other.titles.save(&mut writer, "titles")?;
            writer.value("untitled", u64::MAX)?;
            other.ids.save(&mut writer, "ids")?;
            other.facets.save(&mut writer.under("facets"))
        });
        let opened = opened(&mixed.expect("names fit"));
        opened.err().map(|error| error.to_string())
    };
    let one = segment(&Columns::new(1, 50, 9, Tags::Zipf, Popularity::Unit));
    let other = segment(&Columns::new(1, 60, 9, Tags::Zipf, Popularity::Unit));
    let hashing = hash(b"eventkit");
    assert_eq!(refused(hashing, &one, &one), None);
    let message = "bytes: its parts belong to different catalogues".to_string();
    assert_eq!(refused(hashing, &one, &other), Some(message));
    let message = "bytes: written by a build with another hash function".to_string();
    assert_eq!(refused(hashing + 1, &one, &one), Some(message));
}

/// `PROPTEST_CASES` overrides.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        default.cases
    } else {
        150
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..default
    }
}

/// Written over the file at some place.
fn words() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        any::<u32>().prop_map(|word| word.to_ne_bytes().to_vec()),
        (0_u32..4).prop_map(|back| (u32::MAX - back).to_ne_bytes().to_vec()),
        (0_u64..2000).prop_map(|word| word.to_ne_bytes().to_vec()),
        Just(f64::NAN.to_ne_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 64..2000),
    ]
}

proptest! {
    #![proptest_config(config())]

    /// Header and table are made right again: what stands in the sections is what is looked at.
    #[test]
    fn a_damaged_segment_neither_panics_nor_loops(
        file in 0_usize..5,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), words()), 1..8),
    ) {
        static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let files = FILES.get_or_init(exercise::files);
        let mut bytes = files[file].clone();
        for (at, word) in edits {
            let at = at.index(bytes.len());
            for (to, from) in bytes[at..].iter_mut().zip(word) {
                *to = from;
            }
        }
        seal::seal(&mut bytes);
        if let Ok(segment) = opened(&bytes) {
            exercise(&segment);
        }
    }
}
