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
from eventkit.accelerate.standard import is_place, is_standard
from eventkit.manifest import ModulePlaces

__all__ = ["explain", "fetch_once", "recommend", "recommend_from_graph", "transform_events"]

Answer = Callable[..., Any]


class _Files:
    """Tells whether eventkit may read an agent's external sessions in the agent's place."""

    def __init__(self, space: dict[str, Any]) -> None:
        """Take the namespace of the function that reads them."""
        self.places = ModulePlaces(space)
        self._space = space
        # What `pathlib` calls; what the agent itself calls is watched with all that it reads.
        self._library = _library()
        encoding = locale.getpreferredencoding(False).lower().replace("_", "-")
        # A file that is read without an encoding is decoded with the locale's.
        is_utf8 = bool(sys.flags.utf8_mode) or encoding in ("utf-8", "utf8")
        paths = ("posix.stat", "io.open", "genericpath.exists")
        self._can_read = is_utf8 and all(map(is_standard, self._library, paths))
        self._file: Any = None
        self._manifest: Any = None

    def can_read(self) -> bool:
        """Return true if the places are plain paths and nobody has replaced what reads files."""
        if not self._can_read or _library() != self._library:
            return False
        file, manifest = self._space.get("__file__"), self._space.get("MANIFEST_PATH")
        if file is not self._file or manifest is not self._manifest:
            if not (is_place("__file__", file) and is_place("MANIFEST_PATH", manifest)):
                return False
            self._file, self._manifest = file, manifest
        return True


def _library() -> tuple[Any, ...]:
    return os.stat, io.open, os.path.exists


def recommend(function: FunctionType) -> Answer:
    """Return what ranks the sessions of a manifest in the place of an agent's function."""
    return _of_manifest(function, _native.recommend, functions.recommend_external)


def explain(function: FunctionType) -> Answer:
    """Return what explains a session's score in the place of an agent's function."""
    return _of_manifest(function, _native.explain, functions.explain_external)


def _of_manifest(function: FunctionType, answer_of: Answer, external_answer_of: Answer) -> Answer:
    # The function that reads the external file may be defined in another module.
    sessions = function.__globals__.get("get_sessions")
    reader = getattr(sessions, "__globals__", function.__globals__).get("_load_external_sessions")
    files = _Files(getattr(reader, "__globals__", function.__globals__))

    def answer(manifest: Any, first: Any, second: Any) -> Any:
        found = answer_of(manifest, first, second)
        if found is NotImplemented and files.can_read():
            found = external_answer_of(manifest, first, second, files.places)
        # Answered: so these are plain dictionaries, which may be looked into unnoticed.
        if found is NotImplemented or _has_three_factors(manifest["weights"]):
            return found
        return NotImplemented

    return answer


def _has_three_factors(weights: Any) -> bool:
    return type(weights) is dict and "diversity" in weights


def transform_events(_function: FunctionType) -> Answer:
    """Return what turns Graph events into sessions in the place of a service's method."""
    return _transformed


def _transformed(service: Any, events: Any) -> Any:
    own = getattr(service, "__dict__", {})
    # What an instance overrides, the watched class does not show.
    if own.keys() & vars(type(service)).keys():
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


def recommend_from_graph(_function: FunctionType) -> Answer:
    """Return what ranks the events of a calendar in the place of an agent's function."""
    return _ranked_events


def _ranked_events(service: Any, interests: Any, top: Any, weights: Any) -> Any:
    if type(service) is not _Fetched:
        return NotImplemented
    wanted = [interest.strip().lower() for interest in interests if interest.strip()]
    try:
        events = service.get_events(top=top * 2)
    except Exception:
        return NotImplemented  # the agent's own function meets the same error, and reports it
    if type(events) is not list or not events:
        return NotImplemented
    if weights is None:
        weights = reference.DEFAULT_WEIGHTS
    elif not _has_three_factors(weights):  # not before: the service may have changed them
        return NotImplemented
    answer = _native.recommend_sessions(events, weights, wanted, top)
    return answer if answer is NotImplemented else {**answer, "source": "graph"}


def _are_texts(interests: Any) -> bool:
    return type(interests) is list and bool(interests) and all(type(i) is str for i in interests)
