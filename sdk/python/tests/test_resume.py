"""A connection receives every event once, whatever happens to the server and to the network."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from helpers import contents, eventually, receive, signed_in
from server import DEADLINE, Server

pytestmark = pytest.mark.anyio


async def test_after_a_kill_of_the_server_every_event_comes_once(server: Server) -> None:
    writer, reader = await server.user(), await server.user()
    room = await server.room(writer, reader)
    async with (
        signed_in(server, writer) as client,
        signed_in(server, reader) as other,
        other.connect() as connection,
    ):
        await connection.join(room)
        for number in range(3):
            await client.send(room, f"before {number}")
        assert await contents(connection, 3) == ["before 0", "before 1", "before 2"]

        server.kill()
        assert (await receive(connection, "client.disconnected"))["retry_in"] > 0
        waiting = [client.enqueue(room, f"after {number}") for number in range(3)]
        server.start()
        await asyncio.gather(*waiting)
        assert await contents(connection, 3) == ["after 0", "after 1", "after 2"]

        seqs = [event["seq"] async for event in other.events(room)]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_during_kills_of_the_server_messages_are_stored_once_and_in_order(
    server: Server,
) -> None:
    writer, reader = await server.user(), await server.user()
    room = await server.room(writer, reader)
    texts = [f"number {number}" for number in range(300)]
    async with (
        signed_in(server, writer) as client,
        signed_in(server, reader) as other,
        other.connect() as connection,
    ):
        await connection.join(room)
        results = [client.enqueue(room, text) for text in texts]
        for acknowledged in (50, 120, 200):
            async with asyncio.timeout(DEADLINE):
                await results[acknowledged]
            # Not awaited: the kill comes while later messages are on their way.
            await asyncio.to_thread(server.restart)
        await asyncio.wait_for(client.flush(), 2 * DEADLINE)

        stored = [message async for message in client.messages(room)]
        assert [message["content"] for message in stored] == texts
        assert [(await result)["id"] for result in results] == [one["id"] for one in stored]
        assert await contents(connection, len(texts)) == texts


async def test_a_position_is_used_in_another_run(server: Server) -> None:
    writer, reader = await server.user(), await server.user()
    room = await server.room(writer, reader)
    async with signed_in(server, writer) as client, signed_in(server, reader) as other:
        async with other.connect() as connection:
            await connection.join(room)
            await receive(connection, "synced")
            for text in ("one", "two", "three"):
                await client.send(room, text)
            assert await contents(connection, 2) == ["one", "two"]
            # The program asks for another frame, so that it has handled `two`.
            await receive(connection, "message")
            position = connection.positions[room]
        await client.send(room, "four")
        async with other.connect() as connection:
            await connection.join(room, position=position)
            # `three` had arrived, and was not handled.
            assert await contents(connection, 2) == ["three", "four"]


async def test_a_slow_program_misses_nothing(tmp_path: Path) -> None:
    with Server(tmp_path, CHATAPP_LIMITS__STALL_SECONDS="1") as server:
        writer, reader = await server.user(), await server.user()
        room = await server.room(writer, reader)
        # Together much more than the buffers of the sockets take.
        texts = [f"{number} " + "😀" * 3_900 for number in range(1_200)]
        async with (
            signed_in(server, writer) as client,
            signed_in(server, reader) as other,
            signed_in(server, await server.admin()) as admin,
            other.connect(buffer=10) as connection,
        ):
            await connection.join(room)
            await receive(connection, "synced")
            assert (await admin.api.stats())["sockets"] == 1
            for text in texts:
                client.enqueue(room, text)
            await asyncio.wait_for(client.flush(), 4 * DEADLINE)
            async with asyncio.timeout(DEADLINE):
                while (await admin.api.stats())["sockets"] > 0:
                    await asyncio.sleep(0.05)
            # The server has closed the connection, because the program read nothing.
            received: list[str] = []
            disconnected = 0
            while len(received) < len(texts):
                frame = await asyncio.wait_for(connection.receive(), DEADLINE)
                if frame["type"] == "message":
                    received.append(frame["content"])
                disconnected += frame["type"] == "client.disconnected"
            assert received == texts
            assert disconnected >= 1


async def test_a_position_of_another_history_is_reset(server: Server) -> None:
    writer = await server.user()
    room = await server.room(writer)
    async with signed_in(server, writer) as client, client.connect() as connection:
        await connection.join(room, position={"seq": 1, "epoch": "of another database"})
        reset = await receive(connection, "client.reset")
        assert (reset["room_id"], reset["code"]) == (room, "epoch_changed")
        await receive(connection, "synced")
        await client.send(room, "new")
        assert await contents(connection, 1) == ["new"]


async def test_a_join_with_history_begins_with_the_newest_messages(server: Server) -> None:
    writer = await server.user()
    room = await server.room(writer)
    async with signed_in(server, writer) as client, client.connect() as connection:
        for text in ("one", "two", "three"):
            await client.send(room, text)
        await connection.join(room, history=2)
        assert await contents(connection, 2) == ["two", "three"]
        await client.send(room, "four")
        assert await contents(connection, 1) == ["four"]


async def test_what_is_sent_after_a_join_is_received(server: Server) -> None:
    writer = await server.user()
    async with signed_in(server, writer) as client, client.connect() as connection:
        for number in range(20):
            room = await server.room(writer)
            await connection.join(room)
            await client.send(room, f"number {number}")
            assert await contents(connection, 1) == [f"number {number}"]


async def test_a_connection_that_is_closed_ends_its_reader(server: Server) -> None:
    writer = await server.user()
    async with signed_in(server, writer) as client:
        connection = client.connect()
        async with connection:
            await eventually(lambda: connection.is_connected, "the connection is open")
            reader = asyncio.create_task(connection.receive())
            await asyncio.sleep(0)
        with pytest.raises(Exception, match="the connection is closed"):
            await reader
