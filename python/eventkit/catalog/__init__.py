"""Compile sessions once, ask for ever."""

from __future__ import annotations

from eventkit.catalog.catalog import Catalog
from eventkit.catalog.hashing import manifest_hash

__all__ = ["Catalog", "manifest_hash"]
