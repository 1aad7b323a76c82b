//! Laws of the filter: a selection admits what a reading of each session, one by one, admits.

#![allow(clippy::expect_used)] // Helpers too say what they expect.

use eventkit::engine::catalog::facet::{FacetBuilder, Facets};
use eventkit::engine::catalog::filter::{Filter, Lookup, Selection};
use eventkit::engine::catalog::window::{Fit, Window};
use eventkit::engine::time::Span;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Session {
    /// Start and end in minutes past midnight; unknown without.
    hours: Option<(u16, u16)>,
    place: Option<&'static str>,
    tags: Vec<&'static str>,
    id: &'static str,
}

const PLACES: [&str; 4] = ["hall", "pier", "", "quay"];
const TAGS: [&str; 5] = ["ai", "rust", "web", "", "data"];
const IDS: [&str; 4] = ["s1", "s2", "s3", "s1b"];

#[derive(Debug)]
struct Sessions(Vec<Session>);

impl Lookup for Sessions {
    fn visit_tag(&self, tag: &[u8], visit: &mut dyn FnMut(u32)) {
        for (position, session) in (0..).zip(&self.0) {
            for _ in session.tags.iter().filter(|held| held.as_bytes() == tag) {
                visit(position);
            }
        }
    }

    fn visit_id(&self, id: &[u8], visit: &mut dyn FnMut(u32)) {
        (0..)
            .zip(&self.0)
            .filter(|(_, session)| session.id.as_bytes() == id)
            .for_each(|(at, _)| visit(at));
    }
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn facets(sessions: &Sessions) -> Facets {
    let mut builder = FacetBuilder::default();
    for session in &sessions.0 {
        let text = |minutes: Option<u16>| minutes.map_or_else(|| "soon".to_owned(), clock);
        let (start, end) = (
            session.hours.map(|hours| hours.0),
            session.hours.map(|hours| hours.1),
        );
        let span = Span::parse(text(start).as_bytes(), text(end).as_bytes());
        builder
            .push(span, session.place.map(str::as_bytes))
            .expect("few names");
    }
    builder.finish()
}

fn sessions(most: usize) -> impl Strategy<Value = Sessions> {
    let hours = proptest::option::weighted(0.9, (0_u16..1300, 1_u16..120))
        .prop_map(|hours| hours.map(|(start, length)| (start, start + length)));
    let place = proptest::option::weighted(0.9, proptest::sample::select(PLACES.to_vec()));
    let tags = proptest::collection::vec(proptest::sample::select(TAGS.to_vec()), 0..4);
    let session = (hours, place, tags, proptest::sample::select(IDS.to_vec())).prop_map(
        |(hours, place, tags, id)| Session {
            hours,
            place,
            tags,
            id,
        },
    );
    proptest::collection::vec(session, 0..most).prop_map(Sessions)
}

/// What is asked, beside the filter that says so.
#[derive(Clone, Debug)]
struct Wish {
    hours: Option<(u16, u16)>,
    places: Option<Vec<&'static str>>,
    all_tags: Vec<&'static str>,
    any_tags: Option<Vec<&'static str>>,
    no_tags: Vec<&'static str>,
    excluded: Vec<&'static str>,
}

impl Wish {
    fn filter(&self) -> Filter {
        let bytes = |names: &[&str]| {
            names
                .iter()
                .map(|name| name.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let window = self.hours.map(|(from, to)| {
            let (from, to) = (clock(from), clock(to));
            let window = Window::parse(Some(from.as_bytes()), Some(to.as_bytes()), Fit::Within);
            window.expect("a window").expect("two ends")
        });
        Filter {
            window,
            places: self.places.as_deref().map(bytes),
            all_tags: bytes(&self.all_tags),
            any_tags: self.any_tags.as_deref().map(bytes),
            no_tags: bytes(&self.no_tags),
            excluded: bytes(&self.excluded),
        }
    }

    fn admits(&self, session: &Session) -> bool {
        let has = |tag: &&str| session.tags.contains(tag);
        self.hours.is_none_or(|(from, to)| {
            session
                .hours
                .is_some_and(|(start, end)| from <= start && end <= to)
        }) && self
            .places
            .as_ref()
            .is_none_or(|places| session.place.is_some_and(|place| places.contains(&place)))
            && self.all_tags.iter().all(has)
            && self
                .any_tags
                .as_ref()
                .is_none_or(|tags| tags.iter().any(has))
            && !self.no_tags.iter().any(has)
            && !self.excluded.contains(&session.id)
    }
}

fn wish() -> impl Strategy<Value = Wish> {
    let names = |all: &[&'static str], most| {
        let some = all
            .iter()
            .copied()
            .chain(["unheard of"])
            .collect::<Vec<_>>();
        proptest::collection::vec(proptest::sample::select(some), 0..most)
    };
    let hours = (0_u16..1400).prop_flat_map(|from| (Just(from), from..1440));
    (
        proptest::option::weighted(0.4, hours),
        proptest::option::weighted(0.4, names(&PLACES, 4)),
        names(&TAGS, 2),
        proptest::option::weighted(0.4, names(&TAGS, 4)),
        names(&TAGS, 2),
        names(&IDS, 3),
    )
        .prop_map(
            |(hours, places, all_tags, any_tags, no_tags, excluded)| Wish {
                hours,
                places,
                all_tags,
                any_tags,
                no_tags,
                excluded,
            },
        )
}

fn admitted(selection: &Selection<'_>, len: usize) -> Vec<u32> {
    (0..len as u32)
        .filter(|&position| selection.admits(position))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_selection_is_a_reading_of_every_session(sessions in sessions(150), wish in wish()) {
        let facets = facets(&sessions);
        let filter = wish.filter();
        let selection = filter.select(&facets, &sessions);
        let len = sessions.0.len();
        let expected: Vec<u32> = (0..).zip(&sessions.0).filter(|(_, s)| wish.admits(s)).map(|(at, _)| at).collect();
        prop_assert_eq!(&admitted(&selection, len), &expected);
        prop_assert_eq!(selection.to_bitmap(len).iter().collect::<Vec<_>>(), expected);
        prop_assert_eq!(filter.is_empty(), filter == Filter::default());
    }

    /// The order of the parts, and whether they stand in one filter or in several, is no matter.
    #[test]
    fn filters_intersect(sessions in sessions(100), wish in wish()) {
        let facets = facets(&sessions);
        let len = sessions.0.len();
        let whole = wish.filter();
        let parts = [
            Filter { window: whole.window, ..Filter::default() },
            Filter { places: whole.places.clone(), ..Filter::default() },
            Filter { all_tags: whole.all_tags.clone(), ..Filter::default() },
            Filter { any_tags: whole.any_tags.clone(), ..Filter::default() },
            Filter { no_tags: whole.no_tags.clone(), ..Filter::default() },
            Filter { excluded: whole.excluded.clone(), ..Filter::default() },
        ];
        let mut left = Filter::default().select(&facets, &sessions).to_bitmap(len);
        for part in parts {
            left.intersect(&part.select(&facets, &sessions).to_bitmap(len));
        }
        prop_assert_eq!(left, whole.select(&facets, &sessions).to_bitmap(len));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// A window of times of day is a window on every day, written down as such.
    #[test]
    fn a_daily_window_is_open_every_day(
        from in 0_i32..1440, to in 0_i32..=1440, start in 0_i32..1440,
        length in prop_oneof![1_i32..200, 1_i32..4000],
    ) {
        let text = |minutes: i32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let dated = |minutes: i32| format!("2026-01-{:02}T{}-03:30", 1 + minutes / 1440, text(minutes % 1440));
        let (from_text, to_text) = (text(from), text(to));
        let span = Span::parse(dated(start).as_bytes(), dated(start + length).as_bytes());
        let to = if to < from { to + 1440 } else { to };
        let any_day = |holds: &dyn Fn(i32, i32) -> bool| {
            from < to && (-2..5).any(|day| holds(from + day * 1440, to + day * 1440))
        };
        let end = start + length;
        let rows = [
            (Fit::Within, any_day(&|from, to| from <= start && end <= to)),
            (Fit::Overlapping, any_day(&|from, to| start < to && from < end)),
            (Fit::Starting, any_day(&|from, to| from <= start && start < to)),
        ];
        for (fit, expected) in rows {
            let window = Window::parse(Some(from_text.as_bytes()), Some(to_text.as_bytes()), fit);
            let window = window.expect("a window").expect("two ends");
            prop_assert_eq!(window.admits(span), expected, "{:?}", fit);
        }
    }
}

fn one_a_minute(count: u32) -> (Sessions, Facets) {
    let mut builder = FacetBuilder::default();
    for minute in 0..count {
        let text = |minute: u32| {
            format!(
                "2026-01-{:02}T{:02}:{:02}",
                1 + minute / 1440,
                minute / 60 % 24,
                minute % 60
            )
        };
        let span = Span::parse(text(minute).as_bytes(), text(minute + 1).as_bytes());
        builder.push(span, None).expect("no names");
    }
    (Sessions(Vec::new()), builder.finish())
}

#[test]
fn many_different_times_answer_as_few_do() {
    let window = Window::parse(
        Some(b"2026-01-02T00:30"),
        Some(b"2026-01-02T00:40"),
        Fit::Within,
    );
    let filter = Filter {
        window: window.expect("a window"),
        ..Filter::default()
    };
    for count in [2000, 20_000] {
        let (nobody, facets) = one_a_minute(count);
        assert_eq!(facets.spans.len(), count as usize);
        let selection = filter.select(&facets, &nobody);
        assert_eq!(
            admitted(&selection, count as usize),
            (1470..1480).collect::<Vec<u32>>()
        );
    }
}

#[test]
fn what_needs_no_test_is_known_at_once() {
    let (nobody, facets) = one_a_minute(100);
    let select = |filter: &Filter| filter.select(&facets, &nobody);
    let window = |from: &[u8]| Filter {
        window: Window::parse(Some(from), None, Fit::Within).expect("a window"),
        ..Filter::default()
    };
    assert!(matches!(select(&Filter::default()), Selection::Everything));
    assert!(matches!(
        select(&window(b"2025-12-31")),
        Selection::Everything
    ));
    assert!(matches!(select(&window(b"2026-12-31")), Selection::Nothing));
    let tag = vec![b"unheard of".to_vec()];
    let none: [Filter; 4] = [
        Filter {
            places: Some(tag.clone()),
            ..Filter::default()
        },
        Filter {
            places: Some(Vec::new()),
            ..Filter::default()
        },
        Filter {
            all_tags: tag.clone(),
            ..Filter::default()
        },
        Filter {
            any_tags: Some(tag),
            ..Filter::default()
        },
    ];
    for filter in none {
        assert!(matches!(select(&filter), Selection::Nothing), "{filter:?}");
    }
}

/// Columns from a file may say anything.
#[test]
fn numbers_that_name_nothing_pass_no_test() {
    let facets = Facets {
        slots: vec![0, 7, u32::MAX].into(),
        places: vec![0, 9].into(),
        names: b"hallpier".to_vec().into(),
        ends: vec![4, 2, 99].into(),
        ..Facets::default()
    };
    let nobody = Sessions(Vec::new());
    let filters = [
        Filter {
            places: Some(vec![b"hall".to_vec()]),
            ..Filter::default()
        },
        Filter {
            window: Window::parse(Some(b"00:00"), None, Fit::Starting).expect("a window"),
            ..Filter::default()
        },
    ];
    for filter in filters {
        let selection = filter.select(&facets, &nobody);
        assert!((1..5).all(|position| !selection.admits(position)));
    }
    assert_eq!(facets.name(1), b"");
}
