//! A day of a programme, which may begin hours after midnight.

use super::clock;
use crate::engine::time::{DAY, Moment};

/// The time before which a session belongs to the day before, where the feed says nothing. It is Pentabarf's default.
const DAY_CHANGE: i64 = 4 * 60 * clock::MINUTE;

/// A day and when it begins and ends, as far as the feed says so.
#[derive(Debug, Default)]
pub(super) struct Day {
    date: Option<i64>,
    begins: Option<Moment>,
    ends: Option<Moment>,
    change: Option<i64>,
}

impl Day {
    /// A day with its date, the moments at which it begins and ends, and the time of day at which days change.
    pub(super) fn new(date: &str, begins: &str, ends: &str, change: Option<i64>) -> Self {
        let begins = clock::timed(begins);
        let midnight = begins.map(|moment| moment.wall_ms().div_euclid(DAY) * DAY);
        Self {
            date: clock::date(date).or(midnight),
            begins,
            ends: clock::timed(ends),
            change,
        }
    }

    /// The date, as text.
    pub(super) fn label(&self) -> String {
        self.date.map(clock::day).unwrap_or_default()
    }

    /// When an event starts: at `date` if it has one, else at `time` of this day or of the next morning.
    pub(super) fn start(&self, date: &str, time: &str) -> Option<Moment> {
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
