//! Makes the checksums of a container's header and table right again, so that what stands in them is looked at.

#![allow(dead_code, missing_docs, unreachable_pub)]

use twox_hash::XxHash3_64;

pub const LEN: usize = 16;
pub const TABLE: usize = 24;
pub const SECTIONS: usize = 32;
pub const TABLE_CHECKSUM: usize = 40;
pub const RESERVED: usize = 48;
pub const CHECKSUM: usize = 56;

/// Of a row of the table.
pub const START: usize = 48;
pub const ROW_LEN: usize = 56;
pub const WIDTH: usize = 64;
pub const ROW: usize = 80;

pub fn number(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).map_or(0, |eight| {
        u64::from_ne_bytes(eight.try_into().unwrap_or_default())
    })
}

pub fn put(bytes: &mut [u8], at: usize, value: u64) {
    if let Some(eight) = bytes.get_mut(at..at.saturating_add(8)) {
        eight.copy_from_slice(&value.to_ne_bytes());
    }
}

pub fn seal(bytes: &mut [u8]) {
    let table = usize::try_from(number(bytes, TABLE)).unwrap_or(usize::MAX);
    if let Some(table) = bytes.get(table..) {
        let checksum = XxHash3_64::oneshot(table);
        put(bytes, TABLE_CHECKSUM, checksum);
    }
    if let Some(header) = bytes.get(..CHECKSUM) {
        let checksum = XxHash3_64::oneshot(header);
        put(bytes, CHECKSUM, checksum);
    }
}
