//! The API of pretalx: submissions with a `slot`, in pages (`results`) or nested by date, minute and room as sites keep
//! them. Rooms, tracks and types are translated.

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};

pub(super) fn fits(root: &Node<'_>) -> bool {
    let listed = root.get("results").list().first().or(root.list().first());
    listed.is_some_and(is_submission)
        || root
            .get("schedule")
            .object()
            .iter()
            .any(|(_, day)| first_of(day))
}

fn first_of(day: &Node<'_>) -> bool {
    let mut slots = day.object().iter().flat_map(|(_, rooms)| rooms.object());
    slots.next().is_some_and(|(_, entry)| is_submission(entry))
}

fn is_submission(entry: &Node<'_>) -> bool {
    entry.has("code") && (entry.has("slot") || entry.has("slots")) && entry.has("title")
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    for entry in root.get("results").list().iter().chain(root.list()) {
        take(entry, programme);
    }
    for (_, day) in root.get("schedule").object() {
        for (_, rooms) in day.object() {
            for (_, entry) in rooms.object() {
                take(entry, programme);
            }
        }
    }
    for other in ["sprints", "extra"] {
        let days = root.get(other).object().iter();
        let entries = days
            .flat_map(|(_, day)| day.object())
            .map(|(_, at)| at.object().len());
        let count: usize = entries.sum();
        if count > 0 {
            programme.note(format!(
                "only `schedule` was taken; entries of `{other}` were not"
            ));
        }
    }
}

/// Takes a submission once for each of its slots.
fn take<'a>(entry: &Node<'a>, programme: &mut Programme<'a>) {
    if entry.get("speakers").list().iter().any(is_code) {
        programme
            .note("speakers are only codes of other pages of pretalx, so they are missing".into());
    }
    let single = core::slice::from_ref(entry.get("slot"));
    let slots = entry.get("slots").list();
    for slot in if slots.is_empty() { single } else { slots } {
        programme.push(|| place(entry), session(entry, slot));
    }
}

/// Whether a text is the code of a speaker, such as `9QFXYA`, which stands for one that is not written out.
fn is_code(speaker: &Node<'_>) -> bool {
    let code = speaker.str();
    let is_mark = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    code.len() == 6 && code.bytes().all(is_mark)
}

fn place(entry: &Node<'_>) -> String {
    format!("submission {}", entry.get("code").id())
}

fn session<'a>(entry: &Node<'a>, slot: &Node<'a>) -> Session<'a> {
    let mut session = Session {
        id: entry.get("code").id(),
        title: entry.get("title").line(),
        start: clock::moment(slot.get("start").str()),
        end: clock::moment(slot.get("end").str()),
        location: slot.get("room").line(),
        language: entry.first(&["content_locale", "language"]).line(),
        cancelled: ["canceled", "cancelled", "rejected", "withdrawn", "deleted"]
            .contains(&entry.get("state").str()),
        ..Session::default()
    };
    if session.end.is_none() {
        session.lasts(
            entry
                .get("duration")
                .int()
                .map(|minutes| minutes * clock::MINUTE),
        );
    }
    session.set_track(entry.get("track").line());
    session.set_kind(entry.get("submission_type").line());
    for tag in entry.get("tags").list() {
        session.tag("keyword", tag.first(&["tag"]).line());
        session.tag("keyword", tag.line());
    }
    session.set_texts(
        entry.get("abstract").block(),
        entry.get("description").block(),
    );
    for speaker in entry
        .get("speakers")
        .list()
        .iter()
        .filter(|one| !is_code(one))
    {
        session.speaker(speaker.line());
    }
    session
}
