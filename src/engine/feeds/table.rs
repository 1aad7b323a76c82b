//! Tables: CSV with commas, semicolons, tabs or bars, with a line of headers.
//!
//! A table with several sessions a row is refused, and so are rows with more cells than headers and a quote that is
//! never closed: each would be misread.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};

use super::column::{self, Role};
use super::detect::Format;
use super::fault::{Fault, shown};
use super::programme::{MOST_SESSIONS, Programme};
use super::row::{self, Row, Value};

pub(super) fn read<'a>(text: &'a str, programme: &mut Programme<'a>) -> Result<(), Fault> {
    programme.format = Format::Csv;
    check_first_line(text)?;
    check_quotes(text)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| fault(&error))?.clone();
    let names: Vec<String> = headers.iter().map(|name| name.trim().to_owned()).collect();
    let roles = column::roles(&names);
    check_headers(&names, &roles)?;
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|error| fault(&error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
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
        let mut row = Row::new(format!("row {} (line {line})", rows.len() + 1));
        for (cell, role) in record.iter().zip(&roles) {
            if let Some(role) = role.filter(|_| !cell.trim().is_empty()) {
                row.set(role, Value::Text(Cow::Owned(cell.to_owned())));
            }
        }
        rows.push(row);
    }
    let column = |role: Role| {
        let at = roles.iter().position(|found| *found == Some(role));
        at.and_then(|at| names.get(at)).cloned().unwrap_or_default()
    };
    row::take(rows, column, programme)
}

/// Whether a text looks like a table: its first line has a separator and a header that is known.
pub(super) fn fits(text: &str) -> bool {
    if check_first_line(text).is_err() {
        return false;
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let names = reader
        .headers()
        .map(|headers| headers.iter().map(ToOwned::to_owned).collect::<Vec<_>>());
    names.is_ok_and(|names| names.len() > 1 && column::roles(&names).iter().any(Option::is_some))
}

/// Refuses a first line that no table has, before its cells are taken apart.
fn check_first_line(text: &str) -> Result<(), Fault> {
    const MOST_BYTES: usize = 64 << 10;
    let length = memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
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

/// The separator that occurs most often in the first line, outside quotes.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
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

fn check_headers(names: &[String], roles: &[Option<Role>]) -> Result<(), Fault> {
    let listed = |names: &[&String]| {
        names
            .iter()
            .map(|name| shown(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let is_title = |name: &String| {
        let last = name.rsplit(['_', '-', ' ', '.']).next().unwrap_or_default();
        let titles = [
            "title", "titel", "name", "talk", "topic", "session", "titre", "título",
        ];
        last.len() < name.trim().len() && titles.contains(&column::bare(last).as_str())
    };
    let wide: Vec<&String> = names.iter().filter(|name| is_title(name)).collect();
    let has_title = roles.contains(&Some(Role::Title));
    if wide.len() > 1 && !has_title {
        return Err(Fault::at(
            1,
            1,
            format!(
                "the table has several sessions a row, in columns {}: expected one session a row, with a column \"title\"",
                listed(&wide)
            ),
        ));
    }
    if !has_title {
        let all: Vec<&String> = names.iter().take(20).collect();
        return Err(Fault::at(
            1,
            1,
            format!(
                "no column holds titles; the first line has {}: expected one such as \"title\", \"start\", \"end\", \"room\"",
                listed(&all)
            ),
        ));
    }
    Ok(())
}

/// Refuses a text in which a quoted cell never ends.
fn check_quotes(text: &str) -> Result<(), Fault> {
    let separator = delimiter(text);
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
