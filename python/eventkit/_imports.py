"""Every optional dependency, in one place: what is missing is named with the extra that brings it.

``import eventkit`` needs none of them; nothing here is imported before somebody uses what needs it.
"""

from __future__ import annotations

import importlib
from typing import Any

from eventkit.errors import MissingExtraError

__all__ = ["optional", "required"]

EXTRAS = {
    "granian": "serve",
    "httpcore": "graph",
    "httpx": "graph",
    "httpx_retries": "graph",
    "msal": "graph",
    "msal_extensions": "graph",
    "requests": "graph",
    "valkey": "redis",
}
"""Which extra of this distribution brings which top-level module."""


def required(name: str) -> Any:
    """Import an optional module.

    Args:
        name: The module's full name; its first part is in `EXTRAS`.

    Raises:
        MissingExtraError: It is not installed; names the extra to install.

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
    """Import an optional module, or return ``None`` where it is not installed.

    A module that is there and fails to import for want of another one raises what it raises.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        return None
