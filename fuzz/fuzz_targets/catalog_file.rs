//! No content whatever makes the container's reader read outside it, panic, loop or take memory beyond its size.
//!
//! Each input is read as it is, and again with right checksums, length and head: behind those is what needs finding.
//! Then it is taken for edits of a sound file, whose segment is asked every question.

#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/common/exercise.rs"]
mod exercise;
#[path = "../../tests/common/seal.rs"]
mod seal;

use std::sync::OnceLock;

use eventkit::engine::file::column::Column;
use eventkit::engine::file::{Reader, Writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read(data);
    let mut forged = data.to_vec();
    for (to, from) in forged
        .iter_mut()
        .zip(b"EVKTCAT\0\x01\0\0\0\x01\x02\x03\x04")
    {
        *to = *from;
    }
    seal::put(&mut forged, seal::LEN, data.len() as u64);
    seal::put(&mut forged, seal::RESERVED, 0);
    seal::seal(&mut forged);
    read(&forged);
    ask(&forged);
    ask(&edited(data));
});

/// A sound file, chosen by the first byte, edited: three bytes say where, one how many of the following are written.
fn edited(data: &[u8]) -> Vec<u8> {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let files = FILES.get_or_init(exercise::files);
    let (first, mut rest) = data.split_first().unwrap_or((&0, &[]));
    // The last is large, and slow to ask: rarely.
    let small = usize::from(*first) % (files.len() - 1);
    let mut bytes = files[if *first == u8::MAX {
        files.len() - 1
    } else {
        small
    }]
    .clone();
    while let [a, b, c, count, after @ ..] = rest {
        let at = u32::from_le_bytes([*a, *b, *c, 0]) as usize % bytes.len();
        let (word, after) = after.split_at(after.len().min(usize::from(count % 64)));
        for (to, from) in bytes[at..].iter_mut().zip(word) {
            *to = *from;
        }
        rest = after;
    }
    seal::seal(&mut bytes);
    bytes
}

fn ask(bytes: &[u8]) {
    if let Ok(segment) = exercise::opened(bytes) {
        exercise::exercise(&segment);
    }
}

fn read(bytes: &[u8]) {
    let Ok(reader) = Reader::from_bytes(bytes) else {
        return;
    };
    assert_eq!(reader.len(), bytes.len());
    let whole = reader
        .verify(&mut |done| assert!(done <= bytes.len()))
        .is_ok();
    for name in reader.names() {
        assert!(reader.contains(name));
        column::<u8>(&reader, name, bytes);
        column::<u32>(&reader, name, bytes);
        column::<u64>(&reader, name, bytes);
        column::<f64>(&reader, name, bytes);
        column::<[u32; 2]>(&reader, name, bytes);
        column::<[u64; 8]>(&reader, name, bytes);
        let _ = reader.value::<u64>(name);
        if let Some((prefix, rest)) = name.split_once('/') {
            assert!(reader.under(prefix).contains(rest));
        }
    }
    if whole {
        copy(&reader);
    }
}

/// Touches every byte of the section.
fn column<T: eventkit::engine::file::column::Plain>(reader: &Reader, name: &str, bytes: &[u8]) {
    if let Ok(column) = reader.column::<T>(name) {
        assert!(size_of_val(&*column) <= bytes.len());
        assert!(column.to_vec().len() == column.len());
    }
}

/// What passes every check can be written again, and reads the same.
fn copy(reader: &Reader) {
    let mut names: Vec<&str> = reader.names().collect();
    names.sort_unstable();
    let bytes = Writer::to_bytes(|writer| {
        names
            .iter()
            .try_for_each(|name| match reader.column::<u8>(name) {
                Ok(values) => writer.column(name, &values),
                Err(_) => Ok(()),
            })
    });
    let copied = bytes
        .and_then(|bytes| Reader::from_bytes(&bytes))
        .expect("names differ and fit");
    for name in names {
        if let Ok(values) = reader.column::<u8>(name) {
            let same: Column<u8> = copied.column(name).expect("just written");
            assert!(same == values);
        }
    }
}
