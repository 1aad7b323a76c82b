"""A second reading of feeds, in plain Python: json, ElementTree, icalendar and csv.

It follows docs/feeds.md and shares no code with the package. It is slow, and takes what is known to
be a feed of its format.
"""
