"""Reads the resources: the programme, its topics, and each session."""

from __future__ import annotations

import json
from urllib.parse import quote, unquote

from eventkit.exports import as_text
from eventkit.mcp.clean import clean, clean_data
from eventkit.mcp.lines import slot_of, when
from eventkit.mcp.programme import Programme
from eventkit.mcp.reply import Attachment, Refused

__all__ = ["PROGRAMME", "SESSION", "SESSION_TEMPLATE", "TOPICS", "read_resource", "session_uri"]

PROGRAMME, TOPICS = "eventkit://programme", "eventkit://topics"
SESSION = "eventkit://session/"
SESSION_TEMPLATE = f"{SESSION}{{id}}"
MOST_SESSIONS = 2_000


def session_uri(identity: str) -> str:
    """Return the address of a session.

    Example:
        >>> session_uri("day 1/a")
        'eventkit://session/day%201%2Fa'
    """
    return SESSION + quote(identity, safe="")


def read_resource(programme: Programme, uri: str) -> Attachment | None:
    """Return the content of an address, ``None`` if there is no such resource.

    Example:
        >>> from eventkit import Catalog
        >>> programme = Programme(Catalog([{"id": "a", "title": "Agents"}]))
        >>> read_resource(programme, "eventkit://session/a").text
        '{"id": "a", "title": "Agents"}'
    """
    if uri == PROGRAMME:
        return Attachment(uri, "text/plain", _whole(programme))
    if uri == TOPICS:
        lines = [f"{topic}: {count}" for topic, count in programme.topics]
        return Attachment(uri, "text/plain", "\n".join(lines))
    if uri.startswith(SESSION):
        try:
            session = programme.find(unquote(uri[len(SESSION) :]))
        except Refused:
            return None
        text = json.dumps(clean_data(session), ensure_ascii=False)
        return Attachment(uri, "application/json", text)
    return None


def _whole(programme: Programme) -> str:
    """Return a line for each session: id, title, time, room and topics."""
    count = len(programme.catalog)
    lines = [f"{programme.name}: {count:,} sessions. id | title | time | room | topics"]
    for position in range(min(count, MOST_SESSIONS)):
        session = programme.catalog[position]
        columns = (
            clean(session.get("id", "-")),
            clean(session.get("title", "-")),
            when(*slot_of(session)),
            clean(session.get("location", "-")),
            ", ".join(clean(tag) for tag in as_text(session.get("tags"))),
        )
        lines.append(" | ".join(columns))
    if count > MOST_SESSIONS:
        lines.append(f"and {count - MOST_SESSIONS:,} more: call search_programme.")
    return "\n".join(lines)
