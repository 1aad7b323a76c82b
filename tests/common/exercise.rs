//! Compiled sessions to save, and every question that can be asked of a segment.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::expect_used)]

use std::fmt::Write as _;
use std::ops::ControlFlow;

use eventkit::engine::catalog::filter::{Filter, Lookup};
use eventkit::engine::catalog::segment::Segment;
use eventkit::engine::error::Error;
use eventkit::engine::file::{Reader, Writer};
use eventkit::engine::json::{Hooks, load};
use eventkit::engine::ranking::index::{Ranked, TagId};
use eventkit::engine::ranking::score::{Number, Scorer, SumRegime, Weights};

use crate::common::{Columns, Popularity, Tags, scorer};

/// Sections of the file start with it.
pub const PREFIX: &str = "sessions";

/// The JSON of these sessions, with times and places; names that are long, or not ASCII, among them.
pub fn manifest(columns: &Columns) -> String {
    let mut text = String::from("[");
    for (position, popularity) in (0_u32..).zip(&columns.popularity) {
        let separator = if position == 0 { "" } else { "," };
        let tags = columns.sessions().tags_of(position).iter();
        let tags: Vec<String> = tags.map(|tag| format!("\"Tag {}\"", tag.0)).collect();
        let popularity = match popularity {
            Number::Int(int) => int.to_string(),
            Number::Float(float) => format!("{float:?}"),
        };
        let (tags, hour) = (tags.join(","), 8 + position % 9);
        write!(
            text,
            r#"{separator}{{"id":"s{position}","title":"Titel {}","tags":[{tags}],"popularity":{popularity},"start":"{hour:02}:00","end":"{:02}:30","location":"Raum {}","größe":[{position},null,{{"x":"\u00e4"}}]}}"#,
            position % 7,
            hour,
            position % 5,
        )
        .expect("a string takes all");
    }
    text.push(']');
    text
}

/// The sessions, loaded and compiled.
pub fn segment(columns: &Columns) -> Segment {
    let lower = |text: &str| text.to_lowercase().into_bytes();
    let mut hooks = Hooks {
        lower: &lower,
        progress: &mut |_| ControlFlow::Continue(()),
        pool: None,
    };
    let loaded = load(manifest(columns).as_bytes(), &mut hooks).expect("sound JSON");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    Segment::from_loaded(loaded, &lower, &pool.expect("one thread")).expect("few sessions")
}

/// The file of a segment.
pub fn saved(segment: &Segment) -> Vec<u8> {
    Writer::to_bytes(|writer| segment.save(&mut writer.under(PREFIX))).expect("names fit")
}

pub fn opened(bytes: &[u8]) -> Result<Segment, Error> {
    Segment::open(&Reader::from_bytes(bytes)?.under(PREFIX))
}

/// Files of catalogues of different kinds: small, several segments of the index, repeated tags, ints and floats.
pub fn files() -> Vec<Vec<u8>> {
    let rows = [
        (3, 5, Tags::Zipf, Popularity::Unit),
        (0, 5, Tags::None, Popularity::Unit),
        (300, 8, Tags::Repeated, Popularity::Mixed),
        (1500, 60, Tags::Zipf, Popularity::Hundredths),
        (6000, 3000, Tags::Uniform, Popularity::SmallInts),
    ];
    let columns =
        rows.map(|(len, tags, spread, popularity)| Columns::new(5, len, tags, spread, popularity));
    columns
        .iter()
        .map(|columns| saved(&segment(columns)))
        .collect()
}

pub fn scorers() -> [Scorer; 5] {
    let ints = Weights {
        interest: Number::Int(2),
        popularity: Number::Int(1),
        diversity: None,
    };
    [
        scorer([2.0, 0.5, 0.3], 3),
        scorer([0.001, 100.0, 0.3], 3),
        scorer([1.0, 0.0, 0.0], 3),
        scorer([-1.0, 0.5, 0.3], 3),
        Scorer::new(ints, 3, SumRegime::Plain),
    ]
}

/// Asks everything; what must hold of any segment is asserted.
pub fn exercise(segment: &Segment) {
    let (len, tags) = (segment.len(), segment.vocabulary.len());
    let few: Vec<TagId> = (0..tags.min(12) as u32).map(TagId).collect();
    let many: Vec<TagId> = (0..tags.min(300) as u32).map(TagId).collect();
    let bounded = |answer: Option<Vec<Ranked>>, k: usize| {
        let answer = answer.unwrap_or_default();
        assert!(answer.len() <= k.min(len));
        assert!(answer.iter().all(|ranked| (ranked.position as usize) < len));
    };
    for scorer in &scorers() {
        for query in [&few[..few.len().min(1)], &few, &many] {
            for k in [0, 1, 5, len / 5, len + 1] {
                bounded(segment.index.top_k(query, scorer, k), k);
            }
            bounded(
                segment
                    .index
                    .top_k_where(query, scorer, 5, &|position| position % 3 == 1),
                5,
            );
        }
    }
    for &tag in &many {
        let held = segment.vocabulary.bytes(tag);
        segment.vocabulary.get(held);
        segment.index.visit(tag, &mut |_| ());
    }
    let known = segment
        .titles
        .candidates(b"titel 3")
        .chain(segment.ids.candidates(b"s4"));
    for position in known.chain(0..20).chain([u32::MAX]) {
        read(segment, position);
    }
    let filter = Filter {
        places: Some(vec![b"raum 1".to_vec(), b"nowhere".to_vec()]),
        no_tags: vec![b"tag 0".to_vec()],
        excluded: vec![b"s1".to_vec()],
        ..Filter::default()
    };
    let admitted = filter
        .select(&segment.facets, &Known(segment))
        .to_bitmap(len);
    let admits = |position| admitted.contains(position);
    bounded(
        segment.index.top_k_where(&few, &scorers()[0], 40, &admits),
        40,
    );
    assert!(segment.nbytes() < usize::MAX / 2);
}

struct Known<'a>(&'a Segment);

impl Lookup for Known<'_> {
    fn visit_tag(&self, tag: &[u8], visit: &mut dyn FnMut(u32)) {
        if let Some(tag) = self.0.vocabulary.get(tag) {
            self.0.index.visit(tag, visit);
        }
    }

    fn visit_id(&self, id: &[u8], visit: &mut dyn FnMut(u32)) {
        self.0.ids.candidates(id).for_each(visit);
    }
}

/// Reads one session in every way.
fn read(segment: &Segment, position: u32) {
    let place = segment.facets.place(position).unwrap_or_default();
    segment.facets.find_place(segment.facets.name(place));
    let _ = segment.facets.span(position);
    let Some(text) = &segment.text else { return };
    let Some(view) = text.get(position as usize) else {
        return;
    };
    let mut out = Vec::new();
    view.dump(&mut out);
    for name in ["title", "tags", "größe", "missing"] {
        if let Some(value) = view.get(&text.member(name)) {
            value.dump(&mut out);
            let _ = (value.as_str(), value.is_null());
            value.each_text(&text.member("name"), &mut |text| {
                out.extend_from_slice(text);
            });
        }
    }
}
