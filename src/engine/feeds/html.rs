//! Plain text from the texts of feeds, which hold HTML, entities and characters that are not seen.
//!
//! A text is HTML only if it holds a tag that HTML knows: `Vec<T>` and `a < b` stay as they are. Markdown stays as it
//! is. A text that needs no change is borrowed. O(bytes).

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// Returns a text on one line: a title, a name, a room.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if is_plain_line(text) {
        return Cow::Borrowed(text);
    }
    let block = block(text);
    let mut line = String::with_capacity(block.len());
    for word in block.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    Cow::Owned(line)
}

/// Returns a text of any number of lines: an abstract.
pub(super) fn block(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if seen_prefix(text, true) == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = Writer::with_capacity(text.len());
    match Tags::of(text) {
        Tags::None => out.push_decoded(text, Flow::Kept),
        Tags::Inline => out.push_html(text, Flow::Kept),
        Tags::Blocks => out.push_html(text, Flow::Joined),
    }
    Cow::Owned(out.finish())
}

/// Returns an id of lower-case words with hyphens, made of a title.
pub(super) fn slug(title: &str) -> String {
    const MOST: usize = 60;
    let mut slug = String::new();
    for word in title
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if slug.chars().count() + word.chars().count() >= MOST && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_lowercase());
    }
    if slug.is_empty() {
        slug.push_str("session");
    }
    slug
}

/// What a byte can be the begin of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    /// `<`, `&` and the carriage return.
    Markup,
    /// A character that is not seen.
    Unseen,
    /// The first byte of a longer character, which may be one that is not seen.
    Lead,
}

static CLASSES: [Class; 256] = {
    let mut table = [Class::Plain; 256];
    let mut at = 0;
    while at < 0x20 {
        if at != b'\n' as usize && at != b'\t' as usize {
            table[at] = Class::Unseen;
        }
        at += 1;
    }
    table[0x7f] = Class::Unseen;
    table[b'<' as usize] = Class::Markup;
    table[b'&' as usize] = Class::Markup;
    table[b'\r' as usize] = Class::Markup;
    table[0xc2] = Class::Lead;
    table[0xe2] = Class::Lead;
    table[0xef] = Class::Lead;
    table
};

/// The length of what needs no change: all before the first character that is not seen and, if `markup` counts, before
/// the first `<`, `&` or carriage return.
fn seen_prefix(text: &str, markup: bool) -> usize {
    let bytes = text.as_bytes();
    let stops = |at: &usize| match bytes
        .get(*at)
        .map_or(Class::Plain, |byte| CLASSES[*byte as usize])
    {
        Class::Plain => false,
        Class::Markup => markup,
        Class::Unseen => true,
        Class::Lead => {
            let rest = text.get(*at..).and_then(|rest| rest.chars().next());
            rest.is_some_and(unseen)
        }
    };
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut doubtful = blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| may_stop(block));
    let found = doubtful.find_map(|(number, _)| {
        let start = number * BLOCK;
        (start..start + BLOCK).find(stops)
    });
    let tail = bytes.len() - rest.len();
    found
        .or_else(|| (tail..bytes.len()).find(stops))
        .unwrap_or(bytes.len())
}

/// How many bytes are looked at together.
const BLOCK: usize = 32;

/// Whether any byte is one at which [`seen_prefix`] may stop. Without branches, so that it becomes a few instructions for
/// all bytes together: most blocks of most texts hold none.
fn may_stop(block: &[u8; BLOCK]) -> bool {
    let control =
        |byte: u8| u8::from(byte < 0x20) & u8::from(byte != b'\n') & u8::from(byte != b'\t');
    let stops = |byte: u8| {
        let marks = [b'<', b'&', 0x7f, 0xc2, 0xe2, 0xef];
        let marked = marks.map(|mark| u8::from(byte == mark));
        marked.iter().fold(control(byte), |any, mark| any | mark)
    };
    block.iter().fold(0, |any, byte| any | stops(*byte)) != 0
}

/// Whether a text is one line whose words have single spaces between them, and needs no change.
fn is_plain_line(text: &str) -> bool {
    let mut space = false;
    text.bytes().all(|byte| {
        let two = space && byte == b' ';
        space = byte == b' ';
        // Other white space than the space: U+00A0, U+1680, U+2000 to U+202F, U+205F and U+3000.
        let may_be_space = matches!(byte, b'\n' | b'\t' | 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef);
        !two && !may_be_space && CLASSES[byte as usize] == Class::Plain
    })
}

/// Control characters but line feed and tab, and marks of direction and width. The joiners that emoji and several
/// scripts need are seen.
fn unseen(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Which tags of HTML a text holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tags {
    None,
    /// Only tags within a line, so that line breaks of the text count.
    Inline,
    /// Tags of paragraphs, so that line breaks of the text are spaces.
    Blocks,
}

impl Tags {
    fn of(text: &str) -> Self {
        let mut found = Self::None;
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
            rest = &rest[at..];
            match Tag::parse(rest) {
                Some(tag) if tag.is_block() => return Self::Blocks,
                Some(tag) => {
                    found = Self::Inline;
                    rest = &rest[tag.length..];
                }
                None => rest = &rest[1..],
            }
        }
        found
    }
}

/// A tag or a comment that HTML knows.
struct Tag {
    name: &'static str,
    closes: bool,
    length: usize,
}

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "iframe",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "style",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "video",
];

const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "button", "cite", "code", "data",
    "del", "dfn", "em", "font", "i", "img", "input", "ins", "kbd", "label", "mark", "o:p", "q",
    "s", "samp", "small", "source", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr",
];

impl Tag {
    /// Reads the tag that `text` starts with.
    fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix('<')?;
        if body.starts_with("!--") {
            let length = text.find("-->").map_or(text.len(), |at| at + 3);
            return Some(Self {
                name: "!--",
                closes: false,
                length,
            });
        }
        let closes = body.starts_with('/');
        let body = body.strip_prefix('/').unwrap_or(body);
        let width = body
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b':')
            .count();
        let name = body.get(..width)?;
        let rest = body.get(width..)?;
        if width == 0 || !rest.starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
            return None;
        }
        let mut known = BLOCKS.iter().chain(INLINE);
        let name = known.find(|known| known.eq_ignore_ascii_case(name))?;
        // A second `<` before the end: `a <b and c <d>` is no tag.
        let end = memchr::memchr2(b'<', b'>', rest.as_bytes())?;
        if rest.as_bytes().get(end) == Some(&b'<') {
            return None;
        }
        let length = text.len() - rest.len() + end + 1;
        Some(Self {
            name,
            closes,
            length,
        })
    }

    fn is_block(&self) -> bool {
        BLOCKS.contains(&self.name)
    }

    /// Whether what is between the tags is no text.
    fn hides(&self) -> bool {
        !self.closes && matches!(self.name, "script" | "style")
    }
}

/// What becomes of white space between tags.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Kept,
    /// White space of any length, which becomes one space, as within a paragraph.
    Joined,
}

struct Writer {
    text: String,
}

impl Writer {
    fn with_capacity(length: usize) -> Self {
        Self {
            text: String::with_capacity(length),
        }
    }

    fn push_html(&mut self, text: &str, flow: Flow) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
            let (before, after) = rest.split_at(at);
            self.push_decoded(before, flow);
            let Some(tag) = Tag::parse(after) else {
                self.text.push('<');
                rest = after.get(1..).unwrap_or_default();
                continue;
            };
            rest = after.get(tag.length..).unwrap_or_default();
            if tag.is_block() {
                self.end_line();
            }
            if tag.hides() {
                let close = format!("</{}", tag.name);
                let end = find_ignoring_case(rest, &close);
                rest = rest.get(end..).unwrap_or_default();
            }
        }
        self.push_decoded(rest, flow);
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Adds text with its entities resolved, its line ends as `\n`, and without characters that are not seen.
    fn push_decoded(&mut self, text: &str, flow: Flow) {
        let mut rest = text;
        while let Some(at) = memchr::memchr2(b'&', b'\r', rest.as_bytes()) {
            let (before, after) = rest.split_at(at);
            self.push_seen(before, flow);
            if let Some(after) = after.strip_prefix('\r') {
                self.push_flowing("\n", flow);
                rest = after.strip_prefix('\n').unwrap_or(after);
            } else if let Some((characters, length)) = entity(after) {
                self.push_seen(&characters, flow);
                rest = after.get(length..).unwrap_or_default();
            } else {
                self.text.push('&');
                rest = after.get(1..).unwrap_or_default();
            }
        }
        self.push_seen(rest, flow);
    }

    fn push_seen(&mut self, text: &str, flow: Flow) {
        let mut rest = text;
        loop {
            let (seen, after) = rest.split_at(seen_prefix(rest, false));
            self.push_flowing(seen, flow);
            let mut characters = after.chars();
            if characters.next().is_none() {
                return;
            }
            rest = characters.as_str();
        }
    }

    fn push_flowing(&mut self, text: &str, flow: Flow) {
        if flow == Flow::Kept {
            self.text.push_str(text);
            return;
        }
        let mut first = true;
        for word in text.split(char::is_whitespace) {
            if !first && !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
            self.text.push_str(word);
            first = false;
        }
    }

    fn finish(self) -> String {
        let trimmed = self.text.trim();
        if trimmed.len() == self.text.len() {
            self.text
        } else {
            trimmed.to_owned()
        }
    }
}

/// Where `wanted`, in lower-case ASCII, first occurs in any case; the length of the text if it does not.
pub(super) fn find_ignoring_case(text: &str, wanted: &str) -> usize {
    let windows = text.as_bytes().windows(wanted.len());
    let found = windows
        .into_iter()
        .position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()));
    found.unwrap_or(text.len())
}

/// Returns what the entity at the start of `text` stands for, and its length.
pub(super) fn entity(text: &str) -> Option<(Cow<'static, str>, usize)> {
    const LONGEST: usize = "&CounterClockwiseContourIntegral;".len();
    let head = text.as_bytes().get(..text.len().min(LONGEST))?;
    let end = memchr::memchr(b';', head)?;
    let name = text.get(1..end)?;
    let length = end + 1;
    let common = match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        _ => "",
    };
    if !common.is_empty() {
        return Some((Cow::Borrowed(common), length));
    }
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(|found| (Cow::Borrowed(found), length));
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((Cow::Owned(numbered(code).to_string()), length))
}

/// Returns the character of a number. As browsers do, 128 to 159 are characters of Windows-1252.
fn numbered(code: u32) -> char {
    let code = match code {
        0x80..=0x9f => super::encoding::WINDOWS_1252[(code - 0x80) as usize],
        _ => code,
    };
    match code {
        0 => '\u{fffd}',
        _ => char::from_u32(code).unwrap_or('\u{fffd}'),
    }
}
