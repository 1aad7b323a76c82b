//! Sessions from rows of named values: tables, and lists of objects that follow no specification.
//!
//! What a column means is known by its name. Dates are read for the whole table at once. A value that is no time leaves
//! its session without one and is noted; if most values of a column are none, the table is refused with the column's
//! name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::clock;
use super::column::{ROLES, Role};
use super::date::{Cell, Order};
use super::duration::Unit;
use super::fault::{Fault, shown};
use super::html;
use super::programme::{Programme, Session, is_cancelled};
use super::times::{Column, TIMES, check_clock, order, read_dotted};
use super::zone::Zone;
use crate::engine::time::{DAY, Moment, Scale};

/// The value of a column in one row.
#[derive(Clone, Debug, Default)]
pub(super) enum Value<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Number(f64),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Value<'a> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text.trim(),
            _ => "",
        }
    }

    fn cleaned(&self, clean: for<'t> fn(&'t str) -> Cow<'t, str>) -> Cow<'a, str> {
        match self {
            Self::Text(Cow::Borrowed(text)) => clean(text),
            Self::Text(Cow::Owned(text)) => Cow::Owned(clean(text).into_owned()),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Many(items) => Cow::Owned(items.join(", ")),
            Self::Absent => Cow::Borrowed(""),
        }
    }

    pub(super) fn line(&self) -> Cow<'a, str> {
        self.cleaned(html::line)
    }

    /// Several values, or one text split by `split`.
    fn many(&self, split: fn(&str) -> Vec<Cow<'_, str>>) -> Vec<Cow<'a, str>> {
        match self {
            Self::Many(items) => items
                .iter()
                .map(|item| Value::Text(item.clone()).line())
                .collect(),
            Self::Text(text) => split(text)
                .into_iter()
                .map(|item| Cow::Owned(html::line(&item).into_owned()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// A row: its values by role, and the line where it begins if it has one.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) values: [Value<'a>; ROLES],
    pub(super) place: String,
}

impl<'a> Row<'a> {
    pub(super) fn new(place: String) -> Self {
        Self {
            values: Default::default(),
            place,
        }
    }

    pub(super) fn set(&mut self, role: Role, value: Value<'a>) {
        if let Some(slot) = self.values.get_mut(role as usize) {
            *slot = value;
        }
    }

    /// Sets a value, or adds it to those of another column of the same role.
    pub(super) fn add(&mut self, role: Role, value: Value<'a>) {
        let Some(slot) = self.values.get_mut(role as usize) else {
            return;
        };
        *slot = match (core::mem::take(slot), value) {
            (Value::Text(first), Value::Text(second)) => {
                Value::Text(format!("{first}\n{second}").into())
            }
            (Value::Many(mut first), Value::Many(second)) => {
                first.extend(second);
                Value::Many(first)
            }
            (Value::Many(mut first), Value::Text(second)) => {
                first.push(second);
                Value::Many(first)
            }
            (Value::Text(first), Value::Many(mut second)) => {
                second.insert(0, first);
                Value::Many(second)
            }
            (_, value) => value,
        };
    }

    pub(super) fn get(&self, role: Role) -> &Value<'a> {
        static ABSENT: Value<'static> = Value::Absent;
        self.values.get(role as usize).unwrap_or(&ABSENT)
    }
}

/// Splits a text at marks that are outside brackets: the commas of `Ann (Institute, Town), Bo` separate two names.
fn split_outside(text: &str, is_mark: fn(char) -> bool) -> Vec<&str> {
    let balanced = text.matches(['(', '[']).count() == text.matches([')', ']']).count();
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' if balanced => depth += 1,
            ')' | ']' if balanced => depth = depth.saturating_sub(1),
            _ if depth == 0 && is_mark(character) => {
                parts.extend(text.get(from..at));
                from = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// Splits names at semicolons and line breaks, or else at commas, and at `&` and the word `and`. With semicolons, the
/// commas are those of `Ann Lee, Institute`.
pub(super) fn split_names(text: &str) -> Vec<Cow<'_, str>> {
    let is_mark: fn(char) -> bool = if text.contains(';') {
        |mark| matches!(mark, ';' | '\n')
    } else {
        |mark| matches!(mark, ',' | '、' | '，' | '\n')
    };
    let parts = split_outside(text, is_mark).into_iter();
    let is_name = |part: &&str| !part.is_empty() && !part.contains("://");
    parts
        .flat_map(split_pair)
        .map(str::trim)
        .filter(is_name)
        .map(Cow::Borrowed)
        .collect()
}

/// Splits `Ann and Bo` and `Ann & Bo`, and not `Ann (Arts and Crafts)`.
fn split_pair(text: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let words = [" & ", " and "];
    let found = words.iter().flat_map(|word| {
        text.match_indices(word)
            .map(|(at, word)| (at, at + word.len()))
    });
    let mut found: Vec<(usize, usize)> = found.collect();
    found.sort_unstable();
    for (at, end) in found {
        let part = text.get(from..at).unwrap_or_default();
        if part.matches('(').count() == part.matches(')').count() && at >= from {
            parts.push(part);
            from = end;
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// Splits tags at commas, semicolons, line breaks, and line breaks that are written `\n`.
pub(super) fn split_list(text: &str) -> Vec<Cow<'_, str>> {
    let parts = text.split("\\n");
    let parts = parts.flat_map(|part| split_outside(part, |mark| matches!(mark, ',' | ';' | '\n')));
    let parts = parts.map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(Cow::Borrowed)
        .collect()
}

/// Takes the sessions of rows. `column` names the column of a role.
///
/// # Errors
/// Most values of a column of times are none, or the order of day and month stays open.
pub(super) fn take<'a>(
    rows: Vec<Row<'a>>,
    column: impl Fn(Role) -> String,
    programme: &mut Programme<'a>,
) -> Result<(), Fault> {
    let mut columns = TIMES.map(|role| Column::new(role, column(role)));
    for row in &rows {
        for times in &mut columns {
            times.read(row);
        }
    }
    read_dotted(&mut columns);
    for times in &columns {
        times.check(programme)?;
    }
    check_clock(&columns)?;
    let order = order(&columns, programme)?;
    let zones = zones(&rows, programme);
    let durations = rows.iter().map(|row| row.get(Role::Duration));
    let unit = Unit::decide(&column(Role::Duration), durations, programme);
    let (mut labels, mut undated, mut unread) = (0, 0, None);
    for (at, row) in rows.into_iter().enumerate() {
        let cells = columns
            .each_ref()
            .map(|times| times.cells.get(at).copied().unwrap_or_default());
        let mut session = session(&row, &cells, order, unit);
        let duration = row.get(Role::Duration).line();
        if session.start.is_some() && session.end.is_none() && !duration.is_empty() {
            let (count, _) =
                unread.get_or_insert((0, format!("{}: {}", row.place, shown(&duration))));
            *count += 1;
        }
        if let Some(zone) = zones.get(row.get(Role::Zone).text()) {
            let placed = |moment: Moment| match moment.scale() {
                Some(Scale::Local) => zone.place(moment),
                _ => moment,
            };
            session.start = session.start.map(placed);
            session.end = session.end.map(placed);
        }
        if let Some(Some(Scale::Clock)) = session.start.map(Moment::scale) {
            labels += usize::from(!session.day.is_empty());
            undated += usize::from(session.day.is_empty());
        }
        programme.push(|| row.place, session);
    }
    if labels > 0 {
        programme.note(format!(
            "column {:?} names days without dates, so {labels} sessions have times of day only",
            column(Role::Date)
        ));
    }
    if undated > 1 && labels == 0 && !columns.iter().any(Column::has_dates) {
        programme.note("there are no dates, so all times are times of day only".into());
    }
    if undated > 0 && columns.iter().any(Column::has_dates) {
        programme.note(format!("{undated} sessions have a time and no date"));
    }
    if let Some((count, first)) = unread {
        programme.note(format!(
            "column {:?}, {first} is no duration that is known ({count} such values); those sessions have no end",
            column(Role::Duration)
        ));
    }
    Ok(())
}

/// The zones that the rows name, where they name several. A single one is that of the programme.
fn zones(rows: &[Row<'_>], programme: &mut Programme<'_>) -> HashMap<String, Zone> {
    let names: BTreeSet<&str> = rows.iter().map(|row| row.get(Role::Zone).text()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if let [only] = names.as_slice() {
        programme.set_zone(only);
        return HashMap::new();
    }
    let mut zones = HashMap::new();
    for name in names {
        match Zone::find(name) {
            Some(zone) => drop(zones.insert(name.to_owned(), zone)),
            None => programme.note(format!(
                "the zone {} is not known, so it was not used",
                shown(name)
            )),
        }
    }
    zones
}

fn session<'a>(row: &Row<'a>, cells: &[Cell; 4], order: Order, unit: Unit) -> Session<'a> {
    let mut session = Session {
        id: row.get(Role::Id).line(),
        title: row.get(Role::Title).line(),
        subtitle: row.get(Role::Subtitle).line(),
        location: row.get(Role::Room).line(),
        language: row.get(Role::Language).line(),
        url: row.get(Role::Url).line(),
        popularity: popularity(row.get(Role::Popularity)),
        cancelled: is_cancelled(row.get(Role::Status).text()),
        ..Session::default()
    };
    session.set_texts(
        row.get(Role::Summary).cleaned(html::block),
        row.get(Role::Description).cleaned(html::block),
    );
    session.set_track(row.get(Role::Track).line());
    let kind = row.get(Role::Kind).line();
    // Google marks each entry of a calendar as one.
    if !kind.bytes().all(|byte| byte.is_ascii_digit()) && kind != "calendar#event" {
        session.set_kind(kind);
    }
    for tag in row.get(Role::Tags).many(split_list) {
        session.tag("keyword", tag);
    }
    session.tag("level", row.get(Role::Level).line());
    let people = match row.get(Role::Speakers) {
        Value::Absent => row.get(Role::Authors),
        speakers => speakers,
    };
    for name in people.many(split_names) {
        session.speaker(name);
    }
    if let Value::Absent = people {
        let [given, family] = [Role::GivenName, Role::FamilyName].map(|role| row.get(role).line());
        session.speaker(format!("{given} {family}").trim().to_owned().into());
    }
    set_times(&mut session, row, cells, order);
    if session.end.is_none() {
        session.lasts(unit.read(row.get(Role::Duration)));
    }
    session
}

fn popularity(value: &Value<'_>) -> Option<f64> {
    let number = match value {
        Value::Number(number) => *number,
        _ => value.text().parse().ok()?,
    };
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn set_times(session: &mut Session<'_>, row: &Row<'_>, cells: &[Cell; 4], order: Order) {
    let [start, end, date, end_date] = cells;
    let midnight = |cell: &Cell| cell.date.and_then(|date| date.midnight(order));
    let day = midnight(start)
        .or_else(|| midnight(date))
        .or(date.moment.map(midnight_of));
    if day.is_none() && date.moment.is_none() {
        session.day = row.get(Role::Date).line().into_owned().into();
    }
    let at = |day: Option<i64>, time: i64| match day {
        Some(day) => Moment::local(day + time),
        None => Moment::clock(time.rem_euclid(DAY)),
    };
    if let Some(listed) = day.filter(|_| start.time.or(date.time).is_some_and(|time| time >= DAY)) {
        session.day = clock::day(listed).into();
    }
    session.start = start.moment.or_else(|| {
        let time = start.time.or(date.time)?;
        Some(at(day, time))
    });
    if session.start.is_none() {
        session.start = date.moment;
    }
    let last = start.last.or(date.last);
    let last = last.and_then(|(date, time)| Some(Moment::local(date.midnight(order)? + time)));
    session.end = end.moment.or_else(|| {
        if let (Some(last), None) = (last, end.time) {
            return Some(match session.start.and_then(Moment::offset) {
                Some(minutes) => Moment::at_offset(last.wall_ms(), minutes),
                None => last,
            });
        }
        let time = end.time.or(start.until).or(date.until)?;
        let begins = session
            .start
            .filter(|start| start.scale() != Some(Scale::Clock));
        let last = midnight(end).or_else(|| midnight(end_date));
        match (last, begins) {
            (Some(last), _) => Some(Moment::local(last + time)),
            (None, Some(begins)) => Some(after(begins, time)),
            (None, None) => Some(at(day, time)),
        }
    });
    let offset = start.offset.or(date.offset);
    let placed = |moment: Moment, offset: Option<i64>| match (moment.scale(), offset) {
        (Some(Scale::Local), Some(minutes)) => Moment::at_offset(moment.wall_ms(), minutes),
        _ => moment,
    };
    if is_true(row.get(Role::AllDay))
        && set_all_day(session, day, midnight(end).or_else(|| midnight(end_date)))
    {
        return;
    }
    session.start = session.start.map(|start| placed(start, offset));
    session.end = session.end.map(|ends| placed(ends, end.offset.or(offset)));
    if session.start.is_none()
        && let Some(day) = day
    {
        session.day = clock::day(day).into();
    }
}

/// Makes a session one of whole days. Returns false if it has no date.
///
/// An end at midnight is the end itself, as Outlook writes it; a date without a time is the last day, as Google does.
fn set_all_day(session: &mut Session<'_>, day: Option<i64>, last: Option<i64>) -> bool {
    let Some(first) = day.or_else(|| session.start.map(midnight_of)) else {
        return false;
    };
    let timed = session.end.filter(|end| end.scale() != Some(Scale::Clock));
    let end = match (timed, last) {
        (Some(end), _) if end.wall_ms() > first => end.wall_ms(),
        (None, Some(last)) if last >= first => last + DAY,
        _ => first + DAY,
    };
    session.all_day = true;
    session.start = Some(Moment::local(first));
    session.end = Some(Moment::local(end));
    true
}

/// Whether a cell says yes.
fn is_true(value: &Value<'_>) -> bool {
    let text = value.text().to_lowercase();
    matches!(
        text.as_str(),
        "true" | "yes" | "y" | "1" | "x" | "ja" | "ein" | "wahr" | "oui" | "sí"
    )
}

fn midnight_of(moment: Moment) -> i64 {
    moment.wall_ms().div_euclid(DAY) * DAY
}

/// The first moment at or after another at which clocks show `time`.
fn after(start: Moment, time: i64) -> Moment {
    let since = (time - start.wall_ms()).rem_euclid(DAY);
    clock::later(start, since)
}
