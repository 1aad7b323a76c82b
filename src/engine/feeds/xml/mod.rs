//! The formats that are written in XML.

mod reader;
mod schedule;
mod xcal;

use reader::{Item, Xml};

use super::detect::Format;
use super::fault::Fault;
use super::programme::Programme;

/// Reads a document of any XML format, which its outermost element names.
pub(super) fn read<'a>(
    text: &'a str,
    expected: Option<Format>,
    programme: &mut Programme<'a>,
) -> Result<(), Fault> {
    let mut xml = Xml::new(text);
    let Item::Open(root) = xml.next()? else {
        return Err(Fault::at(1, 1, "this XML has no element"));
    };
    let format = match root.local_name().as_ref().to_ascii_lowercase().as_str() {
        "schedule" => Format::ScheduleXml,
        "icalendar" | "vcalendar" => Format::Xcal,
        other => {
            return Err(Fault::new(format!(
                "this XML is no programme that is known: its outermost element is <{other:.60}>, expected <schedule> or \
                 <icalendar>"
            )));
        }
    };
    if let Some(expected) = expected.filter(|expected| *expected != format) {
        return Err(Fault::new(format!(
            "this is {format}, and {expected} was expected"
        )));
    }
    programme.format = format;
    match format {
        Format::ScheduleXml => schedule::read(&mut xml, programme),
        _ => xcal::read(&mut xml, programme),
    }
}
