"""The client for programs without asyncio.

It has no protocol of its own: an `AsyncClient` does the work, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar, Unpack

from ._client import AsyncClient
from ._connection import AsyncConnection
from ._thread import LoopThread, Run
from .frames import Person
from .local import Frame, Position
from .sync_api import Api
from .types import Event, Message, MessageOptions, Room, User

T = TypeVar("T")


class Client:
    """One account on one server. Used with `with`. See `AsyncClient`."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        outbox: str | Path | None = None,
        timeout: float = 30,
    ) -> None:
        self._client = AsyncClient(url, token=token, outbox=outbox, timeout=timeout)
        self._thread: LoopThread | None = None
        self.api = Api(self._client.api, self._run)
        """Every HTTP call of the server."""

    def __enter__(self) -> Client:
        self._thread = LoopThread()
        try:
            self._run(self._client.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the work of the client. Unsent messages stay in the file of the outbox."""
        if self._thread is not None:
            try:
                self._run(self._client.close())
            finally:
                self._stop()

    def login(self, username: str, password: str) -> User:
        """Signs in with a username or an email, and returns the account."""
        return self._run(self._client.login(username, password))

    def logout(self) -> None:
        """Ends the session on the server, and all connections of this client."""
        self._run(self._client.logout())

    @property
    def user(self) -> User | None:
        """The account, after signing in."""
        return self._client.user

    @property
    def token(self) -> str | None:
        """The present token; None after the session has ended."""
        return self._client.token

    def send(self, room_id: int, content: str, /, **options: Unpack[MessageOptions]) -> Message:
        """Sends a message, and returns it as soon as the server has stored it.

        See `AsyncClient.send`.
        """
        return self._run(self._client.send(room_id, content, **options))

    def enqueue(
        self, room_id: int, content: str, /, **options: Unpack[MessageOptions]
    ) -> Future[Message]:
        """Puts a message into the outbox, and does not wait for the server.

        See `AsyncClient.enqueue`.
        """
        result: Future[Message] = Future()
        self._run(self._enqueue(result, room_id, content, options))
        return result

    def flush(self) -> None:
        """Waits until the server has stored every message of the outbox."""
        self._run(self._client.flush())

    @property
    def unsent(self) -> int:
        """The number of messages in the outbox."""
        return self._client.unsent

    def connect(self, *, watch: bool = False, buffer: int = 1000) -> Connection:
        """Returns a connection, which receives what happens in rooms. See `AsyncClient.connect`."""
        return Connection(self._client.connect(watch=watch, buffer=buffer), self._run)

    def messages(
        self,
        room_id: int,
        *,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Message]:
        """Reads the messages of a whole room, or those between two `seq`s, page by page."""
        return self._each(
            self._client.messages(room_id, after=after, before=before, newest_first=newest_first)
        )

    def events(self, room_id: int, *, after: int = 0, epoch: str | None = None) -> Iterator[Event]:
        """Reads the log of a room after this `seq`: every event that there is, the oldest first."""
        return self._each(self._client.events(room_id, after=after, epoch=epoch))

    def _each(self, items: AsyncIterator[T]) -> Iterator[T]:
        async def following() -> T | None:
            return await anext(items, None)

        while (item := self._run(following())) is not None:
            yield item

    async def _enqueue(
        self, result: Future[Message], room_id: int, content: str, options: MessageOptions
    ) -> None:
        def finish(sent: asyncio.Future[Message]) -> None:
            if sent.cancelled():
                result.cancel()
            elif error := sent.exception():
                result.set_exception(error)
            else:
                result.set_result(sent.result())

        self._client.enqueue(room_id, content, **options).add_done_callback(finish)

    def _run(self, work: Coroutine[Any, Any, T], /) -> T:
        if self._thread is None:
            work.close()
            raise RuntimeError("use the client with `with`")
        return self._thread.run(work)

    def _stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None


class Connection:
    """Receives what happens in rooms. Made by `Client.connect`. See `AsyncConnection`."""

    def __init__(self, connection: AsyncConnection, run: Run) -> None:
        self._connection = connection
        self._run = run

    def __enter__(self) -> Connection:
        self._run(self._connection.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection. The positions can still be read."""
        self._run(self._connection.close())

    def join(self, room_id: int, *, position: Position | None = None, history: int = 0) -> Room:
        """Joins a room, and returns its present state. See `AsyncConnection.join`."""
        return self._run(self._connection.join(room_id, position=position, history=history))

    def leave(self, room_id: int) -> None:
        """Receives nothing more of a room. The user stays a member."""
        self._run(self._connection.leave(room_id))

    def typing(self, room_id: int) -> None:
        """Shows the others in the room for some seconds that the user is typing."""
        self._run(self._connection.typing(room_id))

    def set_presence(self, state: Literal["online", "away"]) -> None:
        """Says whether the user is at the device. This also holds after a reconnect."""
        self._run(self._connection.set_presence(state))

    def people(self, room_id: int) -> list[Person]:
        """The people who are in a room now, in order of name. In a big room, some of them."""

        async def read() -> list[Person]:
            return self._connection.people(room_id)

        return self._run(read())

    @property
    def rooms(self) -> list[int]:
        """The ids of the rooms that the connection is in."""
        return self._connection.rooms

    @property
    def positions(self) -> dict[int, Position]:
        """The position of the newest event of each room that the program has handled.

        See `AsyncConnection.positions`.
        """
        return self._connection.positions

    @property
    def is_connected(self) -> bool:
        """Whether there is a socket now."""
        return self._connection.is_connected

    def receive(self, timeout: float | None = None) -> Frame:
        """Returns the next frame, and waits for it.

        Raises `TimeoutError` if no frame comes within this number of seconds. Otherwise see
        `AsyncConnection.receive`.
        """
        return self._run(asyncio.wait_for(self._connection.receive(), timeout))

    def __iter__(self) -> Iterator[Frame]:
        while True:
            yield self.receive()
