//! The times of a table: reads the cells of its columns of times, and decides how their dates are written.

use super::clock::MINUTE;
use super::column::{Role, bare, is_utc};
use super::date::{self, Cell, Date, Form, Order};
use super::fault::{Fault, shown};
use super::programme::Programme;
use super::row::{Row, Value};
use crate::engine::time::{DAY, Moment};

/// The roles of columns that hold times.
pub(super) const TIMES: [Role; 4] = [Role::Start, Role::End, Role::Date, Role::EndDate];

/// Texts that say that a time is not known.
const UNKNOWN: &[&str] = &[
    "tbd", "tba", "tbc", "-", "–", "—", "?", "na", "n/a", "none", "null", "nan",
];

/// Names of columns that hold dates, and not any names of days.
const DATES: &[&str] = &[
    "date",
    "datum",
    "fecha",
    "data",
    "dato",
    "eventdate",
    "sessiondate",
    "日付",
    "日期",
    "дата",
    "날짜",
];

/// The times of one column.
pub(super) struct Column {
    role: Role,
    name: String,
    pub(super) cells: Vec<Cell>,
    filled: usize,
    bad: usize,
    first_bad: Option<(String, String, &'static str)>,
    /// The first hour that may be one after noon.
    first_early: Option<(String, String)>,
    lettered: Option<String>,
    /// The cells such as `09.30`, which are times or dates: their row, and both numbers.
    dotted: Vec<(usize, i64, i64)>,
}

impl Column {
    pub(super) fn new(role: Role, name: String) -> Self {
        Self {
            role,
            name,
            cells: Vec::new(),
            filled: 0,
            bad: 0,
            first_bad: None,
            first_early: None,
            lettered: None,
            dotted: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, row: &Row<'_>) {
        let value = row.get(self.role);
        let text = value.text();
        let cell = match value {
            Value::Number(number) => epoch(*number),
            _ if text.is_empty() || UNKNOWN.contains(&text.to_lowercase().as_str()) => {
                self.cells.push(Cell::default());
                return;
            }
            _ => date::parse(text),
        };
        let is_day = matches!(self.role, Role::Date | Role::EndDate);
        let cell = cell.and_then(|cell| {
            if cell.form == Form::Digits && is_day {
                return Err("is only a number");
            }
            Ok(cell)
        });
        self.filled += 1;
        if let (false, Some((hour, minute))) = (is_day, dotted(text)) {
            self.dotted.push((self.cells.len(), hour, minute));
        }
        let cell = cell.map_err(|reason| of_spreadsheet(text).unwrap_or(reason));
        let mut cell = cell.unwrap_or_else(|reason| {
            self.bad += 1;
            self.first_bad
                .get_or_insert_with(|| (shown(&value.line()), row.place.clone(), reason));
            Cell::default()
        });
        if cell.form == Form::Early {
            self.first_early
                .get_or_insert_with(|| (shown(text), row.place.clone()));
        }
        if cell.lettered {
            self.lettered.get_or_insert_with(|| shown(text));
        }
        if is_utc(&self.name) {
            cell.offset = cell.offset.or(Some(0));
        }
        self.cells.push(cell);
    }

    /// Whether any cell holds a date.
    pub(super) fn has_dates(&self) -> bool {
        let mut cells = self.cells.iter();
        cells.any(|cell| cell.date.is_some() || cell.moment.is_some())
    }

    /// Refuses a column of which most is no time. A column of days may name them in any way.
    pub(super) fn check(&self, programme: &mut Programme<'_>) -> Result<(), Fault> {
        let name = &self.name;
        if let Some(value) = &self.lettered {
            programme.note(format!(
                "column {name:?} names a zone by letters, such as {value}: these were not used, so its times are local"
            ));
        }
        let Some((value, place, reason)) = &self.first_bad else {
            return Ok(());
        };
        let names_days = matches!(self.role, Role::Date | Role::EndDate)
            && !DATES.contains(&bare(name.split('(').next().unwrap_or_default()).as_str());
        if names_days {
            return Ok(());
        }
        let message = format!("column {name:?}, {place}: {value} {reason}");
        if self.bad * 2 > self.filled {
            return Err(Fault::new(format!(
                "{message}: expected one such as 2026-01-31 or 2026-01-31 09:30"
            )));
        }
        programme.note(format!(
            "{message} ({} such values); those sessions have no such time",
            self.bad
        ));
        Ok(())
    }
}

/// The numbers of `09.30`: an hour and a minute, unless it is a date without a year.
fn dotted(text: &str) -> Option<(i64, i64)> {
    let (hour, minute) = text.split_once('.')?;
    let is_number =
        |part: &str, most| part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit());
    let both = is_number(hour, 2) && is_number(minute, 2) && minute.len() == 2;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (both && hour < 24 && minute < 60).then_some((hour, minute))
}

/// Reads cells such as `09.30` as times, if all times of the table are written so and one of them can be no date.
pub(super) fn read_dotted(columns: &mut [Column]) {
    let timed = |column: &&Column| !column.dotted.is_empty();
    let all = columns
        .iter()
        .filter(timed)
        .all(|column| column.dotted.len() == column.filled);
    let is_date = |day: i64, month: i64| (1..=31).contains(&day) && (1..=12).contains(&month);
    let mut cells = columns.iter().flat_map(|column| &column.dotted);
    let is_open = cells.all(|(_, one, other)| is_date(*one, *other) || is_date(*other, *one));
    if is_open || !all {
        return;
    }
    for column in columns {
        for (at, hour, minute) in column.dotted.clone() {
            let early = (1..=5).contains(&hour);
            if let Some(cell) = column.cells.get_mut(at) {
                cell.time = Some((hour * 60 + minute) * MINUTE);
                cell.form = if early { Form::Early } else { Form::Plain };
            }
            if early && column.first_early.is_none() {
                column.first_early =
                    Some((format!("\"{hour}.{minute:02}\""), format!("row {}", at + 1)));
            }
            column.bad = column.bad.saturating_sub(1);
        }
        if column.bad == 0 {
            column.first_bad = None;
        }
    }
}

/// What a bare number is to a spreadsheet that shows it as a date or a time.
fn of_spreadsheet(text: &str) -> Option<&'static str> {
    let number: f64 = text.replace(',', ".").parse().ok()?;
    if (20_000.0..80_000.0).contains(&number) {
        return Some(
            "is a spreadsheet's number for a date: format the column as a date before the export",
        );
    }
    (number > 0.0 && number < 1.0 && text.len() > 4).then_some(
        "is a spreadsheet's number for a time: format the column as a time before the export",
    )
}

/// A number of seconds or milliseconds since 1970.
fn epoch(number: f64) -> Result<Cell, &'static str> {
    let ms = match number.abs() {
        1e8..1e11 => number * 1000.0,
        1e11..1e14 => number,
        _ => return Err("is only a number"),
    };
    Ok(Cell {
        moment: Some(Moment::at_offset(ms as i64, 0)),
        ..Cell::default()
    })
}

/// Refuses times that may be on a clock of twelve hours: some before eight, none after one, and no `am` or `pm` beside.
pub(super) fn check_clock(columns: &[Column]) -> Result<(), Fault> {
    let Some((column, (value, place))) = columns
        .iter()
        .find_map(|column| Some((column, column.first_early.as_ref()?)))
    else {
        return Ok(());
    };
    let cells = || columns.iter().flat_map(|column| &column.cells);
    let times = || {
        cells()
            .flat_map(|cell| [cell.time, cell.until].map(|time| (cell.form == Form::Halved, time)))
    };
    let hour = |time: Option<i64>| time.map_or(0, |time| time / (60 * MINUTE));
    let of_moment = |cell: &Cell| {
        cell.moment
            .is_some_and(|moment| moment.wall_ms().rem_euclid(DAY) >= 13 * 60 * MINUTE)
    };
    let late = times().any(|(halved, time)| !halved && hour(time) >= 13) || cells().any(of_moment);
    let doubtful = times().any(|(halved, time)| halved || (8..13).contains(&hour(time)));
    if late || !doubtful {
        return Ok(());
    }
    Err(Fault::new(format!(
        "column {:?}, {place}: {value} may be before or after noon, because no time of the table is after 12:59: write \
         times as 13:30 or 1:30 pm",
        column.name
    )))
}

/// The order of day and month that the name of a column gives: `Date (MM/DD/YYYY)`.
fn order_named(name: &str) -> Option<Order> {
    let bare = bare(name);
    let order = |marks: [&str; 2], order| {
        marks
            .iter()
            .any(|mark| bare.contains(mark))
            .then_some(order)
    };
    order(["mmdd", "mdyy"], Order::Month).or_else(|| order(["ddmm", "dmyy"], Order::Day))
}

/// Decides the order of day and month in the dates of all columns.
pub(super) fn order(columns: &[Column], programme: &mut Programme<'_>) -> Result<Order, Fault> {
    let open = |times: &&Column| {
        times
            .cells
            .iter()
            .any(|cell| matches!(cell.date, Some(Date::Open(..) | Date::Short(..))))
    };
    let Some(first) = columns.iter().find(open) else {
        return Ok(Order::Day);
    };
    let dates: Vec<Date> = columns
        .iter()
        .flat_map(|times| &times.cells)
        .flat_map(|cell| [cell.date, cell.last.map(|(date, _)| date)])
        .flatten()
        .collect();
    let name = &first.name;
    if let Some(order) = order_named(name) {
        if dates.iter().all(|date| date.midnight(order).is_some()) {
            return Ok(order);
        }
        return Err(Fault::new(format!(
            "column {name:?}: not all of its dates have the form that its name gives"
        )));
    }
    let order = Order::decide(&dates).ok_or_else(|| {
        Fault::new(format!(
            "column {name:?}: it is open whether the day or the month comes first in its dates: write them as 2026-01-31"
        ))
    })?;
    let which = match order {
        Order::Day => "day",
        Order::Month => "month",
        Order::Year => "year",
    };
    programme.note(format!(
        "the dates of column {name:?} were read with the {which} first"
    ));
    Ok(order)
}
