"""The original's module ``agent``: the same names, parameters and results.

An external sessions file is looked for beside this module's ``__file__`` and ``MANIFEST_PATH``.
Both are read at each call.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any

from eventkit import functions, profiles
from eventkit import manifest as manifests
from eventkit.files import open_regular
from eventkit.results import Explanation, Recommendation, ScoredSession, SessionNotFound

__all__ = [
    "MANIFEST_PATH",
    "create_wsgi_app",
    "explain",
    "get_sessions",
    "load_manifest",
    "load_profile",
    "recommend",
    "save_profile",
    "score_session",
]


_SERVERS = ("RateLimiter", "SecurityValidator")


def _find_manifest() -> Path:
    """Return ``agent.json`` here, or beside the running script, or else the bundled sample."""
    here = Path("agent.json")
    if here.exists():
        return here.absolute()
    script = Path(sys.argv[0] if sys.argv else "")
    if script.is_file():  # It is not a file under `python -c` and at a prompt.
        beside = script.resolve().parent / "agent.json"
        if beside.exists():
            return beside
    return manifests.SAMPLE_MANIFEST_PATH


MANIFEST_PATH = _find_manifest()


_DIRECTORIES = manifests.ModulePlaces(globals())


def load_manifest(path: Path = MANIFEST_PATH) -> Any:
    """Read a manifest. ``path`` is a `pathlib.Path`; its default was computed at import."""
    if not isinstance(path, Path):
        # The original's `AttributeError` for a `str`, and any object that can read itself.
        return json.loads(path.read_text(encoding="utf-8"))
    # As `read_text`, which would wait for the writer of a pipe.
    with io.TextIOWrapper(open_regular(path), encoding="utf-8") as file:
        return json.load(file)


def get_sessions(manifest: Any) -> Any:
    """Return the sessions of a manifest: those of its external file, or else its own."""
    return manifests.find_sessions(manifest, _DIRECTORIES)


def _load_external_sessions(manifest: Any) -> list[Any]:
    """Return new copies of the external sessions; an empty list if there are none."""
    external = manifests.find_external(manifest, _DIRECTORIES)
    return external.copy_sessions() if external else []


def _normalize_interests(raw: str) -> list[str]:
    """Split a text into interests at commas and semicolons; lower them and strip blanks."""
    return functions.normalize_interests(raw)


def load_profile(file: Any, key: Any) -> list[str]:
    """Return the interests of a profile in lower case; an empty list if there is none."""
    return profiles.load_profile(file, key)


def save_profile(file: Any, key: Any, interests: Any) -> None:
    """Save the interests of a profile. Several processes can save at once without loss."""
    profiles.save_profile(file, key, interests)


def score_session(session: Any, interests: Any, w: Any) -> ScoredSession:
    """Score one session."""
    return functions.score_session(session, interests, w)


def recommend(manifest: Any, interests: Any, top_n: Any) -> Recommendation:
    """Recommend the best sessions of a manifest."""
    return functions.recommend_with(manifest, interests, top_n, _DIRECTORIES)


def explain(manifest: Any, title: Any, interests: Any) -> Explanation | SessionNotFound:
    """Explain the score of a session."""
    return functions.explain_with(manifest, title, interests, _DIRECTORIES)


def create_wsgi_app(manifest: Any = None) -> Any:
    """Return a WSGI application that serves a manifest, or this module's own."""
    from eventkit.server.app import create_wsgi_app as create

    return create(MANIFEST_PATH if manifest is None else manifest)


def __getattr__(name: str) -> Any:
    """Import the server's classes when they are first used."""
    if name not in _SERVERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("eventkit.server"), name)


def _count_conflicts(sessions: Any) -> int:
    """Count the time slots that several sessions have."""
    return functions.count_conflicts(sessions)


def _build_itinerary_markdown(interests: Any, recommendation: Any) -> str:
    """Write an itinerary as Markdown."""
    return functions.build_itinerary_markdown(interests, recommendation)


def _build_adaptive_card(sessions: Any) -> dict[str, Any]:
    """Build an Adaptive Card of sessions, with a button for the explanation of each."""
    return functions.build_adaptive_card(sessions)
