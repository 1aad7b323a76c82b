"""The endpoints that need the manifest. They answer with the original's JSON, byte for byte."""

from __future__ import annotations

from typing import Any

from eventkit import functions
from eventkit.errors import ExportError
from eventkit.exports import FORMATS, build_document
from eventkit.profiles import load_profile, profile_file
from eventkit.server.message import JSON, Problem, Request, Response, json_response
from eventkit.server.parameters import parameters
from eventkit.server.revision import Revision
from eventkit.server.settings import ServerSettings
from eventkit.server.validation import (
    LONGEST_KEY,
    MOST_FIELDS,
    checked_balance,
    checked_day,
    checked_interests,
    checked_lines,
    checked_switch,
    checked_text,
    checked_top,
)

__all__ = ["cannot_rank", "explain", "export", "interests_of", "recommend", "tags"]


def recommend(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Recommend sessions."""
    asked = parameters(request)
    interests = interests_of(asked, revision, settings)
    top = checked_top(asked.get("top"), revision.default_top, settings)
    cacheable = "profileLoad" not in asked
    card = checked_switch("card", asked.get("card")) or settings.card
    balance = checked_balance(asked.get("balance"))
    longest = settings.max_title_length
    spread = checked_lines("spread", asked.get("spread"), MOST_FIELDS, longest) or None
    understand = checked_switch("understand", asked.get("understand"))
    if not (card or understand or balance or spread or revision.telemetry.enabled):
        body = revision.catalog.recommend_json(interests, top)
        return Response(200, [JSON], body, cacheable=cacheable)
    try:
        result: Any = revision.catalog.recommend(
            interests, top, balance=balance, spread=spread, understand=understand
        )
    except ValueError as error:
        raise cannot_rank(error) from None
    if card:
        result["adaptiveCard"] = functions.build_adaptive_card(result["sessions"])
    return json_response(200, result, cacheable=cacheable)


def explain(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Explain a session's score."""
    asked = parameters(request)
    interests = interests_of(asked, revision, settings)
    title = checked_text("session", asked.get("session"), settings.max_title_length)
    understand = checked_switch("understand", asked.get("understand"))
    result = revision.catalog.explain(title, interests, understand=understand)
    cacheable = "profileLoad" not in asked
    return json_response(404 if "error" in result else 200, result, cacheable=cacheable)


def export(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Return an itinerary. No file is written, even if the manifest asks for exports."""
    asked = parameters(request)
    interests = interests_of(asked, revision, settings)
    top = checked_top(asked.get("top"), revision.default_top, settings)
    kind = asked.get("format", "markdown")
    if not isinstance(kind, str) or kind not in FORMATS:
        raise Problem.parameter("format", kind, f"one of {', '.join(FORMATS)}")
    try:
        document = build_document(
            revision.fields,
            interests,
            top,
            format=kind,
            escape=checked_switch("escape", asked.get("escape")),
            day=checked_day(asked.get("date")),
            recommend=lambda _manifest, wanted, most: revision.catalog.recommend(wanted, most),
        )
    except ExportError as error:
        raise Problem.parameter(error.argument, error.value, error.reason) from None
    return json_response(200, document.result)


def tags(_request: Request, revision: Revision, _settings: ServerSettings) -> Response:
    """List the tags of the sessions, the most frequent first."""
    return Response(200, [JSON], revision.tags(), cacheable=True)


def cannot_rank(error: ValueError) -> Problem:
    """Return the refusal of a question about sessions that only the reference can score."""
    return Problem(409, "the sessions cannot be ranked", reason=str(error))


def interests_of(asked: dict[str, Any], revision: Revision, settings: ServerSettings) -> list[str]:
    """Return the interests of a request: those of the saved profile, if it has any, win."""
    key = asked.get("profileLoad")
    if key is not None:
        if settings.api_token is None:
            raise Problem(403, "profiles are not readable", expected="a server with an API_TOKEN")
        key = checked_text("profileLoad", key, LONGEST_KEY)
        file = profile_file(revision.fields)
        interests = [] if file is None else load_profile(file, key)
        if interests:
            return checked_interests(interests, settings)
    return checked_interests(asked.get("interests"), settings)
