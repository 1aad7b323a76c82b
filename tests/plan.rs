//! Laws of the plan: it is the best of all admissible choices, and which of the equally good ones is fixed.

#![allow(clippy::expect_used)] // Helpers too say what they expect.

use core::time::Duration;

use eventkit::engine::catalog::plan::{self, Candidate, Limits, Plan, greedy};
use eventkit::engine::time::Span;
use proptest::prelude::*;

const MINUTE: u64 = 60_000;

/// Start and end in minutes past midnight.
type Hours = (u64, u64);

fn span((start, end): Hours) -> Span {
    let text = |minutes: u64| format!("2026-01-31T{:02}:{:02}", minutes / 60, minutes % 60);
    Span::parse(text(start).as_bytes(), text(end).as_bytes())
}

fn candidates(rows: &[(f64, Hours, Option<u32>)]) -> Vec<Candidate> {
    let candidate =
        |(position, &(score, hours, place)): (u32, &(f64, Hours, Option<u32>))| Candidate {
            position,
            score,
            span: span(hours),
            place,
        };
    (0..).zip(rows).map(candidate).collect()
}

fn limits(top: Option<usize>, gap_minutes: u64) -> Limits {
    Limits {
        top,
        gap: Duration::from_millis(gap_minutes * MINUTE),
        offset: 0,
    }
}

fn best(candidates: &[Candidate], limits: &Limits) -> Plan {
    plan::best(candidates, limits).expect("a small plan")
}

/// Written down again, pair by pair: one ends before the other starts, with the gap between them if they are apart.
fn apart(a: &(f64, Hours, Option<u32>), b: &(f64, Hours, Option<u32>), gap_minutes: u64) -> bool {
    let near = a.2.is_some() && a.2 == b.2;
    let gap = if near { 0 } else { gap_minutes * MINUTE };
    let end = |(start, end): Hours| (end * MINUTE).max(start * MINUTE + 1);
    let precedes = |a: Hours, b: Hours| end(a) + gap <= b.0 * MINUTE;
    precedes(a.1, b.1) || precedes(b.1, a.1)
}

/// All admissible choices, each in order of time.
fn choices(
    rows: &[(f64, Hours, Option<u32>)],
    top: Option<usize>,
    gap_minutes: u64,
) -> Vec<Vec<usize>> {
    let usable: Vec<usize> = (0..rows.len())
        .filter(|&i| rows[i].0 > 0.0 && rows[i].1.0 <= rows[i].1.1)
        .collect();
    let mut choices = vec![Vec::new()];
    for &next in &usable {
        for at in 0..choices.len() {
            if choices[at]
                .iter()
                .all(|&held| apart(&rows[held], &rows[next], gap_minutes))
            {
                let mut longer = choices[at].clone();
                longer.push(next);
                longer.sort_by_key(|&i| rows[i].1);
                choices.push(longer);
            }
        }
    }
    choices.retain(|choice| top.is_none_or(|top| choice.len() <= top));
    choices
}

fn total(rows: &[(f64, Hours, Option<u32>)], choice: &[usize]) -> f64 {
    choice.iter().fold(0.0, |sum, &i| sum + rows[i].0)
}

fn positions(plan: &Plan) -> Vec<usize> {
    plan.positions
        .iter()
        .map(|&position| position as usize)
        .collect()
}

fn rows(
    score: impl Strategy<Value = f64>,
    most: usize,
) -> impl Strategy<Value = Vec<(f64, Hours, Option<u32>)>> {
    let hours = (0_u64..24, prop_oneof![8 => 1_u64..8, 1 => Just(0)])
        .prop_map(|(start, length)| (540 + start * 10, 540 + (start + length) * 10));
    let backwards = (0_u64..24).prop_map(|start| (540 + start * 10, 500));
    let hours = prop_oneof![20 => hours, 1 => backwards];
    let place = proptest::option::weighted(0.8, 0_u32..3);
    proptest::collection::vec((score, hours, place), 0..most)
}

fn top() -> impl Strategy<Value = Option<usize>> {
    proptest::option::of(0_usize..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_choice_is_better(
        rows in rows(prop_oneof![8 => 0.01..3.0_f64, 1 => -1.0..0.0_f64, 1 => Just(f64::NAN), 1 => Just(1e17)], 11),
        top in top(),
        gap in prop_oneof![Just(0_u64), 0_u64..40],
    ) {
        let plan = best(&candidates(&rows), &limits(top, gap));
        let choices = choices(&rows, top, gap);
        let chosen = positions(&plan);
        prop_assert!(choices.contains(&chosen), "{chosen:?} is not admissible");
        let most = choices.iter().map(|choice| total(&rows, choice)).fold(0.0, f64::max);
        prop_assert_eq!(plan.total.to_bits(), most.to_bits());
        prop_assert_eq!(total(&rows, &chosen).to_bits(), most.to_bits());
        let untimed = rows.iter().filter(|row| row.0 > 0.0 && row.1.1 < row.1.0).count();
        prop_assert_eq!(plan.untimed, untimed);

        let greedy = greedy(&candidates(&rows), &limits(top, gap));
        prop_assert!(choices.contains(&positions(&greedy)));
        prop_assert!(greedy.total <= plan.total);
    }

    /// Whole scores add exactly, so that equal totals are equal.
    #[test]
    fn ties_go_to_the_earlier_end_and_then_to_the_earlier_place_in_the_input(
        rows in rows((1_u64..3).prop_map(|score| score as f64), 11),
        top in top(),
        gap in prop_oneof![Just(0_u64), 0_u64..40],
    ) {
        let plan = best(&candidates(&rows), &limits(top, gap));
        let choices = choices(&rows, top, gap);
        let from_the_back = |choice: &Vec<usize>| -> Vec<(u64, usize)> {
            let end = |hours: Hours| (hours.1 * MINUTE).max(hours.0 * MINUTE + 1);
            choice.iter().rev().map(|&i| (end(rows[i].1), i)).collect()
        };
        let most = total(&rows, &positions(&plan));
        let first = choices
            .iter()
            .filter(|choice| total(&rows, choice).to_bits() == most.to_bits())
            .min_by_key(|choice| from_the_back(choice));
        prop_assert_eq!(Some(&positions(&plan)), first);
    }

    #[test]
    fn a_looser_limit_is_never_worse(rows in rows(0.01..3.0_f64, 60), top in 0_usize..8, gap in 0_u64..40) {
        let candidates = candidates(&rows);
        let plan = |top, gap| best(&candidates, &limits(top, gap)).total;
        prop_assert!(plan(Some(top), gap) <= plan(Some(top + 1), gap));
        prop_assert!(plan(Some(top), gap) <= plan(None, gap));
        prop_assert!(plan(Some(top), gap + 1) <= plan(Some(top), gap));
        prop_assert_eq!(plan(Some(rows.len()), gap).to_bits(), plan(None, gap).to_bits());
    }
}

#[test]
fn the_greedy_choice_may_keep_little_of_the_best_plan() {
    let mut rows = vec![(1.01, (540, 620), None)];
    rows.extend((0..8).map(|at| (1.0, (540 + 10 * at, 550 + 10 * at), None)));
    let candidates = candidates(&rows);
    assert_eq!(
        best(&candidates, &limits(None, 0)).positions,
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
    assert_eq!(greedy(&candidates, &limits(None, 0)).positions, [0]);
    assert_eq!(best(&candidates, &limits(Some(1), 0)).positions, [0]);
}

#[test]
fn a_plan_that_would_take_gigabytes_is_refused() {
    let session = |position: u32| {
        let time = |ms: u32| {
            format!(
                "1970-01-01T{:02}:{:02}:{:02}.{:03}",
                ms / 3_600_000,
                ms / 60_000 % 60,
                ms / 1000 % 60,
                ms % 1000
            )
        };
        let span = Span::parse(time(position).as_bytes(), time(position + 1).as_bytes());
        Candidate {
            position,
            score: 1.0,
            span,
            place: None,
        }
    };
    let sessions: Vec<Candidate> = (0..20_000).map(session).collect();
    let refused = plan::best(&sessions, &limits(Some(10_000), 0)).expect_err("too large");
    assert_eq!(
        refused.to_string(),
        "a plan of 10000 out of 20000 sessions: their product may be 134217728 at most"
    );
    assert_eq!(
        best(&sessions, &limits(Some(20_000), 0)).positions.len(),
        20_000
    );
    assert_eq!(best(&sessions, &limits(Some(2), 0)).positions, [0, 1]);
}

#[test]
fn the_gap_is_for_those_who_move() {
    let plan = |places: [Option<u32>; 2], gap| {
        let rows = [(1.0, (540, 600), places[0]), (1.0, (610, 660), places[1])];
        best(&candidates(&rows), &limits(None, gap)).positions.len()
    };
    assert_eq!(plan([Some(1), Some(2)], 10), 2);
    assert_eq!(plan([Some(1), Some(2)], 11), 1);
    assert_eq!(plan([Some(1), Some(1)], 11), 2);
    assert_eq!(plan([None, None], 11), 1);
    assert_eq!(plan([Some(1), Some(2)], u64::from(u32::MAX)), 1);
}

#[test]
fn a_session_without_a_time_is_counted_and_left_out() {
    let candidate = |position, score, start: &str, end: &str| Candidate {
        position,
        score,
        span: Span::parse(start.as_bytes(), end.as_bytes()),
        place: None,
    };
    let clock = [
        candidate(0, 1.0, "09:00", "10:00"),
        candidate(1, 9.0, "TBD", "TBD"),
        candidate(2, 1.0, "23:00", "00:30"),
        candidate(3, 9.0, "2026-01-31T09:00", "2026-01-31T10:00"),
        candidate(4, f64::NAN, "TBD", ""),
        candidate(5, f64::NEG_INFINITY, "12:00", "13:00"),
        candidate(6, 0.0, "12:00", "13:00"),
    ];
    let plan = best(&clock, &Limits::default());
    assert_eq!(
        plan,
        Plan {
            positions: vec![0, 2],
            total: 2.0,
            untimed: 2
        }
    );
    assert_eq!(greedy(&clock, &Limits::default()), plan);
    assert_eq!(best(&[], &Limits::default()), Plan::default());
}

#[test]
fn instants_are_compared_wherever_they_are() {
    let candidate = |position, start: &str, end: &str| Candidate {
        position,
        score: 1.0,
        span: Span::parse(start.as_bytes(), end.as_bytes()),
        place: None,
    };
    let tokyo = candidate(0, "2026-01-31T18:00+09:00", "2026-01-31T19:00+09:00");
    let brussels = candidate(1, "2026-01-31T11:00+01:00", "2026-01-31T12:00+01:00");
    let somewhere = candidate(2, "2026-01-31T12:00", "2026-01-31T13:00");
    assert_eq!(
        best(&[tokyo, brussels], &Limits::default()).positions,
        [0, 1]
    );
    let overlapping = candidate(3, "2026-01-31T09:30Z", "2026-01-31T10:30Z");
    assert_eq!(
        best(&[tokyo, brussels, overlapping], &Limits::default()).positions,
        [0, 1]
    );
    // A time without an offset is taken at the offset of the limits.
    for (hours, expected) in [(0, [0, 1, 2]), (9, [2, 0, 1])] {
        let limits = Limits {
            offset: hours * 60,
            ..Limits::default()
        };
        assert_eq!(
            best(&[tokyo, brussels, somewhere], &limits).positions,
            expected
        );
    }
}

/// A damaged catalogue file may hold such a span. A chain of these sessions would never end.
#[test]
fn a_span_that_ends_before_it_starts_is_not_planned() {
    let mut rows = candidates(&[(1.0, (540, 600), None), (1.0, (600, 660), None)]);
    let whole = best(&rows, &Limits::default());
    assert_eq!((whole.positions.len(), whole.untimed), (2, 0));
    for row in &mut rows {
        row.span = Span {
            start: row.span.end,
            end: row.span.start,
        };
    }
    let damaged = best(&rows, &Limits::default());
    assert_eq!((damaged.positions.len(), damaged.untimed), (0, 2));
}
