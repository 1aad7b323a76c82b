//! Objects that differ in the text of their strings alone: what is between those strings is compared, not read again.
//!
//! Whatever passes is JSON: it is an object that was read strictly, with other strings, each of them read strictly. Learning is
//! O(bytes of an object), passing O(bytes passed), without an allocation.

use super::cursor::Cursor;
use super::fault::Fault;

/// What the last object of its kind looked like.
#[derive(Debug, Default)]
pub(in crate::engine) struct Skeleton<'a> {
    /// Up to the opening quote of the first value that is a string, from its closing quote to the next, and so on to the end.
    parts: Vec<&'a [u8]>,
}

impl<'a> Skeleton<'a> {
    /// Passes an object that looks like the last; whether it did. Of one that does not, nothing is passed.
    #[inline]
    pub(in crate::engine) fn pass(&self, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        let Some((head, parts)) = self.parts.split_first() else {
            return Ok(false);
        };
        let start = cursor.at;
        if !cursor.take_text(head) {
            return Ok(false);
        }
        for part in parts {
            cursor.string()?;
            if !cursor.take_text(part) {
                cursor.at = start;
                return Ok(false);
            }
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
        self.parts.clear();
        let mut place = Cursor {
            at: start,
            ..*cursor
        };
        if place.peek() != Some(b'{') {
            return Ok(());
        }
        let mut from = start;
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
            self.push(cursor, from..text.start);
            from = end;
        }
        self.push(cursor, from..cursor.at);
        Ok(())
    }

    fn push(&mut self, cursor: &Cursor<'a>, range: core::ops::Range<usize>) {
        self.parts.push(cursor.bytes.get(range).unwrap_or_default());
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
