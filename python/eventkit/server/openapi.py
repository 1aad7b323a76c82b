"""Builds the OpenAPI document of the endpoints, with the limits of the settings in it.

The patterns are those of `eventkit.server.validation`: a request that the document allows is
answered, and one that it forbids is refused.
"""

from __future__ import annotations

import re
from typing import Any

from eventkit._native import __version__
from eventkit.exports import FORMATS
from eventkit.server.meanings import DETAILS, MEANINGS
from eventkit.server.questions import LONGEST_BUSY
from eventkit.server.schemas import SCHEMAS, Schema
from eventkit.server.settings import ServerSettings
from eventkit.server.validation import (
    BUSY,
    DATE,
    INTERESTS,
    LINE,
    LONGEST_KEY,
    MOST_FIELDS,
    MOST_MINUTES,
    MOST_PAGES,
    USER,
    ZONE,
)

__all__ = ["VERSIONS", "build_document"]

_PROBLEMS = {
    400: "A parameter or the body is wrong; says which, and what was expected.",
    401: "The token is missing or wrong.",
    403: "A server without a token answers its own machine only, and nothing that is personal.",
    404: "There is no such thing.",
    405: "The path does not take this method.",
    409: "The wishes contradict each other or the sessions, or the sessions have no exact ranking.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is compressed.",
    421: "The request names a host that is not one of this server's.",
    429: "Too many requests; when to ask again is in `Retry-After`.",
    431: "Too many headers, or one too large.",
    500: "A fault of the server's; its log has the correlation id.",
}


VERSIONS = ("3.0", "3.1")
_VERSION: Schema = {
    "name": "version",
    "in": "query",
    "description": "The version of OpenAPI; 3.1 if left out",
    "required": False,
    "schema": {"type": "string", "enum": [*VERSIONS]},
}


def build_document(settings: ServerSettings) -> dict[str, Any]:
    """Build the document.

    Example:
        >>> sorted(build_document(ServerSettings())["paths"])[:3]
        ['/alternatives', '/busy', '/explain']
    """
    asked = _parameters(settings)
    shown = {name: asked[name] for name in ("understand", "card", "balance", "spread")}
    understand = {"understand": asked["understand"]}
    about = {name: asked[name] for name in ("interests", "interest", "profileLoad")}
    top = {"top": asked["top"]}
    explained = {**about, "session": asked["session"], **understand}
    exported = {**about, **top, **{name: asked[name] for name in ("format", "date", "escape")}}
    calendar = {name: asked[name] for name in ("interests", "interest", "top", "userId")}
    wishes = {name: asked[name] for name in ("gap", "must", "avoid", "busy", "date", "zone")}
    planned = {**about, **top, **wishes, **understand}
    graph = {501: "Microsoft Graph is not configured.", 502: "It failed.", 503: "It is busy."}
    paths = {
        "/recommend": _question("Recommend sessions", {**about, **top, **shown}, "Recommendation"),
        "/recommend-graph": _question(
            "Recommend from a calendar", calendar, "Recommendation", graph
        ),
        "/busy": _busy_times(asked, graph),
        "/explain": _question("Explain a session's score", explained, "Explanation"),
        "/plan": _question("Plan sessions that do not overlap", planned, "Plan"),
        "/why-not": _question(
            "Say why a session is not recommended", {**explained, **top}, "WhyNot"
        ),
        "/alternatives": _question(
            "Recommend what else runs at that time", {**explained, **top}, "Alternatives"
        ),
        "/export": _question("An itinerary", exported, "Itinerary"),
        "/tags": _look("The tags, most frequent first", "Tags"),
        "/understand": _question("Say what interests match, and where", about, "Understanding"),
        "/sessions": _page("The whole programme as columns", "Sessions"),
        "/sessions/details": _page("Abstracts and addresses of sessions", "Details"),
        "/health": _look("Whether the process answers", "State", public=True),
        "/ready": _look("What is served", "State"),
        "/latency": _look("Latencies of each endpoint", "Latencies"),
        "/metrics": _text("Prometheus metrics"),
        "/openapi.json": _look("This document", "Document"),
    }
    paths["/openapi.json"]["get"]["parameters"] = [_VERSION]
    _name_operations(paths)
    components: Schema = {"schemas": SCHEMAS, "responses": _problem_responses()}
    document: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "eventkit", "version": __version__, "license": {"name": "MIT"}},
        "paths": paths,
        "components": components,
    }
    if settings.api_token is not None:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
        for path in settings.public_paths:
            if path in paths:
                paths[path]["get"]["security"] = []
    return document


def _parameters(settings: ServerSettings) -> dict[str, tuple[Schema, Schema | None]]:
    """Return the schemas of each parameter: in a query, and in a body (``None`` if not there)."""
    interests = {
        "type": "string",
        "pattern": INTERESTS.pattern,
        "description": f"separated by commas or semicolons; at most {settings.max_interests},"
        f" of at most {settings.max_interest_length} characters. Repeated, each is one interest,"
        " which may hold commas",
    }
    listed: Schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": settings.max_interests,
        "items": {
            "type": "string",
            "maxLength": settings.max_interest_length,
            "pattern": INTERESTS.pattern,
        },
    }
    top = {"type": "integer", "minimum": 0, "maximum": settings.max_top}
    switch: Schema = {"type": "string", "enum": ["1", "true", "0", "false"]}

    def line(longest: int, pattern: str = LINE.pattern) -> tuple[Schema, Schema]:
        schema = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": pattern}
        return schema, schema

    def lines(most: int, longest: int, pattern: str = LINE.pattern) -> tuple[Schema, Schema]:
        items = line(longest, pattern)[0]
        # No number of items in a query, as for `interest`.
        query: Schema = {"type": "array", "minItems": 1, "items": items}
        return query, {"type": "array", "maxItems": most, "items": items}

    most, longest = settings.max_interests, settings.max_title_length
    gap = {"type": "integer", "minimum": 0, "maximum": MOST_MINUTES}
    balance: Schema = {"type": "string", "enum": ["interests", "none"]}
    zone = {"type": "string", "pattern": ZONE.pattern}
    kinds: Schema = {"type": "string", "enum": [*FORMATS]}
    day = {"type": "string", "format": "date", "pattern": DATE.pattern}
    user = {"type": "string", "pattern": USER.pattern}
    return {
        "interests": (interests, {"anyOf": [listed, interests]}),
        # Without a number of items: a query with too many exceeds the limit of an address (414).
        "interest": ({"type": "array", "minItems": 1, "items": listed["items"]}, None),
        "top": (top, top),
        "session": line(settings.max_title_length),
        "profileLoad": line(LONGEST_KEY),
        "userId": (user, user),
        "card": (switch, {"type": "boolean"}),
        "escape": (switch, {"type": "boolean"}),
        "understand": (switch, {"type": "boolean"}),
        "format": (kinds, kinds),
        "date": (day, day),
        "balance": (balance, balance),
        "spread": lines(MOST_FIELDS, longest),
        "gap": (gap, gap),
        "must": lines(most, longest),
        "avoid": lines(most, longest),
        "busy": lines(most, LONGEST_BUSY, BUSY.pattern),
        "zone": (zone, zone),
    }


def _question(
    summary: str,
    parameters: dict[str, tuple[Schema, Schema | None]],
    answer: str,
    more: dict[int, str] | None = None,
) -> Schema:
    """Describe an endpoint whose parameters are in the query or in the body."""
    # A profile replaces the interests, but there may be no profile with that name.
    required = [name for name in ("interests", "session") if name in parameters]
    responses = {**_answers(answer), **{str(s): _problem(text) for s, text in (more or {}).items()}}
    query = [
        {
            "name": name,
            "in": "query",
            "description": MEANINGS[name],
            "required": name in required,
            "schema": schema,
        }
        for name, (schema, _) in parameters.items()
    ]
    told = {"summary": summary, "description": f"{summary}. {DETAILS}"}
    members = {name: schema for name, (_, schema) in parameters.items() if schema is not None}
    body: Schema = {"type": "object", "properties": members, "required": required}
    content = {"application/json": {"schema": body}}
    return {
        "get": {**told, "parameters": query, "responses": responses},
        "post": {
            **told,
            "requestBody": {"required": True, "content": content},
            "responses": responses,
        },
    }


def _busy_times(asked: dict[str, tuple[Schema, Schema | None]], problems: dict[int, str]) -> Schema:
    schemas = {"userId": asked["userId"], "start": asked["date"], "end": asked["date"]}
    described = _question("When a user is busy, by their calendar", schemas, "Busy", problems)
    return {"get": described["get"]}


def _name_operations(paths: Schema) -> None:
    """Give each operation an id, by which programs and agents call it."""
    for path, methods in paths.items():
        name = re.sub(r"\W", "_", path.strip("/"))
        for method, operation in methods.items():
            operation["operationId"] = name if method == "get" else f"{name}_{method}"


def _look(summary: str, answer: str, *, public: bool = False) -> Schema:
    get: Schema = {"summary": summary, "description": f"{summary}.", "responses": _answers(answer)}
    return {"get": {**get, "security": []} if public else get}


def _page(summary: str, answer: str) -> Schema:
    schema: Schema = {"type": "integer", "minimum": 0, "maximum": MOST_PAGES}
    page: Schema = {
        "name": "page",
        "in": "query",
        "description": MEANINGS["page"],
        "required": False,
        "schema": schema,
    }
    return {"get": {**_look(summary, answer)["get"], "parameters": [page]}}


def _text(summary: str) -> Schema:
    content = {"text/plain": {"schema": {"type": "string"}}}
    answers = {**_answers("State"), "200": {"description": summary, "content": content}}
    return {"get": {"summary": summary, "description": f"{summary}.", "responses": answers}}


def _answers(name: str) -> Schema:
    schema = {"$ref": f"#/components/schemas/{name}"}
    good = {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
    refused = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _PROBLEMS}
    return {"200": good, "304": {"description": "The client has it already."}, **refused}


def _problem_responses() -> Schema:
    return {str(status): _problem(text) for status, text in _PROBLEMS.items()}


def _problem(text: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
