//! Checks that a plan of any sessions is possible, that nothing better is, and that times of any text are read.
//!
//! The text is cut into sessions: a line each of score, place, start and end. Up to ten sessions are planned again by
//! trying every choice.

#![no_main]

use core::time::Duration;

use eventkit::engine::time::{Axis, Moment, Span};
use eventkit::engine::catalog::plan::{Candidate, Limits, best, greedy};
use libfuzzer_sys::fuzz_target;

/// Scores that add up without rounding.
const SCORES: [f64; 8] = [1.0, 2.0, 0.5, 3.25, 0.0, -1.0, f64::NAN, 8.0];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let _ = Moment::parse(text);
    let limits = Limits {
        top: (choice & 1 != 0).then_some(usize::from(choice >> 4)),
        offset: i64::from(choice >> 3) * 60 - 720,
        gap: Duration::from_secs(if choice & 2 == 0 {
            0
        } else {
            u64::from(choice >> 2) * 60
        }),
    };
    let candidates: Vec<Candidate> = (0..)
        .zip(text.split(|&byte| byte == b'\n'))
        .map(candidate)
        .collect();
    let plan = best(&candidates, &limits).expect("a small plan");
    let quick = greedy(&candidates, &limits);
    assert!(quick.total <= plan.total);
    assert_eq!(quick.untimed, plan.untimed);
    assert!(limits.top.is_none_or(|top| plan.positions.len() <= top));
    let chosen = plan.positions.iter().map(|&at| candidates[at as usize]);
    assert_eq!(
        plan.total,
        chosen.clone().fold(0.0, |sum, it| sum + it.score)
    );
    if candidates.len() <= 10 {
        // A plan of each choice that keeps all of its sessions is one of the possible plans.
        for bits in 0_u32..1 << candidates.len() {
            let some: Vec<Candidate> = candidates
                .iter()
                .copied()
                .filter(|it| bits >> it.position & 1 == 1)
                .collect();
            // Fewer sessions may be compared by the time of day, or by the wall clock: that is another question.
            if axis(&some, &limits) != axis(&candidates, &limits) {
                continue;
            }
            let other = best(&some, &limits).expect("a small plan");
            assert!(
                other.total <= plan.total,
                "{other:?} is better than {plan:?}"
            );
        }
    }
});

fn axis(candidates: &[Candidate], limits: &Limits) -> Axis {
    let scored = candidates.iter().filter(|candidate| candidate.score > 0.0);
    Axis::common(scored.map(|candidate| candidate.span), limits.offset)
}

fn candidate((position, line): (u32, &[u8])) -> Candidate {
    let (&head, rest) = line.split_first().unwrap_or((&0, &[]));
    let mut times = rest.splitn(2, |&byte| byte == b'/');
    let (start, end) = (
        times.next().unwrap_or_default(),
        times.next().unwrap_or_default(),
    );
    Candidate {
        position,
        score: SCORES[usize::from(head % 8)],
        span: Span::parse(start, end),
        place: (head & 8 != 0).then_some(u32::from(head >> 4 & 3)),
    }
}
