"""The original's module ``errors``, as far as its tool adapter raises them."""

from __future__ import annotations

from eventkit.errors import EventKitError

__all__ = ["EventKitError", "InvalidInputError"]


class InvalidInputError(EventKitError, ValueError):
    """A tool or a parameter that the adapter cannot use; names it and what is expected."""
