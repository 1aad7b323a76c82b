"""Keeps a manifest up to date with a feed, for all worker processes together.

The workers share a directory. It holds the manifest that was made of the feed, which they serve and
reload like any other, and a state file that says when the feed was fetched and what went wrong.
Each worker has a thread that wakes when the feed is due. The first to get the lock fetches it; the
others see in the state that it was fetched. If a worker dies, the next one goes on. A feed that
cannot be fetched or read leaves the manifest as it is.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventkit._native import __version__
from eventkit.errors import EventKitError, FeedError, FileLockedError
from eventkit.feeds import (
    MOST_BYTES,
    Fetched,
    fetch,
    is_url,
    parse,
    portable_manifest,
    without_password,
)
from eventkit.files import atomic_write, exclusive, read_regular
from eventkit.manifest import check_manifest
from eventkit.server.sharing import private_directory

__all__ = ["Feed", "FeedSettings", "FeedState"]

_log = logging.getLogger("eventkit.server")
_BUSY_SECONDS = 1.0
_START_SECONDS = 90.0
_LONGEST_SLEEP = 3_600.0

Fetch = Callable[..., Fetched]


@dataclasses.dataclass(frozen=True)
class FeedSettings:
    """Which feed is served, and how it is read.

    Attributes:
        source: A path, or an http or https address.
        refresh: After how many seconds it is fetched again.
        zone: As for `eventkit.feeds.read`.
        allow_private: Likewise.
    """

    source: str
    refresh: float = 900.0
    zone: str | None = None
    allow_private: bool = False


@dataclasses.dataclass(frozen=True)
class FeedState:
    """What became of the last fetch.

    Attributes:
        checked: When it was, in seconds since 1970; 0 for never.
        trouble: Why it failed; ``None`` if it did not.
        etag: The ``ETag`` of the manifest's feed.
        last_modified: Its ``Last-Modified``.
    """

    checked: float = 0.0
    trouble: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class Feed:
    """A feed, and the manifest that is made of it.

    Attributes:
        settings: The settings.
        path: The manifest.
        failures: How many fetches of this process failed.

    Args:
        settings: Which feed, and how it is read.
        directory: The parent of the shared directory; a private one of the user when not given.
        clock: Seconds since 1970.
        fetch: Fetches an address, as `eventkit.feeds.fetching.fetch`.
    """

    def __init__(
        self,
        settings: FeedSettings,
        directory: str | None = None,
        clock: Callable[[], float] = time.time,
        fetch: Fetch = fetch,
    ) -> None:
        """Create the shared directory.

        Raises:
            OSError: There is no private directory.
        """
        self.settings = settings
        self.failures = 0
        self._clock = clock
        self._fetch = fetch
        self._stopped = threading.Event()
        given = None if directory is None else str(Path(directory) / "feeds")
        place = private_directory(given, "feeds") / _name(settings)
        place.mkdir(mode=0o700, exist_ok=True)
        self.path = place / "agent.json"
        self._state = place / "state.json"

    def prepare(self) -> FeedState:
        """Fetch the feed unless that was done lately, so that there is a manifest to serve.

        Returns:
            The state. With a trouble, the manifest is one of an earlier fetch.

        Raises:
            FeedError: There is no manifest, and the feed cannot be fetched or read.
        """
        self.update(_START_SECONDS)
        state = self.state()
        if not self.path.exists():
            source = without_password(self.settings.source)
            raise FeedError(source, state.trouble or "cannot be fetched")
        return state

    def state(self) -> FeedState:
        """Return what became of the last fetch, in whatever process it was."""
        try:
            held = json.loads(read_regular(self._state))
            return FeedState(**held)
        except (OSError, ValueError, TypeError):
            return FeedState()

    def update(self, patience: float = 0.0) -> float:
        """Fetch the feed if it is due and no other process does.

        Args:
            patience: How many seconds to wait for another process.

        Returns:
            The seconds until it is due again.
        """
        try:
            with exclusive(self._state, seconds=patience):
                state = self.state()
                if self._is_due(state):
                    state = self._updated(state)
                    data = json.dumps(dataclasses.asdict(state)).encode()
                    atomic_write(self._state, data, mode=0o600)
        except FileLockedError:
            return _BUSY_SECONDS
        wait = state.checked + self.settings.refresh - self._clock()
        return min(max(wait, 0.0), self.settings.refresh, _LONGEST_SLEEP)

    def start(self) -> None:
        """Start the thread that keeps the manifest up to date."""
        threading.Thread(target=self._run, name="eventkit-feed", daemon=True).start()

    def close(self) -> None:
        """Stop the thread; a fetch that is going on ends by itself."""
        self._stopped.set()

    def _run(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            try:
                wait = self.update()
            except Exception:
                # The thread must live: the next attempt may succeed.
                _log.exception("the feed cannot be refreshed")
                wait = min(self.settings.refresh, _LONGEST_SLEEP)

    def _is_due(self, state: FeedState) -> bool:
        age = self._clock() - state.checked
        # A clock that was set back makes the age negative.
        return not self.path.exists() or not 0 <= age < self.settings.refresh

    def _updated(self, state: FeedState) -> FeedState:
        """Fetch the feed and write its manifest; return the new state."""
        now = self._clock()
        try:
            fetched = self._content(state)
            if fetched.data is not None:
                self._write(fetched.data)
                state = FeedState(now, None, fetched.etag, fetched.last_modified)
        except (EventKitError, OSError) as error:
            self.failures += 1
            trouble = error.reason if isinstance(error, FeedError) else str(error)
            if trouble != state.trouble:
                _log.error("%s; the last good state is served", error)
            return dataclasses.replace(state, checked=now, trouble=trouble)
        return dataclasses.replace(state, checked=now, trouble=None)

    def _content(self, state: FeedState) -> Fetched:
        source = self.settings.source
        if not is_url(source):
            return Fetched(read_regular(source, MOST_BYTES))
        known = Fetched(None, state.etag, state.last_modified) if self.path.exists() else None
        return self._fetch(source, allow_private=self.settings.allow_private, known=known)

    def _write(self, data: bytes) -> None:
        """Make a manifest of a feed, check that it can be served, and write it.

        Raises:
            FeedError: It is no feed, or has no sessions although the one before had.
            ManifestError: It cannot be served.
        """
        source = without_password(self.settings.source)
        programme = parse(data, source, zone=self.settings.zone)
        if not programme.sessions and self.path.exists():
            raise FeedError(source, "holds no sessions any more")
        manifest, _ = portable_manifest(programme)
        check_manifest(manifest, source)
        written = json.dumps(manifest).encode()
        if not self.path.exists() or read_regular(self.path) != written:
            atomic_write(self.path, written, mode=0o600)


def _name(settings: FeedSettings) -> str:
    """Return a name for all that decides on the manifest: two servers of one feed share it."""
    source = settings.source if is_url(settings.source) else str(Path(settings.source).absolute())
    parts: list[Any] = [__version__, source, settings.zone, settings.allow_private]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
