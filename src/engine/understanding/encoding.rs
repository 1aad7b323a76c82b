//! How compiled words are written: the place of a word's postings, and numbers of variable length.

/// Where the postings of a word are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WordId {
    pub(super) start: u32,
    /// Four times the number of their bytes, and the number of the main code. If it is 3, the main code is the
    /// first byte.
    pub(super) shape: u32,
}

impl WordId {
    /// The number of bytes.
    pub(super) fn len(self) -> u32 {
        self.shape >> 2
    }
}

/// Reads a number that [`write_number`] wrote, and leaves what follows it.
#[inline]
pub(super) fn read_number(bytes: &mut &[u8]) -> u32 {
    let mut number = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let Some((&byte, rest)) = bytes.split_first() else {
            return number;
        };
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

/// Appends a number, seven bits to a byte, the lowest first.
#[inline]
pub(super) fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
