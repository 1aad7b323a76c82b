//! ASCII case folding, and strings as bytes.
//!
//! Only ASCII is lowered here. Python's `str.lower` and Rust's `to_lowercase` follow different Unicode versions and
//! disagree on up to 95 code points and hundreds of final-sigma contexts, so every other string is lowered by the
//! interpreter and arrives as its UTF-8 bytes (lone surrogates encoded as `surrogatepass` does, which keeps the
//! encoding injective).

/// Lowers eight ASCII bytes at once. Bytes outside `A..=Z`, also non-ASCII ones, are not changed.
#[inline]
pub fn lower_word(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let low_bits = word & (0x7f * ONES);
    let above_z = low_bits + (0x7f - u64::from(b'Z')) * ONES;
    let from_a = low_bits + (0x80 - u64::from(b'A')) * ONES;
    let upper = !word & (from_a ^ above_z) & (0x80 * ONES);
    word | (upper >> 2)
}

/// Returns how many of eight ASCII-lowered bytes, from the first on, are ASCII letters or digits.
#[inline]
pub fn leading_alphanumeric(lowered: u64) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let bits = lowered & (0x7f * ONES);
    let from = |first: u8| bits + (0x80 - u64::from(first)) * ONES;
    let above = |last: u8| bits + (0x7f - u64::from(last)) * ONES;
    let letter = from(b'a') & !above(b'z');
    let digit = from(b'0') & !above(b'9');
    let others = !((letter | digit) & !lowered) & (0x80 * ONES);
    others.trailing_zeros() as usize / 8
}

/// Returns the first eight bytes as a little-endian word, padded with zeros.
#[inline]
pub fn head_word(bytes: &[u8]) -> u64 {
    if let Some(head) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*head);
    }
    // Two reads that may overlap, in the place of a loop over the bytes.
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let shift = 8 * (bytes.len() - 4);
        return u64::from(u32::from_le_bytes(*first))
            | (u64::from(u32::from_le_bytes(*last)) << shift);
    }
    bytes
        .iter()
        .rev()
        .fold(0, |word, &byte| (word << 8) | u64::from(byte))
}

/// Calls `use_lowered` with the ASCII-lowered bytes, without an allocation for up to 64 of them.
#[inline]
pub fn with_lowered<R>(bytes: &[u8], use_lowered: impl FnOnce(&[u8]) -> R) -> R {
    let mut buffer = [0_u8; 64];
    if let Some(short) = buffer.get_mut(..bytes.len()) {
        for (lowered, byte) in short.iter_mut().zip(bytes) {
            *lowered = byte.to_ascii_lowercase();
        }
        use_lowered(short)
    } else {
        use_lowered(&bytes.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_lowered_byte_by_byte() {
        for byte in 0..=u8::MAX {
            let word = u64::from_le_bytes([byte; 8]);
            assert_eq!(
                lower_word(word).to_le_bytes(),
                [byte.to_ascii_lowercase(); 8]
            );
        }
        let mixed = *b"aZ@[`{9\xc4";
        assert_eq!(
            lower_word(u64::from_le_bytes(mixed)).to_le_bytes(),
            mixed.map(|b| b.to_ascii_lowercase())
        );
    }

    #[test]
    fn letters_and_digits_are_counted_up_to_the_first_other_byte() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut word = *b"a0z9m5kq";
                word[at] = byte;
                let lowered = lower_word(u64::from_le_bytes(word));
                let expected = if byte.is_ascii_alphanumeric() { 8 } else { at };
                assert_eq!(leading_alphanumeric(lowered), expected, "{byte} at {at}");
            }
        }
        assert_eq!(leading_alphanumeric(u64::MAX), 0);
        assert_eq!(leading_alphanumeric(0), 0);
    }

    #[test]
    fn the_head_is_little_endian_and_padded() {
        for len in 0..8 {
            let mut padded = [0; 8];
            padded[..len].copy_from_slice(&b"abcdefg"[..len]);
            assert_eq!(head_word(&b"abcdefg"[..len]), u64::from_le_bytes(padded));
        }
        assert_eq!(head_word(b""), 0);
        assert_eq!(head_word(b"ab"), u64::from_le_bytes(*b"ab\0\0\0\0\0\0"));
        assert_eq!(head_word(b"abcdefghi"), u64::from_le_bytes(*b"abcdefgh"));
    }

    #[test]
    fn long_strings_are_lowered_too() {
        for length in [0, 63, 64, 65, 1000] {
            let text = "A".repeat(length);
            assert!(with_lowered(text.as_bytes(), |lowered| lowered
                == "a".repeat(length).as_bytes()));
        }
    }
}
