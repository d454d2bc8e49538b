"""People, typing, reading positions and rooms that a connection cannot be in."""

from __future__ import annotations

import asyncio

import pytest
from helpers import receive, signed_in
from server import DEADLINE, Server

from chatapp_client import Problem

pytestmark = pytest.mark.anyio


async def test_people_come_type_and_go(server: Server) -> None:
    ann, bo = await server.user("ann"), await server.user("bo")
    room = await server.room(ann, bo)
    async with (
        signed_in(server, ann) as client,
        signed_in(server, bo) as other,
        client.connect() as connection,
    ):
        await connection.join(room)
        await receive(connection, "synced")
        assert [person["username"] for person in connection.people(room)] == [ann]
        async with other.connect() as second:
            await second.join(room)
            await receive(connection, "user_joined", lambda frame: frame["username"] == bo)
            assert [person["username"] for person in connection.people(room)] == [ann, bo]
            await receive(second, "synced")
            await second.typing(room)
            assert (await receive(connection, "typing"))["username"] == bo
        await receive(connection, "user_left", lambda frame: frame["username"] == bo)
        assert [person["username"] for person in connection.people(room)] == [ann]


async def test_presence_holds_after_a_reconnect(server: Server) -> None:
    ann, bo = await server.user("ann"), await server.user("bo")
    room = await server.room(ann, bo)
    async with (
        signed_in(server, ann) as client,
        signed_in(server, bo) as other,
        client.connect() as connection,
    ):
        assert client.user is not None
        user_id = client.user["id"]

        async def becomes(presence: str) -> None:
            # The server tells the database of it a moment later.
            async with asyncio.timeout(DEADLINE):
                while (await other.api.get_person(user_id))["presence"] != presence:
                    await asyncio.sleep(0.02)

        await connection.join(room)
        await receive(connection, "synced")
        await becomes("online")
        await connection.set_presence("away")
        await becomes("away")
        server.kill()
        server.start()
        await receive(connection, "synced")
        await becomes("away")


async def test_reading_positions_reach_the_other_devices(server: Server) -> None:
    ann = await server.user("ann")
    room = await server.room(ann)
    async with (
        signed_in(server, ann) as desk,
        signed_in(server, ann) as phone,
        phone.connect() as connection,
    ):
        await connection.join(room)
        await receive(connection, "synced")
        message = await desk.send(room, "hello")
        assert (await desk.api.mark_read(room, seq=message["seq"]))["read_seq"] == message["seq"]
        frame = await receive(connection, "read")
        assert (frame["room_id"], frame["seq"]) == (room, message["seq"])


async def test_watching_reports_rooms_that_were_not_joined(server: Server) -> None:
    ann, bo = await server.user("ann"), await server.user("bo")
    async with (
        signed_in(server, ann) as client,
        signed_in(server, bo) as other,
        other.connect(watch=True) as connection,
    ):
        await receive(connection, "watching")
        assert client.user and other.user
        room = await client.api.open_direct_room(user_ids=[other.user["id"]])
        created = await receive(connection, "room_created")
        assert created["room"]["id"] == room["id"]
        await client.send(room["id"], "hello")
        activity = await receive(connection, "room_activity", lambda frame: frame["messages"])
        assert activity["messages"][0]["username"] == ann


async def test_a_room_that_does_not_exist_cannot_be_joined(server: Server) -> None:
    async with signed_in(server, await server.user()) as client, client.connect() as connection:
        with pytest.raises(Problem) as error:
            await connection.join(4_000)
        assert error.value.code == "room_not_found"
        assert connection.rooms == []


async def test_who_is_removed_from_a_room_leaves_it_and_stays_connected(server: Server) -> None:
    ann = await server.user("ann")
    room, other_room = await server.room(ann), await server.room(ann)
    async with (
        signed_in(server, ann) as client,
        signed_in(server, await server.admin()) as admin,
        client.connect() as connection,
    ):
        assert client.user
        for one in (room, other_room):
            await connection.join(one)
            await receive(connection, "synced")
        await admin.api.remove_member(room, client.user["id"])
        assert (await receive(connection, "room_left"))["room_id"] == room
        assert connection.rooms == [other_room]
        with pytest.raises(Problem) as error:
            await client.send(room, "hello")
        assert error.value.code == "room_not_found"
        await client.send(other_room, "hello")
        assert (await receive(connection, "message"))["room_id"] == other_room


async def test_a_room_is_lost_if_the_server_does_not_let_the_client_in_again(
    server: Server,
) -> None:
    ann = await server.user("ann")
    room = await server.room(kind="public")
    async with (
        signed_in(server, ann) as client,
        signed_in(server, await server.admin()) as admin,
        client.connect() as connection,
    ):
        assert client.user
        await admin.api.ban_user(room, client.user["id"])
        await connection.join(room)
        assert (await receive(connection, "client.room_lost"))["code"] == "banned"
        assert connection.rooms == []
