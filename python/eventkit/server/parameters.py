"""Reads the parameters of a request: from its query, or from a JSON body."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from eventkit.functions import normalize_interests
from eventkit.server.message import Problem, Request

__all__ = ["parameters"]

_MOST_FIELDS = 300
# Every value of a query is a text. In JSON, these have types of their own.
_NO_TEXTS = frozenset(
    ("top", "card", "escape", "understand", "gap", "must", "avoid", "busy", "spread")
)
_NAMES = _NO_TEXTS | {
    *("interests", "session", "profileLoad", "userId", "format", "date", "balance", "zone"),
}
# Each value of these in a query is one item of a list.
_LISTED = frozenset({"must", "avoid", "busy", "spread"})


def parameters(request: Request) -> dict[str, Any]:
    """Return the parameters by name: texts from a query, JSON values from a body.

    In a query, ``interests`` is one text with commas. When it is repeated, each value is one
    interest, which may hold commas; so is each value of ``interest``. Then the result has a list.
    Each value of ``must``, ``avoid``, ``busy`` and ``spread`` is an item of a list. Of any other
    parameter that is repeated, the first value counts, as for the original. The body of a POST is
    JSON whatever content type it claims: ``curl -d`` claims a form.

    Raises:
        Problem: The query or the body cannot be read.

    Example:
        >>> parameters(Request("GET", "/recommend", b"interests=ai%2C+web&top=5"))
        {'interests': 'ai, web', 'top': '5'}
        >>> parameters(Request("GET", "/recommend", b"interest=a,+b&interest=c"))
        {'interests': ['a, b', 'c']}
        >>> parameters(Request("POST", "/recommend", body=b'{"interests": ["ai"], "top": 5}'))
        {'interests': ['ai'], 'top': 5}
    """
    if request.method == "POST":
        return _from_body(request)
    if not request.query:
        return {}
    if request.query.count(b"&") >= _MOST_FIELDS:
        raise Problem(400, "too many parameters", expected=f"at most {_MOST_FIELDS}")
    # What `urllib.parse.parse_qsl` does, in a third of its time: most texts have nothing to decode.
    asked: dict[str, Any] = {}
    repeated: list[str] = []
    listed: list[str] = []
    for pair in request.query.decode("latin-1").replace("+", " ").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            name, value = _decoded(name), _decoded(value)
            if name == "interest":
                listed.append(value)
            elif name == "interests" and name in asked:
                repeated.append(value)
            elif name in _LISTED:
                asked.setdefault(name, []).append(value)
            else:
                asked.setdefault(name, value)
    if listed or repeated:
        asked["interests"] = _combined(asked.get("interests"), repeated, listed)
    return asked


def _combined(first: str | None, repeated: list[str], listed: list[str]) -> list[str]:
    """Return the interests of a query with several texts of them, without blank ones."""
    if first is not None and not repeated:
        return [*normalize_interests(first), *filter(str.strip, listed)]
    return list(filter(str.strip, [*([] if first is None else [first]), *repeated, *listed]))


def _decoded(text: str) -> str:
    return unquote(text) if "%" in text else text


def _from_body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-encoding") not in (None, "", "identity"):
        raise Problem(415, "unsupported content encoding", expected="a body that is not compressed")
    expected = 'a JSON object such as {"interests": ["ai"], "top": 5}'
    try:
        content = json.loads(request.body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Problem(400, "invalid JSON", reason=reason[:200], expected=expected) from None
    if not isinstance(content, dict):
        raise Problem(400, "invalid JSON", reason="not an object", expected=expected)
    for name in _NAMES & content.keys():
        if content[name] is None or (name in _NO_TEXTS and isinstance(content[name], str)):
            raise Problem.parameter(name, content[name], "another type: see /openapi.json")
    return content


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
