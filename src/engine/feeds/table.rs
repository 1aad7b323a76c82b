//! Tables: CSV with commas, semicolons, tabs or bars, with a line of headers.
//!
//! A table with several sessions a row is refused, and so are rows with more cells than headers and a quote that is
//! never closed: each would be misread.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};

use super::column::{self, Role};
use super::detect::Format;
use super::fault::{Fault, shown};
use super::merged;
use super::programme::{MOST_SESSIONS, Programme};
use super::row::{self, Row, Value};
use super::table_shape::check_headers;

pub(super) fn read<'a>(text: &'a str, programme: &mut Programme<'a>) -> Result<(), Fault> {
    programme.format = Format::Csv;
    let (text, separator) = body(text);
    check_first_line(text)?;
    check_quotes(text, separator)?;
    let (names, above) = headers(text, separator).map_err(|error| fault(&error))?;
    let roles = column::roles(&names);
    check_headers(&names, &roles)?;
    if above > 0 {
        programme.note(format!("{above} rows above the headers were passed over"));
    }
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    let mut reader = reader(text, separator);
    let mut passed = 0;
    let rivals = rivals(&names, &roles);
    let (mut day, mut days) = (None, 0);
    while reader
        .read_record(&mut record)
        .map_err(|error| fault(&error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        // A row of dashes is the line below the headers of a Markdown table.
        let is_line = |cell: &str| cell.trim().bytes().all(|byte| matches!(byte, b'-' | b':'));
        if record.iter().all(is_line) {
            continue;
        }
        if passed <= above {
            passed += 1;
            continue;
        }
        if is_headers(&record, &names) {
            continue;
        }
        check_rivals(&record, &rivals, &names, line)?;
        if let Some(extra) = record
            .iter()
            .skip(names.len())
            .find(|cell| !cell.trim().is_empty())
        {
            let reason = format!(
                "the row has {} cells and the table {} headers; {} is one too many: put cells that hold the \
                 separator in quotes",
                record.len(),
                names.len(),
                shown(extra)
            );
            return Err(Fault::at(line as usize, 1, reason));
        }
        if rows.len() == MOST_SESSIONS {
            let reason =
                format!("the table has more than {MOST_SESSIONS} rows, the most that are read");
            return Err(Fault::at(line as usize, 1, reason));
        }
        if let Some(named) = merged::day_of(record.iter()) {
            day = Some(named.to_owned());
            days += 1;
            continue;
        }
        let mut row = Row::new(format!("row {} (line {line})", rows.len() + 1));
        for (cell, role) in record.iter().zip(&roles) {
            if let Some(role) = role.filter(|role| !is_absent(cell, *role)) {
                row.add(role, Value::Text(Cow::Owned(cell.to_owned())));
            }
        }
        if let (Value::Absent, Some(day)) = (row.get(Role::Date), &day) {
            row.set(Role::Date, Value::Text(day.clone().into()));
        }
        rows.push(row);
    }
    let column = |role: Role| {
        let at = roles.iter().position(|found| *found == Some(role));
        let header = at.and_then(|at| names.get(at)).cloned();
        header.unwrap_or_else(|| {
            if role == Role::Date {
                "day".into()
            } else {
                String::new()
            }
        })
    };
    if days > 0 {
        programme.note(format!(
            "{days} rows hold only a day, which is that of the rows below them"
        ));
    } else {
        merged::fill(&mut rows, &column(Role::Date), programme);
    }
    row::take(rows, column, programme)
}

/// Whether a row holds the headers again, as in tables that repeat them for each day.
fn is_headers(record: &StringRecord, names: &[String]) -> bool {
    let mut cells = record.iter().zip(names);
    record.len() > 1 && cells.all(|(cell, name)| cell.trim() == name)
}

/// Pairs of columns of the same name, of which the first has a role that only one column can have: `Title`, `Title.1`.
fn rivals(names: &[String], roles: &[Option<Role>]) -> Vec<(usize, usize)> {
    const SINGLE: [Role; 5] = [Role::Title, Role::Start, Role::End, Role::Date, Role::Room];
    let stem = |name: &String| {
        column::bare(name)
            .trim_end_matches(|last: char| last.is_ascii_digit())
            .to_owned()
    };
    let stems: Vec<String> = names.iter().map(stem).collect();
    let is_single = |at: usize| {
        roles
            .get(at)
            .copied()
            .flatten()
            .is_some_and(|role| SINGLE.contains(&role))
    };
    let taken: Vec<usize> = (0..names.len()).filter(|at| is_single(*at)).collect();
    let same = |one: usize, other: usize| {
        one != other && !stems[one].is_empty() && stems[one] == stems[other]
    };
    taken
        .into_iter()
        .flat_map(|one| (0..names.len()).map(move |other| (one, other)))
        .filter(|(one, other)| same(*one, *other) && roles.get(*other).copied().flatten().is_none())
        .collect()
}

/// Refuses a row in which two columns of the same name say different things.
fn check_rivals(
    record: &StringRecord,
    rivals: &[(usize, usize)],
    names: &[String],
    line: u64,
) -> Result<(), Fault> {
    for (one, other) in rivals {
        let [first, second] = [one, other].map(|at| record.get(*at).unwrap_or_default().trim());
        if !first.is_empty() && !second.is_empty() && first != second {
            let header = |at: &usize| names.get(*at).map(|name| shown(name)).unwrap_or_default();
            let reason = format!(
                "columns {} and {} have the same name, and this row holds {} and {}: expected one session a row",
                header(one),
                header(other),
                shown(first),
                shown(second)
            );
            return Err(Fault::at(line as usize, 1, reason));
        }
    }
    Ok(())
}

/// Whether a cell says nothing: it is blank, or holds what R and spreadsheets write for no value.
fn is_absent(cell: &str, role: Role) -> bool {
    const NOTHING: &[&str] = &["NA", "N/A", "#N/A", "NULL", "null", "NaN", "nan"];
    let cell = cell.trim();
    cell.is_empty() || (role != Role::Title && NOTHING.contains(&cell))
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes())
}

/// The table and its separator, which a first line `sep=;` may name.
fn body(text: &str) -> (&str, u8) {
    let named = text.trim_start().strip_prefix("sep=").and_then(|rest| {
        let (first, body) = rest.split_once('\n')?;
        let mark = first.trim_end_matches('\r').as_bytes();
        (mark.len() == 1).then(|| (body, mark.first().copied().unwrap_or(b',')))
    });
    named.unwrap_or_else(|| (text, delimiter(text)))
}

/// The names of the columns, and how many rows are above them: titles of the table, which have one cell or two.
fn headers(text: &str, separator: u8) -> Result<(Vec<String>, usize), csv::Error> {
    const MOST_ABOVE: usize = 8;
    let mut first = None;
    let mut above = 0;
    for record in reader(text, separator).into_records() {
        let record = record?;
        let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        let filled = names.iter().filter(|name| !name.is_empty()).count();
        if filled == 0 {
            continue;
        }
        let roles = column::roles(&names);
        let has = |role| roles.contains(&Some(role));
        let known = roles.iter().flatten().count();
        if has(Role::Title) && (above == 0 || known > 2) {
            return Ok((names, above));
        }
        first.get_or_insert(names);
        above += 1;
        if filled > 2 || above > MOST_ABOVE {
            break;
        }
    }
    Ok((first.unwrap_or_default(), 0))
}

/// Whether a text looks like a table: a line at its begin has a separator and a header that is known.
pub(super) fn fits(text: &str) -> bool {
    let (text, separator) = body(text);
    if check_first_line(text).is_err() {
        return false;
    }
    headers(text, separator).is_ok_and(|(names, _)| {
        names.len() > 1 && column::roles(&names).iter().any(Option::is_some)
    })
}

/// Refuses a first line that no table has, before its cells are taken apart.
fn check_first_line(text: &str) -> Result<(), Fault> {
    const MOST_BYTES: usize = 64 << 10;
    let length = memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len());
    if length <= MOST_BYTES {
        return Ok(());
    }
    Err(Fault::at(
        1,
        1,
        format!(
            "the first line has {length} bytes, and the headers of a table {MOST_BYTES} at most"
        ),
    ))
}

/// The separator that occurs most often in the first line that has one, outside quotes.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && counts.iter().any(|(_, count)| *count > 0) => break,
            _ if quoted => {}
            _ => counts
                .iter_mut()
                .filter(|(mark, _)| *mark == byte)
                .for_each(|(_, count)| *count += 1),
        }
    }
    // Of equal ones the first, which `max_by_key` would not return.
    let most = counts
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or_default();
    counts
        .iter()
        .find(|(_, count)| *count == most)
        .map_or(b',', |(mark, _)| *mark)
}

/// Names the first cell with a byte that is not UTF-8, which `text` holds as U+FFFD.
pub(super) fn undecoded(text: &str) -> Option<String> {
    let (text, separator) = body(text);
    let (names, _) = headers(text, separator).ok()?;
    reader(text, separator).into_records().find_map(|record| {
        let record = record.ok()?;
        let mut cells = record.iter().zip(&names);
        let (cell, name) = cells.find(|(cell, _)| cell.contains('\u{fffd}'))?;
        Some(format!("column {name:?}, {}", shown(cell)))
    })
}

/// Refuses a text in which a quoted cell never ends.
fn check_quotes(text: &str, separator: u8) -> Result<(), Fault> {
    let mut opened = None;
    let mut at_start = true;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match (opened, byte) {
            (None, b'"') if at_start => opened = Some(at),
            (Some(_), b'"') if bytes.peek().is_some_and(|(_, next)| *next == b'"') => {
                bytes.next();
            }
            (Some(_), b'"') => opened = None,
            _ => {}
        }
        at_start = opened.is_none() && (byte == separator || byte == b'\n' || byte == b'\r');
    }
    match opened {
        Some(at) => Err(Fault::at_offset(
            text.as_bytes(),
            at,
            "this quote is never closed",
        )),
        None => Ok(()),
    }
}

fn fault(error: &csv::Error) -> Fault {
    let line = error.position().map_or(1, csv::Position::line);
    Fault::at(line as usize, 1, format!("not a table: {error}"))
}
