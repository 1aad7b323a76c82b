"""Reads feeds that are written in a test, and shows some fields of their sessions."""

import json

from eventkit import feeds


def read(feed, **options):
    """Read bytes, a text, or what is to be written as JSON."""
    if not isinstance(feed, bytes):
        feed = (feed if isinstance(feed, str) else json.dumps(feed)).encode()
    return feeds.read(feed, **options)


def brief(feed, *fields):
    """Return the values of some fields of each session."""
    return [tuple(session.get(field) for field in fields) for session in read(feed).sessions]
