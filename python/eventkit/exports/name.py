"""Makes safe file names from interests of any content."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

__all__ = ["file_name"]

_LONGEST = 80
_INTERESTS_NAMED = 3
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def file_name(interests: Sequence[object], extension: str = "md") -> str:
    """Return a file name for an itinerary, made from its first three interests.

    Each interest becomes a slug of ``a-z``, ``0-9`` and ``-``. Slugs are joined by ``_``, as the
    original joins interests. So plain interests give the same name as in the original.

    Args:
        interests: The interests, of any type.
        extension: The file's extension, without the dot.

    Returns:
        A name of at most 80 characters between ``itinerary_`` and the extension.

    Example:
        >>> file_name(["ai", "machine learning", "../../etc/passwd", "fourth"])
        'itinerary_ai_machine-learning_etc-passwd.md'
        >>> file_name([], "ics")
        'itinerary_all.ics'
    """
    slugs = [_slug(interest) for interest in interests[:_INTERESTS_NAMED]]
    stem = "_".join(slugs)[:_LONGEST].rstrip("-_") or "all"
    return f"itinerary_{stem}.{extension}"


def _slug(interest: object) -> str:
    text = str(interest)
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    slug = _NOT_PLAIN.sub("-", folded.lower()).strip("-")
    # A Japanese or Greek interest has no such characters. A digest distinguishes these files.
    return slug or "i" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
