//! Cuts runs of Chinese, Japanese and Korean, which are written without spaces, into parts that are known.
//!
//! A run is given as pairs of neighbouring characters. O(pairs times [`LONGEST_PART`]) look-ups.

use super::resolver::Resolver;

/// The pairs of the longest part that a run of Chinese, Japanese or Korean is cut into.
const LONGEST_PART: usize = 8;

impl Resolver<'_> {
    /// Cuts a run of pairs of characters, from left to right, into the longest parts that the programme holds or that have
    /// aliases. What is between them is a part too, unless it is one character: the particle of *猫の絵*.
    pub(super) fn cut_run<'w>(&self, run: &'w [String], spans: &mut Vec<&'w [String]>) {
        let (mut at, mut missed) = (0, 0);
        while at < run.len() {
            let rest = run.get(at..).unwrap_or_default();
            let longest = joined_pairs(rest);
            let parts = (1..=longest.min(LONGEST_PART)).rev();
            let parts = parts.filter(|&count| may_cut(rest.get(count), longest - count));
            let mut parts = parts.filter_map(|count| rest.get(..count));
            let before = at.checked_sub(1).map(|before| run.get(before..=at));
            let before = before.flatten().filter(|pairs| joined_pairs(pairs) > 1);
            let starts = may_cut(before.and_then(<[String]>::first), usize::MAX);
            let part = parts.find(|part| starts && self.is_held(part));
            let Some(part) = part else {
                at += 1;
                continue;
            };
            // The pair before a part has its first character, and the pair behind it its last one.
            push_missed(run, missed, at, spans);
            spans.push(part);
            at += part.len();
            let behind = run.get(at - 1..=at).map_or(0, joined_pairs);
            at += usize::from(behind > 1);
            missed = at;
        }
        push_missed(run, missed, run.len(), spans);
    }
}

/// Returns the number of pairs from the first on of which each starts with the character that the one before it ends with.
fn joined_pairs(run: &[String]) -> usize {
    let follows = |pair: &&[String]| match pair {
        [one, other] => one.chars().last() == other.chars().next(),
        _ => false,
    };
    run.windows(2).take_while(follows).count() + 1
}

/// Returns true if a run may be cut in the middle of a pair. `rest` is the number of pairs from this one to the end of the
/// run. No cut is made between two Katakana, and between two Hangul only before a particle.
fn may_cut(pair: Option<&String>, rest: usize) -> bool {
    const PARTICLE: usize = 2;
    let Some(pair) = pair.filter(|_| rest > 0) else {
        return true;
    };
    let all = |is: fn(char) -> bool| pair.chars().all(is);
    let katakana = |c: char| matches!(c, '\u{30a0}'..='\u{30ff}');
    let hangul = |c: char| matches!(c, '\u{ac00}'..='\u{d7af}');
    !all(katakana) && (rest <= PARTICLE || !all(hangul))
}

/// Adds the pairs between two parts of a run, without those that hold a character of a part.
fn push_missed<'w>(run: &'w [String], from: usize, to: usize, spans: &mut Vec<&'w [String]>) {
    let is_cut = |at: usize| at > 0 && run.get(at - 1..=at).map_or(0, joined_pairs) > 1;
    let end = if to < run.len() && is_cut(to) {
        to - 1
    } else {
        to
    };
    if let Some(missed) = run.get(from..end).filter(|missed| !missed.is_empty()) {
        spans.push(missed);
    }
}
