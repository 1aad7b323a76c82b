//! Reads XML as a stream of elements and their texts.
//!
//! Nothing is fetched, and no entity that a document declares is resolved: one that neither XML nor HTML knows is an
//! error. Control characters in texts, which are not well-formed, are left for the texts' cleaning.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::engine::feeds::fault::Fault;
use crate::engine::feeds::html;

/// The deepest nesting of elements; real feeds have eight.
const MOST_DEPTH: usize = 256;

/// What follows in a document.
pub(super) enum Item<'a> {
    Open(BytesStart<'a>),
    Close,
    /// The end of the document.
    End,
}

pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    source: &'a str,
    depth: usize,
}

impl<'a> Xml<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let mut reader = Reader::from_str(source);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self {
            reader,
            source,
            depth: 0,
        }
    }

    /// Goes to the next element that begins or ends; texts, comments and declarations are passed over.
    pub(super) fn next(&mut self) -> Result<Item<'a>, Fault> {
        loop {
            match self.event()? {
                Event::Start(start) => return Ok(Item::Open(start)),
                Event::End(_) => return Ok(Item::Close),
                Event::Eof => return Ok(Item::End),
                _ => {}
            }
        }
    }

    fn event(&mut self) -> Result<Event<'a>, Fault> {
        let event = self
            .reader
            .read_event()
            .map_err(|error| self.fault(&error))?;
        match event {
            Event::Start(_) if self.depth == MOST_DEPTH => {
                let reason = format!("elements are nested more than {MOST_DEPTH} deep");
                return Err(Fault::at_offset(
                    self.source.as_bytes(),
                    self.offset(),
                    reason,
                ));
            }
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(self.cut_off()),
            _ => {}
        }
        Ok(event)
    }

    /// Passes over the rest of the element that was opened last.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.raw().map(drop)
    }

    /// Returns the text of an element that was opened last, with that of the elements in it.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let at = self.offset();
        let raw = self.raw()?;
        match memchr::memchr2(b'<', b'&', raw.as_bytes()) {
            None => Ok(Cow::Borrowed(raw)),
            Some(_) => self.resolved(raw, at).map(Cow::Owned),
        }
    }

    /// Returns what is between the tags of an element that was opened last, as it is written.
    pub(super) fn raw(&mut self) -> Result<&'a str, Fault> {
        let (from, outer) = (self.offset(), self.depth.saturating_sub(1));
        loop {
            let to = self.offset();
            self.event()?;
            if self.depth == outer {
                return Ok(self.source.get(from..to).unwrap_or_default());
            }
        }
    }

    /// Returns the text of an element on one line.
    pub(super) fn line(&mut self) -> Result<Cow<'a, str>, Fault> {
        Ok(cleaned(self.text()?, html::line))
    }

    /// Returns the text of an element as plain text.
    pub(super) fn block(&mut self) -> Result<Cow<'a, str>, Fault> {
        Ok(cleaned(self.text()?, html::block))
    }

    /// Returns the value of an attribute, or nothing.
    pub(super) fn attribute(&self, start: &BytesStart<'a>, name: &str) -> Result<String, Fault> {
        for attribute in start.html_attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| {
                Fault::at_offset(
                    self.source.as_bytes(),
                    self.offset(),
                    format!("not XML: {error}"),
                )
            })?;
            if attribute.key.as_ref() == name {
                return self.entities(&attribute.value, self.offset());
            }
        }
        Ok(String::new())
    }

    /// Resolves the entities and sections of character data in what is between two tags; tags become line breaks.
    fn resolved(&self, raw: &str, at: usize) -> Result<String, Fault> {
        const OPEN: &str = "<![CDATA[";
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(found) = memchr::memchr(b'<', rest.as_bytes()) {
            let (before, markup) = rest.split_at(found);
            text.push_str(&self.entities(before, at)?);
            if let Some(data) = markup.strip_prefix(OPEN) {
                let (data, after) = data.split_once("]]>").unwrap_or((data, ""));
                text.push_str(data);
                rest = after;
            } else if markup.starts_with("<!--") {
                rest = markup.split_once("-->").map_or("", |(_, after)| after);
            } else {
                // HTML that is not escaped: its tags are kept for the cleaning of the text.
                let end = markup.find('>').map_or(markup.len(), |end| end + 1);
                let (tag, after) = markup.split_at(end);
                text.push_str(tag);
                rest = after;
            }
        }
        text.push_str(&self.entities(rest, at)?);
        Ok(text)
    }

    pub(super) fn entities(&self, raw: &str, at: usize) -> Result<String, Fault> {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(found) = memchr::memchr(b'&', rest.as_bytes()) {
            let (before, reference) = rest.split_at(found);
            text.push_str(before);
            if let Some((characters, length)) = html::entity(reference) {
                text.push_str(&characters);
                rest = reference.get(length..).unwrap_or_default();
                continue;
            }
            if let Some(name) = unknown_entity(reference) {
                return Err(Fault::at_offset(
                    self.source.as_bytes(),
                    at,
                    format!(
                        "the entity &{name:.60}; is not known: entities that a document declares are not resolved"
                    ),
                ));
            }
            text.push('&');
            rest = reference.get(1..).unwrap_or_default();
        }
        text.push_str(rest);
        Ok(text)
    }

    pub(super) fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn fault(&self, error: &quick_xml::Error) -> Fault {
        if self.offset() >= self.source.len() {
            return self.cut_off();
        }
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        Fault::at_offset(self.source.as_bytes(), at, format!("not XML: {error}"))
    }

    fn cut_off(&self) -> Fault {
        let reason = "the document ends within an element: it was cut off";
        Fault::at_offset(self.source.as_bytes(), self.source.len(), reason)
    }
}

/// The name of the entity at the start of a text, if it looks like one.
fn unknown_entity(text: &str) -> Option<&str> {
    let name = text.get(1..)?;
    let width = name
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    let name = name.get(..width).filter(|name| !name.is_empty())?;
    text.get(1 + width..)?.starts_with(';').then_some(name)
}

fn cleaned(text: Cow<'_, str>, clean: for<'t> fn(&'t str) -> Cow<'t, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => match clean(&text) {
            Cow::Borrowed(same) if same.len() == text.len() => Cow::Owned(text),
            cleaned => Cow::Owned(cleaned.into_owned()),
        },
    }
}
