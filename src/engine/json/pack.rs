//! Checks JSON text and packs it, in one pass.
//!
//! Packed text is compact JSON with three changes. None of them changes the value that Python reads. A known name is
//! written as one byte ([`KeyTable`]). A number is written as Python writes it. Of several members with the same name,
//! the last value is kept in the place of the first, as in a dict. Strings are copied as they are. Packing costs
//! O(bytes) and allocates only `out`. An object with unknown names costs O(members) more.

use core::ops::Range;
use std::borrow::Cow;
use std::collections::HashMap;

use super::cursor::Cursor;
use super::error::{
    DEPTH, EXPECTING_COLON, EXPECTING_COMMA, EXPECTING_NAME, EXPECTING_VALUE, JsonError,
};
use super::key::{KeyId, KeyTable, NamePredictor};
use super::number::{self, Parsed};
use super::string;
use super::token::{Token, Tokens};

/// Packs values, one after another.
#[derive(Debug)]
pub(super) struct Packer<'a, 'k> {
    pub(super) cursor: Cursor<'a>,
    pub(super) out: Vec<u8>,
    keys: &'k KeyTable,
    predictor: NamePredictor,
    /// Names that are not in the table, while a table is being made.
    pub(super) unknown: Option<Vec<String>>,
}

/// The names that an object has had so far.
#[derive(Default)]
pub(super) struct Seen {
    known: u128,
    repeated: bool,
    unknown: u32,
}

impl Seen {
    /// Returns true if two of the names may be equal.
    #[inline]
    pub(super) fn suspicious(&self) -> bool {
        self.repeated || self.unknown > 1
    }
}

impl<'a, 'k> Packer<'a, 'k> {
    pub(super) fn new(cursor: Cursor<'a>, keys: &'k KeyTable) -> Self {
        Self {
            cursor,
            out: Vec::new(),
            keys,
            predictor: NamePredictor::new(),
            unknown: None,
        }
    }

    /// Packs any value, which begins at the cursor. Returns its value if it is a number.
    pub(super) fn value(&mut self, depth: usize) -> Result<Option<Parsed>, JsonError> {
        match self.cursor.peek() {
            Some(b'"') => self.string().map(drop)?,
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            _ => return self.number().map(Some),
        }
        Ok(None)
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), JsonError> {
        if !self.cursor.take_text(word) {
            return Err(JsonError::syntax(self.cursor.at, EXPECTING_VALUE));
        }
        self.out.extend_from_slice(word);
        Ok(())
    }

    /// Packs a string, whose opening quote is at the cursor. Returns the range of its text in the source.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Range<usize>, JsonError> {
        self.cursor.at += 1;
        self.out.push(b'"');
        let text = self.cursor.copy_string(&mut self.out)?;
        self.out.push(b'"');
        Ok(text)
    }

    pub(super) fn number(&mut self) -> Result<Parsed, JsonError> {
        let at = self.cursor.at;
        let rest = self.cursor.rest();
        let Some(parsed) = number::parse(rest, at) else {
            let constants = [&b"NaN"[..], b"Infinity", b"-Infinity"];
            if constants.iter().any(|constant| rest.starts_with(constant)) {
                return Err(JsonError::unsupported(at, "NaN or Infinity"));
            }
            return Err(JsonError::syntax(at, EXPECTING_VALUE));
        };
        let parsed = parsed?;
        match parsed.value {
            Some(value) if !parsed.canonical => number::write_number(&mut self.out, value),
            _ => self
                .out
                .extend_from_slice(rest.get(..parsed.len).unwrap_or_default()),
        }
        self.cursor.at += parsed.len;
        Ok(parsed)
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.descend(depth)?;
        self.out.push(b'[');
        self.cursor.space();
        if !self.cursor.take(b']') {
            loop {
                self.value(depth + 1)?;
                self.cursor.space();
                if self.cursor.take(b']') {
                    break;
                }
                self.comma()?;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    /// Packs a comma and skips the white space after it.
    #[inline]
    pub(super) fn comma(&mut self) -> Result<(), JsonError> {
        self.cursor.expect(b',', EXPECTING_COMMA)?;
        self.out.push(b',');
        self.cursor.space();
        Ok(())
    }

    /// Skips the opening bracket. Fails if the nesting is too deep.
    fn descend(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= DEPTH {
            return Err(JsonError::unsupported(self.cursor.at, "very deep nesting"));
        }
        self.cursor.at += 1;
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        let start = self.out.len();
        self.descend(depth)?;
        let seen = self.members(|packer, _| packer.value(depth + 1).map(drop))?;
        if seen.suspicious() {
            self.merge_members(start);
        }
        Ok(())
    }

    /// Packs the members of an object and its closing brace. The cursor is after the opening brace. `read` packs a value.
    #[inline]
    pub(super) fn members(
        &mut self,
        mut read: impl FnMut(&mut Self, Option<KeyId>) -> Result<(), JsonError>,
    ) -> Result<Seen, JsonError> {
        let mut seen = Seen::default();
        let outer = self.predictor.enter();
        self.out.push(b'{');
        self.cursor.space();
        if !self.cursor.take(b'}') {
            loop {
                let key = self.key(&mut seen)?;
                read(self, key)?;
                self.cursor.space();
                if self.cursor.take(b'}') {
                    break;
                }
                self.comma()?;
            }
        }
        self.predictor.leave(outer);
        self.out.push(b'}');
        Ok(seen)
    }

    /// Packs a name, and skips its colon and the white space before the value.
    #[inline]
    fn key(&mut self, seen: &mut Seen) -> Result<Option<KeyId>, JsonError> {
        let guess = self.predictor.guess();
        let key = if let Some(len) = self.keys.at_head(guess, self.cursor.rest()) {
            self.cursor.at += len;
            Some(guess)
        } else {
            self.unexpected_key()?
        };
        if let Some(id) = key {
            self.predictor.learn(id);
            self.out.push(KeyTable::byte(id));
            seen.repeated |= seen.known >> id & 1 == 1;
            seen.known |= 1 << id;
        } else {
            self.out.push(b':');
            seen.unknown += 1;
        }
        self.cursor.space();
        self.cursor.expect(b':', EXPECTING_COLON)?;
        self.cursor.space();
        Ok(key)
    }

    /// Reads a name that was not predicted. A name that is not in the table is copied.
    fn unexpected_key(&mut self) -> Result<Option<KeyId>, JsonError> {
        self.cursor.expect(b'"', EXPECTING_NAME)?;
        let text = self.cursor.string()?;
        let raw = self.cursor.bytes.get(text).unwrap_or_default();
        let spelled = string::decode(raw);
        let name = String::from_utf8_lossy(&spelled);
        let known = self.keys.find(&name);
        if known.is_none() {
            if let Some(unknown) = &mut self.unknown {
                unknown.push(name.into_owned());
            }
            self.out.push(b'"');
            self.out.extend_from_slice(raw);
            self.out.push(b'"');
        }
        Ok(known)
    }

    /// Removes repeated names from the object that was packed from `start` on. Returns true if there were any.
    #[cold]
    pub(super) fn merge_members(&mut self, start: usize) -> bool {
        let object = self.out.get(start..).unwrap_or_default();
        let Some(merged) = merge(object) else {
            return false;
        };
        self.out.truncate(start);
        self.out.extend_from_slice(&merged);
        true
    }
}

/// Returns the object with each name once, in its first place and with its last value, or `None` if none is repeated.
fn merge(object: &[u8]) -> Option<Vec<u8>> {
    let mut places: HashMap<Cow<'_, [u8]>, usize> = HashMap::new();
    let mut members: Vec<(&[u8], &[u8])> = Vec::new();
    let mut repeated = false;
    let mut tokens = Tokens::new(object);
    tokens.next();
    while let Some((token, name)) = tokens.next_spelled() {
        let spelled = match token {
            Token::Key(_) => Cow::Borrowed(name),
            Token::Name(raw) => string::decode(raw),
            Token::Comma => continue,
            _ => break,
        };
        let value = tokens.value();
        match places.entry(spelled) {
            std::collections::hash_map::Entry::Occupied(entry) => {
                repeated = true;
                if let Some(member) = members.get_mut(*entry.get()) {
                    member.1 = value;
                }
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(members.len());
                members.push((name, value));
            }
        }
    }
    repeated.then(|| {
        let member = |(name, value)| [name, value].concat();
        let members: Vec<_> = members.into_iter().map(member).collect();
        [b"{".as_slice(), &members.join(&b','), b"}"].concat()
    })
}
