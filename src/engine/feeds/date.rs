//! Dates and times as people write them in tables: `06/04/2019 08:00`, `21. September 2023`, `14:15 → 14:50`, `3 pm`.
//!
//! Nothing is guessed. A date needs a year. Whether `06/04` means a day in June or in April is decided for all dates of a
//! programme together ([`Order::decide`]), or not at all.

use super::clock;
use crate::engine::time::Moment;

/// What a cell says about time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// A full date with a time.
    pub(super) moment: Option<Moment>,
    pub(super) date: Option<Date>,
    /// The time of day, in milliseconds.
    pub(super) time: Option<i64>,
    /// The time of day until when, where the cell holds two.
    pub(super) until: Option<i64>,
}

/// A date whose order of day and month may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Date {
    /// Milliseconds of its midnight.
    Known(i64),
    /// Two numbers up to 31, and a year.
    Open(i64, i64, i64),
}

impl Date {
    /// Milliseconds of its midnight; `None` if there is no such day.
    pub(super) fn midnight(self, order: Order) -> Option<i64> {
        match (self, order) {
            (Self::Known(midnight), _) => Some(midnight),
            (Self::Open(day, month, year), Order::DayFirst)
            | (Self::Open(month, day, year), Order::MonthFirst) => of_numbers(year, month, day),
        }
    }
}

/// Which of two numbers of a date is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// Decides how the dates of a programme are written: the order in which all of them exist; if both are possible, the
    /// one in which they lie within a month and four times closer together. `None` if that leaves a doubt.
    pub(super) fn decide(dates: &[Date]) -> Option<Self> {
        let span = |order| {
            let days: Option<Vec<i64>> = dates.iter().map(|date| date.midnight(order)).collect();
            let days = days?;
            let (first, last) = (days.iter().min()?, days.iter().max()?);
            Some((last - first) / crate::engine::time::DAY + 1)
        };
        if dates.is_empty() {
            return Some(Self::DayFirst);
        }
        match (span(Self::DayFirst), span(Self::MonthFirst)) {
            (Some(_), None) => Some(Self::DayFirst),
            (None, Some(_)) => Some(Self::MonthFirst),
            (None, None) => None,
            (Some(_), Some(_))
                if dates
                    .iter()
                    .all(|date| matches!(date, Date::Open(a, b, _) if a == b)) =>
            {
                Some(Self::DayFirst)
            }
            (Some(day_first), Some(month_first)) => match (day_first, month_first) {
                (close, far) if close * 4 <= far && close <= 31 => Some(Self::DayFirst),
                (far, close) if close * 4 <= far && close <= 31 => Some(Self::MonthFirst),
                _ => None,
            },
        }
    }
}

/// Reads a cell.
///
/// # Errors
/// Says what is wrong with the text, to follow after the text itself.
pub(super) fn parse(text: &str) -> Result<Cell, &'static str> {
    /// Longer than any date in words.
    const MOST_BYTES: usize = 100;
    let text = text.trim();
    if text.len() > MOST_BYTES {
        return Err("is no date or time");
    }
    if let Some(moment) = clock::moment(text) {
        return Ok(if clock::timed(text).is_some() {
            Cell {
                moment: Some(moment),
                ..Cell::default()
            }
        } else {
            Cell {
                date: Some(Date::Known(moment.wall_ms())),
                ..Cell::default()
            }
        });
    }
    let mut reader = Reader::new(text);
    reader.read()?;
    Ok(Cell {
        moment: None,
        date: date_of(&reader.words)?,
        time: reader.times.first().copied(),
        until: reader.times.get(1).copied(),
    })
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A number and how many digits it has.
    Number(i64, usize),
    Word(String),
    Mark(char),
}

/// Splits a cell into times and the words of a date.
struct Reader {
    tokens: Vec<Token>,
    times: Vec<i64>,
    words: Vec<Token>,
}

impl Reader {
    fn new(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let width = |test: fn(char) -> bool| {
                rest.find(|character| !test(character))
                    .unwrap_or(rest.len())
            };
            let length = if first.is_ascii_digit() {
                let length = width(|character| character.is_ascii_digit());
                let digits = rest.get(..length).unwrap_or_default();
                tokens.push(Token::Number(digits.parse().unwrap_or(i64::MAX), length));
                length
            } else if first.is_alphabetic() {
                let length = width(char::is_alphabetic);
                tokens.push(Token::Word(
                    rest.get(..length).unwrap_or_default().to_lowercase(),
                ));
                length
            } else {
                if !first.is_whitespace() {
                    tokens.push(Token::Mark(first));
                }
                first.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        Self {
            tokens,
            times: Vec::new(),
            words: Vec::new(),
        }
    }

    fn read(&mut self) -> Result<(), &'static str> {
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            if let Some((time, length)) = time_at(self.tokens.get(at..).unwrap_or_default())? {
                self.times.push(time);
                at += length;
                continue;
            }
            let noise = matches!(token, Token::Word(word) if NOISE.contains(&word.as_str()));
            if !noise {
                self.words.push(token.clone());
            }
            at += 1;
        }
        match self.times.len() {
            0..=2 => Ok(()),
            _ => Err("holds more than two times"),
        }
    }
}

/// Words that say nothing.
const NOISE: &[&str] = &[
    "at", "um", "uhr", "from", "to", "bis", "von", "of", "the", "th", "st", "nd", "rd", "t", "h",
];

/// Programmes that run past midnight write `25:30` for half past one of the next morning.
const LATEST_HOUR: i64 = 35;

/// Reads the time of day that tokens start with: `9:30`, `09:30:00`, `9:30 pm`, `9 pm`, `9h30`.
fn time_at(tokens: &[Token]) -> Result<Option<(i64, usize)>, &'static str> {
    let (mut hour, minute, mut length) = match tokens {
        [
            Token::Number(hour, 1..=2),
            Token::Mark(':'),
            Token::Number(minute, 2),
            ..,
        ] => (*hour, *minute, 3),
        [
            Token::Number(hour, 1..=2),
            Token::Word(unit),
            Token::Number(minute, 2),
            ..,
        ] if unit == "h" => (*hour, *minute, 3),
        [Token::Number(hour, 1..=2), Token::Word(half), ..] if half == "am" || half == "pm" => {
            (*hour, 0, 1)
        }
        [Token::Number(hour, 1..=2), Token::Word(unit), ..] if unit == "h" || unit == "uhr" => {
            (*hour, 0, 2)
        }
        [
            Token::Number(hour, 1..=2),
            Token::Mark('.'),
            Token::Number(minute, 2),
            Token::Word(unit),
            ..,
        ] if unit == "uhr" => (*hour, *minute, 4),
        _ => return Ok(None),
    };
    if let [Token::Mark(':'), Token::Number(_, 2), ..] = tokens.get(length..).unwrap_or_default() {
        length += 2;
    }
    if let Some(Token::Word(half)) = tokens.get(length)
        && (half == "am" || half == "pm")
    {
        if !(1..=12).contains(&hour) {
            return Err("is no time");
        }
        hour = hour % 12 + if half == "pm" { 12 } else { 0 };
        length += 1;
    }
    if hour > LATEST_HOUR || minute > 59 {
        return Err("is no time");
    }
    Ok(Some(((hour * 60 + minute) * clock::MINUTE, length)))
}

/// Reads the date that words make, if there are any.
fn date_of(words: &[Token]) -> Result<Option<Date>, &'static str> {
    let numbers: Vec<(i64, usize)> = words
        .iter()
        .filter_map(|word| match word {
            Token::Number(value, digits) => Some((*value, *digits)),
            _ => None,
        })
        .collect();
    let mut month = None;
    for word in words {
        if let Token::Word(word) = word
            && !is_weekday(word)
        {
            let found = month_named(word).ok_or("is no date or time")?;
            month = Some(found);
        }
    }
    let open = words
        .iter()
        .any(|word| matches!(word, Token::Mark('/' | '-')));
    match (month, numbers.as_slice()) {
        (None, []) => Ok(None),
        (Some(month), [(day, 1..=2), (year, 4)] | [(year, 4), (day, 1..=2)]) => {
            known(*year, month, *day)
        }
        (Some(_), _) | (None, [_, _]) => Err("has no year"),
        (None, [(first, 1..=2), (second, 1..=2), (year, 4)]) if open => {
            match (*first > 12, *second > 12) {
                (true, _) => known(*year, *second, *first),
                (_, true) => known(*year, *first, *second),
                _ => Ok(Some(Date::Open(*first, *second, *year))),
            }
        }
        (None, [(day, 1..=2), (month, 1..=2), (year, 4)] | [(year, 4), (month, _), (day, _)]) => {
            known(*year, *month, *day)
        }
        (None, [_]) => Err("is only a number"),
        _ => Err("is no date"),
    }
}

fn known(year: i64, month: i64, day: i64) -> Result<Option<Date>, &'static str> {
    of_numbers(year, month, day)
        .map(|midnight| Some(Date::Known(midnight)))
        .ok_or("is no day of the calendar")
}

fn of_numbers(year: i64, month: i64, day: i64) -> Option<i64> {
    clock::date(&format!("{year:04}-{month:02}-{day:02}"))
}

fn is_weekday(word: &str) -> bool {
    const DAYS: &[&str] = &[
        "mon",
        "monday",
        "tue",
        "tues",
        "tuesday",
        "wed",
        "wednesday",
        "thu",
        "thur",
        "thurs",
        "thursday",
        "fri",
        "friday",
        "sat",
        "saturday",
        "sun",
        "sunday",
        "mo",
        "montag",
        "di",
        "dienstag",
        "mi",
        "mittwoch",
        "do",
        "donnerstag",
        "fr",
        "freitag",
        "sa",
        "samstag",
        "sonnabend",
        "so",
        "sonntag",
    ];
    DAYS.contains(&word)
}

fn month_named(word: &str) -> Option<i64> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "jan", "januar", "janvier", "enero"],
        &["february", "feb", "februar", "février", "febrero"],
        &["march", "mar", "märz", "mars", "marzo"],
        &["april", "apr", "avril", "abril"],
        &["may", "mai", "mayo"],
        &["june", "jun", "juni", "juin", "junio"],
        &["july", "jul", "juli", "juillet", "julio"],
        &["august", "aug", "août", "agosto"],
        &["september", "sep", "sept", "septembre", "septiembre"],
        &["october", "oct", "oktober", "okt", "octobre", "octubre"],
        &["november", "nov", "novembre", "noviembre"],
        &[
            "december",
            "dec",
            "dezember",
            "dez",
            "décembre",
            "diciembre",
        ],
    ];
    let at = MONTHS.iter().position(|names| names.contains(&word))?;
    Some(at as i64 + 1)
}
