"""Reads the programmes that conferences publish, in the formats in which they publish them.

::

    import eventkit.feeds

    programme = eventkit.feeds.read("schedule.xml")
    programme.catalog().recommend(["rust", "embedded"], 5)

`docs/feeds.md` lists the formats and how their fields map.
"""

from eventkit.feeds.programme import Programme, Report, Skipped
from eventkit.feeds.reading import FORMATS, MOST_BYTES, read

__all__ = ["FORMATS", "MOST_BYTES", "Programme", "Report", "Skipped", "read"]
