//! Laws of sharing places among groups: the deal is the stated one, and no admissible list has a higher total score.

#![allow(clippy::expect_used)] // Helpers too say what they expect.

use eventkit::engine::ranking::share::{Groups, Leaf};

/// A small generator (`xorshift64*`): the cases are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

/// A case: per session, best first, its score and the paths of its groups.
struct Case {
    first: u32,
    depth: usize,
    sessions: Vec<(u64, Vec<Vec<u32>>)>,
    top: usize,
}

fn draw(random: &mut Random) -> Case {
    let (first, depth) = (1 + random.below(4) as u32, 1 + random.below(2) as usize);
    let count = random.below(8) as usize;
    let mut scores: Vec<u64> = (0..count).map(|_| random.below(5)).collect();
    scores.sort_unstable_by(|a, b| b.cmp(a));
    let session = |score| {
        let value = random.below(3) as u32;
        let mut keys: Vec<u32> = (0..first).filter(|_| random.below(2) == 0).collect();
        if keys.is_empty() {
            keys.push(random.below(u64::from(first)) as u32);
        }
        let path = |key| [key, value][..depth].to_vec();
        (score, keys.into_iter().map(path).collect())
    };
    let sessions = scores.into_iter().map(session).collect();
    Case {
        first,
        depth,
        sessions,
        top: random.below(7) as usize,
    }
}

/// Whether the sessions can fill the places, one a place: every assignment is tried.
fn fills(case: &Case, sessions: &[usize], places: &[Vec<u32>]) -> bool {
    let Some((place, rest)) = places.split_first() else {
        return true;
    };
    (0..sessions.len()).any(|at| {
        let fits = case.sessions[sessions[at]].1.contains(place);
        let mut others = sessions.to_vec();
        others.swap_remove(at);
        fits && fills(case, &others, rest)
    })
}

/// The deal, written down again: counts by prefix, and a fresh test of all places at each step.
fn dealt(case: &Case) -> Vec<Vec<u32>> {
    let all: Vec<usize> = (0..case.sessions.len()).collect();
    // Leaves in the order of the deal: by interest, then by first appearance beneath it.
    let mut leaves: Vec<Vec<u32>> = Vec::new();
    for (_, paths) in &case.sessions {
        for path in paths {
            if !leaves.contains(path) {
                leaves.push(path.clone());
            }
        }
    }
    leaves.sort_by_key(|leaf| leaf[0]);
    let mut places: Vec<Vec<u32>> = Vec::new();
    while places.len() < case.top {
        let count = |prefix: &[u32]| {
            places
                .iter()
                .filter(|place| place.starts_with(prefix))
                .count()
        };
        let able = |leaf: &&Vec<u32>| {
            let more: Vec<Vec<u32>> = places.iter().chain([*leaf]).cloned().collect();
            fills(case, &all, &more)
        };
        let next = leaves.iter().filter(able).min_by_key(|leaf| {
            (1..=case.depth)
                .map(|end| (count(&leaf[..end]), if end == 1 { leaf[0] } else { 0 }))
                .collect::<Vec<_>>()
        });
        let Some(next) = next else { break };
        places.push(next.clone());
    }
    places
}

/// The best list by trying all: highest total, then the earliest sessions.
fn best(case: &Case, places: &[Vec<u32>]) -> Vec<usize> {
    let count = case.sessions.len();
    (0_u32..1 << count)
        .map(|set| {
            (0..count)
                .filter(|&at| set >> at & 1 == 1)
                .collect::<Vec<_>>()
        })
        .filter(|list| list.len() == places.len() && fills(case, list, places))
        .min_by_key(|list| {
            let total: u64 = list.iter().map(|&at| case.sessions[at].0).sum();
            (core::cmp::Reverse(total), list.clone())
        })
        .expect("the deal can be filled")
}

/// 4,000 cases, and 100,000 under `EVENTKIT_FAULTS=long`.
#[test]
fn no_admissible_list_has_a_higher_total() {
    let long = std::env::var("EVENTKIT_FAULTS").is_ok_and(|value| value == "long");
    let mut random = Random(0x5EED);
    for number in 0..if long { 100_000 } else { 4_000 } {
        let case = draw(&mut random);
        let mut groups = Groups::new(case.first);
        let leaves = |(_, paths): &(u64, Vec<Vec<u32>>)| -> Vec<Leaf> {
            paths.iter().map(|path| groups.leaf(path)).collect()
        };
        let members: Vec<Vec<Leaf>> = case.sessions.iter().map(leaves).collect();
        let chosen = groups.choose(&members, case.top);
        let places = dealt(&case);
        let expected: Vec<u32> = (0..case.first)
            .map(|key| places.iter().filter(|place| place[0] == key).count() as u32)
            .collect();
        assert_eq!(groups.places(), expected, "the deal of case {number}");
        assert_eq!(chosen, best(&case, &places), "case {number}");
    }
}
