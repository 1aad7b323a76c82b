//! A position in JSON text, and the small steps that readers take from it. Every step costs O(bytes skipped).

use core::ops::Range;

use super::error::JsonError;
use super::{scan, string};

/// Returns true if `bytes` start with `text`. It compares blocks of a fixed size, because the texts are short and a
/// call of `memcmp` costs more than the comparison.
#[inline]
fn begins(bytes: &[u8], text: &[u8]) -> bool {
    let Some(head) = bytes.get(..text.len()) else {
        return false;
    };
    same_in_blocks::<16>(head, text)
        .or_else(|| same_in_blocks::<4>(head, text))
        .unwrap_or_else(|| head.iter().zip(text).all(|(one, other)| one == other))
}

/// Returns true if two texts of the same length are equal, or `None` if they are shorter than a block.
#[inline]
fn same_in_blocks<const BLOCK: usize>(one: &[u8], other: &[u8]) -> Option<bool> {
    let last = one.last_chunk::<BLOCK>()? == other.last_chunk()?;
    let (ones, others) = (one.as_chunks::<BLOCK>().0, other.as_chunks().0);
    Some(last && ones.iter().zip(others).all(|(one, other)| one == other))
}

/// A position in JSON text.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Cursor<'a> {
    pub(in crate::engine) bytes: &'a [u8],
    pub(in crate::engine) at: usize,
    /// Whether a value may continue on the next line. In a file with one value a line it may not.
    pub(super) across_lines: bool,
}

impl<'a> Cursor<'a> {
    pub(in crate::engine) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            across_lines: true,
        }
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(in crate::engine) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space.
    #[inline]
    pub(in crate::engine) fn space(&mut self) {
        while let Some(byte) = self.peek() {
            let passes = match byte {
                b' ' | b'\t' | b'\r' => true,
                b'\n' => self.across_lines,
                _ => false,
            };
            if !passes {
                return;
            }
            self.at += 1;
        }
    }

    /// Skips `byte` if it comes next. Returns true if it did.
    #[inline]
    pub(in crate::engine) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Skips `byte`, or fails with a message that says what was expected.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8, message: &'static str) -> Result<(), JsonError> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(JsonError::syntax(self.at, message))
        }
    }

    /// Skips `text` if it comes next. Returns true if it did.
    #[inline]
    pub(in crate::engine) fn take_text(&mut self, text: &[u8]) -> bool {
        let found = begins(self.rest(), text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    /// Skips a string whose opening quote was skipped. Returns the range of its text.
    #[inline]
    pub(in crate::engine) fn string(&mut self) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        let run = scan::run(self.rest());
        self.at += run.len;
        self.finish_string(start, run.plain)
    }

    /// Does the same as [`Cursor::string`], and appends the text to `out` as written.
    #[inline]
    pub(super) fn copy_string(&mut self, out: &mut Vec<u8>) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        let run = scan::copy_run(self.rest(), out);
        self.at += run.len;
        let text = self.finish_string(start, run.plain)?;
        let copied = start + run.len;
        if copied < text.end {
            out.extend_from_slice(self.bytes.get(copied..text.end).unwrap_or_default());
        }
        Ok(text)
    }

    /// Continues from the first special byte in a string that began at `start`.
    #[inline]
    fn finish_string(&mut self, start: usize, mut plain: bool) -> Result<Range<usize>, JsonError> {
        while self.peek() != Some(b'"') {
            plain &= self.pass_odd(start)?;
        }
        let text = start..self.at;
        self.at += 1;
        if !plain {
            self.check_utf8(text.clone())?;
        }
        Ok(text)
    }

    /// Skips an escape and the run of text behind it. Returns true if that run is printable ASCII.
    #[cold]
    fn pass_odd(&mut self, start: usize) -> Result<bool, JsonError> {
        match self.peek() {
            None => {
                return Err(JsonError::syntax(
                    start.saturating_sub(1),
                    "Unterminated string starting at",
                ));
            }
            Some(b'\\') => {
                let after = self.bytes.get(self.at + 1..).unwrap_or_default();
                if after.is_empty() {
                    return Err(JsonError::syntax(
                        start.saturating_sub(1),
                        "Unterminated string starting at",
                    ));
                }
                let (_, taken) = string::escape(after, self.at)?;
                self.at += 1 + taken;
            }
            Some(_) => return Err(JsonError::syntax(self.at, "Invalid control character at")),
        }
        let run = scan::run(self.rest());
        self.at += run.len;
        Ok(run.plain)
    }

    /// Checks that text is UTF-8. Python accepts more than that (surrogates, UTF-16), so it must read other bytes
    /// itself.
    #[cold]
    fn check_utf8(&self, text: Range<usize>) -> Result<(), JsonError> {
        let start = text.start;
        let text = self.bytes.get(text).unwrap_or_default();
        match core::str::from_utf8(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(JsonError::unsupported(
                start + error.valid_up_to(),
                "bytes that are not UTF-8",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_where_every_byte_of_it_stands() {
        let text: Vec<u8> = (b'0'..).take(50).collect();
        for length in 0..text.len() {
            let (wanted, _) = text.split_at(length);
            assert!(begins(&text, wanted), "{length}");
            assert!(begins(wanted, wanted), "{length}");
            assert!(!begins(wanted, &text), "{length}");
            for place in 0..length {
                let mut other = text.clone();
                other[place] ^= 1;
                assert!(!begins(&other, wanted), "{length} {place}");
            }
        }
    }
}
