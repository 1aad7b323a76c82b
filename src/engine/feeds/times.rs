//! The times of a table: reads the cells of its columns of times, and decides how their dates are written.

use super::column::{Role, bare};
use super::date::{self, Cell, Date, Order};
use super::fault::{Fault, shown};
use super::programme::Programme;
use super::row::{Row, Value};
use crate::engine::time::Moment;

/// The roles of columns that hold times.
pub(super) const TIMES: [Role; 4] = [Role::Start, Role::End, Role::Date, Role::EndDate];

/// The times of one column.
pub(super) struct Column {
    role: Role,
    pub(super) cells: Vec<Cell>,
    filled: usize,
    bad: usize,
    first_bad: Option<(String, String, &'static str)>,
}

impl Column {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            cells: Vec::new(),
            filled: 0,
            bad: 0,
            first_bad: None,
        }
    }

    pub(super) fn read(&mut self, row: &Row<'_>) {
        let value = row.get(self.role);
        let cell = match value {
            Value::Number(number) => epoch(*number),
            _ if value.text().is_empty() => {
                self.cells.push(Cell::default());
                return;
            }
            _ => date::parse(value.text()),
        };
        self.filled += 1;
        self.cells.push(cell.unwrap_or_else(|reason| {
            self.bad += 1;
            self.first_bad
                .get_or_insert_with(|| (shown(&value.line()), row.place.clone(), reason));
            Cell::default()
        }));
    }

    /// Refuses a column of which most is no time. A column of days may name them in any way.
    pub(super) fn check(
        &self,
        column: impl Fn(Role) -> String,
        programme: &mut Programme<'_>,
    ) -> Result<(), Fault> {
        let Some((value, place, reason)) = &self.first_bad else {
            return Ok(());
        };
        let name = column(self.role);
        let names_days = matches!(self.role, Role::Date | Role::EndDate)
            && !matches!(bare(&name).as_str(), "date" | "datum" | "fecha" | "日付");
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

/// Decides the order of day and month in the dates of all columns.
pub(super) fn order(
    columns: &[Column],
    column: impl Fn(Role) -> String,
    programme: &mut Programme<'_>,
) -> Result<Order, Fault> {
    let open = |times: &&Column| {
        times
            .cells
            .iter()
            .any(|cell| matches!(cell.date, Some(Date::Open(..))))
    };
    let Some(first) = columns.iter().find(open) else {
        return Ok(Order::DayFirst);
    };
    let dates: Vec<Date> = columns
        .iter()
        .flat_map(|times| &times.cells)
        .filter_map(|cell| cell.date)
        .collect();
    let name = column(first.role);
    let order = Order::decide(&dates).ok_or_else(|| {
        Fault::new(format!(
            "column {name:?}: it is open whether the day or the month comes first in its dates: write them as 2026-01-31"
        ))
    })?;
    let which = match order {
        Order::DayFirst => "day",
        Order::MonthFirst => "month",
    };
    programme.note(format!(
        "the dates of column {name:?} were read with the {which} first"
    ));
    Ok(order)
}
