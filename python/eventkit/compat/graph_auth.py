"""The original's module ``graph_auth``: tokens for Microsoft Graph."""

from __future__ import annotations

import os
from typing import Any

from eventkit.errors import GraphAuthError
from eventkit.graph.settings import CREDENTIALS, GraphSettings

__all__ = ["GraphAuthClient", "GraphAuthError"]

SCOPE = "https://graph.microsoft.com/.default"


class GraphAuthClient:
    """Gets access tokens for an app registration. Concurrent callers share one request.

    Args:
        settings: An object with ``graph_tenant_id``, ``graph_client_id`` and
            ``graph_client_secret``; further settings are then read from the GRAPH_* variables of
            the environment. Or `eventkit.graph.GraphSettings`.

    Raises:
        GraphAuthError: A credential is missing.

    Example:
        >>> from types import SimpleNamespace
        >>> GraphAuthClient(SimpleNamespace(graph_tenant_id="contoso", graph_client_id="app"))
        Traceback (most recent call last):
        eventkit.errors.GraphAuthError: Graph credentials not configured: \
GRAPH_CLIENT_SECRET not set
    """

    def __init__(self, settings: Any) -> None:
        """Check the credentials. No request is sent yet."""
        if not isinstance(settings, GraphSettings):
            names = ("graph_tenant_id", "graph_client_id", "graph_client_secret")
            found = {
                variable: str(getattr(settings, name, None) or "")
                for variable, name in zip(CREDENTIALS, names, strict=True)
            }
            settings = GraphSettings.from_environment({**os.environ, **found})
        self.settings = settings

    def get_access_token(self) -> str:
        """Return a token that is still valid for a while.

        Raises:
            GraphAuthError: Microsoft Entra gives no token.
        """
        token: str = self.credential().get_token(SCOPE).token
        return token

    def credential(self) -> Any:
        """Return the credential of this app. It has ``get_token()``, as in azure-identity."""
        # Imported here, so that the module itself needs no extra.
        from eventkit.graph.token import app_credential

        return app_credential(self.settings)
