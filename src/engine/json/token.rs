//! Reads packed text, token by token.
//!
//! It expects text that [`Packer`](super::pack::Packer) wrote, and is safe for any other: every step passes at least one byte,
//! reads nothing outside the text and does not recurse. O(bytes) in total.

use super::key::{KeyId, KeyTable};
use super::{scan, string};

/// A piece of packed text. Strings and names are the text between their quotes, escapes and all.
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
    /// A member's name that the key table holds.
    Key(KeyId),
    /// A member's name that it does not hold.
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
    /// The tokens of `packed`.
    pub fn new(packed: &'a [u8]) -> Self {
        Self {
            bytes: packed,
            at: 0,
        }
    }

    /// How many bytes were passed.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The next token and the text that it takes.
    pub(super) fn next_spelled(&mut self) -> Option<(Token<'a>, &'a [u8])> {
        let start = self.at;
        let token = self.next()?;
        Some((token, self.slice(start, self.at)))
    }

    /// Passes one value and returns its text.
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

    /// If a string or a name comes next, passes it and appends it as `json.dumps` writes it; whether one did.
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
            let spelled = string::decode(self.string());
            string::write_str(out, &String::from_utf8_lossy(&spelled));
        }
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
            out.extend_from_slice(b": ");
        }
        true
    }

    /// A string whose opening quote was passed, and its closing quote.
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
