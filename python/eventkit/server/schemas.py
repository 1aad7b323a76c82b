"""The schemas of the answers, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from eventkit.server.programme import DETAILS_OF_ONE, LISTS, TEXTS

__all__ = ["SCHEMAS", "Schema"]

Schema = dict[str, Any]
"""A JSON schema, or a part of one."""


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": [*required]}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_NUMBER: Schema = {"type": "number"}
_CONTRIBUTIONS = _object(
    {"interest_match": _NUMBER, "popularity": _NUMBER, "diversity": _NUMBER}, "interest_match"
)
_SCORE: Schema = {"title": {}, "score": _NUMBER, "contributions": _CONTRIBUTIONS}
_TEXT: Schema = {"type": "string"}
_UNMATCHED = _list_of(_object({"interest": _TEXT, "nearest": _list_of(_TEXT)}, "interest"))
_UNDERSTOOD = _list_of(_object({"interest": _TEXT, "sessions": {"type": "integer"}}, "interest"))
_RECOMMENDATION: Schema = {
    "sessions": _list_of({"type": "object"}),
    "scoring": _list_of(_object(_SCORE, *_SCORE)),
    "conflicts": {"type": "integer", "minimum": 0},
    "unmatched": _UNMATCHED,
}
_MEANT: Schema = {"understood": _UNDERSTOOD}
_TERMS: Schema = {"terms": _list_of({"type": "object"})}
_LEFT_OUT = _object(
    {"title": {}, "score": _NUMBER, "reason": _TEXT, "session": {}, "busy": _list_of(_TEXT)},
    *("title", "score", "reason"),
)
_SHARE = _object(
    {"interest": _TEXT, "sessions": {"type": "integer"}, "places": {"type": "integer"}},
    *("interest", "sessions", "places"),
)
_PLACE: Schema = {"type": "integer", "minimum": 0}
_IN_VALUES: Schema = {"type": "integer", "minimum": -1}
_COLUMN = _object(
    {"values": _list_of(_TEXT), "places": _list_of(_IN_VALUES)}, *("values", "places")
)
_LIST_COLUMN = _object(
    {"values": _list_of(_TEXT), "places": _list_of(_list_of(_PLACE))}, *("values", "places")
)
SCHEMAS: Schema = {
    "Problem": _object(
        {
            "error": {"type": "string"},
            "parameter": {"type": "string"},
            "value": {"type": "string"},
            "expected": {"type": "string"},
        },
        "error",
    ),
    "Recommendation": _object(
        {
            **_RECOMMENDATION,
            **_MEANT,
            "shares": _list_of(_SHARE),
            "adaptiveCard": {"type": "object"},
            "source": {"type": "string"},
            "message": {"type": "string"},
        },
        *("sessions", "scoring", "conflicts"),
    ),
    "Plan": _object(
        {
            **_RECOMMENDATION,
            **_MEANT,
            "total": _NUMBER,
            "untimed": {"type": "integer"},
            "left_out": _list_of(_LEFT_OUT),
            "leftOutCount": {"type": "integer", "minimum": 0},
        },
        *(*_RECOMMENDATION, "total", "untimed", "left_out", "leftOutCount"),
    ),
    "WhyNot": _object(
        {
            "title": {},
            "shown": {"type": "boolean"},
            "rank": {"type": ["integer", "null"]},
            "score": _NUMBER,
            "gap": {"type": ["number", "null"]},
            "last": {},
            "slot_taken_by": {},
            "hidden_by": _list_of(_TEXT),
            "changes": _list_of(_list_of({"type": "object"})),
            "unmatched": _UNMATCHED,
            **_MEANT,
            **_TERMS,
        },
        *("title", "shown", "rank", "score", "changes"),
    ),
    "Alternatives": _object(
        {**_RECOMMENDATION, **_MEANT, "title": {}, "start": {}, "end": {}},
        *(*_RECOMMENDATION, "title"),
    ),
    "Explanation": _object(
        {**_SCORE, "matched_tags": _list_of({"type": "string"}), **_TERMS},
        *(*_SCORE, "matched_tags"),
    ),
    "Itinerary": _object({"sessionCount": {"type": "integer", "minimum": 0}}, "sessionCount"),
    "Tags": _object(
        {"tags": _list_of(_object({"tag": {"type": "string"}, "sessions": {"type": "integer"}}))},
        "tags",
    ),
    "Understanding": _object(
        {
            "edition": _TEXT,
            "interests": _list_of(_TEXT),
            "understood": _list_of({"type": "object"}),
            "positions": _list_of(_PLACE),
        },
        *("edition", "interests", "understood", "positions"),
    ),
    "Sessions": _object(
        {
            "name": {"type": ["string", "null"]},
            "zone": {"type": ["string", "null"]},
            "edition": _TEXT,
            **dict.fromkeys(("count", "page", "pages", "detailPages", "detailSize"), _PLACE),
            "columns": _object(
                {
                    "key": _list_of(_TEXT),
                    **dict.fromkeys((*TEXTS, "start", "end"), _COLUMN),
                    **dict.fromkeys(LISTS, _LIST_COLUMN),
                },
                *("key", *TEXTS, "start", "end", *LISTS),
            ),
        },
        *("name", "zone", "edition", "count", "page", "pages", "columns"),
    ),
    "Details": _object(
        {
            "edition": _TEXT,
            **dict.fromkeys(("page", "pages"), _PLACE),
            "sessions": _list_of(_object(dict.fromkeys(DETAILS_OF_ONE, _TEXT))),
        },
        *("edition", "page", "pages", "sessions"),
    ),
    "Busy": _object({"busy": _list_of(_list_of(_TEXT))}, "busy"),
    "State": _object({"status": {"enum": ["ok", "ready", "stale"]}}, "status"),
    "Latencies": {"type": "object"},
    "Document": _object({"openapi": {"type": "string"}}, "openapi"),
}
