//! Text from the bytes of a feed: UTF-8, or what a byte order mark or an XML declaration names.

use std::borrow::Cow;

use super::fault::Fault;

/// The characters 0x80 to 0x9F of Windows-1252; those it leaves open are the control characters of Latin-1.
pub(super) const WINDOWS_1252: [u32; 32] = [
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
];

/// The characters of ISO-8859-15 that are others than those of ISO-8859-1.
const LATIN_9: [(u8, char); 8] = [
    (0xa4, '€'),
    (0xa6, 'Š'),
    (0xa8, 'š'),
    (0xb4, 'Ž'),
    (0xb8, 'ž'),
    (0xbc, 'Œ'),
    (0xbd, 'œ'),
    (0xbe, 'Ÿ'),
];

/// Returns the text of a feed without its byte order mark.
///
/// # Errors
/// The bytes are not in the encoding that they name, or name none and are not UTF-8.
pub(super) fn decode(data: &[u8]) -> Result<Cow<'_, str>, Fault> {
    match data {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match declared(data) {
            Some(name) => single_byte(data, &name),
            None => utf8(data).or_else(|fault| unfolded(data).ok_or(fault)),
        },
    }
}

/// Returns the text of a calendar whose lines are folded within characters: joined, it is UTF-8.
fn unfolded(data: &[u8]) -> Option<Cow<'_, str>> {
    memchr::memmem::find(data, b"BEGIN:VCALENDAR")?;
    let mut joined = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at(at + 1);
        if let [b' ' | b'\t', after @ ..] = after {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            joined.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            rest = after;
        } else {
            joined.extend_from_slice(line);
            rest = after;
        }
    }
    joined.extend_from_slice(rest);
    String::from_utf8(joined).ok().map(Cow::Owned)
}

fn utf8(data: &[u8]) -> Result<Cow<'_, str>, Fault> {
    core::str::from_utf8(data)
        .map(Cow::Borrowed)
        .map_err(|error| {
            let offset = error.valid_up_to();
            let byte = data.get(offset).copied().unwrap_or_default();
            let reason = match error.error_len() {
                None => "the text ends within a character: it was cut off".into(),
                Some(_) => format!("byte 0x{byte:02X} is not UTF-8: save the feed as UTF-8"),
            };
            Fault::at_offset(data, offset, reason)
        })
}

fn utf16(data: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Fault> {
    let (pairs, rest) = data.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| Fault::new("the text has the mark of UTF-16, but is not UTF-16"))?;
    if rest.is_empty() {
        Ok(Cow::Owned(text))
    } else {
        Err(Fault::new(
            "the text in UTF-16 ends within a character: it was cut off",
        ))
    }
}

/// The encoding that an XML declaration names, unless it is UTF-8.
fn declared(data: &[u8]) -> Option<String> {
    let head = data.get(..data.len().min(300))?;
    let at = memchr::memmem::find(head, b"<?xml")?;
    let head = String::from_utf8_lossy(head.get(at..)?);
    let declaration = head.split_once("?>")?.0;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let name = value.get(1..)?.split_once(quote)?.0.to_ascii_lowercase();
    (!matches!(name.as_str(), "utf-8" | "utf8")).then_some(name)
}

fn single_byte<'a>(data: &'a [u8], name: &str) -> Result<Cow<'a, str>, Fault> {
    let (windows, latin_9) = match name {
        "us-ascii" | "ascii" | "iso-8859-1" | "latin1" | "latin-1" => (false, false),
        "windows-1252" | "cp1252" => (true, false),
        "iso-8859-15" | "latin9" | "latin-9" => (false, true),
        _ => {
            return Err(Fault::at(
                1,
                1,
                format!(
                    "the encoding {name:?} is not read: expected UTF-8, UTF-16 with a byte order mark, ISO-8859-1, \
                     ISO-8859-15 or Windows-1252"
                ),
            ));
        }
    };
    if let Ok(ascii) = core::str::from_utf8(data)
        && ascii.is_ascii()
    {
        return Ok(Cow::Borrowed(ascii));
    }
    let character = |byte: u8| match byte {
        _ if latin_9 && let Some((_, other)) = LATIN_9.iter().find(|(at, _)| *at == byte) => *other,
        0x80..=0x9f if windows => {
            char::from_u32(WINDOWS_1252[usize::from(byte - 0x80)]).unwrap_or('\u{fffd}')
        }
        _ => char::from(byte),
    };
    Ok(Cow::Owned(
        data.iter().map(|byte| character(*byte)).collect(),
    ))
}
