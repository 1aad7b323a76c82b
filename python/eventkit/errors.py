"""The exceptions that eventkit adds to those of the original agent.

Where the original raises ``KeyError``, ``TypeError`` or ``ValueError``, eventkit raises the same
type with the same text. The classes here are only for failures that the original did not report.
"""

from __future__ import annotations

from eventkit import _installation

# Every module of this package imports this one, even if another package owns `eventkit`.
_installation.check()

__all__ = [
    "AccelerationError",
    "BatchError",
    "CacheRecursionError",
    "CacheTimeoutError",
    "CatalogFileError",
    "EventKitError",
    "ExportError",
    "FeedError",
    "FileLockedError",
    "GraphAuthError",
    "GraphRateLimitError",
    "GraphServiceError",
    "InputWarning",
    "InternalError",
    "ManifestError",
    "MissingExtraError",
    "ProfileError",
    "ServerSettingsError",
    "UnsupportedPlatformError",
    "UnusableFileError",
]


class EventKitError(Exception):
    """The base class of all exceptions that eventkit defines."""


class InputWarning(UserWarning):
    """Warns about an input whose answer is probably not the intended one."""


class CacheRecursionError(EventKitError, RuntimeError):
    """A calendar service keeps requesting from its cache the events that the cache is loading.

    Attributes:
        user_id: The user.
        top: The number of events.
    """

    def __init__(self, user_id: object, top: int) -> None:
        """Name the request."""
        self.user_id = user_id
        self.top = top
        super().__init__(
            f"the calendar service asks the cache for the {top} events of {user_id!r} that the "
            "cache is asking it for, again and again"
        )

    def __reduce__(self) -> tuple[type[CacheRecursionError], tuple[object, int]]:
        """Pickle the two parts, as the message alone cannot rebuild them."""
        return type(self), (self.user_id, self.top)


class CacheTimeoutError(EventKitError, TimeoutError):
    """Another caller's fetch of the same events took longer than ``wait_timeout``.

    Attributes:
        user_id: The user.
        timeout: The seconds that the caller waited.
    """

    def __init__(self, user_id: object, timeout: float) -> None:
        """Name the user and the limit."""
        self.user_id = user_id
        self.timeout = timeout
        super().__init__(
            f"waited {timeout:g} s for another caller's fetch of the events of {user_id!r}, "
            "which still goes on"
        )

    def __reduce__(self) -> tuple[type[CacheTimeoutError], tuple[object, float]]:
        """Pickle the two parts, as the message alone cannot rebuild them."""
        return type(self), (self.user_id, self.timeout)


class CatalogFileError(EventKitError, ValueError):
    """A file is not a catalogue, is damaged, or was written by a newer eventkit; names the file.

    Also raised if a catalogue cannot be saved, because a file cannot hold one of its values. The
    message then names the value.
    """


class FileLockedError(EventKitError, TimeoutError):
    """Another process or thread held the lock of a file for longer than the caller may wait.

    Attributes:
        path: The lock file.
        seconds: The seconds that the caller waited.
    """

    def __init__(self, path: str, seconds: float) -> None:
        """Name the lock file and the limit."""
        self.path = path
        self.seconds = seconds
        super().__init__(f"{path} is still locked by another process or thread after {seconds:g} s")

    def __reduce__(self) -> tuple[type[FileLockedError], tuple[str, float]]:
        """Pickle the two parts, as the message alone cannot rebuild them."""
        return type(self), (self.path, self.seconds)


class UnusableFileError(EventKitError, OSError):
    """A path names a pipe, a device, a socket, or a file that is too large to be read.

    Attributes:
        path: The path as it was given.
        reason: What is wrong with the file.
    """

    def __init__(self, number: int, path: str, reason: str) -> None:
        """Keep the path and the reason. The number is one of `errno`."""
        self.path = path
        self.reason = reason
        super().__init__(number, reason, path)

    def __reduce__(self) -> tuple[type[UnusableFileError], tuple[int | None, str, str]]:
        """Pickle the three parts."""
        return type(self), (self.errno, self.path, self.reason)

    def __str__(self) -> str:
        """Return one sentence that begins with the path."""
        return f"{self.path} {self.reason}"


class InternalError(EventKitError, RuntimeError):
    """A defect of eventkit itself: the native engine failed unexpectedly. Please report it."""


class MissingExtraError(EventKitError, ImportError):
    """An optional dependency is not installed.

    Attributes:
        module: The module that is missing.
        extra: The extra of ``eventkit-recommender`` that brings it.
    """

    def __init__(self, module: str, extra: str) -> None:
        """Name the module, and the command that installs it."""
        self.module = module
        self.extra = extra
        super().__init__(f"{module} is not installed: pip install 'eventkit-recommender[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        """Pickle the two parts, as the message alone cannot rebuild them."""
        return type(self), (self.module, self.extra)


class UnsupportedPlatformError(EventKitError, ImportError):
    """The running system lacks what a feature needs, such as locks; names both."""


class AccelerationError(EventKitError):
    """A function of an agent gave another answer than eventkit, and ``strict`` was set."""


class ManifestError(EventKitError, ValueError):
    """A file exists, but is not a manifest.

    It is also a ``ValueError``, as ``json.JSONDecodeError`` is. So code that catches the errors of
    the original's ``load_manifest`` keeps working.

    Attributes:
        path: The file as it was given.
        line: The line of the first error, from 1; ``None`` if the error has no place.
        column: The column of the first error, from 1; ``None`` if the error has no place.
        reason: What is wrong there.
    """

    def __init__(
        self, path: str, reason: str, line: int | None = None, column: int | None = None
    ) -> None:
        """Name the file, the reason and, if known, the place."""
        self.path = path
        self.reason = reason
        self.line = line
        self.column = column
        place = "" if line is None else f":{line}:{column}"
        super().__init__(f"{path}{place}: {reason}")

    def __reduce__(self) -> tuple[type[ManifestError], tuple[str, str, int | None, int | None]]:
        """Pickle the four parts, as the message alone cannot rebuild them."""
        return type(self), (self.path, self.reason, self.line, self.column)


class FeedError(EventKitError, ValueError):
    """A feed that is not the programme of a conference, or that cannot be read without guessing.

    Attributes:
        source: The file or the address, as it was asked for.
        line: Line of the fault, from 1; ``None`` when no place can be named.
        column: Column of the fault, from 1; ``None`` likewise.
        reason: What is wrong, and what was expected.
    """

    def __init__(
        self, source: str, reason: str, line: int | None = None, column: int | None = None
    ) -> None:
        """Name the source, the fault and, if it has one, its place."""
        self.source = source
        self.reason = reason
        self.line = line
        self.column = column
        place = "" if line is None else f":{line}:{column}"
        super().__init__(f"{source}{place}: {reason}")

    def __reduce__(self) -> tuple[type[FeedError], tuple[str, str, int | None, int | None]]:
        """Pickle the four parts, as the message alone cannot rebuild them."""
        return type(self), (self.source, self.reason, self.line, self.column)


class ProfileError(EventKitError, ValueError):
    """A profile file cannot be read, so eventkit does not overwrite it.

    Attributes:
        path: The profile file.
        reason: Why it was refused.
    """

    def __init__(self, path: str, reason: str) -> None:
        """Name the file and why it was refused."""
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}; the file was left as it is")

    def __reduce__(self) -> tuple[type[ProfileError], tuple[str, str]]:
        """Pickle the two parts, as the message alone cannot rebuild them."""
        return type(self), (self.path, self.reason)


class BatchError(EventKitError, ValueError):
    """A part of a batch cannot be read, computed or written, or an input is not the same any more.

    Attributes:
        part: The part, the file or the directory.
        reason: What is wrong with it.
    """

    def __init__(self, part: str, reason: str) -> None:
        """Name the part, and what is wrong with it."""
        self.part = part
        self.reason = reason
        super().__init__(f"{part}: {reason}")

    def __reduce__(self) -> tuple[type[BatchError], tuple[str, str]]:
        """Pickle the two parts, as the message alone cannot rebuild them."""
        return type(self), (self.part, self.reason)


class ExportError(EventKitError, ValueError):
    """An itinerary cannot be written, because of an unknown format or an unsafe output.

    Attributes:
        argument: The name of the invalid argument.
        value: Its value.
        reason: Why it was refused.
    """

    def __init__(self, argument: str, value: object, reason: str) -> None:
        """Name the argument, its value and why it was refused."""
        self.argument = argument
        self.value = value
        self.reason = reason
        super().__init__(f"{argument} {value!r}: {reason}")

    def __reduce__(self) -> tuple[type[ExportError], tuple[str, object, str]]:
        """Pickle the three parts, as the message alone cannot rebuild them."""
        return type(self), (self.argument, self.value, self.reason)


class ServerSettingsError(EventKitError, ValueError):
    """A setting of the server is invalid; names it, its value and what was expected."""


class GraphServiceError(EventKitError):
    """A calendar could not be fetched from Microsoft Graph. No message holds a token or a secret.

    Attributes:
        status: The HTTP status, if there was an answer.
        retry_after: The seconds to wait before the next request, if the answer named them.
        transient: True if the same request may succeed later.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        transient: bool = False,
    ) -> None:
        """Keep the message and the attributes."""
        self.status = status
        self.retry_after = retry_after
        self.transient = transient
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the attributes beside the message: they are keywords, which pickle cannot pass."""
        return type(self), self.args, self.__dict__


class GraphAuthError(GraphServiceError):
    """There is no token for Microsoft Graph, or Graph does not accept it."""


class GraphRateLimitError(GraphServiceError):
    """Microsoft Graph asks to wait before the next request: `retry_after` holds the seconds."""
