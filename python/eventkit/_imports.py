"""Imports optional dependencies. If one is missing, the error names the extra that installs it.

``import eventkit`` needs none of them. Each is imported when a feature that needs it is first used.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from eventkit.errors import MissingExtraError

__all__ = ["lazy_modules", "lazy_names", "optional", "required"]

EXTRAS = {
    "daft": "daft",
    "dask": "dask",
    "distributed": "dask",
    "fsspec": "batch",
    "granian": "serve",
    "httpcore": "graph",
    "httpx": "graph",  # and `feeds`, which needs nothing else
    "httpx_retries": "graph",
    "icalendar": "ics",
    "mcp": "mcp",
    "msal": "graph",
    "msal_extensions": "graph",
    "narwhals": "frames",
    "pyarrow": "arrow",
    "pyspark": "spark",
    "requests": "graph",
    "rich": "cli",
    "valkey": "redis",
}
"""The extra of this distribution that installs each top-level module."""


def required(name: str) -> Any:
    """Import an optional module.

    Args:
        name: The module's full name; its first part is in `EXTRAS`.

    Raises:
        MissingExtraError: The module is not installed; names the extra to install.

    Example:
        >>> EXTRAS["nothing"] = "example"
        >>> required("nothing")
        Traceback (most recent call last):
        eventkit.errors.MissingExtraError: nothing is not installed: \
pip install 'eventkit-recommender[example]'
        >>> del EXTRAS["nothing"]
    """
    module = optional(name)
    if module is None:
        raise MissingExtraError(name.partition(".")[0], EXTRAS[name.partition(".")[0]])
    return module


def optional(name: str) -> Any | None:
    """Import an optional module.

    Returns:
        The module, or ``None`` if it is not installed.

    Raises:
        ImportError: The module is installed, but another module that it imports is not.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        return None


def lazy_modules(package: str, names: frozenset[str]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a package, which imports its modules when they are first used.

    Args:
        package: The full name of the package.
        names: The names of its modules.

    Example:
        >>> lazy_modules("eventkit", frozenset({"dates"}))("dates").__name__
        'eventkit.dates'
        >>> lazy_modules("eventkit", frozenset({"dates"}))("times")
        Traceback (most recent call last):
        AttributeError: module 'eventkit' has no attribute 'times'
    """

    def get(name: str) -> Any:
        if name in names:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a package, which imports its names when they are first used.

    Args:
        package: The full name of the package, which has been imported.
        homes: For each name, the module of the package that defines it.

    Example:
        >>> get = lazy_names("eventkit.server", {"ServerSettings": "settings"})
        >>> get("ServerSettings").__module__
        'eventkit.server.settings'
        >>> get("Settings")
        Traceback (most recent call last):
        AttributeError: module 'eventkit.server' has no attribute 'Settings'
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return get
