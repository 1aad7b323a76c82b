//! Skips members of objects, elements of arrays and values that are not needed. Skipped values are checked as strictly as
//! those that are read. Every step is O(bytes passed) and allocates nothing.

use core::ops::Range;

use super::cursor::Cursor;
use super::fault::Fault;
use super::number;
use super::pack::{DEPTH, EXPECTING_COLON, EXPECTING_COMMA, EXPECTING_NAME, EXPECTING_VALUE};

impl Cursor<'_> {
    /// Passes the bracket that opens an object or an array; whether something is in it.
    #[inline]
    pub(in crate::engine) fn enter(&mut self, open: u8, close: u8) -> Result<bool, Fault> {
        self.expect(open, EXPECTING_VALUE)?;
        self.space();
        Ok(!self.take(close))
    }

    /// Passes what follows a member or an element; whether that announces another.
    #[inline]
    pub(in crate::engine) fn another(&mut self, close: u8) -> Result<bool, Fault> {
        self.space();
        if self.take(close) {
            return Ok(false);
        }
        self.expect(b',', EXPECTING_COMMA)?;
        self.space();
        Ok(true)
    }

    /// Passes a member's name and its colon; returns where the name's text is.
    #[inline]
    pub(in crate::engine) fn name(&mut self) -> Result<Range<usize>, Fault> {
        self.expect(b'"', EXPECTING_NAME)?;
        let name = self.string()?;
        self.space();
        self.expect(b':', EXPECTING_COLON)?;
        self.space();
        Ok(name)
    }

    /// Passes any value, the cursor standing on its first byte. `depth` is how many others it stands in.
    pub(in crate::engine) fn skip(&mut self, depth: usize) -> Result<(), Fault> {
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

    fn skip_array(&mut self, depth: usize) -> Result<(), Fault> {
        self.bound(depth)?;
        let mut more = self.enter(b'[', b']')?;
        while more {
            self.skip(depth + 1)?;
            more = self.another(b']')?;
        }
        Ok(())
    }

    /// Passes a word that has to come next.
    #[inline]
    pub(in crate::engine) fn skip_word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        if self.take_text(word) {
            Ok(())
        } else {
            Err(Fault::syntax(self.at, EXPECTING_VALUE))
        }
    }

    fn bound(&self, depth: usize) -> Result<(), Fault> {
        if depth < DEPTH {
            Ok(())
        } else {
            Err(Fault::unsupported(self.at, "very deep nesting"))
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
