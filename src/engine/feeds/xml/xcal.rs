//! iCalendar in XML: RFC 6321, and the older form of Pentabarf and frab, whose properties hold their text at once.
//!
//! Both are written as content lines and read as a calendar, so that recurrences, zones and whole days are treated alike.

use quick_xml::events::BytesStart;

use super::{Item, Xml};
use crate::engine::feeds::fault::Fault;
use crate::engine::feeds::ics;
use crate::engine::feeds::programme::Programme;

pub(super) fn read<'a>(xml: &mut Xml<'a>, programme: &mut Programme<'a>) -> Result<(), Fault> {
    let mut lines = Lines::default();
    lines.text.push_str("BEGIN:VCALENDAR\r\n");
    let mut open: Vec<Option<String>> = vec![None];
    loop {
        match xml.next()? {
            Item::End => break,
            Item::Close => {
                if let Some(Some(component)) = open.pop() {
                    lines.end(&component);
                }
            }
            Item::Open(start) => {
                let name = start.local_name().as_ref().to_ascii_lowercase();
                match name.as_str() {
                    "vcalendar" | "icalendar" | "properties" | "components" => open.push(None),
                    _ if is_component(&name) => {
                        lines.begin(&name);
                        open.push(Some(name));
                    }
                    _ => lines.property(xml, &start)?,
                }
            }
        }
    }
    lines.text.push_str("END:VCALENDAR\r\n");
    let format = programme.format;
    ics::read_lines(&lines.text, programme)?;
    programme.format = format;
    Ok(())
}

fn is_component(name: &str) -> bool {
    matches!(
        name,
        "vevent"
            | "vtodo"
            | "vjournal"
            | "vfreebusy"
            | "vtimezone"
            | "valarm"
            | "standard"
            | "daylight"
    )
}

#[derive(Default)]
struct Lines {
    text: String,
    has_end: bool,
    length: Option<String>,
}

impl Lines {
    fn begin(&mut self, component: &str) {
        self.finish_duration();
        self.has_end = false;
        self.push_line("BEGIN", &component.to_ascii_uppercase());
    }

    /// Writes the duration of the component whose properties end here. An alarm may follow inside it.
    fn finish_duration(&mut self) {
        // Old files hold both, and the duration in a form of their own.
        if let Some(length) = self.length.take().filter(|_| !self.has_end) {
            self.push_line("DURATION", &length);
        }
    }

    fn end(&mut self, component: &str) {
        self.finish_duration();
        self.push_line("END", &component.to_ascii_uppercase());
    }

    fn push_line(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        self.text.push(':');
        self.text.push_str(value);
        self.text.push_str("\r\n");
    }

    /// Writes one property: a text, or parameters and typed values.
    fn property<'a>(&mut self, xml: &mut Xml<'a>, start: &BytesStart<'a>) -> Result<(), Fault> {
        let full = start.name().as_ref().to_ascii_lowercase();
        let name = start.local_name().as_ref().to_ascii_uppercase();
        let raw = xml.text()?;
        let (parameters, values) = Typed::read(&raw)?;
        if full.starts_with("pentabarf:") {
            self.push_line(&format!("X-PENTABARF-{name}"), &escaped(raw.trim()));
            return Ok(());
        }
        let texts = if values.is_empty() {
            vec![("text".to_owned(), raw.trim().to_owned())]
        } else {
            values
        };
        let joined = texts
            .iter()
            .map(|(kind, text)| content(kind, text))
            .collect::<Vec<_>>()
            .join(",");
        let line = format!("{name}{parameters}:{joined}\r\n");
        match name.as_str() {
            "DTSTART" | "DTEND" => {
                self.has_end |= name == "DTEND";
                self.text.push_str(&dated(&name, &parameters, &texts));
            }
            "DURATION" => self.length = length(&joined),
            "CATEGORY" => self.push_line("X-TYPE", &joined),
            "ATTENDEE" if parameters.is_empty() => self.attendee(&joined),
            _ => self.text.push_str(&line),
        }
        Ok(())
    }

    /// An attendee whose text is a name, or an address.
    fn attendee(&mut self, text: &str) {
        let name: String = text
            .chars()
            .filter(|character| !matches!(character, '"' | '\\' | '\r' | '\n'))
            .collect();
        self.push_line(&format!("ATTENDEE;CN=\"{name}\""), "invalid:nomail");
    }
}

/// A start or an end, as a date where it is one.
fn dated(name: &str, parameters: &str, values: &[(String, String)]) -> String {
    let value = values
        .first()
        .map(|(_, text)| compact(text))
        .unwrap_or_default();
    let date = if value.len() == 8 { ";VALUE=DATE" } else { "" };
    format!("{name}{parameters}{date}:{value}\r\n")
}

/// `2026-01-31T09:30:00Z` as `20260131T093000Z`.
fn compact(text: &str) -> String {
    let text = text.trim();
    if text.get(4..5) == Some("-") {
        text.replace(['-', ':'], "")
    } else {
        text.to_owned()
    }
}

fn content(kind: &str, text: &str) -> String {
    match kind {
        "date" | "date-time" | "utc-offset" => compact(text),
        "duration" | "recur" | "uri" | "cal-address" | "integer" | "float" | "boolean" => {
            text.trim().to_owned()
        }
        _ => escaped(text),
    }
}

/// `PT1H`, or `01H30M00S`, `013000` and `01:30` of old files.
fn length(text: &str) -> Option<String> {
    if text.starts_with(['P', '-', '+']) {
        return Some(text.to_owned());
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, rest) = digits.split_at_checked(2)?;
    let (minutes, seconds) = rest.split_at_checked(2)?;
    let seconds = if seconds.is_empty() { "00" } else { seconds };
    (seconds.len() == 2).then(|| format!("PT{hours}H{minutes}M{seconds}S"))
}

fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => {}
            '\\' | ',' | ';' => {
                line.push('\\');
                line.push(character);
            }
            _ => line.push(character),
        }
    }
    line
}

/// The parameters and the typed values of a property of RFC 6321.
struct Typed;

impl Typed {
    /// Reads what is inside a property. Without elements there are neither parameters nor values.
    fn read(raw: &str) -> Result<(String, Vec<(String, String)>), Fault> {
        let (mut parameters, mut values) = (String::new(), Vec::new());
        if !raw.trim_start().starts_with('<') {
            return Ok((parameters, values));
        }
        let mut inner = Xml::new(raw);
        while let Item::Open(start) = inner.next()? {
            let kind = start.local_name().as_ref().to_ascii_lowercase();
            match kind.as_str() {
                "parameters" => {
                    while let Item::Open(parameter) = inner.next()? {
                        let name = parameter.local_name().as_ref().to_ascii_uppercase();
                        let mut texts = Vec::new();
                        while let Item::Open(_) = inner.next()? {
                            texts.push(inner.text()?.replace(['"', '\r', '\n'], ""));
                        }
                        for part in [";", name.as_str(), "=\"", &texts.join("\",\""), "\""] {
                            parameters.push_str(part);
                        }
                    }
                }
                "recur" => {
                    let mut parts: Vec<(String, String)> = Vec::new();
                    while let Item::Open(part) = inner.next()? {
                        let name = part.local_name().as_ref().to_ascii_uppercase();
                        let text = compact(&inner.text()?);
                        match parts.iter_mut().find(|(known, _)| *known == name) {
                            Some((_, texts)) => *texts = format!("{texts},{text}"),
                            None => parts.push((name, text)),
                        }
                    }
                    let parts = parts.iter().map(|(name, text)| format!("{name}={text}"));
                    values.push((kind, parts.collect::<Vec<_>>().join(";")));
                }
                _ => values.push((kind, inner.text()?.into_owned())),
            }
        }
        Ok((parameters, values))
    }
}
