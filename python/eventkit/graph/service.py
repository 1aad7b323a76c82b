"""`GraphEventService`, which fetches calendars from Microsoft Graph."""

from __future__ import annotations

import asyncio
import operator
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timezone
from typing import Any, SupportsIndex
from urllib.parse import quote, urlsplit

from eventkit.busy import busy_times
from eventkit.errors import GraphServiceError
from eventkit.graph import delta
from eventkit.graph.exchange import Rules, Steps, get
from eventkit.graph.page import BUSY_FIELDS, FIELDS, load, read_page
from eventkit.graph.retry import Refusals, policy
from eventkit.graph.settings import GraphSettings, is_loopback
from eventkit.graph.token import TokenSource, app_credential
from eventkit.graph.transport import Transport
from eventkit.graph.window import default_window, mailbox_path, utc_text

__all__ = ["GraphEventService"]

MOST_PAGES = 50
PAGE_SIZE = 250


class GraphEventService:
    """Fetches calendars of Microsoft Graph as sessions. Threads and tasks may share it.

    Use one for the process: it keeps the connections, the token, and the mailboxes that Graph
    closed for a while.

    Args:
        credential: `GraphSettings`, or any object with ``get_token(*scopes)`` such as
            azure-identity's credentials, sync or async.
        settings: With a credential: the user, and the address of Graph.
        delegated: True if the credential's tokens are those of a user. Calls without a user then
            use ``/me``.
        clock: Returns monotonic seconds.
        sleep: Sleeps in a thread.
        asleep: Sleeps in a task.
        jitter: Returns a random number in 0..1.
        now: Returns the current time, at which the default window begins.

    Attributes:
        orders_by_start: Events are ordered by start. So the first ten of fifty events are the
            events of a request for ten.

    Example:
        >>> settings = GraphSettings("contoso", "app", "hunter2", user_id="ann@example.com")
        >>> with GraphEventService(settings) as service:
        ...     service
        GraphEventService('https://graph.microsoft.com/v1.0', user_id='ann@example.com')
    """

    orders_by_start = True

    def __init__(
        self,
        credential: Any,
        settings: GraphSettings | None = None,
        *,
        delegated: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        asleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Prepare the client. No request is sent yet."""
        if isinstance(credential, GraphSettings):
            settings, credential = credential, app_credential(credential)
        self.settings = GraphSettings() if settings is None else settings
        base = urlsplit(self.settings.base_url)
        # The simulator accepts any scope. In a national cloud, the scope is that of its own host.
        host = "graph.microsoft.com" if is_loopback(self.settings.base_url) else base.netloc
        tokens = TokenSource(credential, f"https://{host}/.default")
        self._origin = (base.scheme, base.netloc.lower())
        self._delegated = delegated
        self._now = now
        self._clock = clock
        self._transport = Transport(
            clock=clock,
            sleep=sleep,
            asleep=asleep,
            max_body_bytes=self.settings.max_body_bytes,
            token=tokens.token,
            atoken=tokens.atoken,
        )
        self._rules = Rules(policy(self.settings.attempts), clock, jitter, Refusals(clock))

    def __repr__(self) -> str:
        """Return Graph's address and the user, without secrets."""
        settings = self.settings
        return f"{type(self).__name__}({settings.base_url!r}, user_id={settings.user_id!r})"

    def get_events(
        self,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        top: int = 50,
        *,
        user_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """Fetch events in the order of their start.

        Args:
            start_time: The beginning of the window; the last quarter of an hour when left out.
                Without a zone it is in UTC.
            end_time: The end of the window; seven days later when left out.
            top: The largest number of events.
            user_id: The user; the one of the settings when left out.

        Returns:
            Sessions as `eventkit.functions.transform_events` makes them, with the additional
            ``start_at`` and ``end_at``: ISO 8601 with date and offset.

        Raises:
            GraphAuthError: There is no token, or it is not accepted.
            GraphRateLimitError: Graph asks to wait for longer than the deadline.
            GraphServiceError: Another error occurred. A partial result is never returned.
            ValueError: ``top`` is not positive, or the window ends before it begins.
        """
        return self._transport.run(self._events(start_time, end_time, top, user_id))

    async def aget_events(
        self,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        top: int = 50,
        *,
        user_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """Do as `get_events` without blocking the event loop."""
        return await self._transport.arun(self._events(start_time, end_time, top, user_id))

    def get_busy(
        self,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        *,
        user_id: str | None = None,
    ) -> list[tuple[str, str]]:
        """Fetch the times at which a user is busy, for ``plan(busy=...)``.

        Events that are cancelled, or that their owner shows as free, are left out.

        Args:
            start_time: As for `get_events`.
            end_time: As for `get_events`.
            user_id: As for `get_events`.

        Returns:
            Pairs of ISO 8601 texts with dates, in the order of their start. They have an offset
            from UTC, except those of events that last all day: a day is the same in every zone.

        Raises:
            GraphServiceError: As for `get_events`; or the time of an event cannot be read. Such an
                event is not left out, because a plan would then lead into a meeting.
            ValueError: The window ends before it begins.
        """
        return self._transport.run(self._busy(start_time, end_time, user_id))

    async def aget_busy(
        self,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        *,
        user_id: str | None = None,
    ) -> list[tuple[str, str]]:
        """Do as `get_busy` without blocking the event loop."""
        return await self._transport.arun(self._busy(start_time, end_time, user_id))

    def refresh_events(
        self, state: Any, *, top: int = 50, user_id: str | None = None
    ) -> tuple[list[dict[str, Any]], Any]:
        """Fetch the changes since a state, by calendarView/delta.

        Args:
            state: The state that the last call returned; ``None`` to start from the beginning. That
                also happens once a day, and if Graph no longer knows the state (410).
            top: The largest number of events.
            user_id: The user; the one of the settings when left out.

        Returns:
            The events of the next seven days as `get_events` returns them, and the next state.
        """
        return self._transport.run(self._refresh(state, top, user_id))

    async def arefresh_events(
        self, state: Any, *, top: int = 50, user_id: str | None = None
    ) -> tuple[list[dict[str, Any]], Any]:
        """Do as `refresh_events` without blocking the event loop."""
        return await self._transport.arun(self._refresh(state, top, user_id))

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        self._transport.close()

    async def aclose(self) -> None:
        """Close the connections of threads and of the running loop."""
        await self._transport.aclose()

    def __enter__(self) -> GraphEventService:
        """Return the service."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    async def __aenter__(self) -> GraphEventService:
        """Return the service."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.aclose()

    def _events(
        self,
        start_time: datetime | None,
        end_time: datetime | None,
        top: SupportsIndex,
        user_id: str | None,
    ) -> Steps[list[dict[str, Any]]]:
        most = _positive(top)
        sessions: list[dict[str, Any]] = []
        seen_ids: set[str] = set()

        def take(body: bytes) -> str | None:
            page = read_page(body)
            for session in page.sessions:
                identity = session["id"]
                if not identity or identity not in seen_ids:
                    seen_ids.add(identity)
                    sessions.append(session)
            return None if len(sessions) >= most else page.next_link

        window = self._window(start_time, end_time)
        yield from self._walk(window, FIELDS, min(most, PAGE_SIZE), user_id, take)
        return sessions[:most]

    def _busy(
        self, start_time: datetime | None, end_time: datetime | None, user_id: str | None
    ) -> Steps[list[tuple[str, str]]]:
        events: list[Any] = []

        def take(body: bytes) -> str | None:
            document = load(body)
            events.extend(document["value"])
            link: str | None = document.get("@odata.nextLink")
            return link

        window = self._window(start_time, end_time)
        yield from self._walk(window, BUSY_FIELDS, PAGE_SIZE, user_id, take)
        if not all(isinstance(event, dict) for event in events):
            raise GraphServiceError("Failed to fetch events: an event is no object")
        try:
            return busy_times(events)
        except ValueError as error:
            raise GraphServiceError(f"Failed to fetch events: {error}") from None

    def _walk(
        self,
        window: tuple[datetime, datetime],
        fields: Sequence[str],
        size: int,
        user_id: str | None,
        take: Callable[[bytes], str | None],
    ) -> Steps[None]:
        """Fetch the pages of a window until ``take`` returns no link to a next one."""
        mailbox = self._mailbox(user_id)
        query = {
            **_span(*window),
            "$select": ",".join(fields),
            "$orderby": "start/dateTime",
            "$top": str(size),
        }
        link: str | None = f"{self.settings.base_url}{mailbox}/calendarView?{_encoded(query)}"
        until = self._clock() + self.settings.deadline
        seen_links: set[str] = set()
        while link is not None:
            if link in seen_links or len(seen_links) == MOST_PAGES:
                raise _endless(len(seen_links))
            seen_links.add(link)
            body = yield from get(self._rules, link, self._headers(), mailbox, until)
            link = self._own(take(body))

    def _refresh(
        self, state: Any, top: SupportsIndex, user_id: str | None
    ) -> Steps[tuple[list[dict[str, Any]], Any]]:
        most = _positive(top)
        mailbox = self._mailbox(user_id)
        start, end = self._window(None, None)
        until = self._clock() + self.settings.deadline
        if not isinstance(state, delta.State) or not state.serves(mailbox, start, end):
            state = None
        try:
            state = yield from self._changes(state, mailbox, start, until)
        except GraphServiceError as error:
            if error.status != 410 or state is None:
                raise
            state = yield from self._changes(None, mailbox, start, until)
        return state.sessions(start, end)[:most], state

    def _changes(
        self, state: delta.State | None, mailbox: str, start: datetime, until: float
    ) -> Steps[delta.State]:
        if state is None:
            state = delta.State.new(mailbox, start)
            query = _encoded(_span(state.start, state.end))
            state = state.at(f"{self.settings.base_url}{mailbox}/calendarView/delta?{query}")
        headers = self._headers(f"odata.maxpagesize={PAGE_SIZE}")
        link: str | None = state.link
        seen_links: set[str] = set()
        while link is not None:
            if link in seen_links or len(seen_links) == MOST_PAGES:
                raise _endless(len(seen_links))
            seen_links.add(link)
            body = yield from get(self._rules, link, headers, mailbox, until)
            changes = delta.read_changes(body)
            state = state.changed(changes)
            link = self._own(changes.next_link)
        self._own(state.link)
        return state

    def _window(self, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        default = default_window(self._now())
        start = _aware(start) if start is not None else default[0]
        end = _aware(end) if end is not None else start + (default[1] - default[0])
        if end <= start:
            raise ValueError(f"the window ends at {utc_text(end)}, not after {utc_text(start)}")
        return start, end

    def _mailbox(self, user_id: str | None) -> str:
        user_id = self.settings.user_id if user_id is None else user_id
        return mailbox_path(user_id, delegated=self._delegated)

    def _headers(self, *preferences: str) -> dict[str, str]:
        zone = f'outlook.timezone="{self.settings.time_zone}"'
        return {"Prefer": ", ".join([zone, 'IdType="ImmutableId"', *preferences])}

    def _own(self, link: str | None) -> str | None:
        """Return the request for a link of Graph. The token is never sent to another host."""
        if link is None:
            return None
        try:
            parts = urlsplit(link)
            own = (parts.scheme, parts.netloc.lower()) == self._origin
        except ValueError:
            own = False
        if not own:
            raise GraphServiceError("Failed to fetch events: the next page is on another host")
        return link


def _positive(top: SupportsIndex) -> int:
    most = operator.index(top)
    if most <= 0:
        raise ValueError("top must be a positive integer")
    return most


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=timezone.utc) if instant.tzinfo is None else instant


def _span(start: datetime, end: datetime) -> dict[str, str]:
    return {"startDateTime": utc_text(start), "endDateTime": utc_text(end)}


def _encoded(query: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='/,:')}" for name, value in query.items())


def _endless(pages: int) -> GraphServiceError:
    return GraphServiceError(f"Failed to fetch events: no end after {pages} pages")
