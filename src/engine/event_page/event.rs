//! One event as Graph writes it, and which session it makes, if any.

use core::ops::Range;

use super::{Draft, Moment, Text, Zone};
use crate::engine::event::{Fractions, Signals, clock_time};

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
pub(super) struct Event<'a> {
    pub(super) id: Field<Text<'a>>,
    pub(super) subject: Field<Text<'a>>,
    /// Whether there is text in it; the same for the body.
    pub(super) preview: Field<bool>,
    pub(super) body: Field<bool>,
    pub(super) cancelled: Field<bool>,
    pub(super) online: Field<bool>,
    pub(super) reminder: Field<bool>,
    pub(super) categories: Field<Range<usize>>,
    pub(super) start: Field<When<'a>>,
    pub(super) end: Field<When<'a>>,
    pub(super) location: Field<Field<Text<'a>>>,
    /// How many there are.
    pub(super) attendees: Field<usize>,
}

/// An instant as Graph writes it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct When<'a> {
    pub(super) date_time: Field<Text<'a>>,
    pub(super) zone: Field<Text<'a>>,
}

impl<'a> Event<'a> {
    /// The inner `None` leaves the event out, the outer one declines it.
    #[allow(clippy::option_option)]
    pub(super) fn into_draft(self) -> Option<Option<Draft<'a>>> {
        if self.cancelled.is(&true) {
            return Some(None);
        }
        let (Some(start), Some(end)) = (self.start.into_value(), self.end.into_value()) else {
            return Some(None);
        };
        let (Field::Value(starts), Field::Value(ends)) = (start.date_time, end.date_time) else {
            return Some(None);
        };
        let start = moment(&starts, start.zone)?;
        let end = moment(&ends, end.zone)?;
        let location = match self.location {
            Field::Null => return Some(None),
            Field::Missing | Field::Value(Field::Missing) => Some(Text::default()),
            Field::Value(name) => name.into_value(),
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
            located: location.as_ref().is_some_and(|name| !name.0.is_empty()),
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

fn moment<'a>(text: &Text<'a>, zone: Field<Text<'a>>) -> Option<Moment<'a>> {
    let clock = clock_time(&text.0, Fractions::Any)?;
    let zone = match zone.into_value() {
        _ if text.0.ends_with(b"Z") => Zone::Utc,
        Some(zone) if *zone.0 == *b"UTC" => Zone::Utc,
        Some(zone) => Zone::Named(zone),
        None => Zone::Unknown,
    };
    Some(Moment {
        local: *text.0.first_chunk()?,
        clock,
        zone,
    })
}
