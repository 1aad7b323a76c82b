//! The packed text of the sessions of a catalogue that was loaded from JSON.
//!
//! A session takes its packed text (about 0.6 of usual JSON) and 8 bytes. Looking up a member and writing a session as
//! `json.dumps` does are O(bytes of the session). Any bytes are safe, even of a damaged file: they give wrong values,
//! but no panic and no endless loop.

use std::borrow::Cow;

use super::key::{self, KeyId, KeyTable};
use super::string;
use super::token::{Token, Tokens};
use crate::engine::error::Error;
use crate::engine::file::column::Column;
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
    /// Puts a text together from its parts: bytes, ends of sessions, and the key table (`KeyTable::from_names` of its
    /// names).
    pub fn from_parts(bytes: Column<u8>, ends: Column<u64>, keys: KeyTable) -> Self {
        Self { bytes, ends, keys }
    }

    /// Writes the text and its names to a file.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("bytes", &self.bytes)?;
        writer.column("ends", &self.ends)?;
        self.keys.save(&mut writer.under("keys"))
    }

    /// Reads what [`SessionText::save`] wrote, in O(names).
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does, and if the names cannot be those of a table.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        Ok(Self {
            bytes: reader.column("bytes")?,
            ends: reader.column("ends")?,
            keys: KeyTable::open(&reader.under("keys"))?,
        })
    }

    /// Returns the packed bytes of all sessions.
    pub fn bytes(&self) -> &Column<u8> {
        &self.bytes
    }

    /// Returns where each session ends in [`SessionText::bytes`].
    pub fn ends(&self) -> &Column<u64> {
        &self.ends
    }

    /// Returns the key table.
    pub fn keys(&self) -> &KeyTable {
        &self.keys
    }

    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the memory that the text holds, in bytes.
    pub fn nbytes(&self) -> usize {
        self.bytes.nbytes() + self.ends.nbytes() + self.keys.nbytes()
    }

    /// Returns the session at `position`.
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

    /// Does as [`Self::member`], or returns `None` if no session can have a member of that name.
    pub fn known(&self, name: &str) -> Option<Member> {
        let may_exist = self.keys.is_full() || self.keys.find(name).is_some();
        may_exist.then(|| self.member(name))
    }

    /// Resolves the name of a member once, for lookups in many sessions.
    pub fn member(&self, name: &str) -> Member {
        match self.keys.find(name) {
            Some(id) => Member(Wanted::Key(id)),
            None => Member(Wanted::Name(name.into())),
        }
    }
}

/// The name of a member, resolved for the key table of one [`SessionText`].
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

/// The text of one session.
#[derive(Clone, Copy, Debug)]
pub struct SessionView<'a> {
    packed: &'a [u8],
    keys: &'a KeyTable,
}

impl<'a> SessionView<'a> {
    /// Returns its packed text.
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }

    /// Returns its tokens, to build objects from. [`SessionView::name`] spells a [`Token::Key`].
    pub fn tokens(&self) -> Tokens<'a> {
        Tokens::new(self.packed)
    }

    /// Returns the name of a key.
    pub fn name(&self, id: KeyId) -> &'a str {
        self.keys.name(id)
    }

    /// Returns the value of a member, if the session has it.
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

    /// Returns what [`Self::get`] returns for each of several members, and reads the session once.
    pub fn get_each<const N: usize>(&self, members: &[Member; N]) -> [Option<ValueView<'a>>; N] {
        let mut found = [None; N];
        let mut tokens = self.tokens();
        tokens.next();
        while let Some(token) = tokens.next() {
            if matches!(token, Token::Comma) {
                continue;
            }
            let value = tokens.value();
            for (member, found) in members.iter().zip(&mut found) {
                if found.is_none() && member.is(token) {
                    *found = Some(ValueView {
                        packed: value,
                        keys: self.keys,
                    });
                }
            }
            if value.is_empty() || found.iter().all(Option::is_some) {
                break;
            }
        }
        found
    }

    /// Returns the value that begins at `offset` in the packed text: see [`Spans`](super::Spans).
    pub fn value_at(&self, offset: u32) -> Option<ValueView<'a>> {
        let packed = self.packed.get(offset as usize..)?;
        let packed = Tokens::new(packed).value();
        (!packed.is_empty()).then_some(ValueView {
            packed,
            keys: self.keys,
        })
    }

    /// Returns true if it is certain that the manifest's schema accepts the session. Whatever is unusual, such as a
    /// negative popularity, is not certain. O(bytes of the session).
    pub fn passes_schema(&self) -> bool {
        let mut tokens = self.tokens();
        if tokens.next() != Some(Token::BeginObject) {
            return false;
        }
        let mut titled = false;
        loop {
            let key = match tokens.next() {
                Some(Token::Key(id)) => Some(id),
                // A name that the engine reads always stands as its byte, except in a forged file.
                Some(Token::Name(raw)) if !key::is_role(&string::decode(raw)) => None,
                _ => return false,
            };
            let value = tokens.value();
            if !passes(key, value) {
                return false;
            }
            titled |= key == Some(key::TITLE);
            match tokens.next() {
                Some(Token::Comma) => {}
                Some(Token::EndObject) => return titled && tokens.next().is_none(),
                _ => return false,
            }
        }
    }

    /// Appends the session as Python's `json.dumps` writes it.
    pub fn dump(&self, out: &mut Vec<u8>) {
        dump(self.packed, self.keys, out);
    }
}

/// Returns true if it is certain that the schema accepts this value of a session's member.
fn passes(key: Option<KeyId>, value: &[u8]) -> bool {
    let mut tokens = Tokens::new(value);
    match key {
        Some(key::TITLE | key::START | key::END) => {
            matches!(tokens.next(), Some(Token::Str([_, ..])))
        }
        Some(key::LOCATION) => matches!(tokens.next(), Some(Token::Str(_))),
        Some(key::TAGS) => {
            tokens.next() == Some(Token::BeginArray)
                && tokens
                    .all(|token| matches!(token, Token::Str(_) | Token::Comma | Token::EndArray))
        }
        Some(key::POPULARITY) => is_finite_and_not_negative(value),
        _ => !value.is_empty(),
    }
}

fn is_finite_and_not_negative(value: &[u8]) -> bool {
    let text = match value {
        [b'0'..=b'9', ..] => core::str::from_utf8(value).ok(),
        _ => None,
    };
    let number = text.and_then(|text| text.parse::<f64>().ok());
    number.is_some_and(f64::is_finite)
}

/// One value of a session.
#[derive(Clone, Copy, Debug)]
pub struct ValueView<'a> {
    packed: &'a [u8],
    keys: &'a KeyTable,
}

impl<'a> ValueView<'a> {
    /// Returns its packed text. Equal texts are equal values, but equal values may have different texts (escapes, `1`
    /// and `1.0`).
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }

    /// Returns its tokens.
    pub fn tokens(&self) -> Tokens<'a> {
        Tokens::new(self.packed)
    }

    /// Returns its text if it is a string. It is UTF-8 if the loader checked it.
    pub fn as_str(&self) -> Option<Cow<'a, [u8]>> {
        match self.tokens().next() {
            Some(Token::Str(raw)) => Some(string::decode(raw)),
            _ => None,
        }
    }

    /// Returns true if it is `null`.
    pub fn is_null(&self) -> bool {
        self.packed == b"null"
    }

    /// Calls `visit` with its text, with the texts of its elements, or with the text of its member `name`. Elements may be
    /// arrays or objects in turn, but those hold texts only.
    pub fn each_text(&self, name: &Member, visit: &mut impl FnMut(&[u8])) {
        each_text(self.packed, name, 0, visit);
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
            // The step before wrote it.
            Some(Token::Name(_) | Token::Str(_)) => {}
            None => return,
        }
    }
}

/// The deepest arrays and objects whose texts count.
const DEEPEST_TEXTS: usize = 1;

/// See [`ValueView::each_text`].
fn each_text(value: &[u8], name: &Member, depth: usize, visit: &mut impl FnMut(&[u8])) {
    let mut tokens = Tokens::new(value);
    let first = tokens.next();
    if let Some(Token::Str(raw)) = first {
        return visit(&string::decode(raw));
    }
    if depth > DEEPEST_TEXTS {
        return;
    }
    match first {
        Some(Token::BeginArray) => loop {
            let element = tokens.value();
            each_text(element, name, depth + 1, visit);
            if tokens.next() != Some(Token::Comma) {
                return;
            }
        },
        Some(Token::BeginObject) => {
            let mut found: &[u8] = &[];
            while let Some(token) = tokens.next() {
                if matches!(token, Token::Key(_) | Token::Name(_)) {
                    let member = tokens.value();
                    // Of two members with one name, Python keeps the last.
                    if name.is(token) {
                        found = member;
                    }
                }
            }
            each_text(found, name, depth + 1, visit);
        }
        _ => {}
    }
}
