//! `schedule.json` of frab, pretalx and the tools of the c3voc.
//!
//! An event has a date with an offset in new files. Old ones have only a time of day, and the day that they are listed
//! under; a time before that day's begin is one of the next morning. There is a duration instead of an end.

use std::borrow::Cow;

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::time::{DAY, Moment, Scale};

/// The time before which a session belongs to the day before, where the feed says nothing. It is pentabarf's default.
pub(in crate::engine::feeds) const DAY_CHANGE: i64 = 4 * 60 * clock::MINUTE;

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let conference = root.get("schedule").get("conference");
    programme.name = conference.first(&["title", "acronym"]).line();
    programme.set_zone(conference.get("time_zone_name").str());
    for day in conference.get("days").list() {
        let listed = Day::new(
            day.get("date").str(),
            day.get("day_start").str(),
            day.get("day_end").str(),
            None,
        );
        for (room, events) in day.get("rooms").object() {
            for event in events.list() {
                let session = session(event, room, &listed);
                programme.push(|| format!("event {} in {room}", event.get("id").id()), session);
            }
        }
    }
}

fn session<'a>(event: &Node<'a>, room: &Cow<'a, str>, day: &Day) -> Session<'a> {
    let mut session = Session {
        id: event.get("id").id(),
        guid: event.get("guid").id(),
        title: event.get("title").line(),
        subtitle: event.get("subtitle").line(),
        start: day.start(event.get("date").str(), event.get("start").str()),
        day: day.label().into(),
        location: event.get("room").line(),
        language: event.get("language").line(),
        url: event.first(&["url", "origin_url"]).line(),
        ..Session::default()
    };
    if session.location.is_empty() && !event.has("room") {
        session.location = Node::Text(room.clone()).line();
    }
    session.lasts(duration(event.get("duration")));
    session.set_track(event.get("track").line());
    session.set_kind(event.get("type").line());
    for tag in event.first(&["tags", "keywords"]).list() {
        session.tag("keyword", tag.line());
    }
    session.set_texts(event.get("abstract").block(), event.get("description").block());
    for person in event.first(&["persons", "speakers"]).list() {
        let names = ["public_name", "full_public_name", "name", "full_name"];
        let name = person.first(&names).line();
        session.speaker(if name.is_empty() { person.line() } else { name });
    }
    session
}

fn duration(node: &Node<'_>) -> Option<i64> {
    match node {
        Node::Text(text) => clock::duration(text),
        _ => node.int().map(|minutes| minutes * clock::MINUTE),
    }
}

/// A day of a programme, which may begin hours after midnight.
#[derive(Debug)]
pub(in crate::engine::feeds) struct Day {
    date: Option<i64>,
    begins: Option<Moment>,
    ends: Option<Moment>,
    change: Option<i64>,
}

impl Day {
    /// A day with its date, the moments at which it begins and ends, and the time of day at which days change.
    pub(in crate::engine::feeds) fn new(date: &str, begins: &str, ends: &str, change: Option<i64>) -> Self {
        let begins = clock::timed(begins);
        Self {
            date: clock::date(date).or(begins.map(midnight)),
            begins,
            ends: clock::timed(ends),
            change,
        }
    }

    /// The date, as text.
    pub(in crate::engine::feeds) fn label(&self) -> String {
        self.date.map(clock::day).unwrap_or_default()
    }

    /// When an event starts: at `date` if it has one, else at `time` of this day or of the next morning.
    pub(in crate::engine::feeds) fn start(&self, date: &str, time: &str) -> Option<Moment> {
        if let Some(start) = clock::timed(date) {
            return Some(start);
        }
        let time = clock::time_of_day(time)?;
        // An event's own date is that of the calendar, a day's is that of the programme.
        let wall = match (clock::date(date), self.date) {
            (Some(date), _) => date + time,
            (None, Some(day)) if self.is_next_morning(day, time) => day + DAY + time,
            (None, Some(day)) => day + time,
            (None, None) => return Some(Moment::clock(time)),
        };
        Some(match self.begins.and_then(Moment::offset) {
            Some(minutes) => Moment::at_offset(wall, minutes),
            None => Moment::local(wall),
        })
    }

    fn is_next_morning(&self, day: i64, time: i64) -> bool {
        match (self.change, self.begins, self.ends) {
            (Some(change), _, _) => time < change,
            (None, Some(begins), Some(ends)) if ends.wall_ms() > begins.wall_ms() => {
                day + time < begins.wall_ms() && day + DAY + time <= ends.wall_ms()
            }
            _ => time < DAY_CHANGE,
        }
    }
}

fn midnight(moment: Moment) -> i64 {
    debug_assert!(moment.scale() != Some(Scale::Clock));
    moment.wall_ms().div_euclid(DAY) * DAY
}
