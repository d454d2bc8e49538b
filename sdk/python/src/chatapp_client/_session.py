"""The token: it is replaced before it expires, and everybody who uses it is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ._backoff import pause
from ._http import Http
from .api import AsyncApi
from .errors import ConnectionFailed, Problem, SignedOut
from .types import Login

log = logging.getLogger("chatapp_client")

RENEW_AT = 0.5
"""The part of a token's life after which it is replaced. The server counts in whole seconds, so that a
token may live almost a second shorter than it says."""


class Session:
    """One login."""

    def __init__(self, http: Http, api: AsyncApi) -> None:
        self._http = http
        self._api = api
        self._timer: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[Login] | None = None
        self.ended: SignedOut | None = not_signed_in()
        """Why there is no valid token; None while there is one."""
        self.on_token: list[Callable[[str], None]] = []
        """Called with each new token of the same session."""
        self.on_end: list[Callable[[SignedOut], None]] = []
        http.on_signed_out = self._refused

    @property
    def token(self) -> str | None:
        return self._http.token

    def begin(self, token: str, expires_in: float | None = None) -> None:
        """Uses this token. It is replaced in time if it is known when it expires."""
        self._http.token = token
        self.ended = None
        self._stop_timer()
        if expires_in is not None:
            self._timer = asyncio.create_task(self._renew_in(expires_in * RENEW_AT))

    def end(self, reason: SignedOut) -> None:
        """Forgets the token, and tells everybody who uses it."""
        if self.ended is None:
            self.ended = reason
            self._http.token = None
            self._stop_timer()
            for tell in list(self.on_end):
                tell(reason)

    async def refresh(self) -> Login:
        """Replaces the token now. Callers that ask at once share one request.

        Raises `SignedOut` if the session has ended.
        """
        if self.ended is not None:
            raise self.ended
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh_once())
        # The request goes on for the other callers if this one is cancelled.
        return await asyncio.shield(self._refreshing)

    async def _refresh_once(self) -> Login:
        try:
            login = await self._api.refresh()
        finally:
            self._refreshing = None
        if self.ended is None:
            self.begin(login["access_token"], login["expires_in"])
            for tell in list(self.on_token):
                tell(login["access_token"])
        return login

    def close(self) -> None:
        self._stop_timer()
        if self._refreshing is not None:
            self._refreshing.cancel()

    def _refused(self, reason: SignedOut, token: str | None) -> None:
        # The answer may be about an older token, which expired while it was being replaced.
        if token is not None and token == self._http.token:
            self.end(reason)

    async def _renew_in(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        # `begin` starts the next timer and cancels the old one, which must not be this task.
        self._timer = None
        attempt = 0
        while self.ended is None:
            try:
                await self.refresh()
                return
            except ConnectionFailed as error:
                reason: Exception = error
            except Problem as problem:
                if not problem.is_temporary:
                    if self.ended is None:
                        log.warning("the token cannot be replaced: %s", problem)
                    return
                reason = problem
            attempt += 1
            log.info("the token was not replaced, trying again: %s", reason)
            await asyncio.sleep(pause(attempt))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def not_signed_in() -> SignedOut:
    return SignedOut(401, "token_missing", "sign in first: call `login`, or give a `token`")
