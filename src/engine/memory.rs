//! Checks for memory whose size a caller chooses. If there is not enough, these functions return an error, because a
//! failed allocation of Rust would end the process.

use core::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;
pub use super::prefetch::prefetch;

/// Smaller requests are not checked. The bindings keep a reserve for them.
const LEAST: usize = 1 << 16;

static LOW: AtomicBool = AtomicBool::new(false);

/// Returns true once the reserve of memory had to be used. Loops over a caller's data then stop.
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
/// Fails if there is no memory for it.
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
/// Fails if there is no memory for it.
#[inline]
pub fn reserve(out: &mut Vec<u8>, bytes: usize) -> Result<(), Error> {
    out.try_reserve(bytes)
        .map_err(|_| Error::memory("an answer", out.len().saturating_add(bytes)))
}

/// Checks that there are `bytes` of memory now, before work that allocates as much in pieces.
///
/// The memory is freed at once, so another thread may take it in between.
///
/// # Errors
///
/// Fails if there is no memory for it.
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
