//! Reads JSON numbers as Python does, and writes them as `repr` does.
//!
//! A number is kept as the text that `json.dumps` would write, so writing it again is a copy. Most numbers are that
//! text already: a decimal of at most 15 digits without a trailing zero is the shortest text of its float, because
//! different decimals of 15 digits are different floats. Reading is O(digits), writing O(1).

use std::io::Write;

use super::error::{EXPECTING_VALUE, JsonError};
use crate::engine::ranking::score::Number;

/// A number that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parsed {
    /// The bytes of its text.
    pub(super) len: usize,
    /// Its value, or `None` for an `int` beyond 64 bits.
    pub(super) value: Option<Number>,
    /// Whether Python would write it with the same text.
    pub(super) canonical: bool,
}

/// The digits of an `int` that every interpreter accepts: 640 is the lowest limit that can be configured.
const INT_DIGITS: usize = 640;
const MANY_DIGITS: &str = "an int of very many digits";

/// The powers of ten that an `f64` holds exactly.
const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len())
}

fn after(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

/// The lengths of the parts of a number's text.
struct Shape {
    minus: usize,
    whole: usize,
    /// Including the point; 0 if there is none.
    fraction: usize,
    /// Including `e` and sign; 0 if there is none.
    exponent: usize,
}

fn shape(text: &[u8]) -> Option<Shape> {
    let minus = usize::from(text.first() == Some(&b'-'));
    let rest = after(text, minus);
    let whole = match rest.first()? {
        b'0' => 1,
        b'1'..=b'9' => digits(rest),
        _ => return None,
    };
    let rest = after(rest, whole);
    let fraction = match rest {
        [b'.', b'0'..=b'9', ..] => 1 + digits(after(rest, 1)),
        _ => 0,
    };
    let rest = after(rest, fraction);
    let exponent = match rest {
        [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => 2 + digits(after(rest, 2)),
        [b'e' | b'E', b'0'..=b'9', ..] => 1 + digits(after(rest, 1)),
        _ => 0,
    };
    Some(Shape {
        minus,
        whole,
        fraction,
        exponent,
    })
}

/// Reads the number at the start of `text`, whose offset is `at`. Returns `None` if there is none.
pub(super) fn parse(text: &[u8], at: usize) -> Option<Result<Parsed, JsonError>> {
    let shape = shape(text)?;
    let len = shape.minus + shape.whole + shape.fraction + shape.exponent;
    let token = text.get(..len)?;
    let parsed = if shape.fraction + shape.exponent == 0 {
        parse_int(token, &shape, at)
    } else {
        parse_float(token, &shape, at)
    };
    Some(parsed.map(|(value, canonical)| Parsed {
        len,
        value,
        canonical,
    }))
}

/// Returns the bytes of the number at the start of `text`, whose offset is `at`. Its value is not checked: Python also
/// reads a float beyond the largest.
pub(super) fn skip(text: &[u8], at: usize) -> Result<usize, JsonError> {
    let Some(shape) = shape(text) else {
        return Err(JsonError::syntax(at, EXPECTING_VALUE));
    };
    if shape.fraction + shape.exponent == 0 && shape.whole > INT_DIGITS {
        return Err(JsonError::unsupported(at, MANY_DIGITS));
    }
    Ok(shape.minus + shape.whole + shape.fraction + shape.exponent)
}

fn parse_int(token: &[u8], shape: &Shape, at: usize) -> Result<(Option<Number>, bool), JsonError> {
    if shape.whole > INT_DIGITS {
        return Err(JsonError::unsupported(at, MANY_DIGITS));
    }
    let value = core::str::from_utf8(token)
        .ok()
        .and_then(|token| token.parse::<i64>().ok());
    // Python reads -0 as the int 0.
    let canonical = value != Some(0) || shape.minus == 0;
    Ok((value.map(Number::Int), canonical))
}

fn parse_float(
    token: &[u8],
    shape: &Shape,
    at: usize,
) -> Result<(Option<Number>, bool), JsonError> {
    if let Some(value) = short_decimal(token, shape) {
        let small = value.abs() < 1e-4 && value != 0.0;
        let trailing = shape.fraction > 2 && token.last() == Some(&b'0');
        return Ok((Some(Number::Float(value)), !small && !trailing));
    }
    let value = core::str::from_utf8(token)
        .ok()
        .and_then(|token| token.parse::<f64>().ok());
    match value {
        Some(value) if value.is_finite() => {
            let mut text = Vec::with_capacity(32);
            write_float(&mut text, value);
            Ok((Some(Number::Float(value)), text == token))
        }
        _ => Err(JsonError::unsupported(at, "a float beyond the largest")),
    }
}

/// Returns the value of a decimal without exponent and of at most 15 digits: an exact integer over an exact power of
/// ten.
fn short_decimal(token: &[u8], shape: &Shape) -> Option<f64> {
    let places = shape.fraction.checked_sub(1)?;
    if shape.exponent != 0 || shape.whole + places > 15 {
        return None;
    }
    let digits = after(token, shape.minus)
        .iter()
        .filter(|&&byte| byte != b'.');
    let mantissa = digits.fold(0_u64, |value, &digit| value * 10 + u64::from(digit & 0xf));
    let value = mantissa as f64 / POWERS.get(places)?;
    Some(if shape.minus == 1 { -value } else { value })
}

/// Appends a float as `float.__repr__` writes it, or NaN and the infinities as `json.dumps` writes them.
///
/// ```
/// use eventkit::engine::json::write_float;
///
/// let mut out = Vec::new();
/// for value in [1e16, 1e-5, 0.1 + 0.2, -0.0, f64::NAN] {
///     write_float(&mut out, value);
///     out.push(b' ');
/// }
/// assert_eq!(out, b"1e+16 1e-05 0.30000000000000004 -0.0 NaN ");
/// ```
pub fn write_float(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value.is_infinite() {
        return out.extend_from_slice(b"Infinity");
    }
    let mut buffer = zmij::Buffer::new();
    let (digits, point) = shortest(buffer.format_finite(value.abs()));
    let digits = digits.as_slice();
    // `point` digits are before the decimal point. Python writes an exponent from 1e16 on and below 1e-4.
    match usize::try_from(point) {
        Ok(point @ 1..=16) => {
            let whole = digits.get(..point.min(digits.len())).unwrap_or_default();
            out.extend_from_slice(whole);
            out.extend(core::iter::repeat_n(b'0', point - whole.len()));
            out.push(b'.');
            match after(digits, point) {
                [] => out.push(b'0'),
                places => out.extend_from_slice(places),
            }
        }
        _ if (-3..=0).contains(&point) => {
            out.extend_from_slice(b"0.");
            out.extend(core::iter::repeat_n(b'0', point.unsigned_abs() as usize));
            out.extend_from_slice(digits);
        }
        _ => write_exponent(out, digits, point - 1),
    }
}

fn write_exponent(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    out.extend(digits.first());
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(after(digits, 1));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    append(out, format_args!("e{sign}{:02}", exponent.unsigned_abs()));
}

/// Significant digits, at most 17.
struct Digits {
    bytes: [u8; 24],
    len: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = digit;
            self.len += 1;
        }
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Returns the digits of a printed float without zeros at either end, and how many are before the point. Zero is "0".
fn shortest(printed: &str) -> (Digits, i32) {
    let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
    let mut digits = Digits {
        bytes: [0; 24],
        len: 0,
    };
    let mut point = exponent.parse::<i32>().unwrap_or_default();
    let mut zeros = 0;
    let mut places = false;
    for byte in mantissa.bytes() {
        match byte {
            b'.' => {
                places = true;
                continue;
            }
            b'0' if digits.len == 0 => {}
            b'0' => zeros += 1,
            _ => {
                (0..zeros).for_each(|_| digits.push(b'0'));
                zeros = 0;
                digits.push(byte);
            }
        }
        // Before the point every digit counts unless it leads; after it a leading zero moves the point back.
        if places {
            point -= i32::from(digits.len == 0);
        } else {
            point += i32::from(digits.len > 0);
        }
    }
    if digits.len == 0 {
        digits.push(b'0');
        point = 1;
    }
    (digits, point)
}

/// Appends a number as Python writes it.
pub fn write_number(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Int(value) => append(out, format_args!("{value}")),
        Number::Float(value) => write_float(out, value),
    }
}

fn append(out: &mut Vec<u8>, text: core::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::Number::{Float, Int};
    use super::*;

    /// Returns length, value, and whether Python would write it so.
    type Read = Option<(usize, Option<Number>, bool)>;

    fn read(text: &str) -> Read {
        let parsed = parse(text.as_bytes(), 0)?.ok()?;
        Some((parsed.len, parsed.value, parsed.canonical))
    }

    #[test]
    fn numbers_as_python_reads_them() {
        let rows: [(&str, Read); 22] = [
            ("0", Some((1, Some(Int(0)), true))),
            ("-0", Some((2, Some(Int(0)), false))),
            ("-0.0", Some((4, Some(Float(-0.0)), true))),
            ("01", Some((1, Some(Int(0)), true))),
            ("-", None),
            ("+1", None),
            (".5", None),
            ("1.", Some((1, Some(Int(1)), true))),
            ("1e", Some((1, Some(Int(1)), true))),
            ("1e+", Some((1, Some(Int(1)), true))),
            ("0.97,", Some((4, Some(Float(0.97)), true))),
            ("0.50", Some((4, Some(Float(0.5)), false))),
            ("1.0", Some((3, Some(Float(1.0)), true))),
            ("1.00", Some((4, Some(Float(1.0)), false))),
            ("0.0001", Some((6, Some(Float(1e-4)), true))),
            ("0.00010", Some((7, Some(Float(1e-4)), false))),
            ("0.00001", Some((7, Some(Float(1e-5)), false))),
            ("1E5", Some((3, Some(Float(1e5)), false))),
            ("1e-05", Some((5, Some(Float(1e-5)), true))),
            ("9223372036854775807", Some((19, Some(Int(i64::MAX)), true))),
            ("9223372036854775808", Some((19, None, true))),
            (
                "0.1000000000000000055511151231257827",
                Some((36, Some(Float(0.1)), false)),
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
        assert!(matches!(parse(b"1E400", 0), Some(Err(_))));
        assert!(matches!(parse("9".repeat(641).as_bytes(), 0), Some(Err(_))));
    }
}
