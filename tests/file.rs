//! The container's laws: what is written is what is read, and whatever else is offered is refused in words.

// Clippy knows a test by its attribute, and not the functions that tests share.
#![allow(clippy::expect_used)]

#[path = "common/seal.rs"]
mod seal;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use eventkit::engine::error::{Error, ErrorKind};
use eventkit::engine::file::column::Column;
use eventkit::engine::file::{Reader, Writer};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use seal::{LEN, RESERVED, ROW, ROW_LEN, SECTIONS, START, TABLE, WIDTH, number, put};

/// A section of each width.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Bytes(Vec<u8>),
    Ranks(Vec<u32>),
    Floats(Vec<u64>),
    Pairs(Vec<[u32; 2]>),
    Lanes(Vec<[u64; 8]>),
}

impl Values {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            vec(any::<u8>(), 0..200).prop_map(Self::Bytes),
            vec(any::<u32>(), 0..40).prop_map(Self::Ranks),
            vec(any::<u64>(), 0..20).prop_map(Self::Floats),
            vec(any::<[u32; 2]>(), 0..20).prop_map(Self::Pairs),
            vec(any::<[u64; 8]>(), 0..4).prop_map(Self::Lanes),
        ]
    }

    fn save(&self, writer: &mut Writer<'_>, name: &str) -> Result<(), Error> {
        match self {
            Self::Bytes(values) => writer.chunks(name, values.chunks(7)),
            Self::Ranks(values) => writer.column(name, values),
            Self::Floats(values) => {
                let floats: Column<f64> = values.iter().copied().map(f64::from_bits).collect();
                writer.column(name, &floats)
            }
            Self::Pairs(values) => writer.column(name, values),
            Self::Lanes(values) => writer.chunks(name, values.chunks(1)),
        }
    }

    fn load(&self, reader: &Reader, name: &str) -> Result<Self, Error> {
        Ok(match self {
            Self::Bytes(_) => Self::Bytes(reader.column(name)?.to_vec()),
            Self::Ranks(_) => Self::Ranks(reader.column(name)?.to_vec()),
            Self::Floats(_) => {
                let floats: Column<f64> = reader.column(name)?;
                Self::Floats(floats.iter().map(|float| float.to_bits()).collect())
            }
            Self::Pairs(_) => Self::Pairs(reader.column(name)?.to_vec()),
            Self::Lanes(_) => Self::Lanes(reader.column(name)?.to_vec()),
        })
    }
}

type Sections = BTreeMap<(String, String), Values>;

fn sections() -> impl Strategy<Value = Sections> {
    btree_map(("[a-z]{1,8}", "[a-zé]{1,8}"), Values::any(), 0..8)
}

fn save(sections: &Sections, writer: &mut Writer<'_>) -> Result<(), Error> {
    sections
        .iter()
        .try_for_each(|((prefix, name), values)| values.save(&mut writer.under(prefix), name))
}

fn bytes_of(sections: &Sections) -> Vec<u8> {
    Writer::to_bytes(|writer| save(sections, writer)).expect("names differ")
}

/// Three sections: bytes 64..67, 128..168 and none at 192; the table starts at 192.
fn small() -> Vec<u8> {
    Writer::to_bytes(|writer| {
        writer.column("text", b"abc")?;
        writer.column("ranks", &[[1_u32, 2]; 5])?;
        writer.column::<f64>("none", &[])
    })
    .expect("names differ")
}

fn ignore(_: usize) {}

/// Reads whatever can be read; the sum keeps it from being optimised away.
fn read_all(reader: &Reader) -> u64 {
    let mut sum = u64::from(reader.verify(&mut ignore).is_ok());
    for name in reader.names() {
        let bytes: Column<u8> = reader.column(name).unwrap_or_default();
        let ranks: Column<u32> = reader.column(name).unwrap_or_default();
        let pairs: Column<[u32; 2]> = reader.column(name).unwrap_or_default();
        let floats: Column<f64> = reader.column(name).unwrap_or_default();
        sum += bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        sum += ranks
            .iter()
            .chain(pairs.as_flattened())
            .map(|&rank| u64::from(rank))
            .sum::<u64>();
        sum += floats.iter().filter(|float| float.is_nan()).count() as u64;
    }
    sum
}

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("eventkit-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("readable");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.flatten().map(name).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &std::path::Path, value: u64) -> Result<(), Error> {
    Writer::to_file(path, |writer| writer.value("value", value))
}

fn read(path: &std::path::Path) -> Result<u64, Error> {
    Reader::open(path)?.value("value")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_what_is_read(sections in sections()) {
        let directory = Directory::new("round-trip");
        let path = directory.0.join("catalogue");
        Writer::to_file(&path, |writer| save(&sections, writer))?;
        let bytes = bytes_of(&sections);
        prop_assert_eq!(&fs::read(&path)?, &bytes);

        for reader in [Reader::open(&path)?, Reader::from_bytes(&bytes)?] {
            for ((prefix, name), values) in &sections {
                prop_assert_eq!(&values.load(&reader.under(prefix), name)?, values);
            }
            let mut seen = 0;
            reader.verify(&mut |done| seen = done)?;
            prop_assert_eq!((seen, reader.len()), (bytes.len(), bytes.len()));
            prop_assert_eq!(reader.names().count(), sections.len());
        }
    }

    #[test]
    fn a_shorter_file_is_truncated(sections in sections(), part in any::<prop::sample::Index>()) {
        let bytes = bytes_of(&sections);
        let len = part.index(bytes.len());
        let error = Reader::from_bytes(&bytes[..len]).expect_err("a part is no file");
        prop_assert_eq!(error.kind(), ErrorKind::Truncated, "{}", error);
    }

    #[test]
    fn no_changed_byte_goes_unseen(sections in sections(), part in any::<prop::sample::Index>(), change in 1..=u8::MAX) {
        let mut bytes = bytes_of(&sections);
        let at = part.index(bytes.len());
        bytes[at] ^= change;
        let verified = Reader::from_bytes(&bytes).and_then(|reader| {
            read_all(&reader);
            reader.verify(&mut ignore)
        });
        prop_assert!(verified.is_err(), "byte {} of {}", at, bytes.len());
    }

    /// Changes behind right checksums: a forged file is refused, or read without leaving it.
    #[test]
    fn a_forged_table_is_refused_or_harmless(
        sections in sections(),
        changes in vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u64>(), 0..600_u64, (0..20_u64).prop_map(|n| n * 64), (0..99_u64).prop_map(|n| u64::MAX - n),
        ]), 1..4),
    ) {
        let mut bytes = bytes_of(&sections);
        let table = number(&bytes, TABLE) as usize;
        let mut fields = vec![LEN, TABLE, SECTIONS, RESERVED];
        let rows = (table..bytes.len()).step_by(ROW);
        fields.extend(rows.flat_map(|row| [row, row + START, row + ROW_LEN, row + WIDTH]));
        for (field, value) in changes {
            put(&mut bytes, fields[field.index(fields.len())], value);
        }
        seal::seal(&mut bytes);
        if let Ok(reader) = Reader::from_bytes(&bytes) {
            read_all(&reader);
        }
    }

    #[test]
    fn noise_behind_the_magic_is_refused(mut bytes in vec(any::<u8>(), 64..400)) {
        bytes[..8].copy_from_slice(b"EVKTCAT\0");
        bytes[8..16].copy_from_slice(&[1, 0, 0, 0, 1, 2, 3, 4]);
        seal::seal(&mut bytes);
        prop_assert!(Reader::from_bytes(&bytes).is_err());
    }
}

/// A file, changed and sealed again, and how it is refused.
#[test]
fn refusals() {
    let table = number(&small(), TABLE) as usize;
    assert_eq!(table, 192);
    let (second, third) = (table + ROW, table + 2 * ROW);
    let rows: &[(&[(usize, u64)], &str)] = &[
        (&[(LEN, 431)], "bytes: 1 bytes follow its end"),
        (
            &[(LEN, 433)],
            "bytes: truncated: it has 432 bytes, and its header says 433",
        ),
        (
            &[(RESERVED, 1)],
            "bytes: the header holds values that no release writes",
        ),
        (
            &[(TABLE, 128)],
            "bytes: a table of 3 sections at byte 128 of 432",
        ),
        (
            &[(TABLE, u64::MAX)],
            "bytes: a table of 3 sections at byte 18446744073709551615 of 432",
        ),
        (
            &[(SECTIONS, u64::MAX)],
            "bytes: a table of 18446744073709551615 sections at byte 192 of 432",
        ),
        (
            &[(second + ROW_LEN, 0), (third + START, 128)],
            "bytes: 64 bytes before the table belong to no section",
        ),
        (
            &[(second + START, 136)],
            "starts at byte 136, expected a multiple of 64",
        ),
        (
            &[(second + START, 64)],
            "bytes: section \"ranks\" starts at byte 64, inside the section that ends at 128",
        ),
        (
            &[(table + START, 128), (table + ROW_LEN, 64)],
            "bytes: section \"text\" starts at byte 128, expected 64",
        ),
        (
            &[(table + START, 0)],
            "bytes: section \"text\" starts at byte 0, inside the section that ends at 64",
        ),
        (
            &[(second + ROW_LEN, 65)],
            "of 65 bytes at byte 128 leaves the file's 192 bytes of sections",
        ),
        (
            &[(second + ROW_LEN, u64::MAX)],
            "leaves the file's 192 bytes of sections",
        ),
        (
            &[(second + START, u64::MAX - 63)],
            "leaves the file's 192 bytes of sections",
        ),
        (
            &[(second + ROW_LEN, 39)],
            "bytes: section \"ranks\" has 39 bytes of values of 8 bytes each",
        ),
        (
            &[(second + WIDTH, 0)],
            "bytes: section \"ranks\" has 40 bytes of values of 0 bytes each",
        ),
        (
            &[(third, number(&small(), second)), (third + 8, 0)],
            "bytes: two sections named \"ranks\"",
        ),
        (&[(third, 0)], "bytes: a section named \"\\0"),
        (&[(third + 8, 1 << 56)], "bytes: a section named \"none\\0"),
        (&[(third, 0xff)], "bytes: a section named \"\u{fffd}"),
    ];
    for (changes, expected) in rows {
        let mut bytes = small();
        for &(at, value) in *changes {
            put(&mut bytes, at, value);
        }
        seal::seal(&mut bytes);
        let error = Reader::from_bytes(&bytes).expect_err(expected);
        assert!(
            error.to_string().contains(expected),
            "{error}, expected {expected}"
        );
    }
}

#[test]
fn files_of_other_kinds_versions_and_machines() {
    use ErrorKind::{ByteOrder, Damaged, Foreign, Newer, Truncated};
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = small();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let order = u32::from_ne_bytes([1, 2, 3, 4]).swap_bytes().to_ne_bytes();
    let rows = [
        (Vec::new(), Truncated),
        (b"EVKT".to_vec(), Truncated),
        (b"{\"sessions\": []}".to_vec(), Foreign),
        (vec![0; 4096], Foreign),
        (changed(0, b"e"), Foreign),
        (changed(8, &3_u32.to_ne_bytes()), Newer),
        (changed(8, &0_u32.to_ne_bytes()), Damaged),
        (changed(12, &order), ByteOrder),
        (changed(12, &[9]), Damaged),
        (changed(16, &[0]), Damaged),
        (changed(192, b"T"), Damaged),
    ];
    for (bytes, expected) in rows {
        let error = Reader::from_bytes(&bytes).expect_err("refused");
        assert_eq!(error.kind(), expected, "{error}");
    }
}

#[test]
fn a_damaged_section_or_padding_is_found_by_verify_alone() {
    for (at, section) in [(64, "text"), (67, "text"), (130, "ranks"), (191, "ranks")] {
        let mut bytes = small();
        bytes[at] ^= 0x10;
        let reader = Reader::from_bytes(&bytes).expect("header and table are whole");
        let error = reader.verify(&mut ignore).expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(
            error.to_string().contains(&format!("section {section:?}")),
            "{error}"
        );
    }
}

#[test]
fn sections_are_asked_for_by_name_and_width() {
    let reader = Reader::from_bytes(&small()).expect("whole");
    let refused = |result: Result<Column<u64>, Error>| {
        result
            .map(|_| ())
            .map_err(|error| (error.kind(), error.to_string()))
    };
    assert_eq!(
        refused(reader.column("texts")),
        Err((ErrorKind::Missing, "bytes: no section \"texts\"".into()))
    );
    assert_eq!(
        refused(reader.under("index").column("ranks")),
        Err((
            ErrorKind::Missing,
            "bytes: no section \"index/ranks\"".into()
        ))
    );
    assert_eq!(
        refused(reader.column("text")),
        Err((
            ErrorKind::Inconsistent,
            "bytes: section \"text\" has values of 1 bytes, expected 8".into()
        ))
    );
    let error = reader.value::<[u32; 2]>("ranks").expect_err("five");
    assert_eq!(
        error.to_string(),
        "bytes: section \"ranks\" has 5 values, expected one"
    );
    assert!(reader.contains("none") && !reader.under("none").contains(""));
}

#[test]
fn names_fit_and_differ() {
    let write = |names: &[&str]| {
        Writer::to_bytes(|writer| names.iter().try_for_each(|name| writer.value(name, 1_u8)))
            .map(|_| ())
            .map_err(|error: Error| error.kind())
    };
    let longest = "x".repeat(48);
    assert_eq!(write(&[&longest, "x"]), Ok(()));
    for names in [&["x", "x"][..], &[""], &["x\0"], &[&format!("{longest}x")]] {
        assert_eq!(write(names), Err(ErrorKind::Inconsistent), "{names:?}");
    }
}

/// One process serves an old catalogue while another replaces it; a third fails half-way.
#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let directory = Directory::new("replace");
    let path = directory.0.join("catalogue");
    write(&path, 1).expect("new");
    let old = Reader::open(&path).expect("whole");

    write(&path, 2).expect("replaced");
    assert_eq!((old.value("value"), read(&path)), (Ok(1_u64), Ok(2)));

    let result: Result<(), Error> = Writer::to_file(&path, |writer| {
        writer.column("value", &vec![3_u64; 1 << 16])?;
        writer.value("value", 3_u64)
    });
    assert_eq!(
        result.map_err(|error| error.kind()),
        Err(ErrorKind::Inconsistent)
    );
    assert_eq!(read(&path), Ok(2));
    assert_eq!(directory.names(), ["catalogue"]);
    assert_eq!((old.nbytes(), old.len()), (0, 64 + 64 + ROW));
}

#[test]
fn a_panic_while_saving_leaves_no_file() {
    let directory = Directory::new("panic");
    let path = directory.0.join("catalogue");
    let saved = std::panic::catch_unwind(|| {
        Writer::to_file(&path, |_| -> Result<(), Error> { panic!("on purpose") })
    });
    assert!(saved.is_err());
    assert_eq!(directory.names(), Vec::<String>::new());
}

#[test]
fn the_operating_systems_refusals_name_the_path_and_keep_its_number() {
    let directory = Directory::new("refusals");
    let absent = directory.0.join("absent");
    let error = Reader::open(&absent).expect_err("absent");
    assert_eq!(error.kind(), ErrorKind::System(Some(2)));
    assert!(error.to_string().starts_with(&*absent.to_string_lossy()));
    let error = write(&absent.join("below"), 1).expect_err("no directory");
    assert_eq!(error.kind(), ErrorKind::System(Some(2)));
    for error in [
        Reader::open(&directory.0).expect_err("a directory"),
        write(&directory.0, 1).expect_err("a directory"),
    ] {
        assert!(error.to_string().ends_with("not a regular file"), "{error}");
    }
    let empty = directory.0.join("empty");
    fs::write(&empty, "").expect("written");
    assert_eq!(
        Reader::open(&empty).expect_err("empty").kind(),
        ErrorKind::Truncated
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = Directory::new("links");
    let [file, link, dangling] = ["file", "link", "dangling"].map(|name| directory.0.join(name));
    write(&file, 1).expect("new");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
    symlink("file", &link).expect("new");
    symlink("later", &dangling).expect("new");
    write(&link, 2).expect("followed");
    write(&dangling, 3).expect("followed");
    assert_eq!(
        (read(&file), read(&directory.0.join("later"))),
        (Ok(2), Ok(3))
    );
    let mode = |path: &PathBuf| {
        fs::symlink_metadata(path)
            .expect("there")
            .permissions()
            .mode()
    };
    assert_eq!(
        (mode(&file) & 0o777, mode(&link) & 0o170_000),
        (0o640, 0o120_000)
    );
}
