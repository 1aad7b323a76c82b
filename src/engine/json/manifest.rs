//! Reads a whole text: a manifest or a bare array of sessions.

use super::array;
use super::cursor::Cursor;
use super::error::JsonError;
use super::error::{EXPECTING_COLON, EXPECTING_COMMA, EXPECTING_NAME, EXPECTING_VALUE};
use super::key::KeyTable;
use super::loaded::{Hooks, Joiner, Loaded, Shape};
use super::pack::Packer;
use super::string;
use crate::engine::error::Error;

/// Loads the sessions of a manifest (`{"sessions": [...], "weights": {...}, ...}`) or of a bare array.
///
/// # Errors
///
/// `Syntax` if the text is not JSON, `Unsupported` if Python has to read it, `Cancelled` by the hook, `TooLarge`.
///
/// ```
/// use core::ops::ControlFlow;
/// use eventkit::engine::json::{Hooks, load};
///
/// let text = br#"[{"title": "Agents", "tags": ["AI"], "popularity": 0.50}]"#;
/// let mut hooks = Hooks {
///     lower: &|text| text.to_lowercase().into_bytes(),
///     progress: &mut |_| ControlFlow::Continue(()),
///     pool: None,
/// };
/// let loaded = load(text, &mut hooks)?;
/// let mut out = Vec::new();
/// loaded.text.get(0).expect("one session").dump(&mut out);
/// assert_eq!(out, br#"{"title": "Agents", "tags": ["AI"], "popularity": 0.5}"#);
/// # Ok::<(), eventkit::engine::error::Error>(())
/// ```
pub fn load(bytes: &[u8], hooks: &mut Hooks<'_>) -> Result<Loaded, Error> {
    let error = |fault: JsonError| fault.into_error(bytes, 1, None);
    if bytes.starts_with(b"\xef\xbb\xbf") || bytes.iter().take(4).any(|&byte| byte == 0) {
        return Err(error(JsonError::unsupported(
            0,
            "another encoding than UTF-8 without a mark",
        )));
    }
    let mut cursor = Cursor::new(bytes, 0);
    cursor.space();
    let loaded = match cursor.peek() {
        Some(b'[') => {
            let mut joiner = Joiner::new(Shape::Array, hooks.lower);
            let (at, keys) = array::read(bytes, cursor.at + 1, &mut joiner, hooks)?;
            cursor.at = at;
            joiner.finish(keys, hooks.pool)
        }
        Some(b'{') => manifest(&mut cursor, hooks)?,
        _ => {
            let at = cursor.at;
            let value = Packer::new(cursor, &KeyTable::default()).value(0);
            let fault = value.err();
            return Err(error(fault.unwrap_or_else(|| {
                JsonError::unsupported(at, "neither a manifest nor an array")
            })));
        }
    };
    cursor.space();
    match cursor.peek() {
        None => Ok(loaded),
        Some(_) => Err(error(JsonError::syntax(cursor.at, "Extra data"))),
    }
}

/// Reads a manifest whose brace comes next. Of repeated members the last value counts, in the first one's place.
fn manifest(cursor: &mut Cursor<'_>, hooks: &mut Hooks<'_>) -> Result<Loaded, Error> {
    let bytes = cursor.bytes;
    let error = |fault: JsonError| fault.into_error(bytes, 1, None);
    let mut loaded: Option<Loaded> = None;
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    cursor.at += 1;
    cursor.space();
    if !cursor.take(b'}') {
        loop {
            let name = name(cursor).map_err(error)?;
            if name == "sessions" {
                loaded = Some(sessions(cursor, hooks)?);
            } else {
                let text = value(cursor).map_err(error)?.to_vec();
                match fields.iter_mut().find(|(held, _)| *held == name) {
                    Some((_, held)) => *held = text,
                    None => fields.push((name, text)),
                }
            }
            cursor.space();
            if cursor.take(b'}') {
                break;
            }
            cursor.expect(b',', EXPECTING_COMMA).map_err(error)?;
            cursor.space();
        }
    }
    let none = || Joiner::new(Shape::Manifest, hooks.lower).finish(KeyTable::default(), None);
    let mut loaded = loaded.unwrap_or_else(none);
    loaded.fields = fields;
    Ok(loaded)
}

fn sessions(cursor: &mut Cursor<'_>, hooks: &mut Hooks<'_>) -> Result<Loaded, Error> {
    let bytes = cursor.bytes;
    let at = cursor.at;
    if cursor.peek() != Some(b'[') {
        let fault = value(cursor).err();
        let fault =
            fault.unwrap_or_else(|| JsonError::unsupported(at, "the sessions are no array"));
        return Err(fault.into_error(bytes, 1, None));
    }
    let mut joiner = Joiner::new(Shape::Manifest, hooks.lower);
    let (at, keys) = array::read(bytes, at + 1, &mut joiner, hooks)?;
    cursor.at = at;
    Ok(joiner.finish(keys, hooks.pool))
}

/// Skips a member's name, its colon and white space. Returns the name.
fn name(cursor: &mut Cursor<'_>) -> Result<String, JsonError> {
    cursor.expect(b'"', EXPECTING_NAME)?;
    let text = cursor.string()?;
    let raw = cursor.bytes.get(text).unwrap_or_default();
    cursor.space();
    cursor.expect(b':', EXPECTING_COLON)?;
    cursor.space();
    Ok(String::from_utf8_lossy(&string::decode(raw)).into_owned())
}

/// Checks and skips a value. Returns its text.
fn value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], JsonError> {
    let start = cursor.at;
    if cursor.peek().is_none() {
        return Err(JsonError::syntax(start, EXPECTING_VALUE));
    }
    let keys = KeyTable::default();
    let mut packer = Packer::new(*cursor, &keys);
    packer.value(1)?;
    cursor.at = packer.cursor.at;
    Ok(cursor.bytes.get(start..cursor.at).unwrap_or_default())
}
