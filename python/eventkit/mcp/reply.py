"""The results of a tool, before they are put into a message of the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Attachment", "Refused", "Reply"]


@dataclass(frozen=True)
class Attachment:
    """A document that belongs to a result.

    Attributes:
        uri: Its name.
        mime_type: Its type.
        text: Its content.
    """

    uri: str
    mime_type: str
    text: str


@dataclass(frozen=True)
class Reply:
    """The result of one call.

    Attributes:
        text: The whole result, for a model.
        data: The same for a program; ``None`` for an error.
        is_error: Whether the tool could not answer. The text then says what to do.
        attachment: The document that an export makes.
    """

    text: str
    data: dict[str, Any] | None = None
    is_error: bool = False
    attachment: Attachment | None = None


class Refused(Exception):  # noqa: N818 - it is caught where the tool is called, and shown
    """A call that cannot be answered; the message says what to do instead."""
