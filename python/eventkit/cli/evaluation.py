"""The command ``evaluate``: how well a manifest serves profiles, and how fast."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

from eventkit import functions
from eventkit.cli.answer import Answer
from eventkit.cli.commands import computed, profile_file, recommender
from eventkit.cli.manifests import read
from eventkit.cli.table import layout
from eventkit.errors import EventKitError
from eventkit.files import read_regular
from eventkit.itinerary.escaping import single_line
from eventkit.itinerary.export import default_top
from eventkit.profiles import load_profile

__all__ = ["evaluate", "measures"]

BAD_INPUT = 2
CALLS = 21
WIDTH = 100
_MEASURES = ("relevance", "diversity", "conflicts", "latency_ms")


class BadProfileError(EventKitError):
    """A profile that is not written as NAME=INTERESTS."""


def evaluate(arguments: argparse.Namespace) -> Answer:
    """Evaluate a manifest for each profile."""
    file, manifest = read(arguments.manifest)
    profiles = dict(_profile(text) for text in arguments.profiles or [])
    if arguments.load:
        profiles |= _saved(profile_file(arguments, manifest))
    if not profiles:
        remark = 'no profiles: give --profiles NAME="a, b", or --load with some saved'
        return Answer.failed({"error": "no profiles provided"}, BAD_INPUT, remark, indent=None)
    top = arguments.top or default_top(manifest)
    recommend = recommender(file)

    def one(interests: list[str]) -> dict[str, Any]:
        return measures(lambda: recommend(manifest, interests, top), interests)

    found = computed(file, manifest, lambda: {name: one(of) for name, of in profiles.items()})
    average = {key: statistics.fmean(row[key] for row in found.values()) for key in _MEASURES}
    result = {"profiles": found, "average": average}
    return Answer(result, lambda: _view(result))


def measures(recommend: Callable[[], dict[str, Any]], interests: list[str]) -> dict[str, Any]:
    """Measure one recommendation.

    Args:
        recommend: Makes it; called repeatedly, for the time that it takes.
        interests: What it is for.

    Returns:
        ``relevance``: the share of its sessions with a tag among the interests. ``diversity``: the
        share of its tags that are different ones, in any case. Both are 0 without sessions or
        tags. ``conflicts``: the time slots that several of its sessions share. ``latency_ms``: the
        median of 21 calls. And the ``interests`` and titles (``sessions``) themselves.

    Example:
        >>> sessions = [{"title": "A", "tags": ["AI", "web"]}, {"title": "B", "tags": ["ai"]}]
        >>> found = measures(lambda: {"sessions": sessions, "conflicts": 1}, ["web"])
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


def _profile(text: str) -> tuple[str, list[str]]:
    name, equals, interests = text.partition("=")
    if not equals or not name.strip():
        raise BadProfileError(f'--profiles {text!r}: write NAME="a, b"')
    return name.strip(), functions.normalize_interests(interests)


def _saved(file: Any) -> dict[str, list[str]]:
    """All profiles of a file; none when it is not there, or not one of profiles."""
    try:
        names = list(json.loads(read_regular(file).decode("utf-8")))
    except (OSError, ValueError, RecursionError, TypeError):
        return {}
    return {str(name): interests for name in names if (interests := load_profile(file, name))}


def _view(result: dict[str, Any]) -> list[str]:
    rows = [["Profile", "Relevance", "Diversity", "Conflicts", "Latency"]]
    for name, found in [*result["profiles"].items(), ("average", result["average"])]:
        shares = [f"{found['relevance']:.0%}", f"{found['diversity']:.0%}"]
        rows.append(
            [single_line(name), *shares, f"{found['conflicts']:g}", f"{found['latency_ms']:.3f} ms"]
        )
    return layout(rows, WIDTH)
