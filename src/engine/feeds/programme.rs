//! What a feed is read into: sessions, and a report of what was taken, skipped and made a tag.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::clock;
use super::detect::Format;
use super::fault::{Fault, shown};
use super::html;
use super::zone::Zone;
use crate::engine::time::{DAY, Moment, Scale};

/// The largest number of sessions. Gen Con 2017, the largest programme known, has 19,406.
pub const MOST_SESSIONS: usize = 1 << 16;
/// How many reasons a report names; the others are counted.
const MOST_REASONS: usize = 20;
/// How many notes a report holds.
const MOST_NOTES: usize = 50;
/// Up to this many tags or speakers of one session are compared with each other. Real sessions have 60 at most.
const MOST_COMPARED: usize = 500;

/// One session of a programme. Empty texts and `None` stand for what the feed does not say.
#[derive(Debug, Default)]
pub struct Session<'a> {
    /// Its id in the feed.
    pub id: Cow<'a, str>,
    /// The id to use where another session has the same [`Self::id`].
    pub guid: Cow<'a, str>,
    /// Its title, on one line.
    pub title: Cow<'a, str>,
    /// The line below the title.
    pub subtitle: Cow<'a, str>,
    /// When it starts: a date with a time, or a time of day where the feed names no date.
    pub start: Option<Moment>,
    /// When it ends, exclusive.
    pub end: Option<Moment>,
    /// Whether it has dates but no times; `start` and `end` are then midnights.
    pub all_day: bool,
    /// The day it is listed under, if that can differ from the date of its start.
    pub day: Cow<'a, str>,
    /// Its room.
    pub location: Cow<'a, str>,
    /// Its tags, and what each was in the feed.
    pub tags: Vec<(&'static str, Cow<'a, str>)>,
    /// The popularity, where the feed gives one.
    pub popularity: Option<f64>,
    /// The short text, or the long one where there is no short one.
    pub summary: Cow<'a, str>,
    /// The long text, where there is a short one too.
    pub description: Cow<'a, str>,
    /// The names of its speakers.
    pub speakers: Vec<Cow<'a, str>>,
    /// Its track.
    pub track: Cow<'a, str>,
    /// Its type: talk, workshop, break.
    pub kind: Cow<'a, str>,
    /// Its language, as the feed writes it.
    pub language: Cow<'a, str>,
    /// Its page.
    pub url: Cow<'a, str>,
    /// Whether it is a break, a meal or the like.
    pub service: bool,
    /// Whether the feed says that it does not take place.
    pub cancelled: bool,
}

impl<'a> Session<'a> {
    /// Sets a track, which is a tag too.
    pub(super) fn set_track(&mut self, track: Cow<'a, str>) {
        self.tag("track", track.clone());
        self.track = track;
    }

    /// Sets the type, which is a tag too.
    pub(super) fn set_kind(&mut self, kind: Cow<'a, str>) {
        self.tag("type", kind.clone());
        self.kind = kind;
    }

    /// Adds a tag, unless it is empty or there already.
    pub(super) fn tag(&mut self, source: &'static str, tag: Cow<'a, str>) {
        let known = |(_, other): &(&str, Cow<'_, str>)| same(other, &tag);
        if !tag.is_empty() && !self.tags.iter().take(MOST_COMPARED).any(known) {
            self.tags.push((source, tag));
        }
    }

    /// Adds a speaker, unless the name is empty or there already.
    pub(super) fn speaker(&mut self, name: Cow<'a, str>) {
        if !name.is_empty()
            && !self
                .speakers
                .iter()
                .take(MOST_COMPARED)
                .any(|known| *known == name)
        {
            self.speakers.push(name);
        }
    }

    /// Sets the short and the long text; where one is missing, the other is the summary.
    pub(super) fn set_texts(&mut self, short: Cow<'a, str>, long: Cow<'a, str>) {
        if short.is_empty() {
            self.summary = long;
        } else {
            if short != long {
                self.description = long;
            }
            self.summary = short;
        }
    }

    /// Sets the end to `ms` after the start.
    pub(super) fn lasts(&mut self, ms: Option<i64>) {
        self.end = self
            .start
            .zip(ms)
            .map(|(start, ms)| clock::later(start, ms));
    }
}

/// Whether a text is the state of a session that does not take place.
pub(super) fn is_cancelled(state: &str) -> bool {
    const STATES: &[&str] = &[
        "cancelled",
        "canceled",
        "rejected",
        "withdrawn",
        "declined",
        "deleted",
        "abgesagt",
        "annulé",
        "annulée",
        "cancelado",
        "cancelada",
        "annullato",
        "geannuleerd",
    ];
    STATES.contains(&state.trim().to_lowercase().as_str())
}

fn same(one: &str, other: &str) -> bool {
    one == other || (one.len() == other.len() && one.to_lowercase() == other.to_lowercase())
}

/// An entry of a feed that is not a session of the programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Which entry.
    pub place: String,
    /// Why it was left out.
    pub reason: String,
}

/// What became of the entries of a feed.
#[derive(Debug, Default)]
pub struct Report {
    /// How many entries were left out.
    pub skipped: usize,
    /// The first of them.
    pub reasons: Vec<Skipped>,
    /// How many tags came from each kind of field.
    pub tags: BTreeMap<&'static str, usize>,
    /// What a reader of the programme should know, in whole sentences.
    pub notes: Vec<String>,
}

/// The programme of a feed.
#[derive(Debug)]
pub struct Programme<'a> {
    /// The sessions, in the order of the feed.
    pub sessions: Vec<Session<'a>>,
    /// The name of the conference, if the feed gives it.
    pub name: Cow<'a, str>,
    /// The IANA name of its zone, if it is known.
    pub zone: Option<&'static str>,
    /// The format in which it was written.
    pub format: Format,
    /// What was taken and what was not.
    pub report: Report,
    asked: Option<Zone>,
    named: Option<Zone>,
    too_many: bool,
}

impl<'a> Programme<'a> {
    pub(super) fn new(asked: Option<Zone>) -> Self {
        Self {
            sessions: Vec::new(),
            name: Cow::Borrowed(""),
            zone: None,
            format: Format::OtherJson,
            report: Report::default(),
            asked,
            named: None,
            too_many: false,
        }
    }

    /// Sets the zone that the feed names. One that is not known is a note of the report.
    pub(super) fn set_zone(&mut self, name: &str) {
        if name.trim().is_empty() {
            return;
        }
        match Zone::find(name) {
            Some(zone) => self.named = Some(zone),
            None => self.note(format!(
                "the zone {} is not known, so it was not used",
                shown(name)
            )),
        }
    }

    /// The zone of times that name none.
    pub(super) fn zone_in_use(&self) -> Option<Zone> {
        self.asked.or(self.named)
    }

    /// Completes the times of the first sessions in another zone than that of the later ones.
    pub(super) fn settle_first(&mut self, count: usize, zone: Option<Zone>) {
        for session in self.sessions.iter_mut().take(count) {
            settle(session, zone);
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if self.report.notes.len() < MOST_NOTES && !self.report.notes.contains(&note) {
            self.report.notes.push(note);
        }
    }

    /// Counts an entry that is left out.
    pub(super) fn skip(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.report.skipped += 1;
        if self.report.reasons.len() < MOST_REASONS {
            self.report.reasons.push(Skipped {
                place: place.into(),
                reason: reason.into(),
            });
        }
    }

    /// Takes a session, unless it has no title or is cancelled. `place` names it in the report.
    pub(super) fn push(&mut self, place: impl FnOnce() -> String, session: Session<'a>) {
        if session.title.is_empty() {
            self.skip(place(), "it has no title");
        } else if session.cancelled {
            self.skip(place(), format!("{} is cancelled", shown(&session.title)));
        } else if self.sessions.len() == MOST_SESSIONS {
            self.too_many = true;
        } else {
            self.sessions.push(session);
        }
    }

    /// Completes ids, offsets and days, and counts the tags.
    ///
    /// # Errors
    /// There are more than [`MOST_SESSIONS`].
    pub(super) fn finish(mut self) -> Result<Self, Fault> {
        if self.too_many {
            return Err(Fault::new(format!(
                "the feed has more than {MOST_SESSIONS} sessions, the most that are read"
            )));
        }
        let zone = self.zone_in_use();
        self.zone = zone.and_then(Zone::name);
        let (mut local, mut utc, mut reversed) = (0, 0, 0);
        for session in &mut self.sessions {
            reversed += usize::from(settle(session, zone));
            match session.start.map(|start| (start.scale(), start.offset())) {
                Some((Some(Scale::Local), _)) => local += 1,
                Some((_, Some(0))) => utc += 1,
                _ => {}
            }
            for (source, _) in &session.tags {
                *self.report.tags.entry(source).or_default() += 1;
            }
        }
        complete_ids(&mut self.sessions);
        self.note_times(local, utc, reversed);
        Ok(self)
    }

    fn note_times(&mut self, local: usize, utc: usize, reversed: usize) {
        if self.sessions.is_empty() {
            self.note("the feed holds no sessions".into());
        }
        if self.sessions.len() > 1 && self.sessions.iter().all(|session| session.start.is_none()) {
            self.note("no session has a time".into());
        }
        if local > 0 {
            self.note(format!(
                "{local} sessions have local times without an offset: name the zone to complete them"
            ));
        }
        if utc > 0 && utc == self.sessions.len() && self.zone.is_none() {
            self.note("all times are in UTC: name the zone to see them on the clocks there".into());
        }
        if reversed > 0 {
            self.note(format!(
                "{reversed} sessions end before they start, so their ends were left out"
            ));
        }
    }
}

/// Completes the times of one session. Returns true if its end was before its start.
fn settle(session: &mut Session<'_>, zone: Option<Zone>) -> bool {
    let complete = |moment: Moment| match (zone, moment.scale(), moment.offset()) {
        (Some(zone), Some(Scale::Local), _) if !session.all_day => zone.place(moment),
        (Some(zone), Some(Scale::Instant), Some(0)) => zone.show(moment),
        _ => moment,
    };
    let (start, end) = (session.start.map(complete), session.end.map(complete));
    session.start = start;
    let reversed = match (start, end) {
        (Some(start), Some(end)) => {
            start.scale() == end.scale()
                && start.scale() != Some(Scale::Clock)
                && end.ms() < start.ms()
        }
        _ => false,
    };
    session.end = end.filter(|_| !reversed);
    if session.day.is_empty()
        && let Some(start) = start.filter(|start| start.scale() != Some(Scale::Clock))
    {
        session.day = clock::day(start.wall_ms().div_euclid(DAY) * DAY).into();
    }
    reversed
}

/// Gives each session an id of its own: that of the feed, its guid, or one made of the title.
fn complete_ids(sessions: &mut [Session<'_>]) {
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(sessions.len());
    for session in sessions {
        if session.id.is_empty() {
            session.id = core::mem::take(&mut session.guid);
        }
        if session.id.is_empty() {
            session.id = html::slug(&session.title).into();
        }
        if seen.contains_key(session.id.as_ref()) && !session.guid.is_empty() {
            session.id = core::mem::take(&mut session.guid);
        }
        let mut id = session.id.to_string();
        while let Some(count) = seen.get_mut(&id) {
            *count += 1;
            id = format!("{}-{count}", session.id);
        }
        if id != session.id {
            session.id = id.clone().into();
        }
        seen.insert(id, 1);
    }
}
