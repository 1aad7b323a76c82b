"""Calls the wrapped service with the arguments that it accepts, and copies its exceptions."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

__all__ = ["Loaded", "Loader", "retry_after", "twin", "window_bound"]


class Loaded(NamedTuple):
    """The result of a load.

    Attributes:
        events: The list that the service returned, not copied yet.
        age: The seconds since the events were fetched.
        from_store: True if they come from the second tier.
        state: The state from which the next incremental load starts.
    """

    events: list[Any]
    age: float
    from_store: bool
    state: Any


class Loader:
    """Calls a service with the arguments that it accepts, through the second tier if there is one.

    Args:
        service: Any object with ``get_events(top=...)``.
        ttl: The seconds for which the second tier may keep fetched events.
        delta: If true, events are refreshed by the service's ``refresh_events``.
        store: The second tier.

    Example:
        >>> class Calendar:
        ...     def get_events(self, top, user_id):
        ...         return [f"{user_id} {n}" for n in range(top)]
        >>> Loader(Calendar(), 300.0, False, None).load("ann", None, 1, None).events
        ['ann 0']
    """

    def __init__(self, service: Any, ttl: float, delta: bool, store: Any) -> None:
        """Inspect the service's signature once."""
        if delta and not callable(getattr(service, "refresh_events", None)):
            raise TypeError(
                f"delta=True needs a service with refresh_events; {_named(service)} has none"
            )
        self.service = service
        self.store = store
        self.delta = delta
        self._ttl = ttl
        self._accepts = _acceptor(service.get_events)
        self.takes_user = self._accepts("user_id")
        self.tenant = _setting(service, "tenant_id")
        self._own_user = _setting(service, "user_id")
        self._zone = _setting(service, "time_zone")
        if not self.takes_user:
            warnings.warn(
                f"{_named(service)}.get_events takes no user_id: every user of this cache gets "
                "the same calendar",
                RuntimeWarning,
                stacklevel=4,
            )

    def load(self, user_id: Any, window: tuple[Any, Any] | None, top: int, state: Any) -> Loaded:
        """Get events from the second tier, or fetch them."""
        if self._is_unshared(user_id):
            return Loaded(*self._fetch(user_id, window, top, state))
        fetched: list[Loaded] = []

        def load() -> list[Any]:
            fetched.append(Loaded(*self._fetch(user_id, window, top, state)))
            return fetched[-1].events

        events, age = self.store.get_or_load(self.key(user_id, window, top), self._ttl, load)
        return _from_tier(fetched, events, age, state)

    async def aload(
        self, user_id: Any, window: tuple[Any, Any] | None, top: int, state: Any
    ) -> Loaded:
        """Do as `load` without blocking the event loop: by ``aget_events``, or in a thread."""
        unshared = self._is_unshared(user_id)
        fetches = "arefresh_events" if self.delta and window is None else "aget_events"
        direct = callable(getattr(self.service, fetches, None))
        tier = unshared or callable(getattr(self.store, "aget_or_load", None))
        if not (direct and tier):
            return await asyncio.to_thread(self.load, user_id, window, top, state)
        if unshared:
            return Loaded(*await self._afetch(user_id, window, top, state))
        fetched: list[Loaded] = []

        async def aload() -> list[Any]:
            fetched.append(Loaded(*await self._afetch(user_id, window, top, state)))
            return fetched[-1].events

        key = self.key(user_id, window, top)
        events, age = await self.store.aget_or_load(key, self._ttl, aload)
        return _from_tier(fetched, events, age, state)

    def key(self, user_id: Any, window: tuple[Any, Any] | None, top: int) -> str:
        """Return the second tier's key of tenant, user, zone, window and number.

        Different requests have different keys. Two services may have different users with the same
        id, and different time zones.
        """
        start, end = (None, None) if window is None else map(window_bound, window)
        parts = "/".join(map(_part, (self._zone, start, end)))
        return f"{self.prefix(user_id)}{parts}/{top}"

    def prefix(self, *user_id: Any) -> str:
        """Return the prefix of all keys of the tenant, or of one of its users."""
        user_id = tuple(self._own_user if user is None else user for user in user_id)
        return "".join(f"{_part(part)}/" for part in ("events", self.tenant, *user_id))

    def _is_unshared(self, user_id: Any) -> bool:
        """Return true if the second tier is not used: there is none, or the user is not known."""
        return self.store is None or (user_id is None and self._own_user is None)

    def _fetch(
        self, user_id: Any, window: tuple[Any, Any] | None, top: int, state: Any
    ) -> tuple[list[Any], float, bool, Any]:
        if self.delta and window is None:
            arguments = self._arguments(user_id, window, top)
            events, state = self.service.refresh_events(state, **arguments)
            return _listed(events), 0.0, False, state
        events = self.service.get_events(**self._arguments(user_id, window, top))
        return _listed(events), 0.0, False, None

    async def _afetch(
        self, user_id: Any, window: tuple[Any, Any] | None, top: int, state: Any
    ) -> tuple[list[Any], float, bool, Any]:
        arguments = self._arguments(user_id, window, top)
        if self.delta and window is None:
            events, state = await self.service.arefresh_events(state, **arguments)
            return _listed(events), 0.0, False, state
        return _listed(await self.service.aget_events(**arguments)), 0.0, False, None

    def _arguments(self, user_id: Any, window: tuple[Any, Any] | None, top: int) -> dict[str, Any]:
        arguments: dict[str, Any] = {"top": top}
        if self.takes_user:
            arguments["user_id"] = user_id
        for name, bound in zip(("start_time", "end_time"), window or (), strict=False):
            if bound is None:
                continue
            if not self._accepts(name):
                raise TypeError(f"{_named(self.service)}.get_events takes no {name}")
            arguments[name] = bound
        return arguments


def window_bound(bound: Any) -> str | None:
    """Return a start or an end as text. Different values have different texts.

    Example:
        >>> window_bound("2026-01-31"), window_bound(None)
        ('2026-01-31', None)
    """
    if bound is None or isinstance(bound, str):
        return bound
    isoformat = getattr(bound, "isoformat", None)
    if isoformat is None:
        raise TypeError(f"a window starts and ends with a datetime or a str, not {bound!r}")
    return str(isoformat())


def retry_after(error: BaseException) -> float | None:
    """Return the seconds for which an error asks to wait, or ``None`` if it asks for nothing.

    Example:
        >>> error = RuntimeError("429")
        >>> error.retry_after = 5
        >>> retry_after(error), retry_after(KeyError())
        (5.0, None)
    """
    wanted = getattr(error, "retry_after", None)
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
        return None
    return min(float(wanted), 3600.0) if wanted > 0 else None


def twin(error: BaseException) -> BaseException:
    """Return an equal exception without a traceback, or the same one if it cannot be copied.

    An exception that is raised in many threads collects all their tracebacks, and each of these
    keeps the local variables of its frames. So each caller raises a copy.

    Example:
        >>> original = OSError(2, "gone")
        >>> other = twin(original)
        >>> other is original, type(other) is type(original), str(other) == str(original)
        (False, True, True)
    """
    kind = type(error)
    try:
        other = kind.__new__(kind, *error.args)
        # `OSError` leaves its arguments to the `__init__` of a subclass that has one.
        other.args = error.args
        other.__dict__.update(error.__dict__)
        same = other.args == error.args and str(other) == str(error)
    except Exception:
        return error
    return other if same else error


def _from_tier(fetched: list[Loaded], events: Any, age: float, state: Any) -> Loaded:
    state = fetched[-1].state if fetched else state
    return Loaded(_listed(events), max(0.0, float(age)), not fetched, state)


def _listed(events: Any) -> list[Any]:
    if events is None:
        return []
    # The message is that of `recommend_from_graph` for a generator, which has no length.
    len(events)
    return events if type(events) is list else list(events)


def _acceptor(function: Callable[..., Any]) -> Callable[[str], bool]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # A builtin without a signature.
        return lambda name: False
    kinds = {parameter.name: parameter.kind for parameter in parameters}
    anything = inspect.Parameter.VAR_KEYWORD in kinds.values()
    named = {
        name
        for name, kind in kinds.items()
        if kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    }
    return lambda name: anything or name in named


def _setting(service: Any, name: str) -> str | None:
    for holder in (service, getattr(service, "settings", None)):
        value = getattr(holder, name, None)
        if isinstance(value, str):
            return value
    return None


def _named(service: Any) -> str:
    return type(service).__name__


def _part(part: Any) -> str:
    # "-" stands for no user. `quote` keeps "-", so a user with this name gets a mark.
    return "-" if part is None else "=" + quote(part, safe="@", errors="surrogatepass")
