//! Finds the next byte of a JSON string that needs handling: a quote, a backslash or a control character.
//!
//! Such a byte ends a run. Blocks of 16 bytes are tested together, so a run costs O(bytes / 16).
//!
//! A block can be copied while it is in a register, and the copy is cut at the end of the run. That is a store of a
//! known size instead of a call for each short string.

use wide::u8x16;

/// A run of bytes that need no handling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// The number of bytes.
    pub(crate) len: usize,
    /// True if all bytes are printable ASCII, so that there is no DEL and no byte from 0x80 on.
    pub(crate) plain: bool,
}

const BLOCK: usize = 16;

/// The bytes of a block that end a run, and those that are not printable ASCII. Bit `i` stands for byte `i`.
#[derive(Clone, Copy)]
struct Marks {
    stops: u32,
    foreign: u32,
}

#[inline]
fn marks(block: &[u8; BLOCK]) -> Marks {
    // A cast and not `map`. In a build with many codegen units, `map` makes a call for each byte, which took half the
    // time of reading a page of events.
    let bytes: u8x16 = bytemuck::must_cast(*block);
    let control = bytes.min(u8x16::splat(0x1f)).cmp_eq(bytes);
    let stops = control | bytes.cmp_eq(u8x16::splat(b'"')) | bytes.cmp_eq(u8x16::splat(b'\\'));
    // The mask is made of the highest bits. Bytes that are not ASCII have this bit already.
    let foreign = bytes | bytes.cmp_eq(u8x16::splat(0x7f));
    Marks {
        stops: stops.move_mask().cast_unsigned(),
        foreign: foreign.move_mask().cast_unsigned(),
    }
}

#[inline]
fn is_stop(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Returns the run at the start of `bytes`.
#[inline]
pub(crate) fn run(bytes: &[u8]) -> Run {
    let mut rest = bytes;
    let mut foreign = 0;
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        let marks = marks(block);
        if marks.stops != 0 {
            let stop = marks.stops.trailing_zeros();
            foreign |= marks.foreign & ((1 << stop) - 1);
            return Run {
                len: bytes.len() - rest.len() + stop as usize,
                plain: foreign == 0,
            };
        }
        foreign |= marks.foreign;
        rest = after;
    }
    let tail = short_run(rest);
    Run {
        len: bytes.len() - rest.len() + tail.len,
        plain: foreign == 0 && tail.plain,
    }
}

/// Returns the run at the start of `bytes`, and appends it to `out`.
#[inline]
pub(super) fn copy_run(bytes: &[u8], out: &mut Vec<u8>) -> Run {
    let mut rest = bytes;
    let mut foreign = 0;
    let before = out.len();
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        let marks = marks(block);
        out.extend_from_slice(block);
        if marks.stops != 0 {
            let stop = marks.stops.trailing_zeros();
            foreign |= marks.foreign & ((1 << stop) - 1);
            let len = bytes.len() - rest.len() + stop as usize;
            out.truncate(before + len);
            return Run {
                len,
                plain: foreign == 0,
            };
        }
        foreign |= marks.foreign;
        rest = after;
    }
    let tail = short_run(rest);
    out.extend(rest.iter().take(tail.len));
    Run {
        len: bytes.len() - rest.len() + tail.len,
        plain: foreign == 0 && tail.plain,
    }
}

fn short_run(bytes: &[u8]) -> Run {
    let len = bytes
        .iter()
        .position(|&byte| is_stop(byte))
        .unwrap_or(bytes.len());
    let plain = bytes.iter().take(len).all(|&byte| byte < 0x7f);
    Run { len, plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for place in 0..40 {
            for byte in 0..=u8::MAX {
                let mut bytes = [b'x'; 40];
                bytes[place] = byte;
                let expected = Run {
                    len: if is_stop(byte) { place } else { 40 },
                    plain: is_stop(byte) || byte < 0x7f,
                };
                assert_eq!(run(&bytes), expected);
                let mut out = b"before".to_vec();
                assert_eq!(copy_run(&bytes, &mut out), expected);
                assert_eq!(out.strip_prefix(b"before"), Some(&bytes[..expected.len]));
            }
        }
    }

    #[test]
    fn what_stands_behind_the_stop_does_not_count() {
        let text = "plain\"\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}";
        assert_eq!(
            run(text.as_bytes()),
            Run {
                len: 5,
                plain: true
            }
        );
    }
}
