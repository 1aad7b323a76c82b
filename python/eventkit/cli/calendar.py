"""``--source graph``: the events of a calendar instead of the manifest's sessions."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from eventkit import functions
from eventkit.catalog import Catalog
from eventkit.cli.answer import Answer
from eventkit.errors import GraphServiceError

if TYPE_CHECKING:
    from eventkit.graph import GraphEventService

__all__ = ["recommended", "refused", "with_calendar"]

MOST_EVENTS = 500
FAILED, BAD_INPUT = 1, 2


class _Fetched:
    """Events that were fetched before, so that a failed fetch is reported once, in one line."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def get_events(self, top: int) -> list[dict[str, Any]]:
        return self._events[:top]


def recommended(
    arguments: argparse.Namespace, manifest: dict[str, Any], interests: list[str], top: int
) -> Any:
    """Recommend events of the calendar, with the manifest's weights."""
    if top <= 0:
        raise GraphServiceError("top must be a positive integer")
    with _service(arguments) as service:
        calendar = _Fetched(service.get_events(top=2 * top))
    if arguments.understand:
        catalog = Catalog(calendar.get_events(2 * top), weights=manifest.get("weights"))
        understood: Any = catalog.recommend(interests, top, understand=True)
        return {**understood, "source": "graph"}
    return functions.recommend_from_graph(calendar, interests, top, manifest.get("weights"))


def with_calendar(
    arguments: argparse.Namespace, manifest: dict[str, Any], *, dated: bool = False
) -> dict[str, Any]:
    """Return the manifest with the events of the next seven days as its sessions.

    Args:
        arguments: The arguments of the command.
        manifest: The manifest with the weights and other settings.
        dated: True for `start` and `end` with dates, which an itinerary needs.

    Raises:
        GraphServiceError: The events cannot be fetched.
    """
    with _service(arguments) as service:
        sessions = service.get_events(top=MOST_EVENTS)
    if dated:
        sessions = [
            session | {"start": session["start_at"], "end": session["end_at"]}
            for session in sessions
        ]
    features = manifest.get("features")
    if isinstance(features, dict):
        features = {name: value for name, value in features.items() if name != "externalSessions"}
    return manifest | {"sessions": sessions, "features": features or {}}


def refused(error: GraphServiceError) -> Answer:
    """Return the answer for a failed fetch. The status is 2 if settings are wrong, else 1."""
    status = BAD_INPUT if error.status is None and not error.transient else FAILED
    return Answer.failed({"error": str(error), "source": "graph"}, status, [str(error)])


@contextlib.contextmanager
def _service(arguments: argparse.Namespace) -> Iterator[GraphEventService]:
    # Imported here, because no other command needs it.
    from eventkit.graph import GraphEventService, GraphSettings

    try:
        settings = GraphSettings.from_environment()
    except ValueError as error:
        raise GraphServiceError(str(error)) from None
    if arguments.user is not None:
        settings = dataclasses.replace(settings, user_id=arguments.user)
    with GraphEventService(settings) as service:
        yield service
