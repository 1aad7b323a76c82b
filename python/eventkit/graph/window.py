"""The time window of a request, and the path of its calendar."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from eventkit.dates import utc_text
from eventkit.errors import GraphServiceError

__all__ = ["default_window", "mailbox_path", "utc_text"]

SPAN = timedelta(days=7)
STEP = timedelta(minutes=15)
# The characters of a user principal name or an object id. A slash, "." and ".." are excluded,
# because a URL would resolve them.
_USER = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9.!#$%&'*+=?^_`{|}~@-]{1,320}")


def default_window(now: datetime) -> tuple[datetime, datetime]:
    """Return seven days from the last quarter of an hour on, so that repeated requests are equal.

    Example:
        >>> start, end = default_window(datetime(2026, 2, 1, 10, 44, 59, tzinfo=timezone.utc))
        >>> utc_text(start), utc_text(end)
        ('2026-02-01T10:30:00Z', '2026-02-08T10:30:00Z')
    """
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    start = now - (now - epoch) % STEP
    return start, start + SPAN


def mailbox_path(user_id: str | None, *, delegated: bool) -> str:
    """Return the path of a user's calendar.

    Example:
        >>> mailbox_path("ann+x@example.com", delegated=False)
        '/users/ann%2Bx%40example.com'
        >>> mailbox_path(None, delegated=True)
        '/me'

    Raises:
        GraphServiceError: There is no user, or it is none.
    """
    if user_id is None:
        if delegated:
            return "/me"
        raise GraphServiceError(
            "no user: an app's own token has no /me; give user_id, or set GRAPH_USER_ID"
        )
    if not isinstance(user_id, str) or not _USER.fullmatch(user_id):
        raise GraphServiceError(
            f"user_id {user_id!r}: neither an object id nor a user principal name"
        )
    return f"/users/{quote(user_id, safe='')}"
