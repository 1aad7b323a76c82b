//! The times of sessions: ISO 8601 date-times, with or without an offset, and times of day.
//!
//! Times with an offset, times without one, and times of day are three different [`Scale`]s. A [`Span`] is compared on
//! one [`Axis`], so only comparable times are compared. Reading a time costs O(its length).

mod moment;
mod parse;
mod span;

pub use moment::{Moment, Scale};
pub use span::{Axis, Span};

/// The milliseconds of a day.
pub const DAY: i64 = 24 * 60 * MINUTE;
/// The milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// Returns year, month and day of a number of days since 1970. It counts in eras of 400 years, which all have 146,097
/// days.
pub(in crate::engine) fn civil(day: i64) -> (i64, i64, i64) {
    // Years start in March here, so that the leap day comes last.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day_of_month,
    )
}
