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

use super::fold::is_word_character;
pub use super::splitter::Source;
use super::splitter::{Context, LONGEST, Splitter, chunk_end, is_joint};
use crate::engine::text::{head_word, leading_alphanumeric, lower_word};

/// Calls `emit` with each word, as UTF-8, and with whether it takes a place of its own; a joined form does not.
pub fn each_word(text: &str, source: Source, mut emit: impl FnMut(&[u8], bool)) {
    let bytes = text.as_bytes();
    let mut splitter = Splitter::new(source);
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
    let is_web = after.starts_with("://") || first.get(..4).is_some_and(is_www);
    let is_mail = after.strip_prefix('@').is_some_and(starts_with_host);
    (is_web || is_mail).then(|| end + after.find(is_end).unwrap_or(after.len()))
}

fn is_www(head: &str) -> bool {
    head.eq_ignore_ascii_case("www.")
}

/// Returns true if the text starts with names that are joined by dots. Looks no further than these names, so that a
/// text such as `a@a@a@...` takes linear time.
fn starts_with_host(text: &str) -> bool {
    let is_behind = |c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-');
    let names = text.split(is_behind).next().unwrap_or_default();
    let names = names.trim_end_matches('.');
    names.contains('.') && names.split('.').all(|name| !name.is_empty())
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
        let rows: [(&str, &[&str]); 20] = [
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
            ("a@b@c.d talk", &["talk"]),
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
