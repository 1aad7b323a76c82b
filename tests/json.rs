//! Loading sessions from JSON, and writing them: recorded rows of CPython, and laws.

#![allow(missing_docs, clippy::expect_used)]

mod json {
    pub mod document;
}

use core::ops::ControlFlow;

use eventkit::engine::catalog::directory::Directory;
use eventkit::engine::error::{Error, ErrorKind};
use eventkit::engine::json::{
    Hooks, KeyTable, Loaded, SessionText, Shape, Token, load, load_ndjson, write_float, write_str,
};
use eventkit::engine::ranking::score::Number;
use json::document::{Value, any_text, document, render, session};
use proptest::prelude::*;
use rayon::ThreadPool;

fn lower(text: &str) -> Vec<u8> {
    text.to_lowercase().into_bytes()
}

fn hooks<'a>(
    progress: &'a mut dyn FnMut(eventkit::engine::json::Progress) -> ControlFlow<()>,
    pool: Option<&'a ThreadPool>,
) -> Hooks<'a> {
    Hooks {
        lower: &lower,
        progress,
        pool,
    }
}

fn read(text: &[u8]) -> Result<Loaded, Error> {
    load(text, &mut hooks(&mut |_| ControlFlow::Continue(()), None))
}

fn read_lines(text: &[u8]) -> Result<Loaded, Error> {
    load_ndjson(text, &mut hooks(&mut |_| ControlFlow::Continue(()), None))
}

fn dumps(loaded: &Loaded) -> Vec<String> {
    let dump = |position| {
        let mut out = Vec::new();
        loaded.text.get(position).expect("a session").dump(&mut out);
        String::from_utf8(out).expect("ASCII")
    };
    (0..loaded.len()).map(dump).collect()
}

/// Everything that two loads of the same sessions must share.
fn columns(loaded: &Loaded) -> impl PartialEq + core::fmt::Debug + use<'_> {
    let popularity = loaded.popularity.iter().map(|number| match number {
        Number::Int(value) => (true, value.cast_unsigned()),
        Number::Float(value) => (false, value.to_bits()),
    });
    let text = (loaded.text.bytes().to_vec(), loaded.text.ends().to_vec());
    (
        popularity.collect::<Vec<_>>(),
        &loaded.offsets,
        &loaded.tags,
        &loaded.titles,
        &loaded.ids,
        &loaded.spans,
        text,
    )
}

/// What `json.dumps(json.loads(text))` gave in CPython 3.11.
#[test]
fn recorded_sessions() {
    let rows = [
        (r#"{"title":"A"}"#, r#"{"title": "A"}"#),
        (
            r#"{ "title" : "A" , "tags" : [ ] , "x" : { } , "y" : [ { } , [ ] ] }"#,
            r#"{"title": "A", "tags": [], "x": {}, "y": [{}, []]}"#,
        ),
        (
            r#"{"title":"caf\u00e9 é \ud83d\ude00 😀 \/ \" \\ \b\f\n\r\t \u0001 \u007f"}"#,
            r#"{"title": "caf\u00e9 \u00e9 \ud83d\ude00 \ud83d\ude00 / \" \\ \b\f\n\r\t \u0001 \u007f"}"#,
        ),
        ("{\"title\":\"\u{7f}\"}", r#"{"title": "\u007f"}"#),
        (
            r#"{"title":"A","n":[-0,0,-0.0,0.0,1.0,1.50,100,1e5,1E+5,1e-5,1e15,1e16,123456789012345678,0.0001,0.00001,1e22,1e-7,5e-324,1.7976931348623157e308,0.1000000000000000055511151231257827,9007199254740993.0,9007199254740993,123456789012345678901234567890,1.0e0,0e5,0.0e-400,2.5e-3,-12.340]}"#,
            r#"{"title": "A", "n": [0, 0, -0.0, 0.0, 1.0, 1.5, 100, 100000.0, 100000.0, 1e-05, 1000000000000000.0, 1e+16, 123456789012345678, 0.0001, 1e-05, 1e+22, 1e-07, 5e-324, 1.7976931348623157e+308, 0.1, 9007199254740992.0, 9007199254740993, 123456789012345678901234567890, 1.0, 0.0, 0.0, 0.0025, -12.34]}"#,
        ),
        (
            r#"{"title":"A","title":"B","tags":["x"],"tags":["y","z"],"popularity":1,"a":1,"b":2,"a":3,"popularity":2.50}"#,
            r#"{"title": "B", "tags": ["y", "z"], "popularity": 2.5, "a": 3, "b": 2}"#,
        ),
        (
            r#"{"title":"A","k":{"p":1,"q":{"r":1,"r":2},"p":{"s":3,"\u0073":4}}}"#,
            r#"{"title": "A", "k": {"p": {"s": 4}, "q": {"r": 2}}}"#,
        ),
        (
            r#"{"t\u0069tle":"A","\u0070opularity":3,"stärt":"1","st\u00e4rt":"2"}"#,
            r#"{"title": "A", "popularity": 3, "st\u00e4rt": "2"}"#,
        ),
        (
            r#"{"title":"A","t":true,"f":false,"n":null,"deep":[[[[{"a":[null]}]]]],"":0}"#,
            r#"{"title": "A", "t": true, "f": false, "n": null, "deep": [[[[{"a": [null]}]]]], "": 0}"#,
        ),
        (
            r#"{"title":"","location":"Hall, {[\"1\"]}:","start":"2026-09-14T09:00","end":null}"#,
            r#"{"title": "", "location": "Hall, {[\"1\"]}:", "start": "2026-09-14T09:00", "end": null}"#,
        ),
        (
            r#"{"popularity":true,"title":"A","title":"\u00e9"}"#,
            r#"{"popularity": true, "title": "\u00e9"}"#,
        ),
    ];
    for (source, expected) in rows {
        let alone = read(format!("[{source}]").as_bytes()).expect(source);
        assert_eq!(dumps(&alone), [expected]);
        // Behind 64 others, its names are not in the key table.
        let many = format!("[{}{source}]", "{\"title\":\"x\"},".repeat(64));
        assert_eq!(
            dumps(&read(many.as_bytes()).expect(source))
                .pop()
                .as_deref(),
            Some(expected)
        );
    }
}

/// `json.dumps` of floats given by their bits, recorded from CPython 3.11.
#[test]
fn recorded_floats() {
    let rows = [
        (0x0000_0000_0000_0000, "0.0"),
        (0x8000_0000_0000_0000, "-0.0"),
        (0x3f1a_36e2_eb1c_432d, "0.0001"),
        (0x3f1a_3637_1ea5_31a8, "9.999e-05"),
        (0x4341_c379_37e0_8000, "1e+16"),
        (0x4341_c379_37e0_7fff, "9999999999999998.0"),
        (0x430c_6bf5_2634_0000, "1000000000000000.0"),
        (0x437b_69b4_ba63_0f35, "1.2345678901234568e+17"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x0010_0000_0000_0000, "2.2250738585072014e-308"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0x3fd3_3333_3333_3334, "0.30000000000000004"),
        (0x3fd5_5555_5555_5555, "0.3333333333333333"),
        (0x4059_0000_0000_0000, "100.0"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x4000_1687_2b02_0c49, "2.0109999999999997"),
        (0x44df_e185_ca57_c517, "6.02214076e+23"),
        (0x4330_0000_0000_0000, "4503599627370496.0"),
        (0x3ee4_f8b5_88e3_68f1, "1e-05"),
        (0x97b7_5092_3ceb_3ffd, "-1.996150245444706e-194"),
        (0x3116_2427_3bfd_1d33, "3.132872124271458e-72"),
        (0xb797_0386_fee2_9476, "-6.604630556388117e-41"),
        // Two decimals are equally near: the even one.
        (0xc30a_27c8_8d1c_452a, "-920261463607461.2"),
        (0x430a_27c8_8d1c_452e, "920261463607461.8"),
        (0x7ff0_0000_0000_0000, "Infinity"),
        (0xfff0_0000_0000_0000, "-Infinity"),
        (0x7ff8_0000_0000_0000, "NaN"),
        (0xfff8_0000_0000_0000, "NaN"),
    ];
    for (bits, expected) in rows {
        let mut out = Vec::new();
        write_float(&mut out, f64::from_bits(bits));
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}

/// Message, line and column as CPython 3.11 gives them (3.13 words trailing commas differently).
#[test]
fn recorded_syntax_errors() {
    let rows = [
        ("", "Expecting value", 1, 1),
        ("[", "Expecting value", 1, 2),
        (r#"[{"title":"A"}]x"#, "Extra data", 1, 16),
        (
            r#"[{"title":"A",}]"#,
            "Expecting property name enclosed in double quotes",
            1,
            15,
        ),
        (r#"[{"title":"A"},]"#, "Expecting value", 1, 16),
        (r#"[{"title" "A"}]"#, "Expecting ':' delimiter", 1, 11),
        (r#"[{"title":"A" "b":1}]"#, "Expecting ',' delimiter", 1, 15),
        (
            "[{\"title\":\"A\n\"}]",
            "Invalid control character at",
            1,
            13,
        ),
        (r#"[{"title":"A"#, "Unterminated string starting at", 1, 11),
        (r#"[{"title":"A\"#, "Unterminated string starting at", 1, 11),
        (r#"[{"title":"A\x"}]"#, "Invalid \\escape", 1, 13),
        (r#"[{"title":"A\u12"}]"#, "Invalid \\uXXXX escape", 1, 14),
        (
            r"[{title:1}]",
            "Expecting property name enclosed in double quotes",
            1,
            3,
        ),
        (
            r#"[{"title":"A","n":01}]"#,
            "Expecting ',' delimiter",
            1,
            20,
        ),
        (
            r#"[{"title":"A","n":1.}]"#,
            "Expecting ',' delimiter",
            1,
            20,
        ),
        (r#"[{"title":"A","n":-}]"#, "Expecting value", 1, 19),
        (r#"[{"title":"A","n":+1}]"#, "Expecting value", 1, 19),
        (r#"[{"title":"A","n":tru}]"#, "Expecting value", 1, 19),
        (r#"{"sessions":[]"#, "Expecting ',' delimiter", 1, 15),
        (
            r#"{"a":1,"sessions":[{"title":"A"}] "b"}"#,
            "Expecting ',' delimiter",
            1,
            35,
        ),
        (
            "[\n {\"title\":\"A\"},\n {\"title\":\"\u{e9}\" 1}]",
            "Expecting ',' delimiter",
            3,
            15,
        ),
        ("nul", "Expecting value", 1, 1),
        (
            r#"[{"title":"A"}{"title":"B"}]"#,
            "Expecting ',' delimiter",
            1,
            15,
        ),
        (r#"{"sessions" [] }"#, "Expecting ':' delimiter", 1, 13),
        (
            r#"[{"title":"A","n":[1 2]}]"#,
            "Expecting ',' delimiter",
            1,
            22,
        ),
        (r#"[{"title":"A","n":[1,]}]"#, "Expecting value", 1, 22),
        (r#"[{"title":5 "#, "Expecting ',' delimiter", 1, 13),
    ];
    for (text, message, line, column) in rows {
        // A title that is no string is Python's to judge, whatever follows it.
        let unsupported = text.contains("5 ");
        match read(text.as_bytes()).expect_err(text).kind() {
            ErrorKind::Syntax(place) => assert_eq!(
                (place.message, place.line, place.column),
                (message, line, column),
                "{text}"
            ),
            kind => assert!(unsupported, "{text}: {kind:?}"),
        }
    }
}

#[test]
fn what_only_python_judges_names_its_place() {
    let rows = [
        ("\u{feff}[]", None, 1),
        ("5", None, 1),
        ("{\"sessions\": {}}", None, 1),
        ("[{\"title\":\"A\"},\n5]", Some(1), 2),
        ("[{}]", Some(0), 1),
        (r#"[{"title":null}]"#, Some(0), 1),
        (r#"[{"title":"A","tags":"x"}]"#, Some(0), 1),
        (r#"[{"title":"A","tags":["x",1]}]"#, Some(0), 1),
        (r#"[{"title":"A","tags":null}]"#, Some(0), 1),
        (r#"[{"title":"A","popularity":null}]"#, Some(0), 1),
        (r#"[{"title":"A","popularity":"1"}]"#, Some(0), 1),
        (
            r#"[{"title":"A","popularity":9223372036854775808}]"#,
            Some(0),
            1,
        ),
        (r#"[{"title":"A","popularity":NaN}]"#, Some(0), 1),
        (r#"[{"title":"A","popularity":1E400}]"#, Some(0), 1),
        (r#"[{"title":"A","x":[-Infinity]}]"#, Some(0), 1),
        (r#"[{"title":"\ud800"}]"#, Some(0), 1),
        (r#"[{"title":"A","\udc00":1}]"#, Some(0), 1),
        (r#"{"weights":{"interest":NaN}}"#, None, 1),
    ];
    for (text, session, line) in rows {
        match read(text.as_bytes()).expect_err(text).kind() {
            ErrorKind::Unsupported(place) => {
                assert_eq!((place.session, place.line), (session, line), "{text}");
            }
            kind => panic!("{text}: {kind:?}"),
        }
    }
    let deep = format!(
        "[{{\"title\":\"A\",\"x\":{}{}}}]",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    assert!(matches!(
        read(deep.as_bytes()).expect_err("deep").kind(),
        ErrorKind::Unsupported(_)
    ));
    let invalid = read(b"[{\"title\":\"a long enough \xff title\"}]").expect_err("not UTF-8");
    assert!(matches!(invalid.kind(), ErrorKind::Unsupported(place) if place.column == 26));
    let second =
        read_lines(b"{\"title\":\"A\"}\n\n{\"title\":\n\"B\"}").expect_err("one session a line");
    assert_eq!(
        second.to_string(),
        "Expecting value: line 3 column 10 (session 1)"
    );
}

#[test]
fn a_manifest_keeps_its_other_members() {
    let text = br#" {"weights": {"interest": 2.0}, "sessions": [{"title": "old"}], "n": 1, "sessions": [], "weights":[ 1 ] } "#;
    let loaded = read(text).expect("a manifest");
    assert_eq!((loaded.shape, loaded.len()), (Shape::Manifest, 0));
    assert_eq!(loaded.field("weights"), Some(&b"[ 1 ]"[..]));
    let names: Vec<&str> = loaded.fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["weights", "n"]);
    assert_eq!(read(b"{}").expect("no sessions").len(), 0);
    assert_eq!(read(b" [ ] ").expect("an empty array").shape, Shape::Array);
    assert_eq!(read_lines(b"").expect("no line").shape, Shape::Lines);
}

#[test]
fn tags_are_lowered_once_each_and_counted_as_often_as_they_stand() {
    let text = r#"[{"title":"A","tags":["Web","WEB","É","\u00c9","É","w\u0065b"]},{"title":"B","tags":["É"]},{"title":"C"}]"#;
    let calls = core::cell::Cell::new(0);
    let lower = |text: &str| {
        calls.set(calls.get() + 1);
        text.to_lowercase().into_bytes()
    };
    let loaded = load(
        text.as_bytes(),
        &mut Hooks {
            lower: &lower,
            progress: &mut |_| ControlFlow::Continue(()),
            pool: None,
        },
    );
    let loaded = loaded.expect("sessions");
    let tags: Vec<u32> = loaded.tags.iter().map(|tag| tag.0).collect();
    assert_eq!(
        (tags, &*loaded.offsets),
        (vec![0, 0, 1, 1, 1, 0, 1], &[0, 6, 7, 7][..])
    );
    assert_eq!(
        loaded.vocabulary.get("é".as_bytes()).map(|tag| tag.0),
        Some(1)
    );
    assert_eq!(calls.get(), 2);
}

#[test]
fn titles_and_ids_are_found_by_their_keys() {
    let text = r#"[{"title":"Été","id":"X"},{"title":"AGENTS","id":7},{"title":"\u0041gents"},{"title":"été","id":"\u0058"}]"#;
    let loaded = read(text.as_bytes()).expect("sessions");
    let found = |places: &[u64], key: &str| -> Vec<u32> {
        assert!(places.is_sorted());
        let directory = Directory::from_sorted(places.to_vec().into());
        directory.candidates(key.as_bytes()).collect()
    };
    assert_eq!(found(&loaded.titles, "été"), [0, 3]);
    assert_eq!(found(&loaded.titles, "agents"), [1, 2]);
    assert_eq!(found(&loaded.ids, "X"), [0, 3]);
    assert_eq!(found(&loaded.ids, "7"), [1]);
    assert_eq!(loaded.ids.len(), 3);
}

#[test]
fn members_and_spans_find_values() {
    let text = r#"[{"title":"A","start":"9\u003a00","x":{"end":1,"y":[1,{"z":"\""}]},"end":10.50,"start":"11:00"},{"title":"B","rare":[{"a":"x","name":"b"},"c"]}]"#;
    let loaded = read(text.as_bytes()).expect("sessions");
    let session = loaded.text.get(0).expect("the first");
    let spans = loaded.spans.first().expect("the first");
    let start = session.get(&loaded.text.member("start")).expect("a start");
    assert_eq!(start.as_str().as_deref(), Some(&b"11:00"[..]));
    let at = |offset: Option<u32>| {
        session
            .value_at(offset.expect("present"))
            .expect("a value")
            .packed()
    };
    assert_eq!(
        (at(spans.start()), at(spans.end())),
        (&br#""11:00""#[..], &b"10.5"[..])
    );
    assert_eq!(spans.location(), None);
    let mut out = Vec::new();
    session
        .get(&loaded.text.member("x"))
        .expect("an object")
        .dump(&mut out);
    assert_eq!(out, br#"{"end": 1, "y": [1, {"z": "\""}]}"#);
    assert!(session.get(&loaded.text.member("rare")).is_none());
    let rare = loaded
        .text
        .get(1)
        .and_then(|session| session.get(&loaded.text.member("rare")))
        .expect("rare");
    let (name, mut texts) = (loaded.text.member("name"), Vec::new());
    rare.each_text(&name, &mut |text| texts.push(text.to_vec()));
    assert_eq!(texts, [&b"b"[..], b"c"]);
    assert!(loaded.text.get(2).is_none());
}

#[test]
fn progress_rises_and_can_cancel() {
    let text = format!(
        "[{}{{\"title\":\"last\"}}]",
        "{\"title\":\"one of very many\",\"tags\":[\"a\"]},".repeat(100_000)
    );
    let mut seen = Vec::new();
    let mut progress = |progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    };
    let loaded = load(text.as_bytes(), &mut hooks(&mut progress, None)).expect("sessions");
    assert!(seen.len() > 3 && seen.is_sorted_by_key(|progress| progress.sessions));
    assert_eq!(
        seen.last()
            .map(|progress| (progress.sessions, progress.bytes)),
        Some((loaded.len(), text.len() as u64))
    );
    let error = load(
        text.as_bytes(),
        &mut hooks(&mut |_| ControlFlow::Break(()), None),
    )
    .expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

/// Pieces begin where a whole session can be read: also in sessions that stand inside others, or inside strings.
#[test]
fn pieces_join_to_what_one_reader_reads() {
    let inner = r#"{"title":"inner","tags":["I"],"id":1},{"title":"inner","tags":["J"],"id":2}"#;
    let quoted = format!("[{inner}, {inner}]").replace('"', "\\\"");
    let shapes = [
        r#"{"title":"Plain","tags":["Web","Data"],"popularity":0.25,"id":"p"}"#.to_owned(),
        format!(r#"{{"title":"Nested","related":[{inner},{inner},{inner}],"tags":["N"]}}"#),
        format!(r#"{{"title":"Quoted {quoted}","text":"{quoted}"}}"#),
        format!(
            "{{\n  \"title\": \"Long {}\",\n  \"tags\": [\"É\"]\n}}",
            "long ".repeat(300)
        ),
    ];
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .expect("a pool");
    let mut random = 7_u64;
    for only in [None, Some(0), Some(1), Some(2), Some(3)] {
        let mut elements = Vec::new();
        let mut size = 0;
        while size < 5 << 20 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let element = &shapes[only.unwrap_or((random >> 60) as usize % shapes.len())];
            size += element.len();
            elements.push(element.as_str());
        }
        let mut read_all = |_| ControlFlow::Continue(());
        let text = format!(
            "{{\"sessions\": [{}], \"tail\": [{inner}]}}",
            elements.join(",\n")
        );
        let one = read(text.as_bytes()).expect("sessions");
        let many = load(text.as_bytes(), &mut hooks(&mut read_all, Some(&pool))).expect("sessions");
        assert_eq!(one.len(), elements.len());
        assert!(columns(&one) == columns(&many));
        assert_eq!(many.field("tail"), Some(format!("[{inner}]").as_bytes()));

        let lines = elements.join("\n").replace("\n  ", " ").replace("\n}", "}");
        let lines = load_ndjson(lines.as_bytes(), &mut hooks(&mut read_all, Some(&pool)))
            .expect("sessions");
        assert!(columns(&one) == columns(&lines));

        let at = text.len() * 2 / 3;
        let at = at + text[at..].find("\"tags\"").unwrap_or_default();
        let broken = [&text[..at], "!", &text[at..]].concat();
        let one = read(broken.as_bytes()).expect_err("broken");
        let many =
            load(broken.as_bytes(), &mut hooks(&mut read_all, Some(&pool))).expect_err("broken");
        assert_eq!(one, many);
    }
}

#[test]
fn damaged_text_gives_nonsense_and_no_panic() {
    let packed = br#"{"\\ud8"[,]}1"x":{{{]}"\u12"nul""#;
    for end in 0..=packed.len() {
        let text = SessionText::from_parts(
            packed[..end].to_vec().into(),
            vec![end as u64, u64::MAX, 0].into(),
            KeyTable::default(),
        );
        let mut out = Vec::new();
        for position in 0..3 {
            if let Some(session) = text.get(position) {
                session.dump(&mut out);
                let _ = session.get(&text.member("x"));
                let _ = session
                    .tokens()
                    .filter(|token| matches!(token, Token::Key(_)))
                    .count();
            }
        }
    }
}

proptest! {
    #[test]
    fn a_session_is_written_as_python_writes_it(sessions in document(), style in any::<u64>()) {
        let text = render(&sessions, style);
        let loaded = read(text.as_bytes()).expect("generated sessions are supported");
        let expected: Vec<String> = sessions.iter().map(Value::dumps).collect();
        prop_assert_eq!(dumps(&loaded), expected);
    }

    #[test]
    fn lines_are_an_array(sessions in document(), style in any::<u64>()) {
        let flat: Vec<String> = sessions.iter().map(|session| session.render(style & !1)).collect();
        let lines = read_lines(flat.join("\n").as_bytes()).expect("lines");
        let array = read(format!("[{}]", flat.join(",")).as_bytes()).expect("an array");
        prop_assert!(columns(&lines) == columns(&array));
        prop_assert_eq!(dumps(&lines), dumps(&array));
    }

    #[test]
    fn text_parts_go_together_again(session in session()) {
        let loaded = read(format!("[{}]", session.render(0)).as_bytes()).expect("a session");
        let text = &loaded.text;
        let keys = KeyTable::from_names(text.keys().names());
        let copy = SessionText::from_parts(text.bytes().clone(), text.ends().clone(), keys);
        let mut out = Vec::new();
        copy.get(0).expect("the session").dump(&mut out);
        prop_assert_eq!(out, session.dumps().into_bytes());
    }

    /// `serde_json` is stricter than Python (lone surrogates, NaN), and exactly there the loader hands over.
    #[test]
    fn other_readers_accept_and_refuse_the_same(sessions in document(), style in any::<u64>(), at in any::<prop::sample::Index>(), byte in any_text()) {
        let mut text = render(&sessions, style).into_bytes();
        let place = at.index(text.len());
        text.splice(place..(place + 1).min(text.len()), byte.bytes());
        let oracle = serde_json::from_slice::<serde_json::Value>(&text);
        match read(&text) {
            Ok(loaded) => {
                let oracle = oracle.expect("serde_json reads it too");
                let elements = oracle.as_array().or_else(|| oracle.get("sessions")?.as_array());
                for (position, dumped) in dumps(&loaded).iter().enumerate() {
                    let again: serde_json::Value = serde_json::from_str(dumped).expect("JSON");
                    prop_assert!(json::document::same(&again, &elements.expect("sessions")[position]), "{dumped}");
                }
            }
            Err(error) => if let ErrorKind::Syntax(_) = error.kind() {
                prop_assert!(oracle.is_err(), "{error} {}", String::from_utf8_lossy(&text));
            },
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = read(&bytes);
        let _ = read_lines(&bytes);
        let text = SessionText::from_parts(bytes.clone().into(), vec![bytes.len() as u64].into(), KeyTable::default());
        let mut out = Vec::new();
        if let Some(session) = text.get(0) {
            session.dump(&mut out);
        }
    }

    #[test]
    fn floats_read_back_and_no_shorter_text_would(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let mut out = Vec::new();
        write_float(&mut out, value);
        let text = String::from_utf8(out).expect("ASCII");
        prop_assert_eq!(text.parse::<f64>().expect("a float").to_bits(), bits);
        prop_assert_eq!(text, json::document::python_float(value));
    }

    #[test]
    fn strings_read_back(text in any::<String>()) {
        let mut out = Vec::new();
        write_str(&mut out, &text);
        prop_assert!(out.is_ascii());
        prop_assert_eq!(serde_json::from_slice::<String>(&out).expect("a string"), text);
    }
}
