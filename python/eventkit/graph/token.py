"""Gets tokens, from one MSAL app for the process or from any credential of the caller.

No token or secret is in a repr, a log line or an exception. Messages contain error codes only.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import os
import re
import threading
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from eventkit._imports import required
from eventkit.deadline import Deadlines
from eventkit.errors import GraphAuthError, GraphServiceError
from eventkit.graph.settings import GraphSettings, is_loopback
from eventkit.graph.token_file import TokenFile

__all__ = ["AccessToken", "AppCredential", "TokenSource", "app_credential"]

_MARGIN = 300.0
"""MSAL treats a token as expired this number of seconds before it expires."""


class AccessToken(NamedTuple):
    """A token as azure-identity's credentials return it. Its repr does not show the token."""

    token: str
    expires_on: int

    def __repr__(self) -> str:
        """Return the class and the time at which the token expires."""
        return f"AccessToken(expires_on={self.expires_on})"


class AppCredential:
    """Gets tokens of an app registration by its secret, as azure-identity's ``get_token(*scopes)``.

    Args:
        settings: The app registration.
    """

    def __init__(self, settings: GraphSettings) -> None:
        """Import MSAL. No request is sent yet."""
        self._msal = required("msal")
        self._settings = settings
        self._key = app_key(settings)
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._app: Any = None
        self._file = TokenFile(settings.cache_file, self._key) if settings.cache_file else None
        self._held: dict[tuple[str, ...], tuple[AccessToken, float]] = {}

    def __repr__(self) -> str:
        """Return the class and the app."""
        return f"AppCredential({self._settings.tenant_id!r}, {self._settings.client_id!r})"

    def get_token(
        self, *scopes: str, rejected: str | None = None, timeout: float = 10.0, **_: Any
    ) -> AccessToken:
        """Return the current token, or a new one. One caller fetches it for all.

        Args:
            scopes: The scopes of the token.
            rejected: A token that was not accepted. It is not returned again.
            timeout: The most seconds that this may take.

        Raises:
            GraphAuthError: No token could be fetched.
        """
        held = self.held(scopes, rejected)
        if held is not None:
            return held
        if self._process != os.getpid():  # A fork may have copied a held lock.
            self._process, self._lock, self._app = os.getpid(), threading.Lock(), None
        until = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            raise GraphAuthError("Authentication failed: no token in time", transient=True)
        try:
            held = self.held(scopes, rejected)
            return held or self._fetch(scopes, rejected, until - time.monotonic())
        finally:
            self._lock.release()

    def held(self, scopes: tuple[str, ...], rejected: str | None) -> AccessToken | None:
        """Return the current token if it is still valid for a while, without a request."""
        token, until = self._held.get(scopes, (None, 0.0))
        if token is None or token.token == rejected or time.monotonic() >= until:
            return None
        return token

    def _fetch(self, scopes: tuple[str, ...], rejected: str | None, timeout: float) -> AccessToken:
        try:
            app = self._application(timeout)
            if rejected is not None:
                self._drop(app, rejected)
            answer = app.acquire_token_for_client(list(scopes))
        except GraphAuthError:
            raise
        except Exception as error:
            # MSAL's texts quote addresses, and its traceback holds the secret: none is passed on.
            name = type(error).__name__
            message = f"Authentication failed: the authority gave no answer ({name})"
            raise GraphAuthError(message, transient=True) from None
        if self._file is not None and app.token_cache.has_state_changed:
            self._file.save(app.token_cache.serialize())
        return self._keep(scopes, answer)

    def _keep(self, scopes: tuple[str, ...], answer: Any) -> AccessToken:
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise _refused(answer)
        token = AccessToken(token, int(time.time() + int(seconds)))
        # From `refresh_on` on, MSAL requests a new token, and falls back to this one.
        good = answer.get("refresh_on", token.expires_on - _MARGIN) - time.time()
        self._held[scopes] = token, time.monotonic() + max(0.0, good)
        return token

    def _drop(self, app: Any, rejected: str) -> None:
        kind = self._msal.TokenCache.CredentialType.ACCESS_TOKEN
        for entry in list(app.token_cache.search(kind)):
            if entry["secret"] == rejected:
                app.token_cache.remove_at(entry)

    def _application(self, timeout: float) -> Any:
        if self._app is None:
            cache = self._msal.SerializableTokenCache()
            stored = self._file.load() if self._file is not None else None
            if stored is not None:
                cache.deserialize(stored)
            self._client = _AuthorityClient(self._settings.authority)
            self._client.timeout = timeout
            settings = self._settings
            self._app = self._msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret,
                authority=f"{_secure(settings.authority)}/{settings.tenant_id}",
                # This machine is not in the list of known authorities.
                instance_discovery=False if is_loopback(settings.authority) else None,
                http_client=self._client,
                token_cache=cache,
            )
        self._client.timeout = timeout
        return self._app


def _refused(answer: Any) -> GraphAuthError:
    error, description = str(answer.get("error")), str(answer.get("error_description"))
    code = error if re.fullmatch(r"\w{1,60}", error) else "no token in the answer"
    number = re.match(r"AADSTS\d{1,10}", description)
    detail = f" ({number.group()})" if number else ""
    transient = error in ("temporarily_unavailable", "server_error")
    return GraphAuthError(f"Authentication failed: {code}{detail}", transient=transient)


def _secure(url: str) -> str:
    """Return the URL with https, as MSAL requires. `_AuthorityClient` reverts it for loopback."""
    return url.replace("http://", "https://", 1)


class _AuthorityClient:
    """The HTTP client for MSAL, with the methods of `requests.Session` and a deadline."""

    def __init__(self, authority: str) -> None:
        httpx = required("httpx")
        from eventkit.graph.transport import guard, tls

        self._httpx = httpx
        self._plain = authority if authority.startswith("http://") else None
        self._deadlines = Deadlines(required("httpcore").SyncBackend())
        # A token is requested once an hour, so no connection is kept open.
        self._client = httpx.Client(
            timeout=httpx.Timeout(10.0, connect=5.0),
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=tls(),
        )
        guard(self._client, self._deadlines)
        self.timeout = 10.0

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Any:
        return self._request("GET", url, params=params, headers=headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any
    ) -> Any:
        return self._request("POST", url, params=params, data=data, headers=headers)

    def close(self) -> None:
        self._client.close()

    def _request(self, method: str, url: str, **settings: Any) -> Any:
        if self._plain is not None and urlsplit(url).netloc == urlsplit(self._plain).netloc:
            url = url.replace("https://", "http://", 1)
        settings = {name: value for name, value in settings.items() if value is not None}
        # After an error of `requests`, MSAL falls back to a token that is still valid.
        failure = required("requests").exceptions.ConnectionError
        try:
            with self._deadlines.within(max(self.timeout, 0.001)):
                answer = self._client.request(method, url.strip(), **settings)
        except self._httpx.HTTPError as error:
            raise failure(type(error).__name__) from None
        if answer.status_code < 500 and not _is_object(answer.text):
            # MSAL would log the whole text, and a truncated answer may hold a whole token.
            raise failure("the answer is no JSON object")
        return answer


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


_apps: dict[str, AppCredential] = {}
_apps_lock = threading.Lock()


def app_key(settings: GraphSettings) -> str:
    """Return a key of an app that does not contain its secret."""
    parts = (settings.authority, settings.tenant_id, settings.client_id, settings.client_secret)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def app_credential(settings: GraphSettings) -> AppCredential:
    """Return the process's credential of an app, one for each tenant, client, secret and file."""
    key = f"{app_key(settings)} {settings.cache_file}"
    with _apps_lock:
        if key not in _apps:
            _apps[key] = AppCredential(settings)
        return _apps[key]


class TokenSource:
    """Gets tokens of one scope from any credential.

    Args:
        credential: An object with ``get_token(*scopes)``, sync or async, that returns an object
            with ``token``.
        scope: The scope.
    """

    def __init__(self, credential: Any, scope: str) -> None:
        """Inspect the credential."""
        if not callable(getattr(credential, "get_token", None)):
            kind = type(credential).__name__
            raise TypeError(f"no GraphSettings and no credential with get_token(): {kind}")
        self._credential = credential
        self._scope = scope
        self._ours = isinstance(credential, AppCredential)
        self._awaits = inspect.iscoroutinefunction(credential.get_token)

    def token(self, rejected: str | None, seconds: float) -> str:
        """Return a token, if possible another one than the rejected one."""
        if self._awaits:
            raise TypeError("a credential whose get_token() is async serves aget_events() only")
        if self._ours:
            answer = self._credential.get_token(self._scope, rejected=rejected, timeout=seconds)
        else:
            answer = self._foreign(self._credential.get_token)
        return _text(answer)

    async def atoken(self, rejected: str | None, seconds: float) -> str:
        """Do as `get` without blocking the event loop."""
        if self._awaits:
            try:
                waiting = self._credential.get_token(self._scope)
                return _text(await asyncio.wait_for(waiting, seconds))
            except asyncio.TimeoutError:
                message = "Authentication failed: no token in time"
                raise GraphAuthError(message, transient=True) from None
            except GraphServiceError:
                raise
            except Exception as error:
                raise _failed(error) from None
        if self._ours:
            held = self._credential.held((self._scope,), rejected)
            if held is not None:
                return str(held.token)
        return await asyncio.get_running_loop().run_in_executor(None, self.token, rejected, seconds)

    def _foreign(self, get_token: Any) -> Any:
        try:
            return get_token(self._scope)
        except GraphServiceError:
            raise
        except Exception as error:
            raise _failed(error) from None


def _failed(error: Exception) -> GraphAuthError:
    """Return the error by its type. The text of a foreign error may contain secrets."""
    name = type(error).__name__
    return GraphAuthError(f"Authentication failed: the credential raised {name}", transient=True)


def _text(answer: Any) -> str:
    token = getattr(answer, "token", None)
    # A line break would end the header in which the token is sent.
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise GraphAuthError("Authentication failed: the credential gave no token")
    return token
