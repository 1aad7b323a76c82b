//! Dates and times as people write them in tables: `06/04/2019 08:00`, `21. September 2023`, `14:15 → 14:50`, `3 pm`.
//!
//! Nothing is guessed. A date needs a year. Whether `06/04` means a day in June or in April is decided for all dates of a
//! programme together ([`Order::decide`]), or not at all.

use super::clock;
use super::tokens::{Reader, Token, halves};
use crate::engine::time::{DAY, Moment};

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
    /// The date and time until when, where the cell holds two of each.
    pub(super) last: Option<(Date, i64)>,
    /// Minutes from UTC, where the cell names them.
    pub(super) offset: Option<i64>,
    pub(super) form: Form,
    /// Whether it names a zone by letters that say too little, such as `CET`.
    pub(super) lettered: bool,
}

/// How the times of a cell are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Plain,
    /// With `am` or `pm`.
    Halved,
    /// At an hour from 1 to 7 (with two digits, to 5), and neither `am` nor `pm`: it may be one after noon.
    Early,
    /// Only digits, `0930`, which are a time in a column of times alone.
    Digits,
}

/// A date whose order of day and month may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Date {
    /// Milliseconds of its midnight.
    Known(i64),
    /// Two numbers up to 31, and a year.
    Open(i64, i64, i64),
    /// Three numbers, of which the first or the last is a year of this century.
    Short(i64, i64, i64),
}

impl Date {
    /// Milliseconds of its midnight; `None` if there is no such day.
    pub(super) fn midnight(self, order: Order) -> Option<i64> {
        match (self, order) {
            (Self::Known(midnight), _) => Some(midnight),
            (Self::Open(day, month, year), Order::Day)
            | (Self::Open(month, day, year), Order::Month) => of_numbers(year, month, day),
            (Self::Short(day, month, year), Order::Day)
            | (Self::Short(month, day, year), Order::Month)
            | (Self::Short(year, month, day), Order::Year) => of_numbers(2000 + year, month, day),
            (Self::Open(..), Order::Year) => None,
        }
    }
}

/// Which number of a date comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Day, month, year.
    Day,
    /// Month, day, year.
    Month,
    /// Year, month, day; only of dates with three short numbers.
    Year,
}

impl Order {
    /// Decides how the dates of a programme are written: the order in which all of them exist; if several are possible, the
    /// one in which they lie within a month and four times closer together than in any other. `None` if that leaves a
    /// doubt.
    pub(super) fn decide(dates: &[Date]) -> Option<Self> {
        let span = |order: Self| {
            let days: Option<Vec<i64>> = dates.iter().map(|date| date.midnight(order)).collect();
            let days = days?;
            let (first, last) = (days.iter().min()?, days.iter().max()?);
            Some((order, (last - first) / DAY + 1))
        };
        let same = |date: &Date| matches!(date, Date::Open(a, b, _) if a == b);
        if dates
            .iter()
            .all(|date| matches!(date, Date::Known(_)) || same(date))
        {
            return Some(Self::Day);
        }
        let orders = [Self::Day, Self::Month, Self::Year];
        let spans: Vec<(Self, i64)> = orders.into_iter().filter_map(span).collect();
        let (closest, days) = spans.iter().copied().min_by_key(|(_, days)| *days)?;
        let farther =
            |(order, far): &(Self, i64)| *order == closest || (days <= 31 && days * 4 <= *far);
        spans.iter().all(farther).then_some(closest)
    }
}

/// Reads a cell.
///
/// # Errors
/// Says what is wrong with the text, to follow after the text itself.
pub(super) fn parse(text: &str) -> Result<Cell, &'static str> {
    /// Longer than any date in words.
    const MOST_BYTES: usize = 100;
    let text = without_number(text.trim());
    if text.len() > MOST_BYTES {
        return Err("is no date or time");
    }
    // Seconds since 1970, as programs write a column of numbers with gaps.
    let text = text
        .strip_suffix(".0")
        .filter(|whole| whole.len() >= 10 && all_digits(whole))
        .unwrap_or(text);
    if let Some(moment) = clock::moment(text).or_else(|| of_digits(text)) {
        let timed =
            clock::timed(text).is_some() || text.len() > "20260131".len() && all_digits(text);
        return Ok(if timed {
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
    if let Some(cell) = of_two(text) {
        return Ok(cell);
    }
    let mut reader = Reader::new(text);
    reader.read()?;
    if reader.words.contains(&Token::Mark('+')) {
        return Err("is no date or time");
    }
    let date = date_of(&reader.words)?;
    let [first, second] = [0, 1].map(|at| reader.times.get(at).copied());
    let [start, until] = halves(first, second)?;
    let times = || [first, second].into_iter().flatten();
    let form = if reader.digits {
        Form::Digits
    } else if times().any(|time| time.half.is_some()) {
        Form::Halved
    } else if times().any(|time| time.early) {
        Form::Early
    } else {
        Form::Plain
    };
    Ok(Cell {
        date,
        time: start,
        until,
        offset: reader.offset,
        form,
        lettered: reader.lettered,
        ..Cell::default()
    })
}

/// `Day 1 - May 1, 2026` without the number of the day.
fn without_number(text: &str) -> &str {
    let is_end = |mark: char| matches!(mark, '-' | '–' | '—' | ':' | ',' | '(' | '|');
    let after = text.split_once(is_end).and_then(|(first, rest)| {
        let (day, number) = first.trim().split_once(' ')?;
        let is_number = number.len() <= 2 && all_digits(number);
        (DAYS.contains(&day.to_lowercase().as_str()) && is_number).then_some(rest.trim())
    });
    after.map_or(text, |rest| rest.trim_end_matches(')'))
}

/// What a day is called before its number.
pub(super) const DAYS: [&str; 7] = ["day", "tag", "jour", "día", "dia", "giorno", "dag"];

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A moment of digits alone: `20260131`, `202601310930`, or seconds or milliseconds since 1970.
fn of_digits(text: &str) -> Option<Moment> {
    if !all_digits(text) {
        return None;
    }
    let part = |from: usize| text.get(from..from + 2).unwrap_or("00");
    match text.len() {
        10 => Some(Moment::at_offset(text.parse::<i64>().ok()? * 1000, 0)),
        13 => Some(Moment::at_offset(text.parse().ok()?, 0)),
        8 | 12 | 14 => {
            let (date, time) = text.split_at_checked(8)?;
            let (year, rest) = date.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            let clock = if time.is_empty() {
                [part(99); 3]
            } else {
                [part(8), part(10), part(12)]
            };
            clock::moment(&format!("{year}-{month}-{day}T{}", clock.join(":")))
        }
        _ => None,
    }
}

/// A cell of two dates with times: `2026-01-31 09:30 - 2026-01-31 10:00`.
fn of_two(text: &str) -> Option<Cell> {
    let marks = [" - ", " – ", " — ", " → ", " to ", " bis ", "→"];
    let (first, second) = marks.iter().find_map(|mark| {
        let (first, second) = text.split_once(mark)?;
        (!second.contains(mark)).then_some((first, second))
    })?;
    let [first, second] = [first, second].map(|half| parse(half).ok());
    let (first, second) = (first?, second?);
    let tail = |cell: Cell| match cell.moment {
        Some(moment) => Some((
            Date::Known(moment.wall_ms().div_euclid(DAY) * DAY),
            moment.wall_ms().rem_euclid(DAY),
        )),
        None => cell.date.zip(cell.time),
    };
    let same_clock =
        first.moment.and_then(Moment::offset) == second.moment.and_then(Moment::offset);
    let last = Some(tail(second)?).filter(|_| tail(first).is_some() && same_clock)?;
    Some(Cell {
        last: Some(last),
        ..first
    })
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
    let open = words.windows(3).any(|three| {
        matches!(
            three,
            [Token::Number(..), Token::Mark('/' | '-'), Token::Number(..)]
        )
    });
    match (month, numbers.as_slice()) {
        (None, []) => Ok(None),
        // `01-May-26`, as spreadsheets write it.
        (Some(month), [(day, 1..=2), (year, 2)]) if is_hyphened(words) => {
            known(2000 + year, month, *day)
        }
        (Some(month), [(day, 1..=2), (year, 4)] | [(year, 4), (day, 1..=2)]) => {
            known(*year, month, *day)
        }
        (Some(_), _) | (None, [_, _]) => Err("has no year"),
        (None, [(first, 1..=2), (second, 1..=2), (year, 4)]) if open => {
            let exists = |order| Date::Open(*first, *second, *year).midnight(order).is_some();
            if exists(Order::Day) || exists(Order::Month) {
                Ok(Some(Date::Open(*first, *second, *year)))
            } else {
                Err("is no day of the calendar")
            }
        }
        (None, [(first, 1..=2), (second, 1..=2), (third, 2)]) if open => {
            Ok(Some(Date::Short(*first, *second, *third)))
        }
        (None, [(day, 1..=2), (month, 1..=2), (year, 4)] | [(year, 4), (month, _), (day, _)]) => {
            known(*year, *month, *day)
        }
        (None, [_]) => Err("is only a number"),
        _ => Err("is no date"),
    }
}

fn is_hyphened(words: &[Token]) -> bool {
    matches!(
        words,
        [
            Token::Number(..),
            Token::Mark('-'),
            Token::Word(_),
            Token::Mark('-'),
            Token::Number(..)
        ]
    )
}

fn known(year: i64, month: i64, day: i64) -> Result<Option<Date>, &'static str> {
    of_numbers(year, month, day)
        .map(|midnight| Some(Date::Known(midnight)))
        .ok_or("is no day of the calendar")
}

fn of_numbers(year: i64, month: i64, day: i64) -> Option<i64> {
    clock::midnight(year, month, day)
}

fn is_weekday(word: &str) -> bool {
    const DAYS: &str = "mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday sun sunday \
         mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag \
         lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles miercoles jueves viernes sábado sabado \
         domingo lunedì martedì mercoledì giovedì venerdì sabato domenica maandag dinsdag woensdag donderdag vrijdag zaterdag \
         zondag segunda terça quarta quinta sexta feira 火 水 木 金 土 曜日 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日 \
         星期一 星期二 星期三 星期四 星期五 星期六 星期日";
    DAYS.split_ascii_whitespace().any(|day| day == word)
}

fn month_named(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "stycznia января ledna january jan januar janvier enero gennaio janeiro januari",
        "lutego февраля února february feb februar février febrero febbraio fevereiro februari",
        "marca марта března marts march mar märz mars marzo março maart",
        "kwietnia апреля dubna april apr avril abril aprile",
        "maja мая května maj may mai mayo maggio maio mei",
        "czerwca июня června june jun juni juin junio giugno junho",
        "lipca июля července july jul juli juillet julio luglio julho",
        "sierpnia августа srpna august aug août agosto augustus augusti",
        "września сентября září september sep sept septembre septiembre settembre setembro",
        "października октября října october oct oktober okt octobre octubre ottobre outubro",
        "ноября listopadu november nov novembre noviembre novembro",
        "grudnia декабря prosince december dec dezember dez décembre diciembre dicembre dezembro",
    ];
    let at = MONTHS
        .iter()
        .position(|names| names.split_ascii_whitespace().any(|name| name == word))?;
    Some(at as i64 + 1)
}
