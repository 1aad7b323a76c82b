"""The original's module ``agents_sdk_adapter``: the same names, parameters and result keys.

The original reads keys that its functions never return, so its explanations are empty and their
scores 0.0. Here they hold what the keys say. No package is needed, neither ``pydantic-settings``
nor an agents SDK.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventkit import functions
from eventkit.compat.errors import EventKitError, InvalidInputError
from eventkit.exports import as_text
from eventkit.manifest import PUBLIC_DIRECTORIES, find_sessions
from eventkit.profiles import profile_file, save_profile

__all__ = ["EventKitAgent", "create_agent"]

EXPORTED = 10
_Tool = Callable[..., dict[str, Any]]


class EventKitAgent:
    """Answers the tool calls of an agent.

    Args:
        settings: Kept as an attribute; nothing is read from it.
        telemetry: An object whose ``log`` is called for each tool call, such as
            `eventkit.Telemetry`.
        manifest_path: The manifest. If it is missing or broken, there are no sessions.

    Example:
        >>> agent = EventKitAgent(manifest_path="no-such-file.json")
        >>> agent.handle_tool_call("recommend_sessions", {"interests": "ai"})["total_count"]
        0
    """

    def __init__(
        self,
        settings: Any = None,
        telemetry: Any = None,
        manifest_path: str = "agent.json",
    ) -> None:
        """Read the manifest."""
        self.settings = settings
        self.telemetry = telemetry
        self.manifest_path = manifest_path
        self.manifest = _manifest(manifest_path)
        self._tools: dict[str, tuple[_Tool, tuple[str, ...], tuple[str, ...]]] = {
            "recommend_sessions": (
                self.recommend_sessions,
                ("interests",),
                ("interests", "top", "use_graph"),
            ),
            "explain_session": (
                self.explain_session,
                ("session_title", "interests"),
                ("session_title", "interests"),
            ),
            "export_itinerary": (
                self.export_itinerary,
                ("interests",),
                ("interests", "profile_name"),
            ),
        }

    def recommend_sessions(
        self, interests: str, top: int = 5, use_graph: bool = False
    ) -> dict[str, Any]:
        """Recommend sessions.

        Args:
            interests: Interests, separated by commas; case does not matter.
            top: How many sessions.
            use_graph: Recommend events of the calendar that the environment names (``GRAPH_*``).

        Returns:
            ``sessions``, ``total_count``, ``conflicts`` and ``markdown``. The ``confidence`` of a
            session is the part of the interests that it has as tags, from 0.0 to 1.0.

        Raises:
            EventKitError: The calendar cannot be read.
        """
        wanted = _interests(interests)
        if use_graph:
            found: Any = _from_calendar(wanted, top, self.manifest.get("weights"))
        else:
            found = self._recommended(wanted, top)
        pairs = zip(found["sessions"], found["scoring"], strict=True)
        sessions = [
            _shown(session, wanted, score["score"], number)
            for number, (session, score) in enumerate(pairs)
        ]
        return {
            "sessions": sessions,
            "total_count": len(sessions),
            "conflicts": found["conflicts"],
            "markdown": functions.build_itinerary_markdown(wanted, found),
        }

    def explain_session(self, session_title: str, interests: str) -> dict[str, Any]:
        """Explain the score of a session.

        Returns:
            ``session``, ``explanation`` (a sentence), ``matched_keywords`` (the tags that are
            interests), ``relevance_score`` and ``markdown``.

        Raises:
            InvalidInputError: No session has this title.
        """
        wanted = _interests(interests)
        explained: Any = {"error": "session not found"}
        sessions = find_sessions(self.manifest, PUBLIC_DIRECTORIES)
        if sessions:
            explained = functions.explain(self.manifest, session_title, wanted)
        if "error" in explained:
            raise InvalidInputError(f"session not found: {session_title!r}")
        title = session_title.lower()
        session = next(one for one in sessions if str(one.get("title")).lower() == title)
        sentence = _sentence(explained)
        return {
            "session": _shown(session, wanted, explained["score"], 0),
            "explanation": sentence,
            "matched_keywords": explained["matched_tags"],
            "relevance_score": explained["score"],
            "markdown": f"## {explained['title']}\n\n{sentence}\n",
        }

    def export_itinerary(self, interests: str, profile_name: str | None = None) -> dict[str, Any]:
        """Write an itinerary of the ten best sessions as Markdown, and save a profile.

        The profile is saved in the file that the manifest names in ``profile.storage_file``;
        without one, nothing is saved.

        Returns:
            ``markdown``, ``profile_saved``, ``profile_name`` and ``sessions_count``.
        """
        wanted = _interests(interests)
        found = self._recommended(wanted, EXPORTED)
        file = profile_file(self.manifest)
        saved = profile_name is not None and file is not None
        if profile_name is not None and file is not None:
            save_profile(file, profile_name, wanted)
        return {
            "markdown": functions.build_itinerary_markdown(wanted, found),
            "profile_saved": saved,
            "profile_name": profile_name if saved else None,
            "sessions_count": len(found["sessions"]),
        }

    def handle_tool_call(self, tool_name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call a tool by its name.

        Args:
            tool_name: The tool.
            parameters: Its parameters. ``correlation_id`` is removed from them, for telemetry.

        Raises:
            InvalidInputError: There is no such tool, or a parameter is missing or unknown.
            EventKitError: The tool failed.
        """
        correlation = parameters.pop("correlation_id", None)
        if tool_name not in self._tools:
            names = ", ".join(self._tools)
            raise InvalidInputError(f"unknown tool {tool_name!r}, expected one of {names}")
        tool, required, known = self._tools[tool_name]
        for name in required:
            if not parameters.get(name):
                raise InvalidInputError(f"{tool_name} needs the parameter {name}")
        for name in parameters:
            if name not in known:
                raise InvalidInputError(f"{tool_name} has no parameter {name!r}")
        begun = time.time()
        try:
            result = tool(**parameters)
        except Exception as error:
            self._log(tool_name, {}, begun, correlation, error)
            if isinstance(error, EventKitError):
                raise
            raise EventKitError(f"{tool_name} failed: {error}") from error
        self._log(tool_name, result, begun, correlation)
        return result

    def get_capabilities(self) -> list[dict[str, Any]]:
        """Return the name, the description and the names of the parameters of each tool."""
        return [
            {
                "name": name,
                "description": (tool.__doc__ or "").partition("\n")[0],
                "parameters": [*known],
            }
            for name, (tool, _, known) in self._tools.items()
        ]

    def _recommended(self, interests: list[str], top: int) -> Any:
        """Recommend from the manifest. One without sessions may have no weights either."""
        if not find_sessions(self.manifest, PUBLIC_DIRECTORIES):
            return {"sessions": [], "scoring": [], "conflicts": 0}
        return functions.recommend(self.manifest, interests, top)

    def _log(
        self, tool: str, result: Any, begun: float, correlation: Any, error: Any = None
    ) -> None:
        if self.telemetry is not None:
            self.telemetry.log(tool, result, begun, error is None, error, correlation)


def create_agent(manifest_path: str = "agent.json", settings: Any = None) -> EventKitAgent:
    """Make an agent.

    Example:
        >>> len(create_agent("no-such-file.json").get_capabilities())
        3
    """
    return EventKitAgent(settings=settings, manifest_path=manifest_path)


def _manifest(path: str) -> Any:
    try:
        manifest = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        manifest = None
    return manifest if isinstance(manifest, dict) else {"sessions": []}


def _interests(interests: Any) -> list[str]:
    if isinstance(interests, str):
        return functions.normalize_interests(interests)
    return functions.normalize_interests(",".join(as_text(interests)))


def _shown(session: Any, interests: list[str], score: Any, number: int) -> dict[str, Any]:
    """Return a session with the keys of the original's adapter."""
    tags = as_text(session.get("tags"))
    held = {tag.lower() for tag in tags}
    matched = [interest for interest in interests if interest in held]
    return {
        "id": session.get("id", f"session-{number}"),
        "title": session.get("title", "Untitled"),
        "category": session.get("category", "General"),
        "description": session.get("description", ""),
        "keywords": tags,
        "popularity": session.get("popularity", 0),
        "score": score,
        "matched_interests": matched,
        "confidence": len(matched) / len(interests) if interests else 0.0,
    }


def _sentence(explained: Any) -> str:
    """Say in one sentence what the score is made of."""
    tags = ", ".join(explained["matched_tags"])
    why = f"it has the tags {tags}" if tags else "none of its tags is an interest"
    parts = explained["contributions"].items()
    total = " + ".join(f"{value:.3g} for {name.replace('_', ' ')}" for name, value in parts)
    return f"{explained['title']} scores {explained['score']:.3g}, because {why}: {total}."


def _from_calendar(interests: list[str], top: int, weights: Any) -> Any:
    # Imported here, because it needs the extra `graph`.
    from eventkit.graph import GraphEventService, GraphSettings

    with GraphEventService(GraphSettings.from_environment()) as service:
        return functions.recommend_from_graph(service, interests, top, weights)
