//! Reads `null`, `true`, `false` and numbers, each with the type that Python's `json` gives it.

/// A value of JSON that is neither a text, an array nor an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number with a point or an exponent.
    Float(f64),
    /// An integer of at most 64 bits.
    Int(i64),
    /// The digits of a longer integer.
    LongInt(String),
}

impl Scalar {
    /// Reads a value that the loader accepted. Returns `None` for bytes that only a damaged file holds.
    #[inline]
    pub fn read(raw: &[u8]) -> Option<Self> {
        match raw {
            b"null" => return Some(Self::Null),
            b"true" => return Some(Self::Bool(true)),
            b"false" => return Some(Self::Bool(false)),
            _ => {}
        }
        // Copied before it is checked: the bytes of a mapped file can change in between.
        let raw = String::from_utf8(raw.to_vec()).ok()?;
        if raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            return raw.parse().ok().map(Self::Float);
        }
        Some(match raw.parse() {
            Ok(int) => Self::Int(int),
            Err(_) => Self::LongInt(raw),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Scalar;

    #[test]
    fn numbers_have_the_types_of_python() {
        let read = |raw: &str| Scalar::read(raw.as_bytes());
        assert_eq!(read("null"), Some(Scalar::Null));
        assert_eq!(read("true"), Some(Scalar::Bool(true)));
        assert_eq!(read("-7"), Some(Scalar::Int(-7)));
        assert_eq!(read("1e2"), Some(Scalar::Float(100.0)));
        let long = "9223372036854775808";
        assert_eq!(read(long), Some(Scalar::LongInt(long.into())));
        assert_eq!(Scalar::read(b"\xff1"), None);
    }
}
