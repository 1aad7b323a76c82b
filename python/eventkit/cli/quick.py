"""Answers a plain ``eventkit recommend`` as JSON, with as few imports as it can.

A small manifest is answered in less time than `argparse` takes to be imported. Whatever is not
plain (other flags, a terminal, a feed, a compiled catalogue, an external file, any error) is left
to the usual way, which also reports what is wrong. The answers of both ways are the same bytes.
"""

from __future__ import annotations

import json
import os
import stat
import sys

TYPE_CHECKING = False  # as in `typing`, which is not imported here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["answer"]

_LARGE = 1_000_000
"""Bytes from which the engine reads the file: without an object for each session it takes a third
of the time of `json`. A smaller file is read by `json` in the same time."""

_LARGEST = 1 << 30
"""As `eventkit.files.LARGEST`."""
_SAMPLE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data", "agent.json")
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def answer(words: Sequence[str]) -> bool:
    """Print the answer of a plain ``recommend``.

    Args:
        words: The arguments of the command line.

    Returns:
        True if the answer was printed. Otherwise nothing was.

    Raises:
        OSError: Standard output cannot be written.
    """
    asked = _arguments(words)
    if asked is None or sys.stdout is None or (sys.stdout.isatty() and not asked["--json"]):
        return False
    try:
        result = _result(asked)
    except Exception:  # The usual way meets the same error, and reports it.
        return False
    if result is None:
        return False
    print(json.dumps(result, indent=2))
    sys.stdout.flush()
    return True


def _arguments(words: Sequence[str]) -> dict[str, Any] | None:
    """Return the flags of a plain command; ``None`` if there is any other one, or an odd value."""
    if len(words) < 3 or words[0] != "recommend":
        return None
    asked: dict[str, Any] = {"--interest": [], "--json": False}
    rest = iter(words[1:])
    for flag in rest:
        if flag == "--json":
            asked[flag] = True
            continue
        value = next(rest, "-")
        # `argparse` decides what a value is that begins as a flag does.
        if flag not in ("--interests", "--interest", "--top", "--manifest") or value[:1] == "-":
            return None
        if flag == "--interest":
            asked[flag].append(value)
        else:
            asked[flag] = value
    return asked


def _result(asked: dict[str, Any]) -> Any:
    """Return the recommendation; ``None`` if the usual way has to compute it."""
    # As `eventkit.reference.normalize_interests`, whose module imports much.
    pieces = asked.get("--interests", "").replace(";", ",").lower().split(",")
    interests = [piece.strip() for piece in pieces if piece.strip()]
    interests += [interest.lower() for interest in asked["--interest"]]
    top = asked.get("--top", "0")
    if not interests or not (top.isascii() and top.isdigit()):
        return None
    name = asked.get("--manifest")
    if name is None:
        name = "agent.json" if os.path.exists("agent.json") else _SAMPLE
    data = _content(name)
    if data is None or data[:1] not in (b"{", b" ", b"\n"):
        return None
    if len(data) >= _LARGE:
        return _from_large(data, name, interests, int(top))
    manifest = json.loads(data.decode())
    if not _is_plain(manifest):
        return None
    from eventkit import _native

    found = _native.recommend(manifest, interests, int(top) or _default_top(manifest))
    return None if found is NotImplemented else found


def _from_large(data: bytes, name: str, interests: list[str], top: int) -> Any:
    from eventkit import _native

    loaded = _native.load_json(data, name, None)
    if loaded is None or loaded[1] is None:
        return None
    members = {member: json.loads(text) for member, text in loaded[1].items()}
    if not _is_plain(members):
        return None
    catalog = _native.CatalogBase.__new__(_native.CatalogBase, loaded[0], members["weights"])
    return catalog.recommend(interests, top or _default_top(members))


def _is_plain(manifest: Any) -> bool:
    """Return true if an object is a manifest that holds its sessions itself."""
    if not isinstance(manifest, dict) or "weights" not in manifest:
        return False
    features = manifest.get("features", {})
    external = features.get("externalSessions", {}) if isinstance(features, dict) else None
    return isinstance(external, dict) and not external.get("enabled", False)


def _default_top(manifest: Any) -> int:
    # As `eventkit.exports.default_top`.
    settings = manifest.get("recommend")
    top = settings.get("max_sessions_default") if isinstance(settings, dict) else None
    return 3 if top is None else top


def _content(name: str) -> bytes | None:
    """Read a file; ``None`` if it is none, or larger than a manifest may be."""
    with open(os.open(name, _READ), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return None
        return file.read()
