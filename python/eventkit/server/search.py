"""The endpoint ``/understand``: what interests match, and where, for a search while typing."""

from __future__ import annotations

from typing import Any

from eventkit.server.answers import cannot_rank, interests_of
from eventkit.server.message import Request, Response, json_response
from eventkit.server.parameters import parameters
from eventkit.server.revision import Revision
from eventkit.server.settings import ServerSettings
from eventkit.understanding import matches_from_catalog

__all__ = ["understand"]


def understand(request: Request, revision: Revision, settings: ServerSettings) -> Response:
    """Tell what each interest matches, and the positions of all sessions that match, best first."""
    asked = parameters(request)
    interests = interests_of(asked, revision, settings)
    try:
        found = matches_from_catalog(revision.catalog, interests)
    except ValueError as error:
        raise cannot_rank(error) from None
    content: dict[str, Any] = {
        # Positions mean something in this edition only.
        "edition": revision.digest,
        "interests": found.interests,
        "understood": found.understood,
        "positions": found.positions,
    }
    return json_response(200, content, cacheable="profileLoad" not in asked)
