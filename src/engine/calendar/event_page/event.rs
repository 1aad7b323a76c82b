//! One event as Graph writes it, and which session it makes, if any.

use core::ops::Range;

use super::{Draft, EventPage, Moment, Text, Zone};
use crate::engine::calendar::event::{Fractions, Signals, clock_time};

/// What a name stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Field<T> {
    #[default]
    Missing,
    Null,
    Value(T),
}

impl<T: PartialEq> Field<T> {
    pub(super) fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }

    pub(super) fn is(&self, wanted: &T) -> bool {
        matches!(self, Self::Value(value) if value == wanted)
    }
}

/// The members that sessions are made of; the last of the same name would count, but a name given twice is refused.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) id: Field<Text>,
    pub(super) subject: Field<Text>,
    /// Whether there is text in it; the same for the body.
    pub(super) preview: Field<bool>,
    pub(super) body: Field<bool>,
    pub(super) cancelled: Field<bool>,
    pub(super) online: Field<bool>,
    pub(super) reminder: Field<bool>,
    pub(super) categories: Field<Range<u32>>,
    pub(super) start: Field<When>,
    pub(super) end: Field<When>,
    pub(super) location: Field<Field<Text>>,
    /// How many there are.
    pub(super) attendees: Field<usize>,
}

/// An instant as Graph writes it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct When {
    pub(super) date_time: Field<Text>,
    pub(super) zone: Field<Text>,
}

impl Event {
    /// The inner `None` leaves the event out, the outer one declines it.
    #[allow(clippy::option_option)]
    pub(super) fn into_draft(self, page: &EventPage<'_>) -> Option<Option<Draft>> {
        if self.cancelled.is(&true) {
            return Some(None);
        }
        let (Some(start), Some(end)) = (self.start.into_value(), self.end.into_value()) else {
            return Some(None);
        };
        let (Field::Value(starts), Field::Value(ends)) = (start.date_time, end.date_time) else {
            return Some(None);
        };
        let start = moment(page, starts, start.zone)?;
        let end = moment(page, ends, end.zone)?;
        let location = match self.location {
            Field::Null => return Some(None),
            Field::Missing | Field::Value(Field::Missing) => None,
            Field::Value(name) => Some(name.into_value()),
        };
        let categories = match self.categories {
            Field::Null => return Some(None),
            Field::Missing => 0..0,
            Field::Value(categories) => categories,
        };
        let described = self.preview.is(&true)
            || match self.body {
                Field::Null => return Some(None),
                Field::Missing => false,
                Field::Value(described) => described,
            };
        let online = self.online.is(&true);
        let signals = Signals {
            described,
            attendees: self.attendees.into_value().unwrap_or_default(),
            located: location.flatten().is_some_and(|name| !name.is_empty()),
            online,
        };
        Some(Some(Draft {
            id: self.id.into_value(),
            title: match self.subject {
                Field::Missing => None,
                subject => Some(subject.into_value()),
            },
            start,
            end,
            location,
            categories,
            online,
            reminder: self.reminder.is(&true),
            popularity: signals.popularity(),
        }))
    }
}

fn moment(page: &EventPage<'_>, text: Text, zone: Field<Text>) -> Option<Moment> {
    let text = page.text(text);
    let clock = clock_time(&text, Fractions::Any)?;
    let zone = match zone.into_value() {
        _ if text.ends_with(b"Z") => Zone::Utc,
        Some(zone) if *page.text(zone) == *b"UTC" => Zone::Utc,
        Some(zone) => Zone::Named(zone),
        None => Zone::Unknown,
    };
    Some(Moment {
        local: *text.first_chunk()?,
        clock,
        zone,
    })
}
