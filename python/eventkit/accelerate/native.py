"""What answers in the place of an agent's functions, or returns ``NotImplemented``.

Stricter than the public functions: whatever the compiled module declines is the agent's own to
answer, its errors included, and so is what eventkit does otherwise on purpose (two weights only).
"""

from __future__ import annotations

import io
import locale
import os
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from eventkit import _native, functions, reference
from eventkit.accelerate.proof import is_place, is_standard
from eventkit.manifest import ModulePlaces

__all__ = [
    "build_adaptive_card",
    "build_itinerary_markdown",
    "count_conflicts",
    "explain",
    "fetch_once",
    "normalize_interests",
    "recommend",
    "recommend_from_graph",
    "score_session",
    "transform_events",
]

count_conflicts = _native.count_conflicts


Answer = Callable[..., Any]


class _Files:
    """Tells whether eventkit may read an agent's external sessions in the agent's place."""

    def __init__(self, space: dict[str, Any]) -> None:
        """Take the namespace of the function that reads them."""
        self.places = ModulePlaces(space)
        self._space = space
        # What `pathlib` calls; what the agent itself calls is watched with all that it reads.
        self._used = [(os, "stat", os.stat), (io, "open", io.open)]
        encoding = locale.getpreferredencoding(False).lower().replace("_", "-")
        # A file that is read without an encoding is decoded with the locale's.
        self._can_read = (bool(sys.flags.utf8_mode) or encoding in ("utf-8", "utf8")) and all(
            is_standard(value) for _, _, value in self._used
        )

    def can_read(self) -> bool:
        """Return true if the places are plain paths and nobody has replaced what reads files."""
        space = self._space
        return (
            self._can_read
            and all(is_place(name, space.get(name)) for name in ("__file__", "MANIFEST_PATH"))
            and all(getattr(owner, name) is value for owner, name, value in self._used)
        )


def recommend(function: FunctionType) -> Answer:
    """Return what ranks the sessions of a manifest in the place of an agent's function."""
    files = _Files(_globals_of(function, "_load_external_sessions"))

    def answer(manifest: Any, interests: Any, top: Any) -> Any:
        found = _native.recommend(manifest, interests, top)
        if found is NotImplemented and files.can_read():
            found = functions.recommend_external(manifest, interests, top, files.places)
        # Answered: so these are plain dictionaries, which may be looked into unnoticed.
        if found is NotImplemented or _three_factors(manifest["weights"]):
            return found
        return NotImplemented

    return answer


def explain(function: FunctionType) -> Answer:
    """Return what explains a session's score in the place of an agent's function."""
    files = _Files(_globals_of(function, "_load_external_sessions"))

    def answer(manifest: Any, title: Any, interests: Any) -> Any:
        found = _native.explain(manifest, title, interests)
        if found is NotImplemented and files.can_read():
            found = functions.explain_external(manifest, title, interests, files.places)
        if found is NotImplemented or _three_factors(manifest["weights"]):
            return found
        return NotImplemented

    return answer


def _globals_of(function: FunctionType, name: str) -> dict[str, Any]:
    """Return the namespace in which the function is defined that this one knows by a name."""
    sessions = function.__globals__.get("get_sessions")
    found = getattr(sessions, "__globals__", function.__globals__).get(name)
    return getattr(found, "__globals__", function.__globals__)


def score_session(session: Any, interests: Any, weights: Any) -> Any:
    """Score one session."""
    answer = _native.score_session(session, interests, weights)
    if answer is NotImplemented or "diversity" in weights:
        return answer
    return NotImplemented


def _three_factors(weights: Any) -> bool:
    return type(weights) is dict and "diversity" in weights


def normalize_interests(raw: Any) -> Any:
    """Split a typed list of interests."""
    return reference.normalize_interests(raw) if type(raw) is str else NotImplemented


def build_itinerary_markdown(interests: Any, recommendation: Any) -> Any:
    """Write an itinerary as Markdown."""
    if type(interests) is not list or type(recommendation) is not dict:
        return NotImplemented
    if not _are_dicts(recommendation.get("sessions", [])):
        return NotImplemented
    try:
        return reference.build_itinerary_markdown(interests, recommendation)
    except Exception:
        return NotImplemented


def build_first_markdown(interests: Any, recommendation: Any) -> Any:
    """Write an itinerary as the first versions of the original did: interests in one plain line."""
    if type(interests) is not list or type(recommendation) is not dict:
        return NotImplemented
    if not _are_dicts(recommendation.get("sessions")):
        return NotImplemented
    try:
        lines = ["# Event Itinerary", "", f"Interests: {', '.join(interests)}", ""]
        for session in recommendation["sessions"]:
            when = f"{session.get('start', '?')} - {session.get('end', '?')}"
            lines += [
                f"## {session['title']}",
                f"Time: {when} | Location: {session.get('location', '?')}",
                f"Tags: {', '.join(session.get('tags', []))}",
                "",
            ]
        return "\n".join(lines)
    except Exception:
        return NotImplemented


def build_adaptive_card(sessions: Any) -> Any:
    """Build an Adaptive Card."""
    if not _are_dicts(sessions):
        return NotImplemented
    try:
        return reference.build_adaptive_card(sessions)
    except Exception:
        return NotImplemented


def _are_dicts(sessions: Any) -> bool:
    return type(sessions) is list and all(type(session) is dict for session in sessions)


def transform_events(service: Any, events: Any) -> Any:
    """Turn Graph events into sessions, for a service of exactly the class that was proven."""
    own = getattr(service, "__dict__", {})
    # What an instance overrides, the watched class does not show.
    if own.keys() & vars(type(service)).keys():
        return NotImplemented
    # Without an id the original has an empty one, and eventkit has none.
    if type(events) is not list or not all(type(each) is dict and "id" in each for each in events):
        return NotImplemented
    return _native.transform_events(events)


class _Fetched:
    """A calendar service that asks the real one once and then repeats its reply."""

    def __init__(self, service: Any, top: int) -> None:
        self._service = service
        self._top = top
        self._reply: list[Any] = []
        self._error: list[Exception] = []

    def get_events(self, *args: Any, **kwargs: Any) -> Any:
        """Fetch, or repeat what the same question was answered."""
        if args or kwargs != {"top": self._top}:
            return self._service.get_events(*args, **kwargs)
        if self._error:
            raise self._error[0]
        if not self._reply:
            try:
                self._reply.append(self._service.get_events(top=self._top))
            except Exception as error:
                self._error.append(error)
                raise
        return self._reply[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)


def fetch_once(service: Any, interests: Any, top: Any, weights: Any) -> tuple[Any, ...]:
    """Arguments with which the events are fetched once, whoever ranks them, and however often."""
    if type(top) is not int or top <= 0 or not _are_texts(interests):
        return service, interests, top, weights
    return _Fetched(service, top * 2), interests, top, weights


def recommend_from_graph(service: Any, interests: Any, top: Any, weights: Any) -> Any:
    """Rank the events of a calendar."""
    if type(service) is not _Fetched:
        return NotImplemented
    if weights is None:
        weights = dict(reference.DEFAULT_WEIGHTS)
    elif not _three_factors(weights):
        return NotImplemented
    wanted = [interest.strip().lower() for interest in interests if interest.strip()]
    try:
        events = service.get_events(top=top * 2)
    except Exception:
        return NotImplemented  # the agent's own function meets the same error, and reports it
    if type(events) is not list or not events:
        return NotImplemented
    answer = _native.recommend_sessions(events, weights, wanted, top)
    return answer if answer is NotImplemented else {**answer, "source": "graph"}


def _are_texts(interests: Any) -> bool:
    return type(interests) is list and bool(interests) and all(type(i) is str for i in interests)
