"""Supplies the programme to a server: loads it in a thread, and follows its file or feed.

A client waits some seconds for the first answer of a server and then gives up. So the server
answers at once, and only the calls that need the programme wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from eventkit.errors import EventKitError
from eventkit.mcp.programme import Programme
from eventkit.mcp.reply import Refused
from eventkit.server import Source

__all__ = ["Supply"]

_log = logging.getLogger("eventkit.mcp")
_AGAIN_SECONDS = 30.0


class Supply:
    """The programme as it is now.

    Args:
        open_source: Reads the manifest or fetches the feed. It may take long, and may raise.
        clock: Monotonic seconds.
    """

    def __init__(
        self, open_source: Callable[[], Source], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Load nothing yet; `start` does."""
        self._open, self._clock = open_source, clock
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._programme: Programme | None = None
        self._trouble: str | None = None
        self._ended = 0.0

    @classmethod
    def of(cls, source: Source) -> Supply:
        """Return a supply whose programme is loaded already."""
        supply = cls(lambda: source, source.clock)
        supply._source = source
        supply._done.set()
        return supply

    def start(self) -> None:
        """Begin to load in a thread, which ends with the process."""
        self._done.clear()
        threading.Thread(target=self._load, name="eventkit-load", daemon=True).start()

    @property
    def trouble(self) -> str | None:
        """Why the last load failed; ``None`` if it did not, or goes on."""
        return self._trouble

    def wait(self, seconds: float) -> bool:
        """Wait for the load; return true if it has ended."""
        return self._done.wait(seconds)

    def is_due(self) -> bool:
        """Return true if `current` may take long, because it reads a changed file."""
        source = self._source
        return source is None or source.is_due(self._clock())

    def current(self) -> Programme:
        """Return the programme as it is now.

        Raises:
            Refused: It could not be loaded. It is tried again after half a minute.
        """
        if self._trouble is not None:
            with self._lock:
                if self._done.is_set() and self._clock() - self._ended >= _AGAIN_SECONDS:
                    self.start()
            raise Refused(
                f"The programme cannot be loaded: {self._trouble}. Try again in a minute, and tell"
                " the person if it still fails."
            )
        if self._source is None:
            raise Refused("The programme is still being loaded: try again in a few seconds.")
        catalog = self._source.current(self._clock()).catalog
        programme = self._programme
        if programme is None or programme.catalog is not catalog:
            programme = self._programme = Programme(catalog)
        return programme

    def close(self) -> None:
        """Stop to follow the feed."""
        if self._source is not None and self._source.feed is not None:
            self._source.feed.close()

    def _load(self) -> None:
        try:
            self._source = self._open()
            self._trouble = None
        except (EventKitError, OSError) as error:
            self._trouble = str(error)
        except Exception as error:
            # The thread's failure must reach the callers, who would wait for ever.
            self._trouble = f"{type(error).__name__}: {error}"
            _log.exception("the programme cannot be loaded")
        finally:
            self._ended = self._clock()
            self._done.set()
