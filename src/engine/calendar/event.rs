//! Calendar events of Microsoft Graph: their clock times and their popularity.

/// Which fractions of a second `datetime.fromisoformat` reads: it depends on the Python version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fractions {
    /// Three or six digits (CPython 3.10).
    MillisOrMicros,
    /// One digit or more (CPython 3.11 and later).
    Any,
}

/// A time of day as `HH:MM`.
pub type ClockTime = [u8; 5];

/// Returns the clock time of `YYYY-MM-DDTHH:MM:SS[.fraction][Z]`, the form in which Graph writes instants.
///
/// `None` for every other text, valid or not: what else is ISO 8601 is for the interpreter to say.
pub fn clock_time(text: &[u8], fractions: Fractions) -> Option<ClockTime> {
    let (instant, rest) = text.split_first_chunk::<19>()?;
    let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
    let readable = match rest.split_first() {
        None => true,
        Some((b'.', digits)) => {
            digits.iter().all(u8::is_ascii_digit) && reads(digits.len(), fractions)
        }
        Some(_) => false,
    };
    // All bytes are looked at, without a branch: so they are looked at together.
    let digits = b"0000-00-00T00:00:00";
    let shaped = instant
        .iter()
        .zip(digits)
        .fold(true, |shaped, (&byte, &least)| {
            let more = if least == b'0' { 9 } else { 0 };
            shaped & (byte.wrapping_sub(least) <= more)
        });
    if !(readable && shaped) {
        return None;
    }
    let two = |at: usize| {
        let digit = |at| instant.get(at).map_or(0, |byte| u32::from(byte - b'0'));
        digit(at) * 10 + digit(at + 1)
    };
    let (year, month, day) = (two(0) * 100 + two(2), two(5), two(8));
    let valid = year > 0
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && two(11) < 24
        && two(14) < 60
        && two(17) < 60;
    if !valid {
        return None;
    }
    instant.get(11..16)?.try_into().ok()
}

fn reads(digits: usize, fractions: Fractions) -> bool {
    match fractions {
        Fractions::MillisOrMicros => digits == 3 || digits == 6,
        Fractions::Any => digits > 0,
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What an event's popularity is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals {
    /// It has a preview or a body.
    pub described: bool,
    /// How many people are invited.
    pub attendees: usize,
    /// It has a place with a name.
    pub located: bool,
    /// It is an online meeting.
    pub online: bool,
}

impl Signals {
    /// Returns the popularity from 0 to 1, added in the original's order: the sum of the parts depends on it.
    pub fn popularity(self) -> f64 {
        let mut popularity = 0.25;
        if self.described {
            popularity += 0.1;
        }
        if self.attendees > 0 {
            popularity += (self.attendees as f64 * 0.05).min(0.3);
        }
        if self.located {
            popularity += 0.2;
        }
        if self.online {
            popularity += 0.1;
        }
        popularity.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_graph_writes() {
        let rows: [(&[u8], Option<&[u8; 5]>); 12] = [
            (b"2023-12-16T10:00:00", Some(b"10:00")),
            (b"2023-12-16T23:59:59Z", Some(b"23:59")),
            (b"2017-08-29T04:00:00.0000000", Some(b"04:00")),
            (b"2024-02-29T00:00:00.1", Some(b"00:00")),
            (b"2023-02-29T00:00:00", None),
            (b"2023-12-16T24:00:00", None),
            (b"0000-01-01T00:00:00", None),
            (b"2023-12-16T10:00:60", None),
            (b"2023-12-16T10:00:00.", None),
            (b"2023-12-16T10:00:00+02:00", None),
            (b"2023-12-16 10:00:00", None),
            (b"2023-12-16", None),
        ];
        for (text, expected) in rows {
            assert_eq!(
                clock_time(text, Fractions::Any).as_ref(),
                expected,
                "{}",
                String::from_utf8_lossy(text)
            );
        }
        assert_eq!(
            clock_time(b"2017-08-29T04:00:00.0000000", Fractions::MillisOrMicros),
            None
        );
        assert!(clock_time(b"2017-08-29T04:00:00.123", Fractions::MillisOrMicros).is_some());
    }

    /// Recorded from the original: parity cases of the group "graphxf".
    #[test]
    fn popularity_keeps_the_order_of_its_additions() {
        let all = Signals {
            described: true,
            attendees: 9,
            located: true,
            online: true,
        };
        assert_eq!(all.popularity().to_string(), "0.9499999999999998");
        assert_eq!(
            Signals {
                attendees: 3,
                ..Signals::default()
            }
            .popularity()
            .to_string(),
            "0.4"
        );
    }
}
