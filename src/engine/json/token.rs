//! Splits packed text into tokens.
//!
//! It expects text that [`Packer`](super::pack::Packer) wrote, but is safe for any bytes: every step advances, reads
//! only within the text, and does not recurse. O(bytes) in all.

use super::key::{KeyId, KeyTable};
use super::{scan, string};

/// A token of packed text. Strings and names are the text between their quotes, with escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `{`
    BeginObject,
    /// `}`
    EndObject,
    /// `[`
    BeginArray,
    /// `]`
    EndArray,
    /// `,`
    Comma,
    /// A member's name that is in the key table.
    Key(KeyId),
    /// A member's name that is not in the key table.
    Name(&'a [u8]),
    /// A string.
    Str(&'a [u8]),
    /// A number, `true`, `false` or `null`, as Python's `json` writes it.
    Scalar(&'a [u8]),
}

/// The tokens of packed text.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// Creates the tokens of `packed`.
    pub fn new(packed: &'a [u8]) -> Self {
        Self {
            bytes: packed,
            at: 0,
        }
    }

    /// Returns how many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Returns the next token and its text.
    pub(super) fn next_spelled(&mut self) -> Option<(Token<'a>, &'a [u8])> {
        let start = self.at;
        let token = self.next()?;
        Some((token, self.slice(start, self.at)))
    }

    /// Skips one value and returns its text.
    pub(super) fn value(&mut self) -> &'a [u8] {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let before = self.at;
            match self.next() {
                None => break,
                Some(Token::BeginObject | Token::BeginArray) => depth += 1,
                Some(Token::EndObject | Token::EndArray | Token::Comma) if depth == 0 => {
                    self.at = before;
                    break;
                }
                Some(Token::EndObject | Token::EndArray) => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Some(Token::Str(_) | Token::Scalar(_)) if depth == 0 => break,
                Some(_) => {}
            }
        }
        self.slice(start, self.at)
    }

    /// Appends the next string or name as `json.dumps` writes it and skips it. Returns false if something else comes
    /// next.
    #[inline]
    pub(super) fn dump_string(&mut self, out: &mut Vec<u8>) -> bool {
        if self.bytes.get(self.at) != Some(&b'"') {
            return false;
        }
        self.at += 1;
        let before = out.len();
        out.push(b'"');
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let run = scan::copy_run(rest, out);
        if run.plain && rest.get(run.len) == Some(&b'"') {
            self.at += run.len + 1;
            out.push(b'"');
        } else {
            out.truncate(before);
            // Copied before it is checked, because the bytes of a mapped file can change in between.
            let spelled = string::decode(self.string()).into_owned();
            string::write_str(out, &String::from_utf8_lossy(&spelled));
        }
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
            out.extend_from_slice(b": ");
        }
        true
    }

    /// Skips a string whose opening quote was skipped, with its closing quote. Returns its text.
    #[inline]
    fn string(&mut self) -> &'a [u8] {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let run = scan::run(rest).len;
            self.at += run;
            match rest.get(run) {
                None | Some(b'"') => break,
                Some(b'\\') => self.at = self.bytes.len().min(self.at + 2),
                Some(_) => self.at += 1,
            }
        }
        let text = self.slice(start, self.at);
        self.at = self.bytes.len().min(self.at + 1);
        text
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline]
    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let byte = *self.bytes.get(start)?;
        self.at += 1;
        Some(match byte {
            b'{' => Token::BeginObject,
            b'}' => Token::EndObject,
            b'[' => Token::BeginArray,
            b']' => Token::EndArray,
            b',' => Token::Comma,
            b'"' => {
                let text = self.string();
                if self.bytes.get(self.at) == Some(&b':') {
                    self.at += 1;
                    Token::Name(text)
                } else {
                    Token::Str(text)
                }
            }
            0x80.. => Token::Key(KeyTable::id(byte)),
            _ => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let ends =
                    |&byte: &u8| matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"' | 0x80..);
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
                Token::Scalar(self.slice(start, self.at))
            }
        })
    }
}
