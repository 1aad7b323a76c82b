"""The caches that are compared: the guide's dict, four libraries, and eventkit.

Each side uses what its library offers against bursts. A library returns the objects that it keeps.
Copies are made by the quickest way for events of this form; eventkit copies events of any form.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import cachebox
import cachetools
import dogpile.cache
import moka_py

import eventkit
from eventkit.graph import CachedGraphEventService

Events = list[dict[str, Any]]
Fetch = Callable[[str, int], Events]


class Upstream:
    """A slow calendar that counts its calls and can be down."""

    orders_by_start = True

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.down = False
        self.calls = 0
        self._lock = threading.Lock()

    def get_events(self, top: int, user_id: str) -> Events:
        with self._lock:
            self.calls += 1
        if self.seconds:
            time.sleep(self.seconds)
        if self.down:
            raise ConnectionError("down")
        return events(user_id, top)


def events(user: str, top: int) -> Events:
    return [
        {
            "id": f"{user}-{n}",
            "title": f"Meeting {n}",
            "start": f"{8 + n % 10:02}:00",
            "end": f"{9 + n % 10:02}:00",
            "location": f"Room {n % 4}",
            "tags": ["team", f"topic{n % 7}", "online"],
            "popularity": n % 20 / 20,
        }
        for n in range(top)
    ]


class Side:
    """A cache with ``get`` (shared objects if it has them), and methods built on it."""

    name: str

    def __init__(self, upstream: Upstream, ttl: float) -> None:
        self._upstream = upstream
        self._ttl = ttl
        self.prepare()

    def prepare(self) -> None: ...

    def fetch(self, user: str, top: int) -> Events:
        return self._upstream.get_events(top=top, user_id=user)

    def get(self, user: str, top: int) -> Any:
        raise NotImplementedError

    def fresh(self, user: str, top: int) -> Events:
        return [{**event, "tags": [*event["tags"]]} for event in self.get(user, top)]

    def recommend(self, user: str, interests: list[str], top: int) -> Any:
        return eventkit.recommend_from_graph(_Calendar(self, user), interests, top)

    def own(self, user: str, interests: list[str], top: int) -> Any:
        answer = self.recommend(user, interests, top)
        answer["sessions"] = [{**held, "tags": [*held["tags"]]} for held in answer["sessions"]]
        return answer


class _Calendar:
    def __init__(self, side: Side, user: str) -> None:
        self._side = side
        self._user = user

    def get_events(self, top: int) -> Events:
        return self._side.get(self._user, top)


class Guide(Side):
    """The cache of the performance guide: a dict of times and events, with the wall clock."""

    name = "the guide's dict"

    def prepare(self) -> None:
        self._kept: dict[str, tuple[float, Events]] = {}

    def get(self, user: str, top: int) -> Events:
        now, key = time.time(), f"{user}:{top}"
        held = self._kept.get(key)
        if held is not None and now - held[0] < self._ttl:
            return held[1]
        found = self.fetch(user, top)
        self._kept[key] = (now, found)
        return found


class Cachetools(Side):
    name = "cachetools, condition"

    def prepare(self) -> None:
        cache: Any = cachetools.TTLCache(4096, self._ttl)
        self.get = cachetools.cached(cache, condition=threading.Condition())(self.fetch)  # type: ignore[method-assign]


class CachetoolsLocked(Side):
    name = "cachetools, lock"

    def prepare(self) -> None:
        cache: Any = cachetools.TTLCache(4096, self._ttl)
        self.get = cachetools.cached(cache, lock=threading.Lock())(self.fetch)  # type: ignore[method-assign]


class Cachebox(Side):
    name = "cachebox, lock"

    def prepare(self) -> None:
        cache: Any = cachebox.TTLCache(4096, self._ttl)
        self.get = cachebox.cached(cache, postprocess=None)(self.fetch)  # type: ignore[method-assign]


class Moka(Side):
    name = "moka-py, get_with"

    def prepare(self) -> None:
        self._cache: Any = moka_py.Moka(4096, ttl=self._ttl)

    def get(self, user: str, top: int) -> Any:
        return self._cache.get_with((user, top), lambda: self.fetch(user, top))


class Dogpile(Side):
    name = "dogpile.cache, memory"

    def prepare(self) -> None:
        self._region: Any = dogpile.cache.make_region()
        self._region.configure("dogpile.cache.memory", expiration_time=self._ttl)

    def get(self, user: str, top: int) -> Any:
        return self._region.get_or_create(f"{user}:{top}", lambda: self.fetch(user, top))


class Eventkit(Side):
    name = "eventkit, defaults"
    settings: ClassVar[dict[str, Any]] = {}

    def prepare(self) -> None:
        self.cached = CachedGraphEventService(self._upstream, self._ttl, **self.settings)
        # `recommend` reads compiled events, which no caller can change.
        self.get = self.cached._shared  # type: ignore[method-assign]
        self.fresh = self.cached.get_events  # type: ignore[method-assign]
        self.recommend = self.own = self.cached.recommend  # type: ignore[method-assign]


class EventkitProduction(Eventkit):
    name = "eventkit, production"
    settings: ClassVar[dict[str, Any]] = {"stale_ttl": 600, "stale_if_error": 3600}


SIDES: tuple[type[Side], ...] = (
    Guide,
    CachetoolsLocked,
    Cachetools,
    Cachebox,
    Moka,
    Dogpile,
    Eventkit,
    EventkitProduction,
)
