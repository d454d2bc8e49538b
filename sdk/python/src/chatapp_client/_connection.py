"""The connection of a client: it receives every event of its rooms once, over any number of sockets."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Literal, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ._advice import Then, after_close, delay
from ._buffer import Buffer
from ._http import problem_of
from ._protocol import Protocol, Reaction, in_order
from ._session import Session
from .api import AsyncApi
from .errors import ChatError, Closed, ConnectionFailed, Problem, SignedOut
from .frames import ClientFrame, Person
from .local import Frame, Position
from .types import Room

log = logging.getLogger("chatapp_client")

LONGEST = 30.0
"""Seconds after which a lost connection counts as one that worked."""

LARGEST_FRAME = 2**24
"""The server's frames are small; this protects the memory from another program at the address."""


class AsyncConnection:
    """Receives what happens in rooms. Made by `AsyncClient.connect`, and used with `async with`.

    It reconnects by itself, and continues where it was: no event is missing, and none comes twice.
    A program that handles frames more slowly than they arrive misses nothing either: the connection
    stops reading when its buffer is full, and resumes later.
    """

    def __init__(
        self, url: str, api: AsyncApi, session: Session, *, watch: bool, buffer: int
    ) -> None:
        self._url = url.replace("http", "ws", 1) + "/ws"
        self._api = api
        self._session = session
        self._protocol = Protocol(watch=watch)
        self._frames = Buffer(buffer)
        self._last: Frame | None = None
        self._socket: ClientConnection | None = None
        self._was_accepted = False
        """Whether the server has sent a frame on the last socket."""
        self._task: asyncio.Task[None] | None = None
        self._helpers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> AsyncConnection:
        if self._session.ended is not None:
            raise self._session.ended
        self._session.on_token.append(self._token_changed)
        self._session.on_end.append(self._session_ended)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection. The positions can still be read."""
        if self._token_changed in self._session.on_token:
            self._session.on_token.remove(self._token_changed)
            self._session.on_end.remove(self._session_ended)
        tasks = [task for task in (self._task, *self._helpers) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._frames.end(ChatError("the connection is closed"))

    async def join(
        self, room_id: int, *, position: Position | None = None, history: int = 0
    ) -> Room:
        """Joins a room, and returns its present state.

        Yields all later events of the room. With a `position`, from `positions`, it first yields
        those that came after it. With `history`, it first yields the newest messages, this number
        of them (at most 200), with the events among them.

        Raises `Problem` if there is no such room.
        """
        if position is not None and history:
            raise ValueError("give `position` or `history`, not both")
        if room_id in self._protocol.rooms:
            raise ValueError(f"the connection is in room {room_id} already: leave it first")
        room = await self._api.get_room(room_id)
        if position is None and not history:
            # What happens from now on, also before the server has joined the connection.
            position = {"seq": room["head_seq"], "epoch": None}
        self._protocol.join(room_id, position, history)
        await self._send(self._protocol.subscribe(room_id))
        return room

    async def leave(self, room_id: int) -> None:
        """Receives nothing more of a room. The user stays a member."""
        if self._protocol.rooms.pop(room_id, None):
            await self._send({"type": "unsubscribe", "room_id": room_id})

    async def typing(self, room_id: int) -> None:
        """Shows the others in the room for some seconds that the user is typing."""
        await self._send({"type": "typing", "room_id": room_id})

    async def set_presence(self, state: Literal["online", "away"]) -> None:
        """Says whether the user is at the device. This also holds after a reconnect."""
        self._protocol.presence = state
        await self._send({"type": "presence", "state": state})

    def people(self, room_id: int) -> list[Person]:
        """The people who are in a room now, in order of name. In a big room, some of them."""
        room = self._protocol.rooms.get(room_id)
        return in_order(room.people.values()) if room else []

    @property
    def rooms(self) -> list[int]:
        """The ids of the rooms that the connection is in."""
        return list(self._protocol.rooms)

    @property
    def positions(self) -> dict[int, Position]:
        """The position of the newest event of each room that the program has handled.

        An event counts as handled when the program asks for the next frame: while it looks at a
        frame, everything before this frame is handled. Give a position to `join` to continue there,
        also in another run of the program.
        """
        return self._protocol.positions()

    @property
    def is_connected(self) -> bool:
        """Whether there is a socket now."""
        return self._socket is not None

    async def receive(self) -> Frame:
        """Returns the next frame, and waits for it. Cancelling it loses nothing.

        Raises `SignedOut` if the session has ended, and `Closed` if the server refuses the client.
        Frames that arrived before are returned first.
        """
        if self._task is None:
            raise ChatError("use the connection with `async with`")
        if self._last is not None:
            self._protocol.handled(self._last)
            self._last = None
        self._last = await self._frames.get()
        return self._last

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while True:
            yield await self.receive()

    async def _run(self) -> None:
        try:
            await self._stay_connected()
        except ChatError as error:
            self._frames.end(error)
        except Exception as error:
            # A mistake in this package: the program must not wait for ever.
            log.exception("the connection has failed")
            self._frames.end(error)

    async def _stay_connected(self) -> None:
        """Ends only with an exception."""
        attempt = 0
        renewed = False
        clock = asyncio.get_running_loop()
        while True:
            began = clock.time()
            then, reason = await self._connect_once()
            if self._was_accepted:
                renewed = False
                attempt = 0 if clock.time() - began > LONGEST else attempt
            if then is Then.RELOAD:
                for frame in self._protocol.reload("epoch_changed", reason):
                    await self._frames.put(frame)
            if then is Then.RENEW:
                if renewed:
                    # The server has refused a token that it has just given.
                    self._session.end(SignedOut(401, "token_invalid", reason))
                renewed = await self._renew(reason)
            attempt += 1
            wait = delay(then, attempt)
            log.info("disconnected (%s), trying again in %.1f s", reason, wait)
            if self._was_accepted:
                await self._frames.put(
                    {"type": "client.disconnected", "reason": reason, "retry_in": wait}
                )
            await asyncio.sleep(wait)

    async def _connect_once(self) -> tuple[Then, str]:
        """Uses one socket until its end. Returns what to do then, and the reason of the end."""
        self._was_accepted = False
        try:
            async with connect(
                self._url,
                additional_headers={"Authorization": f"Bearer {self._session.token}"},
                max_size=LARGEST_FRAME,
                close_timeout=2,
            ) as socket:
                self._socket = socket
                for frame in self._protocol.opened():
                    await socket.send(json.dumps(frame))
                while True:
                    await self._take(json.loads(await socket.recv()))
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            reason = closed.rcvd.reason if closed.rcvd else "the connection was lost"
            then = after_close(code)
            if then is Then.STOP and code is not None:
                raise Closed(code, reason) from None
            return then, reason
        except InvalidStatus as refused:
            response = refused.response
            problem = problem_of(
                response.status_code, response.headers, bytes(response.body or b"")
            )
            if problem.status == 401:
                return Then.RENEW, problem.detail
            if problem.code == "too_many_sockets":
                return Then.SLOW_DOWN, problem.detail
            if not problem.is_temporary and problem.status < 500:
                raise problem from None
            return Then.RESUME, problem.detail
        except (OSError, TimeoutError, WebSocketException) as error:
            return Then.RESUME, f"cannot reach {self._url}: {error or type(error).__name__}"
        finally:
            self._socket = None

    async def _take(self, frame: Any) -> None:
        self._was_accepted = True
        reaction = self._protocol.receive(cast(Frame, frame))
        for shown in reaction.shown:
            # While the buffer is full, nothing is read from the socket.
            await self._frames.put(shown)
        if reaction.join_again is not None:
            self._start(self._join_again(reaction))
        if reaction.renew_token:
            self._start(self._renew_in_time())

    async def _join_again(self, reaction: Reaction) -> None:
        await asyncio.sleep(reaction.join_in)
        if reaction.join_again in self._protocol.rooms:
            await self._send(self._protocol.subscribe(reaction.join_again))

    async def _renew_in_time(self) -> None:
        try:
            await self._session.refresh()
        except ChatError as error:
            # The server closes the connection when the token expires; then the client tries again.
            log.warning("the token was not replaced: %s", error)

    async def _renew(self, reason: str) -> bool:
        """Gets a new token, after the server has refused the old one. Returns whether it did."""
        try:
            await self._session.refresh()
            return True
        except ConnectionFailed:
            return False
        except Problem as problem:
            if problem.is_temporary:
                return False
            if not isinstance(problem, SignedOut):
                # This kind of token cannot be replaced.
                problem = SignedOut(401, "token_invalid", reason)
            self._session.end(problem)
            raise problem from None

    async def _send(self, frame: ClientFrame) -> None:
        """Sends a frame if there is a socket. Otherwise a new socket begins with what is needed."""
        socket = self._socket
        if socket is not None:
            try:
                await socket.send(json.dumps(frame))
            except ConnectionClosed:
                pass

    def _token_changed(self, token: str) -> None:
        self._start(self._send({"type": "auth.refresh", "token": token}))

    def _session_ended(self, reason: SignedOut) -> None:
        self._frames.end(reason)
        if self._task is not None:
            self._task.cancel()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)
