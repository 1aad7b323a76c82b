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
    if !text.bytes().any(|byte| DUBIOUS[byte as usize]) {
        return Cow::Borrowed(text);
    }
    if memchr::memchr3(b'<', b'&', b'\r', text.as_bytes()).is_none() && !text.chars().any(unseen) {
        return Cow::Borrowed(text);
    }
    let mut out = Writer::default();
    match Tags::of(text) {
        Tags::None => out.push_plain(text),
        tags => out.push_html(text, tags == Tags::Blocks),
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

/// Bytes that may need a change: control characters, `<`, `&`, and the first bytes of characters that are not seen.
static DUBIOUS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 0x20 {
        table[at] = at != b'\n' as usize && at != b'\t' as usize;
        at += 1;
    }
    table[b'<' as usize] = true;
    table[b'&' as usize] = true;
    table[0x7f] = true;
    // U+0080 to U+00BF, U+2000 to U+2FFF, and U+F000 to U+FFFF.
    table[0xc2] = true;
    table[0xe2] = true;
    table[0xef] = true;
    table
};

fn is_plain_line(text: &str) -> bool {
    let mut space = false;
    text.bytes().all(|byte| {
        let two = space && byte == b' ';
        space = byte == b' ';
        !two && !DUBIOUS[byte as usize] && byte != b'\n' && byte != b'\t'
    }) && !text.contains('\u{3000}')
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
    name: String,
    closes: bool,
    length: usize,
}

const BLOCKS: &[&str] = &[
    "address", "article", "aside", "blockquote", "br", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "iframe", "li",
    "main", "nav", "ol", "p", "pre", "script", "section", "style", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul", "video",
];

const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "button", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "input", "ins", "kbd", "label", "mark", "o:p", "q", "s", "samp", "small", "source", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

impl Tag {
    /// Reads the tag that `text` starts with.
    fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix('<')?;
        if body.starts_with("!--") {
            let length = text.find("-->").map_or(text.len(), |at| at + 3);
            return Some(Self {
                name: "!--".into(),
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
        let name = body.get(..width)?.to_ascii_lowercase();
        let rest = body.get(width..)?;
        let known = BLOCKS.contains(&name.as_str()) || INLINE.contains(&name.as_str());
        if !known || !rest.starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
            return None;
        }
        let end = rest.find('>')?;
        // A second `<` before the end: `a <b and c <d>` is no tag.
        if rest.get(..end)?.contains('<') {
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
        BLOCKS.contains(&self.name.as_str())
    }

    /// Whether what is between the tags is no text.
    fn hides(&self) -> bool {
        !self.closes && matches!(self.name.as_str(), "script" | "style")
    }
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn push_plain(&mut self, text: &str) {
        self.push_decoded(text, |writer, character| writer.text.push(character));
    }

    fn push_html(&mut self, text: &str, blocks: bool) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
            let (before, after) = rest.split_at(at);
            self.push_flowing(before, blocks);
            match Tag::parse(after) {
                Some(tag) => {
                    rest = after.get(tag.length..).unwrap_or_default();
                    if tag.is_block() {
                        self.end_line();
                    }
                    if tag.hides() {
                        let close = format!("</{}", tag.name);
                        let end = rest.to_ascii_lowercase().find(&close);
                        rest = rest.get(end.unwrap_or(rest.len())..).unwrap_or_default();
                    }
                }
                None => {
                    self.push_flowing("<", blocks);
                    rest = &after[1..];
                }
            }
        }
        self.push_flowing(rest, blocks);
    }

    /// Adds text between tags. In paragraphs, white space of any length is one space.
    fn push_flowing(&mut self, text: &str, blocks: bool) {
        if !blocks {
            self.push_plain(text);
            return;
        }
        self.push_decoded(text, |writer, character| {
            if !character.is_whitespace() {
                writer.text.push(character);
            } else if !writer.text.is_empty() && !writer.text.ends_with([' ', '\n']) {
                writer.text.push(' ');
            }
        });
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Adds text whose entities are resolved, whose line ends are `\n`, and whose characters all are seen.
    fn push_decoded(&mut self, text: &str, push: impl Fn(&mut Self, char)) {
        let mut rest = text;
        while let Some(at) = memchr::memchr2(b'&', b'\r', rest.as_bytes()) {
            let (before, after) = rest.split_at(at);
            self.push_seen(before, &push);
            if let Some(after) = after.strip_prefix('\r') {
                push(self, '\n');
                rest = after.strip_prefix('\n').unwrap_or(after);
            } else if let Some((characters, length)) = entity(after) {
                self.push_seen(&characters, &push);
                rest = after.get(length..).unwrap_or_default();
            } else {
                push(self, '&');
                rest = &after[1..];
            }
        }
        self.push_seen(rest, &push);
    }

    fn push_seen(&mut self, text: &str, push: &impl Fn(&mut Self, char)) {
        for character in text.chars().filter(|character| !unseen(*character)) {
            push(self, character);
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

/// Returns what the entity at the start of `text` stands for, and its length.
pub(super) fn entity(text: &str) -> Option<(Cow<'static, str>, usize)> {
    const LONGEST: usize = "&CounterClockwiseContourIntegral;".len();
    let head = text.as_bytes().get(..text.len().min(LONGEST))?;
    let end = memchr::memchr(b';', head)?;
    let name = text.get(1..end)?;
    let length = end + 1;
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
