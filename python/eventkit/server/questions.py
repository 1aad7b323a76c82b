"""The endpoints ``/plan``, ``/why-not`` and ``/alternatives``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventkit.server.answers import cannot_rank, interests_of
from eventkit.server.message import Problem, Request, Response, json_response
from eventkit.server.parameters import parameters
from eventkit.server.revision import Revision
from eventkit.server.settings import ServerSettings
from eventkit.server.validation import (
    BUSY,
    checked_day,
    checked_gap,
    checked_lines,
    checked_switch,
    checked_text,
    checked_top,
    checked_zone,
)

__all__ = ["LONGEST_BUSY", "alternatives", "plan", "why_not"]

LONGEST_BUSY = 64
_ALL = 0


def plan(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Plan sessions that do not overlap."""
    asked = parameters(request)
    interests = interests_of(asked, revision, settings)
    most, longest = settings.max_interests, settings.max_title_length
    top = checked_top(asked.get("top"), _ALL, settings)
    gap = checked_gap(asked.get("gap"))
    must = checked_lines("must", asked.get("must"), most, longest)
    avoid = checked_lines("avoid", asked.get("avoid"), most, longest)
    busy = checked_lines("busy", asked.get("busy"), most, LONGEST_BUSY, BUSY)
    understand = checked_switch("understand", asked.get("understand"))
    day, zone = checked_day(asked.get("date")), checked_zone(asked.get("zone"))
    try:
        result: Any = revision.catalog.plan(
            interests,
            top or None,
            gap=gap,
            must=must,
            avoid=avoid,
            busy=[text.split("/") for text in busy],
            date=day,
            zone=zone,
            understand=understand,
        )
    except KeyError as error:
        raise Problem(404, "session not found", reason=str(error.args[0])) from None
    except ValueError as error:
        raise Problem(409, "the wishes cannot be kept", reason=str(error)) from None
    result["leftOutCount"] = len(result["left_out"])
    del result["left_out"][settings.max_top :]
    return json_response(200, result, cacheable="profileLoad" not in asked)


def why_not(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Say why a session is not recommended, and what would bring it in."""
    return _about_session(revision.catalog.why_not, request, revision, settings)


def alternatives(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Recommend what else runs at the time of a session."""
    return _about_session(revision.catalog.alternatives, request, revision, settings)


def _about_session(
    answer: Callable[..., Any], request: Request, revision: Revision, settings: ServerSettings
) -> Response:
    """Answer a question about one session by a method of the catalogue."""
    asked = parameters(request)
    interests = interests_of(asked, revision, settings)
    title = checked_text("session", asked.get("session"), settings.max_title_length)
    top = checked_top(asked.get("top"), revision.default_top, settings)
    understand = checked_switch("understand", asked.get("understand"))
    try:
        result = answer(title, interests, top, understand=understand)
    except ValueError as error:
        raise cannot_rank(error) from None
    status = 404 if "error" in result else 200
    return json_response(status, result, cacheable="profileLoad" not in asked)
