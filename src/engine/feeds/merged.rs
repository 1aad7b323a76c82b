//! Days that a table names once for several rows: in a merged cell, or in a row of their own above them.

use super::column::{Role, words};
use super::date;
use super::programme::Programme;
use super::row::{Row, Value};

/// Returns the day that a row names, if that is all it holds: in one cell, or in each cell of a merged one.
pub(super) fn day_of<'r>(mut cells: impl Iterator<Item = &'r str>) -> Option<&'r str> {
    let only = cells.find(|cell| !cell.trim().is_empty())?.trim();
    let is_other = |cell: &str| !cell.trim().is_empty() && cell.trim() != only;
    (names_day(only) && !cells.any(is_other)).then_some(only)
}

/// Whether a text is a date, also one without a year, or `Friday`, `Day 1`.
fn names_day(text: &str) -> bool {
    match date::parse(text) {
        Ok(cell) => cell.time.is_none() && cell.moment.is_none(),
        Err("has no year") => true,
        Err(_) => {
            let words = words(text);
            let [day, number] = words.as_slice() else {
                return false;
            };
            date::DAYS.contains(&day.as_str()) && number.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

/// Gives rows with a time and an empty day the day above them, if the column looks like one of merged cells: no day is
/// written twice in a row, and the times below a day go on from its own.
pub(super) fn fill(rows: &mut [Row<'_>], column: &str, programme: &mut Programme<'_>) {
    let day = |row: &Row<'_>| row.get(Role::Date).text().to_owned();
    let days: Vec<String> = rows.iter().map(day).collect();
    let starts: Vec<Option<i64>> = rows
        .iter()
        .map(|row| date::parse(row.get(Role::Start).text()).ok()?.time)
        .collect();
    let named: Vec<&String> = days.iter().filter(|day| !day.is_empty()).collect();
    let is_open = |at: usize| days[at].is_empty() && starts[at].is_some();
    let open = (0..rows.len()).filter(|at| is_open(*at)).count();
    let repeats = named.windows(2).any(|two| two.first() == two.last());
    if open == 0 || named.is_empty() || days[0].is_empty() || repeats {
        return;
    }
    // In a list with one date a row, of which some are missing, times of day seldom go on.
    let many = open >= named.len();
    let goes_on = (1..rows.len()).filter(|at| is_open(*at)).all(|at| {
        let before = starts[..at].iter().flatten().next_back();
        before.is_none_or(|before| {
            Some(*before) < starts[at] || (many && Some(*before) == starts[at])
        })
    });
    if !goes_on {
        return;
    }
    let mut last = String::new();
    for (row, (day, start)) in rows.iter_mut().zip(days.iter().zip(&starts)) {
        if !day.is_empty() {
            last.clone_from(day);
        } else if start.is_some() {
            row.set(Role::Date, Value::Text(last.clone().into()));
        }
    }
    programme.note(format!(
        "{open} empty cells of column {column:?} were read as the day above them"
    ));
}
