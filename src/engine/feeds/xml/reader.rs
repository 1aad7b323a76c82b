//! Reads XML as a stream of elements and their texts.
//!
//! Nothing is fetched, and no entity that a document declares is resolved: one that neither XML nor HTML knows is an
//! error. Control characters in texts, which are not well-formed, are left for the texts' cleaning. Nesting of any depth
//! takes no stack.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::engine::feeds::fault::Fault;
use crate::engine::feeds::html;

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
            let event = self.reader.read_event().map_err(|error| self.fault(&error))?;
            match event {
                Event::Start(start) => {
                    self.depth += 1;
                    return Ok(Item::Open(start));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Item::Close);
                }
                Event::Eof if self.depth > 0 => return Err(self.cut_off()),
                Event::Eof => return Ok(Item::End),
                _ => {}
            }
        }
    }

    /// Passes over the rest of an element that was opened last.
    pub(super) fn skip(&mut self, start: &BytesStart<'a>) -> Result<(), Fault> {
        self.reader.read_to_end(start.name()).map_err(|error| self.fault(&error))?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// Returns the text of an element that was opened last, with that of the elements in it.
    pub(super) fn text(&mut self, start: &BytesStart<'a>) -> Result<Cow<'a, str>, Fault> {
        let at = self.offset();
        match self.raw(start)? {
            Cow::Borrowed(raw) if memchr::memchr2(b'<', b'&', raw.as_bytes()).is_none() => Ok(Cow::Borrowed(raw)),
            raw => self.resolved(&raw, at).map(Cow::Owned),
        }
    }

    /// Returns what is between the tags of an element that was opened last, as it is written.
    pub(super) fn raw(&mut self, start: &BytesStart<'a>) -> Result<Cow<'a, str>, Fault> {
        let raw = self.reader.read_text(start.name()).map_err(|error| self.fault(&error))?;
        self.depth = self.depth.saturating_sub(1);
        Ok(raw.into_inner())
    }

    /// Returns the text of an element on one line.
    pub(super) fn line(&mut self, start: &BytesStart<'a>) -> Result<Cow<'a, str>, Fault> {
        Ok(cleaned(self.text(start)?, html::line))
    }

    /// Returns the text of an element as plain text.
    pub(super) fn block(&mut self, start: &BytesStart<'a>) -> Result<Cow<'a, str>, Fault> {
        Ok(cleaned(self.text(start)?, html::block))
    }

    /// Returns the value of an attribute, or nothing.
    pub(super) fn attribute(&self, start: &BytesStart<'a>, name: &str) -> Result<String, Fault> {
        for attribute in start.html_attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| {
                Fault::at_offset(self.source.as_bytes(), self.offset(), format!("not XML: {error}"))
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
                    format!("the entity &{name}; is not known: entities that a document declares are not resolved"),
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
    let width = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let name = name.get(..width).filter(|name| !name.is_empty())?;
    text.get(1 + width..)?.starts_with(';').then_some(name)
}

fn cleaned<'a>(text: Cow<'a, str>, clean: for<'t> fn(&'t str) -> Cow<'t, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => match clean(&text) {
            Cow::Borrowed(same) if same.len() == text.len() => Cow::Owned(text),
            cleaned => Cow::Owned(cleaned.into_owned()),
        },
    }
}
