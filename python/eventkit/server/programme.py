"""The endpoints that give a page the whole programme: ``/sessions`` and ``/sessions/details``.

A page shows thousands of sessions at once, so ``/sessions`` writes columns instead of objects: each
text of a column stands once in ``values``, and ``places`` has a number for each session. That is a
fifth of the objects' size for Gen Con 2017. Abstracts are the bulk of a programme and are read one
at a time, so ``/sessions/details`` has them in small pages.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

from eventkit.server.message import JSON, Problem, Request, Response
from eventkit.server.parameters import parameters
from eventkit.server.revision import Revision
from eventkit.server.settings import ServerSettings
from eventkit.server.validation import checked_page

__all__ = [
    "DETAILS",
    "DETAILS_OF_ONE",
    "LISTS",
    "PAGE",
    "TEXTS",
    "details",
    "keys",
    "sessions",
]

PAGE = 20_000
"""Sessions of one page of ``/sessions``."""
DETAILS = 250
"""Sessions of one page of ``/sessions/details``."""

TEXTS = ("title", "location", "track", "type", "level", "language")
LISTS = ("tags", "speakers")
DETAILS_OF_ONE = ("abstract", "description", "url")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_NONE = -1


def sessions(request: Request, revision: Revision, _settings: ServerSettings) -> Response:
    """Answer with a page of the programme as columns.

    Raises:
        Problem: 400 if ``page`` is no whole number, 404 if there is no such page.
    """
    fields, count = revision.fields, len(revision.catalog)
    page, pages = _page_of(request, count, PAGE)
    outline = _outline_of(revision)
    first, last = page * PAGE, min((page + 1) * PAGE, count)
    chosen = [revision.catalog[place] for place in range(first, last)]
    content = {
        "name": _text(fields.get("name")),
        "zone": _text(fields.get("zone")),
        "edition": revision.digest,
        "count": count,
        "page": page,
        "pages": pages,
        "detailPages": outline.detail_pages,
        "detailSize": DETAILS,
        "columns": {
            "key": outline.keys[first:last],
            **{name: _column(_text(session.get(name)) for session in chosen) for name in TEXTS},
            "start": _column(_time(session, "start") for session in chosen),
            "end": _column(_time(session, "end") for session in chosen),
            **{name: _lists(_texts(session.get(name)) for session in chosen) for name in LISTS},
        },
    }
    return _compact(content)


def details(request: Request, revision: Revision, _settings: ServerSettings) -> Response:
    """Answer with the abstracts, descriptions and addresses of some sessions, in their order.

    Raises:
        Problem: 400 if ``page`` is no whole number, 404 if there is no such page.
    """
    page, pages = _page_of(request, len(revision.catalog), DETAILS)
    last = min((page + 1) * DETAILS, len(revision.catalog))
    chosen = [revision.catalog[place] for place in range(page * DETAILS, last)]
    held = [
        {name: text for name in DETAILS_OF_ONE if (text := _text(session.get(name))) is not None}
        for session in chosen
    ]
    content = {"edition": revision.digest, "page": page, "pages": pages, "sessions": held}
    return _compact(content)


def keys(sessions: list[Any]) -> list[str]:
    """Return a short name for each session that stays the same when the programme is read again.

    It is the id, if that is a text which no other session has. Else it is ``~`` and a hash of the
    title, time and location, with a number where several sessions have the same.

    Example:
        >>> keys([{"id": "a", "title": "A"}, {"id": "b"}, {"id": "b"}])[0]
        'a'
        >>> found = keys([{"title": "A"}, {"title": "A"}])
        >>> found[1] == found[0] + ".2"
        True
    """
    ids = [_text(session.get("id")) for session in sessions]
    often = Counter(ids)
    seen: Counter[str] = Counter()
    found = []
    for session, own in zip(sessions, ids, strict=True):
        if own is not None and often[own] == 1 and not own.startswith("~"):
            found.append(own)
            continue
        told = json.dumps([own, *(_text(session.get(name)) for name in ("title", "location"))])
        told += f"{_time(session, 'start')}"
        name = f"~{blake2b(told.encode(), digest_size=6).hexdigest()}"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return found


@dataclass(frozen=True)
class _Outline:
    """The facts that need a look at all sessions: their keys, and the number of pages."""

    keys: list[str]
    detail_pages: int


# Kept as long as the revision is served.
_OUTLINES: WeakKeyDictionary[Revision, _Outline] = WeakKeyDictionary()


def _outline_of(revision: Revision) -> _Outline:
    """Return the outline of a programme; computed once for each edition."""
    found = _OUTLINES.get(revision)
    if found is None:
        # Once: a session of a compiled catalogue is read anew each time.
        listed = list(revision.catalog)
        found = _OUTLINES[revision] = _Outline(keys(listed), _detail_pages(listed))
    return found


def _page_of(request: Request, count: int, size: int) -> tuple[int, int]:
    """Return the number of the page that a request asks for, and how many there are."""
    page = checked_page(parameters(request).get("page"))
    pages = max(1, -(-count // size))
    if page >= pages:
        raise Problem(404, "no such page", parameter="page", expected=f"0 to {pages - 1}")
    return page, pages


def _detail_pages(sessions: list[Any]) -> int:
    """Return how many pages of details there are; 0 if no session has any."""
    if any(_text(session.get(name)) for session in sessions for name in DETAILS_OF_ONE):
        return -(-len(sessions) // DETAILS)
    return 0


def _time(session: Any, name: str) -> str | None:
    """Return the start or end of a session, with its date where a feed tells it."""
    whole, written = _text(session.get(f"{name}_at")), _text(session.get(name))
    day = _text(session.get("day"))
    if whole is None and written is not None and day is not None and _CLOCK.fullmatch(written):
        # The end of a day that has no date of its own may be past midnight: the page sees to that.
        return f"{day}T{written.zfill(5)}" if name == "start" else written
    return whole or written


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> list[str]:
    """Return a list of texts: of texts, of objects with a ``name``, or of one text."""
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    names = (item.get("name") if isinstance(item, dict) else item for item in listed)
    return [name for name in names if isinstance(name, str) and name]


def _column(texts: Iterable[str | None]) -> dict[str, Any]:
    values: dict[str, int] = {}
    places = [_NONE if text is None else values.setdefault(text, len(values)) for text in texts]
    return {"values": [*values], "places": places}


def _lists(lists: Iterable[list[str]]) -> dict[str, Any]:
    values: dict[str, int] = {}
    places = [[values.setdefault(text, len(values)) for text in texts] for texts in lists]
    return {"values": [*values], "places": places}


def _compact(content: Any) -> Response:
    body = json.dumps(content, separators=(",", ":")).encode("ascii")
    return Response(200, [JSON], body, cacheable=True)
