"""Reads the programmes that conferences publish, in the formats in which they publish them.

::

    import eventkit.feeds

    programme = eventkit.feeds.read("schedule.xml")
    programme.catalog().recommend(["rust", "embedded"], 5)

`docs/feeds.md` lists the formats and how their fields map.
"""

from eventkit.errors import FeedError
from eventkit.feeds.difference import Difference, Moved, compare
from eventkit.feeds.fetching import Fetched, Limits, fetch, is_url, without_password
from eventkit.feeds.portable import portable_manifest, portable_settings
from eventkit.feeds.programme import Programme, Report, Skipped
from eventkit.feeds.reading import FORMATS, MOST_BYTES, parse, read

__all__ = [
    "FORMATS",
    "MOST_BYTES",
    "Difference",
    "FeedError",
    "Fetched",
    "Limits",
    "Moved",
    "Programme",
    "Report",
    "Skipped",
    "compare",
    "fetch",
    "is_url",
    "parse",
    "portable_manifest",
    "portable_settings",
    "read",
    "without_password",
]
