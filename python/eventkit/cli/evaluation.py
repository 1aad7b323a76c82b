"""The command ``evaluate``: measures how well sessions fit profiles, and how fast."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

from eventkit import functions
from eventkit.cli.answer import Answer
from eventkit.cli.interests import no_profile_file, profile_path
from eventkit.cli.programme import Programme, read
from eventkit.cli.table import Row, Table
from eventkit.errors import EventKitError
from eventkit.exports import default_top, single_line
from eventkit.profiles import load_profile, profile_names
from eventkit.results import Recommendation

__all__ = ["evaluate", "measures"]

BAD_INPUT = 2
CALLS = 21
_MEASURES = ("relevance", "diversity", "conflicts", "latency_ms")


class BadProfileError(EventKitError):
    """A profile is not written as NAME=INTERESTS."""


def evaluate(arguments: argparse.Namespace) -> Answer:
    """Evaluate a manifest for each profile."""
    programme = read(arguments.manifest)
    profiles = _given(arguments)
    if arguments.load:
        profiles |= _saved(arguments, programme)
    if not profiles:
        remark = 'no profiles: give --profiles NAME="a, b", or --load with some saved'
        if arguments.load and profile_path(arguments, programme) is None:
            remark = f"no saved profiles: {no_profile_file(programme)}"
        error = {"error": "no profiles provided"}
        return Answer.failed(error, BAD_INPUT, [remark], indent=None)
    manifest = programme.manifest
    top = arguments.top or default_top(manifest)

    def one(interests: list[str]) -> dict[str, Any]:
        return measures(lambda: programme.recommend(manifest, interests, top), interests)

    found = programme.computed(lambda: {name: one(of) for name, of in profiles.items()})
    average = {key: statistics.fmean(row[key] for row in found.values()) for key in _MEASURES}
    result = {"profiles": found, "average": average}
    return Answer(result, lambda: _view(result))


def measures(recommend: Callable[[], Recommendation], interests: list[str]) -> dict[str, Any]:
    """Measure one recommendation.

    Args:
        recommend: The function that recommends. It is called 21 times to measure its latency.
        interests: The interests that it recommends for.

    Returns:
        ``relevance``: the share of sessions with a tag among the interests. ``diversity``: the
        share of different tags among all tags, regardless of case. Both are 0 if there are no
        sessions or tags. ``conflicts``: the number of time slots that several sessions have.
        ``latency_ms``: the median of the calls. Also the ``interests`` and the titles
        (``sessions``).

    Example:
        >>> sessions = [{"title": "A", "tags": ["AI", "web"]}, {"title": "B", "tags": ["ai"]}]
        >>> found = measures(lambda: {"sessions": sessions, "scoring": [], "conflicts": 1}, ["web"])
        >>> found["relevance"], round(found["diversity"], 2), found["conflicts"]
        (0.5, 0.67, 1)
    """
    times = []
    for _ in range(CALLS):
        start = perf_counter()
        answer = recommend()
        times.append(perf_counter() - start)
    tags = [[tag.lower() for tag in session.get("tags", [])] for session in answer["sessions"]]
    every = [tag for of_session in tags for tag in of_session]
    relevant = sum(1 for of_session in tags if any(tag in interests for tag in of_session))
    return {
        "interests": interests,
        "sessions": [session["title"] for session in answer["sessions"]],
        "relevance": relevant / len(tags) if tags else 0.0,
        "diversity": len(set(every)) / len(every) if every else 0.0,
        "conflicts": answer["conflicts"],
        "latency_ms": statistics.median(times) * 1e3,
    }


def _given(arguments: argparse.Namespace) -> dict[str, list[str]]:
    profiles = {}
    for text in arguments.profiles or []:
        name, interests = _split("--profiles", text, 'NAME="a, b"')
        profiles[name] = functions.normalize_interests(interests)
    for text in arguments.interest:
        name, interest = _split("--interest", text, "NAME=TAG")
        profiles.setdefault(name, []).append(interest.lower())
    return profiles


def _split(flag: str, text: str, expected: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise BadProfileError(f"{flag} {text!r}: expected {expected}")
    return name.strip(), value


def _saved(arguments: argparse.Namespace, programme: Programme) -> dict[str, list[str]]:
    """Return all profiles of the profile file that have interests."""
    file = profile_path(arguments, programme)
    if file is None:
        return {}
    names = profile_names(file)
    return {str(name): interests for name in names if (interests := load_profile(file, name))}


def _view(result: dict[str, Any]) -> list[str | Table]:
    rows = []
    for name, found in [*result["profiles"].items(), ("average", result["average"])]:
        shares = [f"{found['relevance']:.0%}", f"{found['diversity']:.0%}"]
        counted = [f"{found['conflicts']:g}", f"{found['latency_ms']:.3f} ms"]
        rows.append(Row([single_line(name), *shares, *counted]))
    heads = ("Profile", "Relevance", "Diversity", "Conflicts", "Latency")
    return [Table(heads, rows, title=0, whole=frozenset(range(1, 5)))]
