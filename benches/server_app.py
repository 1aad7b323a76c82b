"""The application as a user's `wsgi.py` has it, around the bench's manifest."""

from __future__ import annotations

import os

import eventkit

app = eventkit.create_app(os.environ["BENCH_MANIFEST"])
