"""The client for programs with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Unpack
from uuid import uuid4

from ._connection import AsyncConnection
from ._http import Http
from ._outbox import Outbox
from ._session import Session
from .api import AsyncApi
from .errors import OutboxError, Problem, SignedOut
from .types import Event, Message, MessageOptions, MessageRequest, User

PAGE = 200
"""The most messages or events that the server returns at once."""


class AsyncClient:
    """One account on one server. Used with `async with`.

    `url` is the address of the server, such as `http://localhost:8000`. Sign in with `login`, or
    give a `token`. A token of a login is replaced before it expires. `outbox` names a file that
    keeps unsent messages over a restart of the program. `timeout` is the longest time that a call
    waits for the server, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        outbox: str | Path | None = None,
        timeout: float = 30,
    ) -> None:
        self._http = Http(url, timeout)
        self.api = AsyncApi(self._http)
        """Every HTTP call of the server."""
        self._session = Session(self._http, self.api)
        self._given_token = token
        self._outbox_path = outbox
        self._outbox: Outbox | None = None
        self.user: User | None = None
        """The account, after signing in."""

    async def __aenter__(self) -> AsyncClient:
        self._outbox = Outbox(self._outbox_path, self._post)
        self._session.on_end.append(self._outbox.stop)
        if self._given_token:
            try:
                self._session.begin(self._given_token)
                self._signed_in(await self._owner_of_token())
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the work of the client. Unsent messages stay in the file of the outbox."""
        self._session.close()
        if self._outbox is not None:
            self._outbox.close()
        await self._http.close()

    async def login(self, username: str, password: str) -> User:
        """Signs in with a username or an email, and returns the account.

        Then the messages are sent that are still in the outbox. Connections of an earlier login end.
        """
        self._opened_outbox()
        login = await self.api.login(username=username, password=password)
        self._session.end(SignedOut(401, "session_revoked", "the program has signed in again"))
        self._session.begin(login["access_token"], login["expires_in"])
        self._signed_in(login["user"])
        return login["user"]

    async def logout(self) -> None:
        """Ends the session on the server, and all connections of this client."""
        await self.api.logout()
        self._session.end(SignedOut(401, "session_revoked", "the program has signed out"))

    @property
    def token(self) -> str | None:
        """The present token; None after the session has ended."""
        return self._session.token

    async def send(
        self, room_id: int, content: str, /, **options: Unpack[MessageOptions]
    ) -> Message:
        """Sends a message, and returns it as soon as the server has stored it.

        A lost connection, a restart of the server and temporary errors only delay it: the message
        is sent again, and stored once. The messages of a room are sent in the order of the calls.

        Raises `Problem` if the server refuses the message, and `SignedOut` if the session has ended.
        After `SignedOut`, or if the caller is cancelled, the message stays in the outbox: it is sent
        after the next `login`, or as soon as possible.
        """
        return await asyncio.shield(self.enqueue(room_id, content, **options))

    def enqueue(
        self, room_id: int, content: str, /, **options: Unpack[MessageOptions]
    ) -> asyncio.Future[Message]:
        """Puts a message into the outbox, and does not wait for the server.

        When this returns, the message is in the file of the outbox, if there is one. The result is
        that of `send`.
        """
        request: MessageRequest = {**options, "content": content}
        request["client_id"] = options.get("client_id") or str(uuid4())
        return self._opened_outbox().add(room_id, request)

    async def flush(self) -> None:
        """Waits until the server has stored every message of the outbox.

        Raises `SignedOut` if messages are left because the session has ended. Raises `Problem` if
        the server has refused a message that an earlier run of the program has put into the file.
        """
        await self._opened_outbox().flush()

    @property
    def unsent(self) -> int:
        """The number of messages in the outbox."""
        return len(self._opened_outbox())

    def connect(self, *, watch: bool = False, buffer: int = 1000) -> AsyncConnection:
        """Returns a connection, which receives what happens in rooms.

        With `watch` it also receives frames about the rooms that it has not joined, and about the
        user's other devices. `buffer` is the number of frames that may wait for the program; a
        program that is slower than that makes the connection wait.
        """
        return AsyncConnection(self._http.url, self.api, self._session, watch=watch, buffer=buffer)

    async def messages(
        self,
        room_id: int,
        *,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = False,
    ) -> AsyncIterator[Message]:
        """Reads the messages of a whole room, or those between two `seq`s, page by page.

        A reader that goes from the oldest to the newest also gets the messages that come meanwhile.
        For one page, use `api.list_messages`.
        """
        if newest_first:
            cursor = before
            while True:
                page = await self.api.list_messages(room_id, before=cursor, limit=PAGE)
                for message in reversed(page["messages"]):
                    if message["seq"] <= after:
                        return
                    yield message
                cursor = page.get("next_before")
                if not page["has_older"] or cursor is None:
                    return
        while True:
            page = await self.api.list_messages(room_id, after=after, limit=PAGE)
            for message in page["messages"]:
                if before is not None and message["seq"] >= before:
                    return
                yield message
            following = page.get("next_after")
            if not page["has_newer"] or following is None:
                return
            after = following

    async def events(
        self, room_id: int, *, after: int = 0, epoch: str | None = None
    ) -> AsyncIterator[Event]:
        """Reads the log of a room after this `seq`: every event that there is, the oldest first."""
        while True:
            page = await self.api.list_events(room_id, after=after, limit=PAGE, epoch=epoch)
            for event in page["events"]:
                yield event
            if not page["has_more"]:
                return
            # The history may be replaced between two pages; then the server says so.
            after, epoch = page["next_after"], page["epoch"]

    async def _post(self, room_id: int, request: MessageRequest) -> Message:
        return await self.api.send_message(room_id, **request)

    async def _owner_of_token(self) -> User:
        try:
            # The answer says when the new token expires, so that it is replaced in time.
            return (await self._session.refresh())["user"]
        except Problem as problem:
            if problem.status != 403:
                raise
            # Not the token of a login: it cannot be replaced, and lasts until it is revoked.
            return await self.api.me()

    def _signed_in(self, user: User) -> None:
        self.user = user
        try:
            self._opened_outbox().start(
                f"{user['username']} (user {user['id']}) at {self._http.url}"
            )
        except OutboxError:
            self._session.end(SignedOut(401, "token_missing", "sign in first"))
            raise

    def _opened_outbox(self) -> Outbox:
        if self._outbox is None:
            raise RuntimeError("use the client with `async with`")
        return self._outbox
