//! Names rotated files: `telemetry.0000000042-20261123T150100.123456789Z-1234.jsonl`, later with `.gz`.
//!
//! The sequence number comes first, so names sort in the order of rotation even when the clock was stepped back. Time and
//! process make a name unique also where the number was lost.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::civil;

/// A rotated file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// Its place among its siblings.
    pub sequence: u64,
    /// Where it is.
    pub path: PathBuf,
    /// Whether it ends in `.gz`.
    pub compressed: bool,
}

/// The path of a new segment of the file at `path`.
pub(super) fn new_path(path: &Path, sequence: u64, unix_ns: u64, pid: u32) -> PathBuf {
    let (stem, extension) = parts(path);
    let mut name = stem;
    name.push(format!(".{sequence:010}-{}-{pid}", civil::stamp(unix_ns)));
    name.push(extension);
    path.with_file_name(name)
}

/// The segments of the file at `path`, in order.
///
/// # Errors
///
/// The directory cannot be listed.
pub fn list(path: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory(path))? {
        let name = entry?.file_name();
        if let Some((sequence, compressed)) = parse(path, &name) {
            found.push(Segment {
                sequence,
                path: path.with_file_name(&name),
                compressed,
            });
        }
    }
    found.sort();
    Ok(found)
}

/// The directory that a file is in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// `telemetry.jsonl` as `telemetry` and `.jsonl`.
fn parts(path: &Path) -> (OsString, OsString) {
    let stem = path.file_stem().unwrap_or_default().to_owned();
    let mut extension = OsString::new();
    if let Some(found) = path.extension() {
        extension.push(".");
        extension.push(found);
    }
    (stem, extension)
}

/// The sequence number in a name, and whether it is a compressed one; `None` for every other file.
fn parse(path: &Path, name: &OsStr) -> Option<(u64, bool)> {
    let (stem, extension) = parts(path);
    let name = name.as_encoded_bytes();
    let name = name
        .strip_prefix(stem.as_encoded_bytes())?
        .strip_prefix(b".")?;
    let (name, compressed) = match name.strip_suffix(b".gz") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let name = std::str::from_utf8(name.strip_suffix(extension.as_encoded_bytes())?).ok()?;
    let mut fields = name.split('-');
    let (sequence, time, pid) = (fields.next()?, fields.next()?, fields.next()?);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = time.len() == "20261123T150100.123456789Z".len() && time.ends_with('Z');
    let ours = sequence.len() >= 10
        && digits(sequence)
        && is_time
        && digits(pid)
        && fields.next().is_none();
    ours.then(|| sequence.parse().ok())
        .flatten()
        .map(|sequence| (sequence, compressed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        let path = Path::new("logs/telemetry.jsonl");
        let made = new_path(path, 42, 1_795_446_060_123_456_789, 1234);
        assert_eq!(
            made,
            Path::new("logs/telemetry.0000000042-20261123T150100.123456789Z-1234.jsonl")
        );
        let name = made.file_name().unwrap();
        assert_eq!(parse(path, name), Some((42, false)));
        let mut compressed = name.to_owned();
        compressed.push(".gz");
        assert_eq!(parse(path, &compressed), Some((42, true)));
    }

    #[test]
    fn other_files_are_not_segments() {
        let path = Path::new("telemetry.jsonl");
        for name in [
            "telemetry.jsonl",
            "telemetry.jsonl.lock",
            "telemetry.20261123_150100.jsonl",
            "telemetry.0000000042-20261123T150100.123456789Z-1234.jsonl.tmp",
            "other.0000000042-20261123T150100.123456789Z-1234.jsonl",
            "telemetry.42-20261123T150100.123456789Z-1234.jsonl",
        ] {
            assert_eq!(parse(path, OsStr::new(name)), None, "{name}");
        }
    }
}
