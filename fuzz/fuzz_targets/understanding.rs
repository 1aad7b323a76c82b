//! Checks that texts of any kind are compiled and understood, and that a session's terms add up to its points.
//!
//! The text is cut into lines: the first two are interests, the others are titles, tags and abstracts in turn.

#![no_main]

use eventkit::engine::understanding::{Aliases, Field, Fields, TextBuilder, Texts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let asked: Vec<&str> = lines.by_ref().take(2).collect();
    let mut builder = TextBuilder::default();
    for (line, field) in lines.zip([Field::Title, Field::Tags, Field::Abstract].into_iter().cycle()) {
        builder.push(field, line);
        if field == Field::Abstract {
            builder.finish_session().expect("few words");
        }
    }
    builder.finish_session().expect("few words");
    let index = builder.finish().expect("few words");
    let mut aliases = Aliases::default();
    aliases.push_same("go", "golang");
    aliases.push_narrower("database", "sqlite");
    let mut texts = Texts::default();
    texts.push(&index, &[]);
    for interest in texts.interests(asked, &aliases, true) {
        let matches = texts.matches(&interest, Fields::ALL);
        for &(session, points) in matches.sessions.iter().take(8) {
            let terms = texts.terms(&interest, &matches, Fields::ALL, session);
            assert_eq!(terms.iter().map(|term| term.points).sum::<u32>(), points);
        }
    }
});
