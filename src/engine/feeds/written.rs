//! Sessions as JSON, with the members that Python's dicts of them have, in their order.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::clock::{hour, iso};
use super::programme::Session;
use crate::engine::time::{Moment, Scale};

/// Writes sessions as a JSON array.
///
/// # Errors
/// There is no memory for it.
pub fn json(sessions: &[Session<'_>]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(sessions)
}

impl Session<'_> {
    /// When it starts and ends, as `09:30`; a session of whole days has no such times.
    pub fn hours(&self) -> [Option<String>; 2] {
        let times = [self.start, self.end].map(|at| at.filter(|_| !self.all_day));
        times.map(|at| at.map(|at| hour(at.wall_ms())))
    }

    /// When it starts and ends, with the date, as far as it is known.
    pub fn moments(&self) -> [Option<String>; 2] {
        let dated = |at: &Moment| at.scale() != Some(Scale::Clock);
        [self.start, self.end].map(|at| at.filter(dated).map(iso))
    }
}

impl Serialize for Session<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let [start, end] = self.hours();
        let [start_at, end_at] = self.moments();
        let tags: Vec<&str> = self.tags.iter().map(|(_, tag)| tag.as_ref()).collect();
        let speakers: Vec<&str> = self.speakers.iter().map(AsRef::as_ref).collect();
        for (name, text) in [
            ("id", self.id.as_ref()),
            ("title", &self.title),
            ("start", start.as_deref().unwrap_or_default()),
            ("end", end.as_deref().unwrap_or_default()),
            ("location", &self.location),
        ] {
            entry(&mut map, name, text)?;
        }
        map.serialize_entry("tags", &tags)?;
        if let Some(popularity) = self.popularity {
            map.serialize_entry("popularity", &popularity)?;
        }
        for (name, text) in [
            ("subtitle", &self.subtitle),
            ("abstract", &self.summary),
            ("description", &self.description),
        ] {
            entry(&mut map, name, text)?;
        }
        map.serialize_entry("speakers", &speakers)?;
        for (name, text) in [
            ("track", &self.track),
            ("type", &self.kind),
            ("language", &self.language),
            ("day", &self.day),
            ("url", &self.url),
        ] {
            entry(&mut map, name, text)?;
        }
        for (name, time) in [("start_at", start_at), ("end_at", end_at)] {
            entry(&mut map, name, time.as_deref().unwrap_or_default())?;
        }
        for (name, flag) in [("all_day", self.all_day), ("service", self.service)] {
            if flag {
                map.serialize_entry(name, &true)?;
            }
        }
        map.end()
    }
}

/// Writes a member, unless its text is empty.
fn entry<M: SerializeMap>(map: &mut M, name: &'static str, text: &str) -> Result<(), M::Error> {
    if text.is_empty() {
        return Ok(());
    }
    map.serialize_entry(name, text)
}

impl Session<'_> {
    /// Copies the texts that are borrowed from the feed.
    pub fn into_owned(self) -> Session<'static> {
        fn own(text: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(text.into_owned())
        }
        Session {
            id: own(self.id),
            guid: own(self.guid),
            title: own(self.title),
            subtitle: own(self.subtitle),
            day: own(self.day),
            location: own(self.location),
            tags: self
                .tags
                .into_iter()
                .map(|(source, tag)| (source, own(tag)))
                .collect(),
            summary: own(self.summary),
            description: own(self.description),
            speakers: self.speakers.into_iter().map(own).collect(),
            track: own(self.track),
            kind: own(self.kind),
            language: own(self.language),
            url: own(self.url),
            start: self.start,
            end: self.end,
            all_day: self.all_day,
            popularity: self.popularity,
            service: self.service,
            cancelled: self.cancelled,
        }
    }
}
