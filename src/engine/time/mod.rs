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
