//! Finds the first of some files that exists.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

/// Returns the first of the places where something exists, or `None` if there is nothing at any of them.
///
/// # Errors
///
/// Fails if the system cannot tell, for example because a directory may not be read.
pub fn first_existing(places: Vec<PathBuf>) -> io::Result<Option<PathBuf>> {
    for place in places {
        match std::fs::metadata(&place) {
            Ok(_) => return Ok(Some(place)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => {}
                _ => return Err(error),
            },
        }
    }
    Ok(None)
}
