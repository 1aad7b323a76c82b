"""Compiles sessions once, for many queries."""

from __future__ import annotations

from eventkit.catalog.catalog import Catalog
from eventkit.catalog.hashing import manifest_hash
from eventkit.catalog.opening import (
    catalog_from_bytes,
    check_catalog,
    first_bytes,
    is_compiled,
    open_programme,
)

__all__ = [
    "Catalog",
    "catalog_from_bytes",
    "check_catalog",
    "first_bytes",
    "is_compiled",
    "manifest_hash",
    "open_programme",
]
