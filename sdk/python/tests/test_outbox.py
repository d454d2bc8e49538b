"""Messages are sent once and in order, also if the program itself is killed."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import program
import pytest
from helpers import signed_in
from proxy import proxy
from server import DEADLINE, PASSWORD, Server

from chatapp_client import AsyncClient, OutboxError, Problem

pytestmark = pytest.mark.anyio

SENDER = """
import asyncio, os
from chatapp_client import AsyncClient

async def main():
    async with AsyncClient(os.environ["URL"], outbox="outbox.db") as client:
        await client.login(os.environ["USERNAME"], os.environ["PASSWORD"])
        await client.flush()
        print("flushed", flush=True)
        for number in range(int(os.environ["FIRST"]), 10_000):
            client.enqueue(int(os.environ["ROOM"]), f"number {number}")
            print(number, flush=True)
            await asyncio.sleep(0)

asyncio.run(main())
"""


async def test_a_program_that_is_killed_sends_what_is_left_in_its_next_run(
    server: Server, tmp_path: Path
) -> None:
    name = await server.user()
    room = await server.room(name)
    kept = 0
    for _ in range(3):
        process = program.start(
            SENDER,
            tmp_path,
            URL=server.url,
            USERNAME=name,
            PASSWORD=PASSWORD,
            ROOM=str(room),
            FIRST=str(kept),
        )
        assert program.next_line(process) == "flushed"
        for _ in range(40):
            assert program.next_line(process) == str(kept)
            kept += 1
        process.kill()
        # Messages that the program has written into the file, and not yet told.
        assert process.stdout is not None
        kept += len(process.stdout.read().splitlines())
        process.wait()
        with sqlite3.connect(tmp_path / "outbox.db") as database:
            assert database.execute("SELECT count(*) FROM messages").fetchone()[0] > 0
            newest = database.execute(
                "SELECT request ->> 'content' FROM messages ORDER BY position DESC"
            ).fetchone()[0]
        database.close()
        # The kill may have come between the write and the line.
        kept = int(newest.removeprefix("number ")) + 1

    async with signed_in(server, name, outbox=tmp_path / "outbox.db") as client:
        await asyncio.wait_for(client.flush(), DEADLINE)
        assert client.unsent == 0
        stored = [message["content"] async for message in client.messages(room)]
    assert stored == [f"number {number}" for number in range(kept)]


async def test_messages_are_in_the_order_of_the_calls_although_the_server_limits_the_pace(
    tmp_path: Path,
) -> None:
    with Server(tmp_path, CHATAPP_LIMITS__SENDS_PER_SECOND="5") as server:
        name = await server.user()
        room = await server.room(name)
        texts = [f"number {number}" for number in range(60)]
        async with signed_in(server, name) as client:
            results = [client.enqueue(room, text) for text in texts]
            await asyncio.wait_for(client.flush(), DEADLINE)
            seqs = [(await result)["seq"] for result in results]
            assert seqs == sorted(seqs)
            assert [one["content"] async for one in client.messages(room)] == texts


async def test_a_message_whose_answer_is_lost_is_stored_once(server: Server) -> None:
    name = await server.user()
    room = await server.room(name)
    async with proxy(server.address) as (network, url), AsyncClient(url) as client:
        await client.login(name, PASSWORD)
        first = await client.send(room, "one")
        network.answers_to_lose = 2
        second = await client.send(room, "two")
        assert network.answers_to_lose == 0
        third = await client.send(room, "three")
        stored = [message async for message in client.messages(room)]
        assert [message["content"] for message in stored] == ["one", "two", "three"]
        assert [message["id"] for message in stored] == [first["id"], second["id"], third["id"]]


async def test_a_refused_message_does_not_stop_the_next_one(server: Server) -> None:
    name = await server.user()
    room = await server.room(name)
    async with signed_in(server, name) as client:
        first = client.enqueue(room, "one")
        refused = client.enqueue(room, "   ")
        await client.send(room, "two")
        assert (await first)["content"] == "one"
        with pytest.raises(Problem, match="content"):
            await refused
        await client.flush()
        assert [one["content"] async for one in client.messages(room)] == ["one", "two"]


async def test_flush_reports_a_refused_message_of_an_earlier_run(
    server: Server, tmp_path: Path
) -> None:
    name = await server.user()
    room = await server.room(name)
    path = tmp_path / "outbox.db"
    async with AsyncClient(server.url, outbox=path) as client:
        # Nobody has signed in, so that the messages stay.
        for text in ("one", "   ", "two"):
            client.enqueue(room, text)
        assert client.unsent == 3
    async with signed_in(server, name, outbox=path) as client:
        with pytest.raises(Problem, match="content"):
            await client.flush()
        await client.flush()
        assert [one["content"] async for one in client.messages(room)] == ["one", "two"]


async def test_the_file_of_another_account_is_refused(server: Server, tmp_path: Path) -> None:
    ann, bo = await server.user("ann"), await server.user("bo")
    room = await server.room(ann)
    path = tmp_path / "outbox.db"
    async with signed_in(server, ann, outbox=path) as client:
        await client.send(room, "sent")
        server.kill()
        client.enqueue(room, "left")
    server.start()
    async with AsyncClient(server.url, outbox=path) as client:
        with pytest.raises(OutboxError, match=f"unsent messages of {ann}"):
            await client.login(bo, PASSWORD)
        assert client.token is None
        await client.login(ann, PASSWORD)
        await client.flush()
        assert [one["content"] async for one in client.messages(room)] == ["sent", "left"]
    # An empty file can be used by anybody.
    async with signed_in(server, bo, outbox=path):
        pass


async def test_a_file_that_is_in_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    async with AsyncClient("http://localhost", outbox=path):
        with pytest.raises(OutboxError, match="another program is using it"):
            async with AsyncClient("http://localhost", outbox=path):
                pass
    async with AsyncClient("http://localhost", outbox=path):
        pass
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("This is not an outbox, it is a letter.")
    with pytest.raises(OutboxError, match="not a database"):
        async with AsyncClient("http://localhost", outbox=path):
            pass
