//! Reads an object faster if it differs from the one before only in the text of its strings.
//!
//! The bytes between the strings are compared with those of the earlier object instead of being parsed again. An object that
//! passes is valid JSON: the earlier object was parsed strictly, and each new string is read strictly. Learning an object is
//! O(its bytes), comparing one is O(bytes passed) and allocates nothing.

use core::ops::Range;

use super::cursor::Cursor;
use super::fault::Fault;

/// What the last object of its kind looked like.
#[derive(Debug, Default)]
pub(in crate::engine) struct Skeleton<'a> {
    /// Up to the opening quote of the first value that is a string; empty before an object was learnt.
    head: &'a [u8],
    pieces: Vec<Piece<'a>>,
}

/// A value that is a string, behind its opening quote.
#[derive(Debug)]
struct Piece<'a> {
    /// Its text, its closing quote and the part.
    last: &'a [u8],
    /// Up to the opening quote of the next such value, or to the end.
    part: &'a [u8],
}

impl<'a> Skeleton<'a> {
    /// Passes an object that looks like the last; whether it did. Of one that does not, nothing is passed.
    #[inline]
    pub(in crate::engine) fn pass(&mut self, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        let start = cursor.at;
        if self.head.is_empty() || !cursor.take_text(self.head) {
            return Ok(false);
        }
        for piece in &mut self.pieces {
            if cursor.take_text(piece.last) {
                continue;
            }
            let text = cursor.string()?;
            if !cursor.take_text(piece.part) {
                cursor.at = start;
                return Ok(false);
            }
            piece.last = cursor.since(text.start);
        }
        Ok(true)
    }

    /// Learns from what was read between `start` and the cursor. From an object only, whose end is its brace: a number's
    /// would depend on what follows.
    pub(in crate::engine) fn learn(
        &mut self,
        cursor: &Cursor<'a>,
        start: usize,
    ) -> Result<(), Fault> {
        self.head = &[];
        self.pieces.clear();
        let mut place = Cursor {
            at: start,
            ..*cursor
        };
        if place.peek() != Some(b'{') {
            return Ok(());
        }
        let (mut before, mut from) = (None, start);
        while place.at < cursor.at {
            if !place.take(b'"') {
                place.at += 1;
                continue;
            }
            let text = place.string()?;
            let end = place.at;
            place.space();
            if place.peek() == Some(b':') {
                continue;
            }
            self.push(cursor, before, from..text.start);
            (before, from) = (Some(text.start), end);
        }
        self.push(cursor, before, from..cursor.at);
        Ok(())
    }

    /// `text` is where that of the string before the part begins.
    fn push(&mut self, cursor: &Cursor<'a>, text: Option<usize>, part: Range<usize>) {
        let slice = |range: Range<usize>| cursor.bytes.get(range).unwrap_or_default();
        match text {
            Some(text) => self.pieces.push(Piece {
                last: slice(text..part.end),
                part: slice(part),
            }),
            None => self.head = slice(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_differs_in_the_text_of_strings_alone() {
        let first = r#"{"a": "x", "n": {"b" : "y", "c": [1, true, "z"]}}"#;
        let rows = [
            (first, true),
            (
                r#"{"a": "", "n": {"b" : "\n\u00e9", "c": [1, true, "a longer one, \" with a quote"]}}"#,
                true,
            ),
            (
                r#"{"a": "x", "n": {"b" : "y", "c": [1, true, "z"]} }"#,
                false,
            ),
            (
                r#"{"a": "x", "n": {"b" : "y", "c": [1, false, "z"]}}"#,
                false,
            ),
            (
                r#"{"a": "x", "n": {"b" : "y", "d": [1, true, "z"]}}"#,
                false,
            ),
            (r#"{"a": 1, "n": {"b" : "y", "c": [1, true, "z"]}}"#, false),
            (r#"{"a": "x"}"#, false),
            ("", false),
        ];
        for (text, expected) in rows {
            let bytes = [first, text].concat();
            let mut cursor = Cursor::new(bytes.as_bytes(), 0);
            assert_eq!(cursor.skip(0), Ok(()));
            let start = cursor.at;
            let mut skeleton = Skeleton::default();
            assert_eq!(skeleton.learn(&cursor, 0), Ok(()));
            assert_eq!(skeleton.pass(&mut cursor), Ok(expected), "{text}");
            let passed = if expected { bytes.len() } else { start };
            assert_eq!(cursor.at, passed, "{text}");
        }
    }

    #[test]
    fn broken_strings_are_refused_and_numbers_not_learnt() {
        let bytes = b"{\"a\": \"x\"}{\"a\": \"\\x\"}";
        let mut cursor = Cursor::new(bytes, 0);
        let mut skeleton = Skeleton::default();
        assert_eq!(cursor.skip(0), Ok(()));
        assert_eq!(skeleton.learn(&cursor, 0), Ok(()));
        assert!(skeleton.pass(&mut cursor).is_err());
        let mut cursor = Cursor::new(b"112", 0);
        cursor.at = 1;
        assert_eq!(skeleton.learn(&cursor, 0), Ok(()));
        assert_eq!(skeleton.pass(&mut cursor), Ok(false));
    }
}
