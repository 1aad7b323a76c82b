//! Skips members of objects, elements of arrays, and values that are not needed. Skipped values are checked as strictly
//! as those that are read. Every step costs O(bytes skipped) and allocates nothing.

use core::ops::Range;

use super::cursor::Cursor;
use super::error::JsonError;
use super::error::{DEPTH, EXPECTING_COLON, EXPECTING_COMMA, EXPECTING_NAME, EXPECTING_VALUE};
use super::number;

impl Cursor<'_> {
    /// Skips the bracket that opens an object or an array. Returns true if it is not empty.
    #[inline]
    pub(in crate::engine) fn enter(&mut self, open: u8, close: u8) -> Result<bool, JsonError> {
        self.expect(open, EXPECTING_VALUE)?;
        self.space();
        Ok(!self.take(close))
    }

    /// Skips what follows a member or an element. Returns true if another one comes next.
    #[inline]
    pub(in crate::engine) fn another(&mut self, close: u8) -> Result<bool, JsonError> {
        self.space();
        if self.take(close) {
            return Ok(false);
        }
        self.expect(b',', EXPECTING_COMMA)?;
        self.space();
        Ok(true)
    }

    /// Skips a member's name and its colon. Returns the range of the name.
    #[inline]
    pub(in crate::engine) fn name(&mut self) -> Result<Range<usize>, JsonError> {
        self.expect(b'"', EXPECTING_NAME)?;
        let name = self.string()?;
        self.space();
        self.expect(b':', EXPECTING_COLON)?;
        self.space();
        Ok(name)
    }

    /// Skips and checks any value. `depth` is the number of values around it.
    pub(in crate::engine) fn skip(&mut self, depth: usize) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string().map(drop)
            }
            Some(b'{') => {
                self.bound(depth)?;
                let mut more = self.enter(b'{', b'}')?;
                while more {
                    self.name()?;
                    self.skip(depth + 1)?;
                    more = self.another(b'}')?;
                }
                Ok(())
            }
            Some(b'[') => self.skip_array(depth),
            Some(b't') => self.skip_word(b"true"),
            Some(b'f') => self.skip_word(b"false"),
            Some(b'n') => self.skip_word(b"null"),
            _ => {
                self.at += number::skip(self.rest(), self.at)?;
                Ok(())
            }
        }
    }

    fn skip_array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.bound(depth)?;
        let mut more = self.enter(b'[', b']')?;
        while more {
            self.skip(depth + 1)?;
            more = self.another(b']')?;
        }
        Ok(())
    }

    /// Skips a word that must come next.
    #[inline]
    pub(in crate::engine) fn skip_word(&mut self, word: &'static [u8]) -> Result<(), JsonError> {
        if self.take_text(word) {
            Ok(())
        } else {
            Err(JsonError::syntax(self.at, EXPECTING_VALUE))
        }
    }

    fn bound(&self, depth: usize) -> Result<(), JsonError> {
        if depth < DEPTH {
            Ok(())
        } else {
            Err(JsonError::unsupported(self.at, "very deep nesting"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(text: &str) -> bool {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        cursor.skip(0).is_ok() && cursor.at == text.len()
    }

    #[test]
    fn what_is_passed_is_what_serde_json_reads() {
        let rows = [
            "null",
            "nul",
            "true",
            "false",
            "True",
            "\"a\"",
            "\"a",
            "\"\\n\"",
            "\"\\x\"",
            "\"\n\"",
            "0",
            "-0",
            "01",
            "1.",
            ".5",
            "1.5e-7",
            "1e",
            "+1",
            "-",
            "[]",
            "[1]",
            "[1,]",
            "[,]",
            "[1 2]",
            "[1, [2, {}]]",
            "[",
            "]",
            "{}",
            "{\"a\": 1}",
            "{\"a\" 1}",
            "{\"a\": }",
            "{\"a\": 1,}",
            "{a: 1}",
            "{\"a\": 1 \"b\": 2}",
            "{\"a\": {\"b\": [\"c\", null]}}",
            "{\"a\": 1",
            "{1: 2}",
            "",
            "\"\u{e9}\"",
        ];
        for row in rows {
            let read = serde_json::from_str::<serde_json::Value>(row).is_ok();
            assert_eq!(passes(row), read, "{row}");
        }
    }

    #[test]
    fn what_only_python_can_judge_is_not_passed() {
        let deep = "[".repeat(DEPTH + 1) + &"]".repeat(DEPTH + 1);
        let digits = "9".repeat(641);
        for row in [
            "NaN",
            "-Infinity",
            "\"\\ud800\"",
            deep.as_str(),
            digits.as_str(),
        ] {
            assert!(!passes(row), "{row}");
        }
        assert!(passes(&("[".repeat(DEPTH) + &"]".repeat(DEPTH))));
    }
}
