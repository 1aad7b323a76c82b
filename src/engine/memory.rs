//! Memory whose size a caller chooses: an error where it cannot be had, because a failed allocation of Rust ends the
//! process.

use core::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;

/// Less than this is not checked: whoever embeds the engine keeps a reserve for small requests.
const LEAST: usize = 1 << 16;

static LOW: AtomicBool = AtomicBool::new(false);

/// Returns true once memory was so short that the reserve had to be used. Loops over what a caller gave stop then.
#[inline]
pub fn is_low() -> bool {
    LOW.load(Ordering::Relaxed)
}

/// Sets what [`is_low`] returns. For the allocator that keeps the reserve.
pub fn set_low(low: bool) {
    LOW.store(low, Ordering::Relaxed);
}

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

/// Makes room for `bytes` more in `out`, and for more than that as it grows.
///
/// # Errors
///
/// No memory for it.
#[inline]
pub fn reserve(out: &mut Vec<u8>, bytes: usize) -> Result<(), Error> {
    out.try_reserve(bytes)
        .map_err(|_| Error::memory("an answer", out.len().saturating_add(bytes)))
}

/// Checks that so many bytes can be had now: work that allocates as much in pieces comes next.
///
/// The bytes are given back at once. So this is a promise only where no other thread takes them in between.
///
/// # Errors
///
/// No memory for it.
#[inline]
pub fn check(what: &str, bytes: usize) -> Result<(), Error> {
    if bytes < LEAST {
        return Ok(());
    }
    probe(what, bytes)
}

#[cold]
fn probe(what: &str, bytes: usize) -> Result<(), Error> {
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(bytes)
        .map_err(|_| Error::memory(what, bytes))
}
