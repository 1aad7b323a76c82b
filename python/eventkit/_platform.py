"""Says what the running system lacks, when it is asked for and not when the package is imported."""

from __future__ import annotations

import importlib.util
import os
import sys

from eventkit.errors import UnsupportedPlatformError

__all__ = ["flag", "require"]


def flag(*names: str) -> int:
    """Return the flags of `os.open` that the system has, of those named.

    Example:
        >>> flag("CLOEXEC") == os.O_CLOEXEC, flag("NO_SUCH_FLAG")
        (True, 0)
    """
    found = 0
    for name in names:
        found |= getattr(os, f"O_{name}", 0)
    return found


def require(module: str, purpose: str) -> None:
    """Check that Python has a module of the operating system.

    Args:
        module: The name of the module.
        purpose: What needs it, for the message.

    Raises:
        UnsupportedPlatformError: The module is not there; names the purpose and the system.

    Example:
        >>> require("fcntl", "locking a file")
        >>> require("no_such_module", "it")
        Traceback (most recent call last):
        eventkit.errors.UnsupportedPlatformError: it needs the module no_such_module of Python, \
which linux does not have
    """
    if importlib.util.find_spec(module) is None:
        raise UnsupportedPlatformError(
            f"{purpose} needs the module {module} of Python, which {sys.platform} does not have"
        )
