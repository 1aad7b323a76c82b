"""The application as in a user's `wsgi.py`, with the manifest of the bench."""

from __future__ import annotations

import os

import eventkit

app = eventkit.create_app(os.environ["BENCH_MANIFEST"])
