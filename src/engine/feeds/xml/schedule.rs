//! `schedule.xml` of Pentabarf, frab, pretalx, FOSDEM and the tools of the c3voc.
//!
//! Days hold rooms, and rooms hold events; old files of FOSDEM have no rooms around the events. An event has a date with
//! an offset in new files, and only a time of day in old ones: before the time at which days change, it is one of the
//! next morning.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::{Item, Xml};
use crate::engine::feeds::clock;
use crate::engine::feeds::day::Day;
use crate::engine::feeds::fault::Fault;
use crate::engine::feeds::html;
use crate::engine::feeds::programme::{Programme, Session, is_cancelled};

pub(super) fn read<'a>(xml: &mut Xml<'a>, programme: &mut Programme<'a>) -> Result<(), Fault> {
    let mut change = None;
    let mut day = Day::default();
    let mut room = String::new();
    loop {
        match xml.next()? {
            Item::End => return Ok(()),
            Item::Close => {}
            Item::Open(start) => match start.name().as_ref() {
                "conference" => change = read_conference(xml, programme)?,
                "day" => {
                    day = Day::new(
                        &xml.attribute(&start, "date")?,
                        &xml.attribute(&start, "start")?,
                        &xml.attribute(&start, "end")?,
                        change,
                    );
                    room.clear();
                }
                "room" => room = xml.attribute(&start, "name")?,
                "event" => {
                    let session = read_event(xml, &start, &day, &room)?;
                    let id = session.id.to_string();
                    programme.push(|| format!("event {id} in {room}"), session);
                }
                _ => xml.skip()?,
            },
        }
    }
}

/// Reads the conference. Returns the time of day at which its days change.
fn read_conference<'a>(
    xml: &mut Xml<'a>,
    programme: &mut Programme<'a>,
) -> Result<Option<i64>, Fault> {
    let mut change = None;
    while let Item::Open(start) = xml.next()? {
        match start.name().as_ref() {
            "title" => programme.name = xml.line()?,
            "time_zone_name" => programme.set_zone(&xml.text()?),
            "day_change" => change = clock::time_of_day(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok(change)
}

fn read_event<'a>(
    xml: &mut Xml<'a>,
    event: &BytesStart<'a>,
    day: &Day,
    room: &str,
) -> Result<Session<'a>, Fault> {
    let mut session = Session {
        id: xml.attribute(event, "id")?.into(),
        guid: xml.attribute(event, "guid")?.into(),
        day: day.label().into(),
        ..Session::default()
    };
    let (mut date, mut time, mut duration) = (String::new(), String::new(), None);
    let (mut short, mut long) = ("".into(), "".into());
    let mut has_room = false;
    while let Item::Open(start) = xml.next()? {
        match start.name().as_ref() {
            "date" => date = xml.text()?.into_owned(),
            "start" => time = xml.text()?.into_owned(),
            "duration" => duration = clock::duration(&xml.text()?),
            "room" => {
                has_room = true;
                session.location = xml.line()?;
            }
            "title" => session.title = xml.line()?,
            "subtitle" => session.subtitle = xml.line()?,
            "track" => session.set_track(xml.line()?),
            "type" => session.set_kind(xml.line()?),
            "language" => session.language = xml.line()?,
            "abstract" => short = xml.block()?,
            "description" => long = xml.block()?,
            "url" => session.url = xml.line()?,
            "status" | "state" => session.cancelled = is_cancelled(&xml.line()?),
            "persons" => {
                while let Item::Open(person) = xml.next()? {
                    let own = xml.attribute(&person, "name")?;
                    let name = person_name(xml)?;
                    session.speaker(if name.is_empty() { own.into() } else { name });
                }
            }
            "tags" | "keywords" => {
                while let Item::Open(_) = xml.next()? {
                    session.tag("keyword", xml.line()?);
                }
            }
            _ => xml.skip()?,
        }
    }
    session.start = day.start(&date, &time);
    session.lasts(duration);
    if !has_room {
        session.location = html::line(room).into_owned().into();
    }
    session.set_texts(short, long);
    Ok(session)
}

/// The name of a person: the text of the element, or that of one in it.
fn person_name<'a>(xml: &mut Xml<'a>) -> Result<Cow<'a, str>, Fault> {
    let at = xml.offset();
    let raw = xml.raw()?;
    if !raw.contains('<') {
        let name = xml.entities(raw, at)?;
        return Ok(html::line(&name).into_owned().into());
    }
    let mut inner = Xml::new(raw);
    while let Item::Open(start) = inner.next()? {
        if matches!(
            start.name().as_ref(),
            "public_name" | "full_public_name" | "name"
        ) {
            return Ok(inner.line()?.into_owned().into());
        }
        inner.skip()?;
    }
    Ok("".into())
}
