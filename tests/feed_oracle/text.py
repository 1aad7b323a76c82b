"""Plain text of the texts of feeds."""

import html
import re

BLOCKS = {
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
}
INLINE = {
    "a",
    "abbr",
    "acronym",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "button",
    "cite",
    "code",
    "data",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "mark",
    "o:p",
    "q",
    "s",
    "samp",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "wbr",
}
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([A-Za-z0-9:]+)(?=[>/ \t\n\r])[^<>]*>", re.S)
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?(?=</\1|\Z)", re.S | re.I)
_ENTITY = re.compile(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


def _known(match):
    return match[2] is None or match[2].lower() in BLOCKS | INLINE


def _decoded(text):
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", _ENTITY.sub(lambda match: _resolved(match[0]), text))


def _resolved(entity):
    resolved = html.unescape(entity)
    return entity if resolved == entity else resolved


def block(text):
    """Return a text of any number of lines."""
    if not text:
        return ""
    text = text.strip()
    tags = [match for match in _TAG.finditer(text) if _known(match)]
    if not tags:
        return _decoded(text).strip()
    if not any(match[2] and match[2].lower() in BLOCKS for match in tags):
        return _decoded(_TAG.sub(lambda match: "" if _known(match) else match[0], text)).strip()
    text = _HIDDEN.sub("<p>", text)
    parts, at = [], 0
    for match in _TAG.finditer(text):
        if _known(match):
            parts.append(text[at : match.start()])
            if match[2] and match[2].lower() in BLOCKS:
                parts.append(None)
            at = match.end()
    parts.append(text[at:])
    lines = [""]
    for part in parts:
        if part is None:
            lines.append("")
        else:
            lines[-1] += _decoded(part)
    lines = [" ".join(line.split()) for line in lines]
    return "\n".join(line for line in lines if line)


def line(text):
    """Return a text on one line."""
    return " ".join(block(text).split())


def slug(title):
    """Return an id made of a title."""
    words = re.findall(r"[^\W_]+", title)
    made = ""
    for word in words:
        if made and len(made) + len(word) >= 60:
            break
        made += ("-" if made else "") + word.lower()
    return made or "session"
