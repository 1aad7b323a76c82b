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
from eventkit.catalog.shards import (
    Shard,
    ShardManifest,
    add_shard,
    read_manifest,
    write_manifest,
)

__all__ = [
    "Catalog",
    "Shard",
    "ShardManifest",
    "add_shard",
    "catalog_from_bytes",
    "check_catalog",
    "first_bytes",
    "is_compiled",
    "manifest_hash",
    "open_programme",
    "read_manifest",
    "write_manifest",
]
