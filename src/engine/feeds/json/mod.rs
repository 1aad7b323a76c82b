//! The formats that are written in JSON: recognises one by its shape, and reads it.

mod catalogue;
mod find;
mod frab;
mod graph;
mod hackertracker;
mod indico;
mod json_ld;
mod kaltura;
mod list;
mod node;
mod openevent;
mod pretalx;
mod pycon;
mod schedule2;
mod sessionize;
mod tables;

use node::Node;

use super::detect::Format;
use super::fault::{Fault, shown};
use super::programme::Programme;

pub(super) use json_ld::read_page;

/// Reads a document of any JSON format.
pub(super) fn read<'a>(
    text: &'a str,
    expected: Option<Format>,
    programme: &mut Programme<'a>,
) -> Result<(), Fault> {
    let root = node::parse(text)?;
    let format = recognise(&root).ok_or_else(|| unknown(&root))?;
    if let Some(expected) = expected.filter(|expected| *expected != format) {
        return Err(Fault::new(format!(
            "this is {format}, and {expected} was expected"
        )));
    }
    programme.format = format;
    match format {
        Format::FrabJson => frab::read(&root, programme),
        Format::Schedule2 => schedule2::read(&root, programme),
        Format::SessionizeAll => sessionize::read_all(&root, programme),
        Format::SessionizeGrid | Format::SessionizeSessions => {
            sessionize::read_groups(&root, programme);
        }
        Format::Microsoft => catalogue::read(&root, programme),
        Format::OpenEvent => openevent::read(&root, programme),
        Format::PyconJson => pycon::read(&root, programme),
        Format::HackerTracker => hackertracker::read(&root, programme),
        Format::Indico => indico::read(&root, programme),
        Format::JsonLd => json_ld::read(&root, programme),
        Format::OtherJson => return read_other(&root, programme),
        // A manifest is read by Python, so that no member of a session is lost. The others are no JSON.
        Format::Manifest | Format::ScheduleXml | Format::Xcal | Format::Ics | Format::Csv => {}
    }
    Ok(())
}

fn read_other<'a>(root: &Node<'a>, programme: &mut Programme<'a>) -> Result<(), Fault> {
    if pretalx::fits(root) {
        pretalx::read(root, programme);
    } else if kaltura::fits(root) {
        kaltura::read(root, programme);
    } else {
        list::read(root, programme)?;
    }
    Ok(())
}

/// Returns the format of a document by its shape.
fn recognise(root: &Node<'_>) -> Option<Format> {
    if let Some(first) = root.list().iter().find(|item| item.is_object()) {
        return Some(of_list(first));
    }
    let schedule = root.get("schedule");
    let conference = schedule.get("conference");
    if conference.get("days").is_list() && !schedule.get("events").is_list() {
        return Some(Format::FrabJson);
    }
    if conference.is_object() && schedule.get("events").is_list() {
        return Some(Format::Schedule2);
    }
    if schedule.list().iter().any(hackertracker::fits) {
        return Some(Format::HackerTracker);
    }
    if schedule.list().iter().any(pycon::fits) {
        return Some(Format::PyconJson);
    }
    of_object(root)
}

fn of_list(first: &Node<'_>) -> Format {
    let inner = first.get("sessions").list().first();
    if first.get("rooms").is_list() && (first.has("date") || first.has("timeSlots")) {
        Format::SessionizeGrid
    } else if inner.is_some() && (first.has("groupId") || first.has("groupName")) {
        Format::SessionizeSessions
    } else if sessionize::fits(first) && first.get("categories").is_list() {
        // The sessions of one group, without the group.
        Format::SessionizeSessions
    } else if catalogue::fits(first) {
        Format::Microsoft
    } else if openevent::fits(first) {
        Format::OpenEvent
    } else if pycon::fits(first) {
        Format::PyconJson
    } else if json_ld::fits(first) {
        Format::JsonLd
    } else if hackertracker::fits_alone(first) {
        Format::HackerTracker
    } else {
        Format::OtherJson
    }
}

fn of_object(root: &Node<'_>) -> Option<Format> {
    let sessions = root.get("sessions");
    let first = sessions.list().first();
    if root.has("weights") && sessions.is_list() {
        return Some(Format::Manifest);
    }
    if sessions.list().iter().any(sessionize::fits) {
        return Some(Format::SessionizeAll);
    }
    if root.has("date") && sessionize::has_rooms(root) {
        return Some(Format::SessionizeGrid);
    }
    if first.is_none()
        && sessions.is_list()
        && root.get("rooms").is_list()
        && root.has("categories")
    {
        return Some(Format::SessionizeAll);
    }
    if indico::fits(root) {
        return Some(Format::Indico);
    }
    if json_ld::fits(root) {
        return Some(Format::JsonLd);
    }
    let items = root
        .first(&["data", "value", "sessions", "results", "events"])
        .list();
    let first = items.first();
    if first.is_some_and(catalogue::fits) {
        return Some(Format::Microsoft);
    }
    if first.is_some_and(openevent::fits) {
        return Some(Format::OpenEvent);
    }
    if root
        .get("events")
        .list()
        .iter()
        .any(hackertracker::fits_alone)
    {
        return Some(Format::HackerTracker);
    }
    let other = pretalx::fits(root) || kaltura::fits(root) || list::fits(root);
    other.then_some(Format::OtherJson)
}

fn unknown(root: &Node<'_>) -> Fault {
    let found = match root {
        Node::Object(members) => {
            let names = members.iter().take(8).map(|(name, _)| shown(name));
            format!("an object with {}", names.collect::<Vec<_>>().join(", "))
        }
        Node::List(items) => format!("a list of {} values, none of them an object", items.len()),
        _ => "a single value".into(),
    };
    Fault::new(format!(
        "this JSON is no programme that is known: it is {found}"
    ))
}
