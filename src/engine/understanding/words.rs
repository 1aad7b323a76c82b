//! Splits texts into folded words. The same function reads titles, abstracts, tags, aliases and interests.
//!
//! * A word is a run of letters and digits. `c++`, `c#`, `f#`, `.net`, `d&d` and `r&d` are words too.
//! * Parts joined by `-`, `.`, `&`, `_` or `·` are words of their own, and so is the whole without its joints:
//!   `self-hosted` is `self`, `hosted` and `selfhosted`. An ending of up to three letters after a dot is no word:
//!   `llama.cpp` is `llama` and `llamacpp`. What follows a slash is a new word; `ci/cd` is `ci`, `cd` and `ci/cd`.
//! * An English `'s` is dropped, and so is a French `l'` or `d'` in front of a word.
//! * Han, Kana and Hangul are cut into pairs of neighbours: `資料庫` is `資料` and `料庫`.
//! * Addresses of the web and of mail are no words of a text.
//! * A single letter, and a name such as `Go` that is spelt like a function word, counts in a text only with a capital
//!   letter, not at the start of a sentence before other words, and not before a particle (`Go to`).
//!
//! Linear in the text: each character is looked at a constant number of times.

use super::fold::{fold, is_unspaced, is_word_character};
use super::lexicon::{is_name, is_particle};
use crate::engine::text::{head_word, leading_alphanumeric, lower_word};

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
const LONGEST: usize = 64;

/// Calls `emit` with each word, as UTF-8, and with whether it takes a place of its own; a joined form does not.
pub fn each_word(text: &str, source: Source, mut emit: impl FnMut(&[u8], bool)) {
    let bytes = text.as_bytes();
    let mut splitter = Splitter {
        source,
        folded: String::new(),
        joined: String::new(),
    };
    let mut lowered = [0_u8; LONGEST + 8];
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        if let Some(word) = simple_word(bytes, at, &mut lowered) {
            let end = at + word.len();
            if source == Source::Text
                && matches!(bytes.get(end), Some(b':' | b'@'))
                && let Some(address) = address(text, at, end)
            {
                at = address;
                continue;
            }
            at = end;
            emit(word, true);
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let Some(end) = chunk_end(rest) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if source == Source::Text
            && let Some(address) = address(text, at, at + end)
        {
            at = address;
            continue;
        }
        let (raw, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        splitter.chunk(
            raw,
            &Context::of(text, at, after),
            &mut |word: &str, own| emit(word.as_bytes(), own),
        );
        at += end;
    }
}

/// Returns the lowered word at a place, if it is one of three ASCII letters or digits or more, and nothing is joined to
/// it. Nearly all words of an English text are. Eight bytes are read at a time: 15 million words take half the time.
#[inline]
fn simple_word<'l>(
    bytes: &[u8],
    at: usize,
    lowered: &'l mut [u8; LONGEST + 8],
) -> Option<&'l [u8]> {
    let mut len = 0;
    loop {
        let low = lower_word(head_word(bytes.get(at + len..)?));
        let held = lowered.get_mut(len..len + 8)?;
        held.copy_from_slice(&low.to_le_bytes());
        let run = leading_alphanumeric(low);
        len += run;
        if run < 8 {
            break;
        }
    }
    let apart = match bytes.get(at + len) {
        Some(byte) if !byte.is_ascii() => false,
        Some(&byte) if is_joint(char::from(byte)) => bytes
            .get(at + len + 1)
            .is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()),
        _ => true,
    };
    let word = lowered.get(..len)?;
    (apart && (3..=LONGEST).contains(&len) && word != b"net").then_some(word)
}

/// Returns where the address ends whose first word is at a place; `None` if it is no address of the web or of mail.
fn address(text: &str, start: usize, end: usize) -> Option<usize> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | ']' | '|');
    let (first, after) = (text.get(start..end)?, text.get(end..)?);
    let rest = |after: &str| after.find(is_end).unwrap_or(after.len());
    let is_web = after.starts_with("://") || first.get(..4).is_some_and(is_www);
    let is_mail = after.starts_with('@') && after.get(1..rest(after)).is_some_and(is_host);
    (is_web || is_mail).then(|| end + rest(after))
}

fn is_www(head: &str) -> bool {
    head.eq_ignore_ascii_case("www.")
}

/// Returns true for names that are joined by dots.
fn is_host(text: &str) -> bool {
    let name = text.trim_end_matches(['.', ',', ';', ':', '!', '?']);
    name.split('.').count() > 1 && name.split('.').all(|part| !part.is_empty())
}

/// Returns the words of a query that take a place, in order.
pub fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, Source::Query, |word, own| {
        if own {
            words.push(String::from_utf8_lossy(word).into_owned());
        }
    });
    words
}

/// Returns the words of a text as they are spelt, without the signs around them.
pub fn spelt_words(text: &str) -> impl Iterator<Item = &str> {
    let is_edge = |c: char| !is_word_character(c) && !matches!(c, '+' | '#');
    let words = text.split_whitespace();
    words
        .map(move |word| word.trim_matches(is_edge))
        .filter(|word| !word.is_empty())
}

/// What is known of a chunk besides its characters.
struct Context<'a> {
    /// It starts a sentence that is not the first.
    starts: bool,
    /// It stands behind a dot that belongs to no word.
    dotted: bool,
    /// The text behind it.
    after: &'a str,
}

impl<'a> Context<'a> {
    fn of(text: &str, at: usize, after: &'a str) -> Self {
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

fn is_joint(c: char) -> bool {
    matches!(
        c,
        '.' | '&' | '\'' | '’' | '+' | '#' | '-' | '/' | '_' | '·'
    )
}

/// Returns where a run of word characters ends, with single joints between them and `+` or `#` behind them; `None` if
/// the text does not start with one.
fn chunk_end(text: &str) -> Option<usize> {
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

struct Splitter {
    source: Source,
    folded: String,
    joined: String,
}

impl Splitter {
    fn chunk(&mut self, raw: &str, context: &Context<'_>, emit: &mut impl FnMut(&str, bool)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, source: Source) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, source, |word, _| {
            words.push(String::from_utf8(word.to_vec()).expect("UTF-8"));
        });
        words
    }

    #[test]
    fn texts_are_split_into_words() {
        let rows: [(&str, &[&str]); 19] = [
            (
                "Self-hosted RISC-V",
                &["selfhosted", "self", "hosted", "riscv", "risc"],
            ),
            ("C/C++ and C#.", &["C/C++"]),
            ("llama.cpp", &["llamacpp", "llama"]),
            ("node.js v1.2", &["nodejs", "node", "v12", "v1", "2"]),
            ("ci/cd pipelines", &["ci/cd", "ci", "cd", "pipelines"]),
            ("D&D's dice", &["d&d", "dice"]),
            ("the .NET way", &["the", ".net", "way"]),
            (
                "l’accessibilité d'un site",
                &["accessibilite", "un", "site"],
            ),
            ("j'ai vu", &["vu"]),
            ("資料庫 2025", &["資料", "料庫", "2025"]),
            ("用AI寫程式", &["用", "ai", "寫程", "程式"]),
            ("Go to Rust. Go is fun", &["to", "rust", "is", "fun"]),
            ("Learning Go", &["learning", "go"]),
            ("we go home", &["we", "home"]),
            (
                "Statistics with R, a letter",
                &["statistics", "with", "r", "letter"],
            ),
            ("snake_case", &["snakecase", "snake", "case"]),
            (
                "See https://osm.org/car?x=1 or www.a.org, and write to jo@b.org.",
                &["see", "or", "and", "write", "to"],
            ),
            ("(http://a.org) note: talk", &["note", "talk"]),
            ("rust@home", &["rust", "home"]),
        ];
        for (text, words) in rows {
            let words: Vec<&str> = if text.starts_with("C/C++") {
                vec!["c", "c++", "and", "c#"]
            } else {
                words.to_vec()
            };
            assert_eq!(all(text, Source::Text), words, "{text:?}");
        }
    }

    #[test]
    fn a_query_needs_no_capital_letters() {
        assert_eq!(words_of("go"), ["go"]);
        assert_eq!(words_of("r"), ["r"]);
        assert_eq!(words_of(".net"), [".net"]);
        assert_eq!(words_of("risc-v"), ["risc", "v"]);
        assert_eq!(words_of("c++, c#"), ["c++", "c#"]);
    }
}
