//! Recognises the format of a feed by its content.

use core::fmt;

use super::fault::Fault;
use super::programme::Programme;
use super::{ics, json, table, xml};

/// A format in which programmes are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// `schedule.json` of frab and pretalx.
    FrabJson,
    /// The hub of the c3voc.
    Schedule2,
    /// `schedule.xml` of Pentabarf, frab, pretalx and FOSDEM.
    ScheduleXml,
    /// iCalendar in XML: RFC 6321, and the older form of Pentabarf and frab.
    Xcal,
    /// iCalendar, RFC 5545.
    Ics,
    /// Sessionize, view `All`; also the apps of DroidKaigi.
    SessionizeAll,
    /// Sessionize, view `GridSmart`.
    SessionizeGrid,
    /// Sessionize, view `Sessions`.
    SessionizeSessions,
    /// Microsoft's catalogue of sessions.
    Microsoft,
    /// Open Event of FOSSASIA.
    OpenEvent,
    /// `conference.json` of PyCon US.
    PyconJson,
    /// HackerTracker.
    HackerTracker,
    /// Indico's HTTP export.
    Indico,
    /// Events of schema.org.
    JsonLd,
    /// A list of sessions without a specification.
    OtherJson,
    /// A table: CSV or TSV.
    Csv,
    /// A manifest of eventkit.
    Manifest,
}

/// All formats and their names.
pub const FORMATS: [(Format, &str); 17] = [
    (Format::FrabJson, "frab-json"),
    (Format::Schedule2, "schedule2"),
    (Format::ScheduleXml, "schedule-xml"),
    (Format::Xcal, "xcal"),
    (Format::Ics, "ics"),
    (Format::SessionizeAll, "sessionize-all"),
    (Format::SessionizeGrid, "sessionize-grid"),
    (Format::SessionizeSessions, "sessionize-sessions"),
    (Format::Microsoft, "microsoft"),
    (Format::OpenEvent, "openevent"),
    (Format::PyconJson, "pycon-json"),
    (Format::HackerTracker, "hackertracker"),
    (Format::Indico, "indico"),
    (Format::JsonLd, "json-ld"),
    (Format::OtherJson, "other-json"),
    (Format::Csv, "csv"),
    (Format::Manifest, "manifest"),
];

impl Format {
    /// The name, as `eventkit.feeds.read` takes and returns it.
    pub fn name(self) -> &'static str {
        let found = FORMATS.iter().find(|(format, _)| *format == self);
        found.map_or("", |(_, name)| name)
    }

    /// The format of that name.
    ///
    /// # Errors
    /// There is none; names those that there are.
    pub fn named(name: &str) -> Result<Self, Fault> {
        let found = FORMATS.iter().find(|(_, known)| *known == name);
        found.map(|(format, _)| *format).ok_or_else(|| {
            let names = FORMATS.map(|(_, name)| name).join(", ");
            Fault::new(format!("format {name:?}: expected auto, {names}"))
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a text is, as far as its first characters tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Json,
    Xml,
    Page,
    Calendar,
    Table,
}

/// Refuses files that are no text by their first bytes.
pub(super) fn check_binary(data: &[u8]) -> Result<(), Fault> {
    let kind = match data {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "a ZIP archive (or an office document)",
        [0x1f, 0x8b, ..] => "a file compressed by gzip",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => "a picture",
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            "a compressed file"
        }
        [b'E', b'V', b'K', b'T', b'C', b'A', b'T', 0, ..] => {
            return Err(Fault::new(
                "this is a compiled catalogue of eventkit: open it with Catalog.open",
            ));
        }
        _ => return Ok(()),
    };
    Err(Fault::new(format!(
        "this is {kind}, not a feed: unpack it or export the programme as text"
    )))
}

/// Reads a text of any format.
pub(super) fn read<'a>(
    text: &'a str,
    expected: Option<Format>,
    programme: &mut Programme<'a>,
) -> Result<(), Fault> {
    let body = without_front_matter(text);
    if body.trim().is_empty() {
        return Err(Fault::new("the feed is empty"));
    }
    let family = family(body, expected);
    let fits = |formats: &[Format]| match expected {
        Some(expected) if !formats.contains(&expected) => {
            let found = formats.first().copied().unwrap_or(Format::OtherJson);
            Err(Fault::new(format!(
                "{expected} was expected, and this looks like {found}"
            )))
        }
        _ => Ok(()),
    };
    match family {
        Family::Json => json::read(body, expected, programme),
        Family::Page => {
            if json::read_page(body, programme)? {
                return fits(&[Format::JsonLd]);
            }
            Err(page(body))
        }
        Family::Xml => xml::read(body.trim_start(), expected, programme),
        Family::Calendar => fits(&[Format::Ics]).and_then(|()| ics::read(body, programme)),
        Family::Table => {
            fits(&[Format::Csv])?;
            if expected.is_none() && (is_script(body) || !table::fits(body)) {
                return Err(unknown(body));
            }
            table::read(body, programme)
        }
    }
}

/// Whether a text would be read as a table.
pub(super) fn is_table(text: &str, expected: Option<Format>) -> bool {
    let body = without_front_matter(text);
    family(body, expected) == Family::Table && table::fits(body)
}

fn family(body: &str, expected: Option<Format>) -> Family {
    let start = body.trim_start();
    if let Some(Format::Csv) = expected {
        return Family::Table;
    }
    if start.starts_with(['{', '[']) {
        return Family::Json;
    }
    let head: String = start
        .chars()
        .take(2048)
        .collect::<String>()
        .to_ascii_lowercase();
    if is_page(&head) {
        return Family::Page;
    }
    let calendar = head.contains("begin:vcalendar");
    if calendar && !head.contains("<?xml") {
        return Family::Calendar;
    }
    if start.starts_with('<') {
        // A part of a page, without what is around it.
        let is_known = ["<?xml", "<schedule", "<icalendar"]
            .iter()
            .any(|name| head.starts_with(name));
        let script = "application/ld+json";
        if !is_known && super::html::find_ignoring_case(start, script) < start.len() {
            return Family::Page;
        }
        return Family::Xml;
    }
    Family::Table
}

fn is_page(head: &str) -> bool {
    let mark = |character: char| character.is_whitespace() || character == '\u{feff}';
    let mut head = head.trim_start_matches(mark);
    if let Some((_, after)) = head
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"))
    {
        head = after.trim_start();
    }
    ["<!doctype html", "<html", "<head", "<body", "<script"]
        .iter()
        .any(|start| head.starts_with(start))
        || (head.starts_with("<!--") && head.contains("<html"))
}

/// Drops what site generators write before a file: lines between two `---`.
fn without_front_matter(text: &str) -> &str {
    let Some(rest) = text.trim_start().strip_prefix("---") else {
        return text;
    };
    let Some((first, mut rest)) = rest.split_once('\n') else {
        return text;
    };
    if !first.trim().is_empty() {
        return text;
    }
    while let Some((line, after)) = rest.split_once('\n') {
        if line.trim_end() == "---" {
            return after;
        }
        rest = after;
    }
    text
}

/// Whether a text is a variable or a call with JSON in it: `var schedule = {`, `callback([`.
fn is_script(body: &str) -> bool {
    let head: String = body.trim_start().chars().take(200).collect();
    let Some((before, after)) = head.split_once(['=', '(']).or(head.split_once("default ")) else {
        return false;
    };
    let is_name = |mark: char| {
        mark.is_alphanumeric() || matches!(mark, '_' | '$' | '.' | ' ' | ':' | '[' | ']')
    };
    before.chars().all(is_name) && after.trim_start().starts_with(['{', '['])
}

/// The error for a page in the place of a feed.
fn page(body: &str) -> Fault {
    let title = body
        .split_once("<title")
        .and_then(|(_, rest)| rest.split_once('>'))
        .and_then(|(_, rest)| rest.split_once("</title"))
        .map(|(title, _)| super::html::line(title).into_owned())
        .filter(|title| !title.is_empty());
    let named = title.map(|title| format!(" {title:?}")).unwrap_or_default();
    let hint = if body.contains("sessionize") || body.contains("sz-") {
        ": this endpoint of Sessionize is set to HTML, set its format to JSON"
    } else {
        ": expected JSON, XML, iCalendar or CSV, or a page with events of schema.org in JSON-LD"
    };
    Fault::new(format!("this is an HTML page{named}, not a feed{hint}"))
}

/// The error for a text of no known family.
fn unknown(body: &str) -> Fault {
    if is_script(body) {
        let reason = "this is JavaScript, and not JSON: leave out what is before the first { or [, and after the last one";
        return Fault::at(1, 1, reason);
    }
    let first: String = body
        .trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect();
    Fault::at(
        1,
        1,
        format!(
            "this is no programme that is known: it begins with {first:?}; expected JSON, XML, iCalendar, or a table whose \
         first line names its columns"
        ),
    )
}
