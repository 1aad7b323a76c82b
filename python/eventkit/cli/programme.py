"""The sessions that a command works on: those of a manifest, or of a compiled catalogue."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from eventkit import functions
from eventkit.catalog import Catalog
from eventkit.cli.sources import open_source
from eventkit.errors import EventKitError
from eventkit.manifest import default_manifest_path, find_sessions, get_sessions
from eventkit.results import Explanation, Recommendation, SessionNotFound
from eventkit.schema import validate

__all__ = ["BadManifestError", "Programme", "programme_of", "read"]

Result = TypeVar("Result")


class BadManifestError(EventKitError):
    """A manifest from which sessions cannot be recommended."""


@dataclass(frozen=True)
class Programme:
    """Sessions and settings that were read from a file.

    Attributes:
        file: The name of the file.
        manifest: The manifest; without its sessions if the file is a compiled catalogue.
        catalog: The compiled catalogue, or ``None`` if the file is a manifest.
    """

    file: str
    manifest: dict[str, Any]
    catalog: Catalog | None = None

    def recommend(
        self, manifest: Any, interests: Any, top: Any, *, understand: bool = False
    ) -> Recommendation:
        """Recommend sessions. An external sessions file is also looked for beside the manifest."""
        if understand:
            return self.compiled(manifest).recommend(interests, top, understand=True)
        if self.catalog is not None:
            return self.catalog.recommend(interests, top)
        return functions.recommend_with(manifest, interests, top, [Path(self.file).parent])

    def everything(self, manifest: Any, _interests: Any, _top: Any) -> Recommendation:
        """Return every session in the order of the programme, for ``export --all``."""
        sessions = list(self.catalog) if self.catalog is not None else get_sessions(manifest)
        return {
            "sessions": sessions,
            "scoring": [],
            "conflicts": functions.count_conflicts(sessions),
        }

    def explain(
        self, title: str, interests: list[str], *, understand: bool = False
    ) -> Explanation | SessionNotFound:
        """Explain the score of one session."""
        if understand:
            catalog = self.compiled()
            return catalog.explain(title, interests, understand=True)
        if self.catalog is not None:
            return self.catalog.explain(title, interests)
        beside = [Path(self.file).parent]
        return functions.explain_with(self.manifest, title, interests, beside)

    def compiled(self, manifest: Any = None) -> Catalog:
        """Return the sessions, compiled. An external sessions file is found as by `recommend`.

        Args:
            manifest: The manifest to take instead of the programme's own.
        """
        if self.catalog is not None:
            return self.catalog
        chosen = self.manifest if manifest is None else manifest
        sessions = find_sessions(chosen, [Path(self.file).parent])
        return Catalog.from_parts(sessions, chosen)

    def computed(self, compute: Callable[[], Result]) -> Result:
        """Call a function, and explain its failure by the problems of the manifest.

        Raises:
            BadManifestError: The function failed. The arguments of a command are always of the
                right types, so the manifest is at fault.
        """
        try:
            return compute()
        except (EventKitError, OSError):
            raise
        except Exception as error:
            problems = [] if self.catalog is not None else validate(self.manifest)
            if not problems:
                message = f"{self.file}: {type(error).__name__}: {error}"
                raise BadManifestError(message) from error
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise BadManifestError(f"{self.file}: {problems[0]}{more}") from error


def read(path: str | None) -> Programme:
    """Read the file of a programme (see `open_source`); the default manifest without a path.

    Raises:
        EventKitError: The file holds no programme; names file, line and column.
        OSError: The file cannot be read.
    """
    file = str(default_manifest_path()) if path is None else path
    opened = open_source(file)
    if isinstance(opened, Catalog):
        return Programme(file, opened.fields, opened)
    return Programme(file, opened)


def programme_of(arguments: argparse.Namespace) -> Programme:
    """Read what ``--feed`` or ``--manifest`` names; the default manifest if neither is given.

    Raises:
        EventKitError: It cannot be read as one; names it and the reason.
        OSError: The file cannot be read.
    """
    if getattr(arguments, "feed", None) is None:
        return read(arguments.manifest)
    # Imported here, because no other command reads a feed.
    from eventkit.cli.feeds import programme_of_feed

    return programme_of_feed(arguments)
