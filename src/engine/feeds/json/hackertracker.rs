//! `events.json` of HackerTracker. Rooms, types and speakers are ids of other files, so only those that are written out
//! are taken. Times are in UTC.

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::feeds::row;
use crate::engine::time::Moment;

pub(super) fn fits(entry: &Node<'_>) -> bool {
    let own = ["event_type", "entry_type", "conference", "includes"];
    (entry.has("start_date") || entry.has("begin")) && own.iter().any(|name| entry.has(name))
}

/// Whether an entry is one of HackerTracker even where nothing around it says so: the names of [`fits`] are common.
pub(super) fn fits_alone(entry: &Node<'_>) -> bool {
    let refers = |name| entry.get(name).int().is_some() || entry.get(name).is_object();
    fits(entry)
        && entry.has("conference")
        && entry.has("title")
        && ["event_type", "type", "location"].into_iter().any(refers)
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let wrapped = root.first(&["schedule", "events"]).list();
    let entries = if root.is_list() { root.list() } else { wrapped };
    programme.name = entries
        .iter()
        .find(|entry| !entry.is_empty())
        .map_or("".into(), |entry| entry.get("conference").line());
    let mut by_id = false;
    for entry in entries {
        by_id |= entry.get("location").int().is_some();
        programme.push(|| format!("event {}", entry.get("id").id()), session(entry));
    }
    if by_id {
        programme.note(
            "rooms, types and speakers are only ids of other files of HackerTracker, so they are missing".into(),
        );
    }
}

/// The end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// A time as text, or as the seconds since 1970 that Firestore keeps.
fn moment(time: &Node<'_>) -> Option<Moment> {
    let seconds = time.first(&["seconds", "_seconds"]).int();
    match seconds {
        Some(seconds) => {
            let exists = (0..=LAST_SECOND).contains(&seconds);
            exists.then(|| Moment::at_offset(seconds * 1000, 0))
        }
        None => clock::moment(time.str()),
    }
}

fn session<'a>(entry: &Node<'a>) -> Session<'a> {
    let begin = entry.first(&["start_date", "begin", "begin_timestamp"]);
    let end = entry.first(&["end_date", "end", "end_timestamp"]);
    let mut session = Session {
        id: entry.get("id").id(),
        title: entry.get("title").line(),
        start: moment(begin),
        end: moment(end),
        location: entry.get("location").line(),
        summary: entry.get("description").block(),
        url: entry.get("link").line(),
        ..Session::default()
    };
    for kind in ["event_type", "entry_type", "type"].map(|name| entry.get(name)) {
        if session.kind.is_empty() && kind.int().is_none() {
            session.set_kind(kind.line());
        }
    }
    for tag in entry
        .get("tags")
        .list()
        .iter()
        .filter(|tag| tag.int().is_none())
    {
        session.tag("keyword", tag.line());
    }
    let who = entry.get("who");
    for speaker in entry.get("speakers").list().iter().chain(who.list()) {
        if speaker.int().is_none() {
            session.speaker(speaker.line());
        }
    }
    for name in row::split_names(who.str()) {
        session.speaker(name.into_owned().into());
    }
    session
}
