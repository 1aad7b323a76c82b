//! Catalogues of Kaltura's event platform (AWS re:Invent): times are seconds since 1970 beside the name of a zone; tags
//! are joined by commas; the same talk occurs in several languages and as repeats.

use super::node::Node;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::feeds::row;
use crate::engine::time::Moment;

pub(super) fn fits(root: &Node<'_>) -> bool {
    let first = root.get("sessions").list().first();
    first.is_some_and(|first| first.get("schedulingData").is_object())
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let entries = root.get("sessions").list();
    let mut zones = entries.iter().map(|entry| {
        entry
            .get("schedulingData")
            .get("start")
            .get("timeZoneName")
            .str()
    });
    if let Some(zone) = zones
        .next()
        .filter(|first| zones.all(|zone| zone == *first))
    {
        programme.set_zone(zone);
    }
    for entry in entries {
        programme.push(
            || format!("session {}", entry.get("id").id()),
            session(entry),
        );
    }
}

fn session<'a>(entry: &Node<'a>) -> Session<'a> {
    let times = entry.get("schedulingData");
    let mut session = Session {
        id: entry.get("id").id(),
        title: entry.get("name").line(),
        start: moment(times.get("start")),
        end: moment(times.get("end")),
        summary: entry.get("description").block(),
        url: entry.get("callToActionLink").line(),
        ..Session::default()
    };
    for tag in row::split_list(entry.get("tags").str()) {
        session.tag("keyword", tag.into_owned().into());
    }
    for presenter in entry.get("presenters").list() {
        session.speaker(presenter.line());
    }
    session
}

fn moment(time: &Node<'_>) -> Option<Moment> {
    let seconds = time.get("timestamp").int()?;
    let minutes = time.get("timeZoneOffset").int().unwrap_or_default() / 60;
    Some(Moment::at_offset(
        seconds.checked_mul(1000)? + minutes * 60_000,
        minutes,
    ))
}
