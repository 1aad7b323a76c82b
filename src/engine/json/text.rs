//! Stores the packed text of each session of a catalogue that was loaded from JSON.
//!
//! A session takes its packed text (about 0.6 of usual JSON) and 8 bytes. Finding a member and writing a session as
//! `json.dumps` does are O(bytes of the session). The bytes of a damaged file are safe: they give wrong values, but neither a
//! panic nor an endless loop.

use std::borrow::Cow;

use super::key::{KeyId, KeyTable};
use super::string;
use super::token::{Token, Tokens};
use crate::engine::column::Column;
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};

/// The packed text of all sessions.
#[derive(Clone, Debug, Default)]
pub struct SessionText {
    bytes: Column<u8>,
    /// Where each session ends in `bytes`.
    ends: Column<u64>,
    keys: KeyTable,
}

impl SessionText {
    /// Puts the parts of a text together again: its bytes, the ends of its sessions and its key table
    /// (`KeyTable::from_names` of the names it had).
    pub fn from_parts(bytes: Column<u8>, ends: Column<u64>, keys: KeyTable) -> Self {
        Self { bytes, ends, keys }
    }

    /// Writes the text and its names.
    ///
    /// # Errors
    ///
    /// As [`Writer::column`].
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("bytes", &self.bytes)?;
        writer.column("ends", &self.ends)?;
        self.keys.save(&mut writer.under("keys"))
    }

    /// What [`SessionText::save`] wrote, in O(names).
    ///
    /// # Errors
    ///
    /// As [`Reader::column`], and names that no table holds.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        Ok(Self {
            bytes: reader.column("bytes")?,
            ends: reader.column("ends")?,
            keys: KeyTable::open(&reader.under("keys"))?,
        })
    }

    /// The packed bytes of all sessions.
    pub fn bytes(&self) -> &Column<u8> {
        &self.bytes
    }

    /// Where each session ends in [`SessionText::bytes`].
    pub fn ends(&self) -> &Column<u64> {
        &self.ends
    }

    /// The names that stand as one byte.
    pub fn keys(&self) -> &KeyTable {
        &self.keys
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The memory it holds, in bytes.
    pub fn nbytes(&self) -> usize {
        self.bytes.nbytes() + self.ends.nbytes() + self.keys.nbytes()
    }

    /// The session at `position`.
    #[inline]
    pub fn get(&self, position: usize) -> Option<SessionView<'_>> {
        let end = usize::try_from(*self.ends.get(position)?).ok()?;
        let start = match position.checked_sub(1) {
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
            None => 0,
        };
        Some(SessionView {
            packed: self.bytes.get(start..end)?,
            keys: &self.keys,
        })
    }

    /// The values of a member of many sessions: resolve the name once, look up by the result.
    pub fn member(&self, name: &str) -> Member {
        match self.keys.find(name) {
            Some(id) => Member(Wanted::Key(id)),
            None => Member(Wanted::Name(name.into())),
        }
    }
}

/// A member's name, resolved against the key table of one [`SessionText`].
#[derive(Clone, Debug)]
pub struct Member(Wanted);

#[derive(Clone, Debug)]
enum Wanted {
    Key(KeyId),
    Name(Box<str>),
}

impl Member {
    fn is(&self, token: Token<'_>) -> bool {
        match (&self.0, token) {
            (Wanted::Key(wanted), Token::Key(id)) => *wanted == id,
            (Wanted::Name(wanted), Token::Name(raw)) => *string::decode(raw) == *wanted.as_bytes(),
            _ => false,
        }
    }
}

/// One session's text.
#[derive(Clone, Copy, Debug)]
pub struct SessionView<'a> {
    packed: &'a [u8],
    keys: &'a KeyTable,
}

impl<'a> SessionView<'a> {
    /// Its packed text.
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }

    /// Its tokens, for building objects; [`SessionView::name`] spells a [`Token::Key`].
    pub fn tokens(&self) -> Tokens<'a> {
        Tokens::new(self.packed)
    }

    /// The name that a key stands for.
    pub fn name(&self, id: KeyId) -> &'a str {
        self.keys.name(id)
    }

    /// The value of a member, if the session has it.
    pub fn get(&self, member: &Member) -> Option<ValueView<'a>> {
        let mut tokens = self.tokens();
        tokens.next();
        loop {
            let token = tokens.next()?;
            if matches!(token, Token::Comma) {
                continue;
            }
            let value = tokens.value();
            if member.is(token) {
                return Some(ValueView {
                    packed: value,
                    keys: self.keys,
                });
            }
            if value.is_empty() {
                return None;
            }
        }
    }

    /// The value that begins `offset` bytes into the packed text: see [`Spans`](super::Spans).
    pub fn value_at(&self, offset: u32) -> Option<ValueView<'a>> {
        let packed = self.packed.get(offset as usize..)?;
        let packed = Tokens::new(packed).value();
        (!packed.is_empty()).then_some(ValueView {
            packed,
            keys: self.keys,
        })
    }

    /// Appends the session as Python's `json.dumps` writes it.
    pub fn dump(&self, out: &mut Vec<u8>) {
        dump(self.packed, self.keys, out);
    }
}

/// One value of a session.
#[derive(Clone, Copy, Debug)]
pub struct ValueView<'a> {
    packed: &'a [u8],
    keys: &'a KeyTable,
}

impl<'a> ValueView<'a> {
    /// Its packed text. Equal texts are equal values; equal values may be written differently (escapes, `1` and `1.0`).
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }

    /// Its tokens.
    pub fn tokens(&self) -> Tokens<'a> {
        Tokens::new(self.packed)
    }

    /// What it spells, if it is a string: UTF-8 for text that the loader checked.
    pub fn as_str(&self) -> Option<Cow<'a, [u8]>> {
        match self.tokens().next() {
            Some(Token::Str(raw)) => Some(string::decode(raw)),
            _ => None,
        }
    }

    /// The strings in it, if it is an array: what else it holds is left out.
    pub fn strings(&self) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let array = self.packed.first() == Some(&b'[');
        let tokens = self.tokens().take(if array { usize::MAX } else { 0 });
        tokens.filter_map(|token| match token {
            Token::Str(raw) => Some(string::decode(raw)),
            _ => None,
        })
    }

    /// Appends the value as Python's `json.dumps` writes it.
    pub fn dump(&self, out: &mut Vec<u8>) {
        dump(self.packed, self.keys, out);
    }
}

fn dump(packed: &[u8], keys: &KeyTable, out: &mut Vec<u8>) {
    let mut tokens = Tokens::new(packed);
    loop {
        if tokens.dump_string(out) {
            continue;
        }
        match tokens.next() {
            Some(Token::BeginObject) => out.push(b'{'),
            Some(Token::EndObject) => out.push(b'}'),
            Some(Token::BeginArray) => out.push(b'['),
            Some(Token::EndArray) => out.push(b']'),
            Some(Token::Comma) => out.extend_from_slice(b", "),
            Some(Token::Key(id)) => out.extend_from_slice(keys.dumped(id)),
            Some(Token::Scalar(text)) => out.extend_from_slice(text),
            // Written by the step before.
            Some(Token::Name(_) | Token::Str(_)) => {}
            None => return,
        }
    }
}
