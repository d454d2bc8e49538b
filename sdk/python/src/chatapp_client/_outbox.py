"""Messages that the server has not acknowledged. Each is sent until it is stored, and stored once.

A message stays here until the server has stored or refused it, also while nobody is signed in.

The messages of a room are sent one at a time, so that errors and new attempts do not change their
order. They are sent over HTTP: this also works without a connection, and a program that waits for
its message while it handles a frame cannot block itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ._backoff import pause
from ._session import not_signed_in
from .errors import ChatError, ConnectionFailed, OutboxError, Problem, SignedOut
from .types import Message, MessageRequest

log = logging.getLogger("chatapp_client")

Post = Callable[[int, MessageRequest], Awaitable[Message]]
"""Sends a message to a room."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS owner (account TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id INTEGER NOT NULL,
    request TEXT NOT NULL
);
"""


@dataclass(eq=False)
class Pending:
    """A message that is not acknowledged."""

    position: int
    room_id: int
    request: MessageRequest
    result: asyncio.Future[Message]
    is_restored: bool
    """Whether it was put into the file by an earlier run of the program."""


class Outbox:
    """The unsent messages of one account, in memory or in a file."""

    def __init__(self, path: str | Path | None, post: Post) -> None:
        self._post = post
        self._database = open_database(path)
        self._rooms: dict[int, deque[Pending]] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopped: SignedOut | None = not_signed_in()
        self._refusal: ChatError | None = None
        for position, room_id, request in self._database.execute(
            "SELECT position, room_id, request FROM messages ORDER BY position"
        ).fetchall():
            self._queue(position, room_id, json.loads(request), is_restored=True)

    def start(self, account: str) -> None:
        """Sends what is waiting, for this account. Messages of another account are not touched."""
        owner = self._database.execute("SELECT account FROM owner").fetchone()
        if owner and owner[0] != account and self._rooms:
            raise OutboxError(
                f"the outbox has unsent messages of {owner[0]}, not of {account}: use another file"
            )
        with self._database:
            self._database.execute("DELETE FROM owner")
            self._database.execute("INSERT INTO owner VALUES (?)", (account,))
        self._stopped = None
        self._idle.clear()
        if not self._rooms:
            self._idle.set()
        for room_id in list(self._rooms):
            self._work(room_id)

    def stop(self, reason: SignedOut) -> None:
        """Sends nothing more until the next `start`. The messages stay."""
        self._stopped = reason
        self._idle.set()
        for worker in self._workers.values():
            worker.cancel()
        self._workers.clear()
        for queue in self._rooms.values():
            for one in queue:
                fail(one.result, reason)

    def add(self, room_id: int, request: MessageRequest) -> asyncio.Future[Message]:
        """Keeps a message, and sends it as soon as possible. The file has it when this returns."""
        with self._database:
            position = self._database.execute(
                "INSERT INTO messages (room_id, request) VALUES (?, ?)",
                (room_id, json.dumps(request)),
            ).lastrowid
        pending = self._queue(cast(int, position), room_id, request, is_restored=False)
        if self._stopped:
            fail(pending.result, self._stopped)
        self._work(room_id)
        return pending.result

    async def flush(self) -> None:
        """Waits until the server has stored every message.

        Raises the first error of a message from an earlier run, for whose result nobody waits.
        """
        await self._idle.wait()
        if self._rooms and self._stopped:
            raise self._stopped
        refusal, self._refusal = self._refusal, None
        if refusal:
            raise refusal

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._rooms.values())

    def close(self) -> None:
        for worker in self._workers.values():
            worker.cancel()
        for queue in self._rooms.values():
            for one in queue:
                fail(one.result, ChatError("the client is closed"))
        self._database.close()

    def _queue(
        self, position: int, room_id: int, request: MessageRequest, *, is_restored: bool
    ) -> Pending:
        result: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        pending = Pending(position, room_id, request, result, is_restored)
        self._rooms.setdefault(room_id, deque()).append(pending)
        return pending

    def _work(self, room_id: int) -> None:
        if self._stopped is None and room_id not in self._workers:
            self._idle.clear()
            self._workers[room_id] = asyncio.create_task(self._send_all(room_id))

    async def _send_all(self, room_id: int) -> None:
        queue = self._rooms[room_id]
        while queue:
            try:
                message = await self._send(queue[0])
            except SignedOut:
                if self._stopped:
                    return
                # The token was replaced while the message was on its way with the old one.
                await asyncio.sleep(pause(1))
            except ChatError as error:
                self._refuse(self._forget(queue), error)
            else:
                result = self._forget(queue).result
                if not result.done():
                    result.set_result(message)
        del self._rooms[room_id], self._workers[room_id]
        if not self._rooms:
            self._idle.set()

    async def _send(self, one: Pending) -> Message:
        """Sends a message until the server has stored or refused it."""
        attempt = 0
        while True:
            try:
                return await self._post(one.room_id, one.request)
            except ConnectionFailed as error:
                reason: ChatError = error
                wait = 0.0
            except Problem as problem:
                if not problem.is_temporary:
                    raise
                reason, wait = problem, problem.retry_after or 0.0
            attempt += 1
            log.info("a message was not sent, trying again: %s", reason)
            # The longest pause is shorter than that of a connection, because a person is waiting.
            await asyncio.sleep(max(wait, min(pause(attempt), 5)))

    def _forget(self, queue: deque[Pending]) -> Pending:
        one = queue.popleft()
        with self._database:
            self._database.execute("DELETE FROM messages WHERE position = ?", (one.position,))
        return one

    def _refuse(self, one: Pending, error: ChatError) -> None:
        log.warning("a message to room %s was refused: %s", one.room_id, error)
        fail(one.result, error)
        if one.is_restored:
            self._refusal = self._refusal or error


def fail(result: asyncio.Future[Message], error: ChatError) -> None:
    if not result.done():
        result.set_exception(error)
        # Without this, asyncio warns if the caller never looks at the result.
        result.exception()


def open_database(path: str | Path | None) -> sqlite3.Connection:
    """Opens the file, or a database in memory. One program at a time can use a file."""
    database = None
    try:
        if path is not None:
            # The file contains what people write, so that only its owner may read it.
            Path(path).touch(mode=0o600)
        database = sqlite3.connect(path or ":memory:", timeout=0)
        # The lock is held until the file is closed, or the program has ended.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA synchronous = FULL")
        with database:
            database.execute("BEGIN EXCLUSIVE")
            for statement in SCHEMA.split(";"):
                database.execute(statement)
    except (sqlite3.Error, OSError) as error:
        if database is not None:
            database.close()
        is_locked = "locked" in str(error)
        reason = "another program is using it" if is_locked else str(error)
        raise OutboxError(f"cannot open the outbox {path}: {reason}") from error
    return database
