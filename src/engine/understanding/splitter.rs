//! Splits a chunk of a text, which is a run of letters and digits with single joints between them, into words.

use super::fold::{fold, is_unspaced, is_word_character};
use super::lexicon::{is_name, is_particle};

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A text of the programme.
    Text,
    /// An interest, an alias, or a tag: names need no capital letter.
    Query,
}

/// Words with a symbol that is part of them.
const SYMBOLS: [&str; 9] = ["c++", "g++", "c#", "f#", "d&d", "r&d", "q&a", "ad&d", "a/b"];
/// What a French article or pronoun leaves before an apostrophe.
const ELISIONS: [&str; 11] = [
    "l", "d", "j", "n", "s", "t", "c", "m", "qu", "lorsqu", "jusqu",
];
/// The longest word that is kept, in bytes. Longer ones are data, not words.
pub(super) const LONGEST: usize = 64;

/// What is known of a chunk besides its characters.
pub(super) struct Context<'a> {
    /// It starts a sentence that is not the first.
    starts: bool,
    /// It stands behind a dot that belongs to no word.
    dotted: bool,
    /// The text behind it.
    after: &'a str,
}

impl<'a> Context<'a> {
    pub(super) fn of(text: &str, at: usize, after: &'a str) -> Self {
        let before = text.get(..at).unwrap_or_default();
        // Only the gap to the word before it; a gap is short, but for a text that is mostly gaps.
        let gap = before.char_indices().rev().take(MOST_GAP);
        let mut gap = gap.take_while(|&(_, c)| !is_word_character(c));
        let starts = gap.any(|(_, c)| {
            matches!(
                c,
                '.' | '!' | '?' | ':' | ';' | '•' | '“' | '"' | '…' | '。' | '；' | '\n' | '*'
            )
        });
        let dotted = before
            .strip_suffix('.')
            .is_some_and(|before| !before.ends_with(is_word_character));
        Self {
            starts,
            dotted,
            after,
        }
    }
}

/// The characters of a gap that are looked at.
const MOST_GAP: usize = 8;

pub(super) fn is_joint(c: char) -> bool {
    matches!(
        c,
        '.' | '&' | '\'' | '’' | '+' | '#' | '-' | '/' | '_' | '·'
    )
}

/// Returns where a run of word characters ends, with single joints between them and `+` or `#` behind them; `None` if
/// the text does not start with one.
pub(super) fn chunk_end(text: &str) -> Option<usize> {
    let mut end = None;
    let mut joint = false;
    for (at, c) in text.char_indices() {
        if is_word_character(c) {
            end = Some(at + c.len_utf8());
            joint = false;
        } else if joint || end.is_none() || !is_joint(c) {
            break;
        } else {
            joint = true;
        }
    }
    let end = end?;
    let symbols = text
        .get(end..)?
        .bytes()
        .take_while(|byte| matches!(byte, b'+' | b'#'))
        .count();
    Some(end + symbols)
}

/// Splits chunks, and keeps its buffers from one to the next.
pub(super) struct Splitter {
    source: Source,
    folded: String,
    joined: String,
}

impl Splitter {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            folded: String::new(),
            joined: String::new(),
        }
    }

    /// Emits the words of a chunk.
    pub(super) fn chunk(
        &mut self,
        raw: &str,
        context: &Context<'_>,
        emit: &mut impl FnMut(&str, bool),
    ) {
        let mut folded = core::mem::take(&mut self.folded);
        folded.clear();
        raw.chars().for_each(|c| {
            fold(c, |part| {
                folded.push(if part == '’' { '\'' } else { part });
            });
        });
        self.folded_chunk(&folded, raw, context, emit);
        self.folded = folded;
    }

    fn folded_chunk(
        &mut self,
        folded: &str,
        raw: &str,
        context: &Context<'_>,
        emit: &mut impl FnMut(&str, bool),
    ) {
        if context.dotted && (folded == "net" || folded.starts_with("net-")) {
            return emit(".net", true);
        }
        if SYMBOLS.contains(&folded) {
            return emit(folded, true);
        }
        if folded.contains('/') {
            return self.slashed(folded, raw, context, emit);
        }
        // `C++20` and `Qt5+` are the words before their symbols, unless the letter would be left alone.
        if let Some(base) = folded.strip_suffix(['+', '#']) {
            let base = base.trim_end_matches(['+', '#']);
            return if base.chars().count() == 1 {
                emit(folded, true);
            } else {
                self.folded_chunk(base, raw, context, emit);
            };
        }
        if folded.contains('\'') {
            return self.apostrophe(folded, raw, context, emit);
        }
        if folded.contains(is_unspaced) {
            return unspaced(folded, emit);
        }
        if folded.contains(['.', '&', '-', '_', '·', '+', '#']) {
            return self.joined(folded, emit);
        }
        self.plain(folded, raw, context, emit);
    }

    fn slashed(
        &mut self,
        folded: &str,
        raw: &str,
        context: &Context<'_>,
        emit: &mut impl FnMut(&str, bool),
    ) {
        let parts = || folded.split('/').filter(|part| !part.is_empty());
        if parts().count() == 2 && parts().all(|part| part.len() <= 2) && folded.len() <= 5 {
            emit(folded, false);
        }
        let raws = raw.split('/').filter(|part| !part.is_empty());
        let inside = Context {
            starts: false,
            dotted: false,
            after: "",
        };
        for (part, raw) in parts().zip(raws) {
            let context = if part.len() == folded.len() {
                context
            } else {
                &inside
            };
            self.folded_chunk(part, raw, context, emit);
        }
    }

    fn apostrophe(
        &mut self,
        folded: &str,
        raw: &str,
        context: &Context<'_>,
        emit: &mut impl FnMut(&str, bool),
    ) {
        let (mut word, mut raw) = (folded, raw);
        while let Some((first, second)) = word.split_once('\'') {
            let (raw_first, raw_second) = raw.split_once(['\'', '’']).unwrap_or((raw, ""));
            if !ELISIONS.contains(&first) || matches!(second, "s" | "t" | "re" | "ll" | "ve") {
                (word, raw) = (first, raw_first);
                break;
            }
            // `j'ai` is "I have", never the abbreviation.
            if first == "j" && second.len() <= 3 {
                return;
            }
            (word, raw) = (second, raw_second);
        }
        if !word.is_empty() {
            self.folded_chunk(word, raw, context, emit);
        }
    }

    fn joined(&mut self, folded: &str, emit: &mut impl FnMut(&str, bool)) {
        if folded.contains('&') && folded.len() <= 5 {
            return word(folded, true, emit);
        }
        let separators = ['.', '&', '-', '_', '·', '+', '#'];
        self.joined.clear();
        self.joined.extend(folded.split(separators));
        word(&self.joined, false, emit);
        let ending = folded.rsplit_once('.').map(|(_, ending)| ending);
        let ending = ending.filter(|ending| {
            ending.len() <= 3 && !ending.bytes().all(|byte| byte.is_ascii_digit())
        });
        let parts = folded.len() - ending.map_or(0, |ending| ending.len() + 1);
        for part in folded.get(..parts).unwrap_or_default().split(separators) {
            let lone = part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
            if !part.is_empty() && (!lone || self.source == Source::Query) {
                word(part, true, emit);
            }
        }
    }

    fn plain(
        &self,
        folded: &str,
        raw: &str,
        context: &Context<'_>,
        emit: &mut impl FnMut(&str, bool),
    ) {
        if self.source == Source::Text && folded.len() <= 2 && is_name(folded) {
            let capital = |c: char| c.is_uppercase();
            let capital = if folded.len() == 1 || folded == "go" {
                raw.starts_with(capital)
            } else {
                raw.chars().all(capital)
            };
            let article = matches!(folded, "a" | "i");
            let verb = folded.len() > 1 && (context.starts || before_particle(context.after));
            if !capital || article || verb {
                return;
            }
        }
        word(folded, true, emit);
    }
}

/// Emits a word, unless it is too long to be one.
#[inline]
fn word(word: &str, own: bool, emit: &mut impl FnMut(&str, bool)) {
    if !word.is_empty() && word.len() <= LONGEST {
        emit(word, own);
    }
}

/// Returns true if the text goes on with a particle, after blanks only.
fn before_particle(after: &str) -> bool {
    let next = after.trim_start_matches(' ');
    if next.len() == after.len() {
        return false;
    }
    let end = next
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(next.len());
    let next = next.get(..end).unwrap_or_default();
    next.len() <= 8 && is_particle(&next.to_ascii_lowercase())
}

/// Emits each pair of neighbours of the runs without spaces, and the other words between them.
fn unspaced(folded: &str, emit: &mut impl FnMut(&str, bool)) {
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let alike = is_unspaced(first);
        let end = rest
            .find(|c: char| is_unspaced(c) != alike)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if alike {
            pairs(run, emit);
        } else {
            for part in run.split(is_joint) {
                word(part, true, emit);
            }
        }
    }
}

fn pairs(run: &str, emit: &mut impl FnMut(&str, bool)) {
    let mut starts = run.char_indices().map(|(at, _)| at);
    let (mut first, mut second) = (starts.next(), starts.next());
    if second.is_none() {
        return emit(run, true);
    }
    while let (Some(start), Some(middle)) = (first, second) {
        let next = starts.next();
        let end = next.unwrap_or(run.len());
        emit(run.get(start..end).unwrap_or_default(), true);
        (first, second) = (Some(middle), next);
    }
}
