//! Tests of the whole: sessions in, matches out.

use super::{Aliases, Field, Fields, How, TextBuilder, TextIndex, Texts};
use crate::engine::file::{Reader, Writer};

/// One session: its tags, title and abstract.
type Row<'a> = (&'a [&'a str], &'a str, &'a str);

fn index(rows: &[Row<'_>]) -> TextIndex {
    let mut builder = TextBuilder::default();
    for (tags, title, text) in rows {
        for tag in *tags {
            builder.push(Field::Tags, tag);
        }
        builder.push(Field::Title, title);
        builder.push(Field::Abstract, text);
        builder.finish_session().expect("few words");
    }
    builder.finish().expect("few words")
}

fn found(index: &TextIndex, aliases: &Aliases, interest: &str) -> Vec<(u32, u32)> {
    let mut texts = Texts::default();
    texts.push(index, &[]);
    let interests = texts.interests([interest], aliases, true);
    let matches = texts.matches(&interests[0], Fields::ALL);
    let mut sessions = matches.sessions.clone();
    sessions.sort_by_key(|&(session, points)| (core::cmp::Reverse(points), session));
    for &(session, points) in &sessions {
        let terms = texts.terms(&interests[0], &matches, Fields::ALL, session);
        let sum: u32 = terms.iter().map(|term| term.points).sum();
        assert_eq!(sum, points, "{interest:?} in {session}: {terms:?}");
    }
    sessions
}

fn numbers(index: &TextIndex, interest: &str) -> Vec<u32> {
    let mut aliases = Aliases::default();
    aliases.push_same("k8s", "kubernetes");
    aliases.push_same("c#", ".net");
    aliases.push_same("ml", "machine learning");
    aliases.push_narrower("database", "sqlite");
    let sessions = found(index, &aliases, interest);
    sessions.into_iter().map(|(session, _)| session).collect()
}

#[test]
fn words_that_only_look_alike_are_not_found() {
    let index = index(&[
        (&[], "An LLVM pass", "Where to go to for air mail access"),
        (&["C++"], "Modern C++", "c and c plus plus"),
        (&[], "Police reform", "Access to the building"),
        (&["AI"], "Agents", ""),
    ]);
    for interest in ["llm", "accessibility", "go", "air ai mail"] {
        assert!(!numbers(&index, interest).contains(&2), "{interest}");
    }
    assert!(numbers(&index, "llm").is_empty());
    assert!(numbers(&index, "accessibility").is_empty());
    assert!(numbers(&index, "policy").is_empty());
    assert!(numbers(&index, "go").is_empty());
    assert_eq!(numbers(&index, "ai"), [3]);
    assert_eq!(numbers(&index, "c++"), [1]);
    assert!(numbers(&index, "c#").is_empty());
}

#[test]
fn words_are_found_by_form_alias_prefix_and_misspelling() {
    let index = index(&[
        (&[], "Running Kubernetes", ""),
        (&[], "Statistics with R", ""),
        (&[], "ASP on .NET", "for beginners"),
        (&[], "Überwachung und Sicherheit", "Straße"),
        (&[], "資料庫入門", ""),
        (&["Dungeons & Dragons"], "A D&D night", ""),
        (&[], "Python games", ""),
        (&[], "Machine learning, self-hosted", ""),
        (&[], "SQLite internals", ""),
    ]);
    for (interest, session) in [
        ("k8s", 0),
        ("kuberntes", 0),
        ("kube", 0),
        ("r", 1),
        (".net", 2),
        ("c#", 2),
        ("ueberwachung", 3),
        ("uberwachung", 3),
        ("strasse", 3),
        ("資料庫", 4),
        ("d&d", 5),
        ("pyhton", 6),
        ("gaming", 6),
        ("ml", 7),
        ("self hosting", 7),
        ("selfhosted", 7),
        ("databases", 8),
    ] {
        assert_eq!(
            numbers(&index, interest).first(),
            Some(&session),
            "{interest}"
        );
    }
    assert!(numbers(&index, "blockchain").is_empty());
    assert!(numbers(&index, "").is_empty());
    assert!(numbers(&index, "?!").is_empty());
}

#[test]
fn a_level_is_a_preference() {
    let index = index(&[
        (&["Intermediate"], "Security in depth", ""),
        (&["Beginner"], "Security basics", ""),
        (&["Beginner"], "Gardening", ""),
    ]);
    let sentence = "I am new to security and want a beginner talk";
    assert_eq!(numbers(&index, sentence), [1, 0]);
    assert_eq!(numbers(&index, "beginner"), [1, 2]);
}

#[test]
fn all_words_come_before_some_words() {
    let index = index(&[
        (&["Rust"], "Rust, Rust", "rust rust rust"),
        (&[], "A talk", "rust on embedded devices"),
    ]);
    assert_eq!(numbers(&index, "rust on embedded"), [1, 0]);
}

#[test]
fn parts_and_removed_sessions_do_not_change_the_points() {
    let rows: Vec<Row<'_>> = vec![
        (&["Rust"], "Embedded Rust", "rust"),
        (&["Go"], "Embedded Go", "a little rust"),
        (&[], "Databases in Rust", "embedded"),
        (&["Rust"], "Async", ""),
    ];
    let whole = index(&rows);
    let (first, second) = (index(&rows[..2]), index(&rows[2..]));
    let padded = index(
        &[
            &rows[..1],
            &[(&["Rust"] as &[&str], "Embedded", "rust")],
            &rows[1..2],
        ]
        .concat(),
    );
    let aliases = Aliases::default();
    let run = |parts: &[(&TextIndex, &[u32])]| {
        let mut texts = Texts::default();
        for (index, removed) in parts {
            texts.push(index, removed);
        }
        let interests = texts.interests(["rust embedded", "rust"], &aliases, true);
        let mut all: Vec<Vec<(u32, u32)>> = Vec::new();
        for interest in &interests {
            let mut sessions = texts.matches(interest, Fields::ALL).sessions;
            sessions.sort_unstable();
            all.push(sessions);
        }
        all
    };
    let expected = run(&[(&whole, &[])]);
    assert_eq!(run(&[(&first, &[]), (&second, &[])]), expected);
    let padded = run(&[(&padded, &[1]), (&second, &[])]);
    let points = |all: &[Vec<(u32, u32)>]| -> Vec<Vec<u32>> {
        all.iter()
            .map(|one| one.iter().map(|&(_, points)| points).collect())
            .collect()
    };
    assert_eq!(points(&padded), points(&expected));
}

#[test]
fn an_index_is_read_as_it_was_written_and_one_with_an_automaton_is_refused() {
    let rows: Vec<Row<'_>> = vec![
        (&["Rust"], "Embedded Rust", "rust rust"),
        (&["Rust"], "Go", "rust"),
        (&[], "Rust", ""),
    ];
    let written = index(&rows);
    let bytes = Writer::to_bytes(|writer| written.save(writer)).expect("names fit");
    let read = TextIndex::open(&Reader::from_bytes(&bytes).expect("just written"));
    let read = read.expect("just written");
    let aliases = Aliases::default();
    for interest in ["rust", "embedded rust", "go", "embeded", "embed"] {
        assert_eq!(
            found(&read, &aliases, interest),
            found(&written, &aliases, interest)
        );
    }
    let old = Writer::to_bytes(|writer| writer.column("automaton", b"fst")).expect("names fit");
    let refused = TextIndex::open(&Reader::from_bytes(&old).expect("just written"));
    let message = refused.expect_err("of version 1").to_string();
    assert!(message.contains("compile it again"), "{message}");
}

#[test]
fn fields_that_are_left_out_do_not_count() {
    let index = index(&[(&["Rust"], "A talk", ""), (&[], "Rust", "")]);
    let mut texts = Texts::default();
    texts.push(&index, &[]);
    let interests = texts.interests(["rust"], &Aliases::default(), true);
    let matches = texts.matches(&interests[0], Fields::of([Field::Title]));
    assert_eq!(
        matches
            .sessions
            .iter()
            .map(|found| found.0)
            .collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(interests[0].groups[0].alternatives[0].how, How::Word);
}
