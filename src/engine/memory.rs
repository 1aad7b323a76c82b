//! Memory whose size a caller chooses: an error where it cannot be had, because a failed allocation of Rust ends the
//! process.

use super::error::Error;

/// Returns a table of `rows` times `columns` equal values.
///
/// # Errors
///
/// No memory for it.
pub fn filled<T: Clone>(value: T, rows: usize, columns: usize) -> Result<Vec<T>, Error> {
    let mut table = Vec::new();
    let count = rows.saturating_mul(columns);
    let failed = |_| Error::memory("a table", count.saturating_mul(size_of::<T>()));
    table.try_reserve_exact(count).map_err(failed)?;
    table.resize(count, value);
    Ok(table)
}

/// Checks that so many bytes can be had now: work that allocates as much in pieces comes next.
///
/// The bytes are given back at once. So this is a promise only where no other thread takes them in between.
///
/// # Errors
///
/// No memory for it.
pub fn check(what: &str, bytes: usize) -> Result<(), Error> {
    let mut probe: Vec<u8> = Vec::new();
    let failed = |_| Error::memory(what, bytes);
    probe.try_reserve_exact(bytes).map_err(failed)
}
