//! Decodes JSON strings, and encodes text as Python's `json.dumps` does.
//!
//! Both are O(bytes). The input is the bytes between the quotes. The loader leaves lone surrogates to Python, so a decoded
//! string is valid UTF-8.

use std::borrow::Cow;

use super::fault::Fault;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Four hexadecimal digits at the head of `bytes`.
#[inline]
fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits: &[u8; 4] = bytes.first_chunk()?;
    digits.iter().try_fold(0, |value, &digit| {
        char::from(digit)
            .to_digit(16)
            .map(|digit| value << 4 | digit)
    })
}

/// One escape: the character, and how many bytes it takes behind the backslash. `at` is where the backslash stands.
pub(super) fn escape(after: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let Some((&letter, rest)) = after.split_first() else {
        return Err(Fault::syntax(at, "Unterminated string"));
    };
    let plain = match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(rest, at),
        _ => return Err(Fault::syntax(at, "Invalid \\escape")),
    };
    Ok((plain, 1))
}

fn unicode_escape(digits: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let Some(unit) = hex4(digits) else {
        return Err(Fault::syntax(at + 1, "Invalid \\uXXXX escape"));
    };
    if let Some(character) = char::from_u32(unit) {
        return Ok((character, 5));
    }
    let low = digits
        .get(4..)
        .and_then(|rest| rest.strip_prefix(b"\\u"))
        .and_then(hex4);
    match low {
        Some(low @ 0xdc00..=0xdfff) if unit < 0xdc00 => {
            let scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            let character = char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
            Ok((character, 11))
        }
        _ => Err(Fault::unsupported(at, "a lone surrogate in a string")),
    }
}

/// What the text between the quotes spells, without a copy where it has no escape.
///
/// Text that the loader did not check (a damaged file) is decoded as far as it makes sense: a broken escape stays as it
/// is written.
pub fn decode(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut spelled = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte == b'\\').then(|| escape(after, 0)) {
            Some(Ok((character, taken))) => {
                spelled.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after.get(taken..).unwrap_or_default();
            }
            _ => spelled.push(byte),
        }
    }
    Cow::Owned(spelled)
}

/// Appends a string in quotes as `json.dumps` writes it: everything outside `' '..='~'` escaped.
///
/// ```
/// use eventkit::engine::json::write_str;
///
/// let mut out = Vec::new();
/// write_str(&mut out, "caf\u{e9} \"\u{1f600}\"\n");
/// assert_eq!(out, br#""caf\u00e9 \"\ud83d\ude00\"\n""#);
/// ```
pub fn write_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for chunk in text
        .as_bytes()
        .chunk_by(|&a, &b| is_plain(a) == is_plain(b))
    {
        if chunk.first().copied().is_some_and(is_plain) {
            out.extend_from_slice(chunk);
        } else {
            // A chunk of bytes that are not plain holds whole characters: the plain ones are ASCII.
            String::from_utf8_lossy(chunk)
                .chars()
                .for_each(|character| write_escape(out, character));
        }
    }
    out.push(b'"');
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

fn write_escape(out: &mut Vec<u8>, character: char) {
    let letter = match character {
        '"' | '\\' => character as u8,
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                for shift in [12, 8, 4, 0] {
                    let digit = usize::from(*unit >> shift & 0xf);
                    out.push(HEX.get(digit).copied().unwrap_or(b'0'));
                }
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::json::fault::Reason;

    #[test]
    fn escapes_spell_characters() {
        let rows: [(&str, &str); 6] = [
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"A\u00e9\u20AC", "A\u{e9}\u{20ac}"),
            (r"\ud83d\ude00!", "\u{1f600}!"),
            ("\u{e9}\\n", "\u{e9}\n"),
            ("", ""),
        ];
        for (raw, spelled) in rows {
            assert_eq!(&*decode(raw.as_bytes()), spelled.as_bytes(), "{raw}");
        }
    }

    #[test]
    fn broken_escapes_are_told_from_odd_ones() {
        let reason = |raw: &[u8]| escape(raw, 0).map_err(|fault| fault.reason);
        assert_eq!(reason(b"x"), Err(Reason::Syntax("Invalid \\escape")));
        assert_eq!(
            reason(b"u00g0"),
            Err(Reason::Syntax("Invalid \\uXXXX escape"))
        );
        assert_eq!(
            reason(b"u+123"),
            Err(Reason::Syntax("Invalid \\uXXXX escape"))
        );
        for lone in [
            &b"ud800"[..],
            b"udc00",
            b"ud800\\u0041",
            b"udc00\\udc00",
            b"ud800\\ud800",
        ] {
            assert_eq!(
                reason(lone),
                Err(Reason::Unsupported("a lone surrogate in a string"))
            );
        }
        assert_eq!(reason(b"ud800\\udc00"), Ok(('\u{10000}', 11)));
    }

    #[test]
    fn damaged_text_is_decoded_all_the_same() {
        assert_eq!(&*decode(br"a\"), br"a\");
        assert_eq!(&*decode(br"\u12"), br"\u12");
    }
}
