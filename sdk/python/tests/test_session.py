"""Tokens: they are replaced in time, and the end of a session is one clear exception."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from helpers import eventually, receive, signed_in
from server import DEADLINE, PASSWORD, Server

from chatapp_client import AsyncClient, AsyncConnection, ConnectionFailed, Problem, SignedOut

pytestmark = pytest.mark.anyio


async def ends_with_signed_out(connection: AsyncConnection) -> SignedOut:
    with pytest.raises(SignedOut) as error:
        async with asyncio.timeout(DEADLINE):
            async for _ in connection:
                pass
    return error.value


async def opened_sockets(admin: AsyncClient) -> int:
    """The number of sockets that the server has opened so far."""
    found = re.search(
        r"^chatapp_sockets_opened_total (\d+)", await admin.api.metrics(), re.MULTILINE
    )
    assert found
    return int(found[1])


async def test_a_token_is_replaced_before_it_expires(tmp_path: Path) -> None:
    with Server(tmp_path, CHATAPP_AUTH__TOKEN_SECONDS="6") as server:
        name = await server.user()
        room = await server.room(name)
        async with signed_in(server, name) as client, client.connect() as connection:
            await connection.join(room)
            tokens = {client.token}
            kinds: list[str] = []
            while len(tokens) < 4:
                await client.send(room, "still here")
                kind = ""
                while kind != "message":
                    kind = (await asyncio.wait_for(connection.receive(), DEADLINE))["type"]
                    kinds.append(kind)
                tokens.add(client.token)
            # The first token is invalid for a long time now.
            assert None not in tokens
            assert "client.disconnected" not in kinds


async def test_a_given_token_is_replaced_too(tmp_path: Path) -> None:
    with Server(tmp_path, CHATAPP_AUTH__TOKEN_SECONDS="6") as server:
        name = await server.user()
        async with AsyncClient(server.url) as client:
            token = (await client.api.login(username=name, password=PASSWORD))["access_token"]
        async with AsyncClient(server.url, token=token) as client:
            assert client.user and client.user["username"] == name
            tokens = {token}
            for _ in range(3):
                await eventually(lambda: client.token not in tokens, "the token is replaced")
                assert client.token
                tokens.add(client.token)
            assert (await client.api.me())["username"] == name


@pytest.mark.parametrize("how", ["sessions revoked", "password changed", "signed out"])
async def test_a_session_that_ends_is_one_exception(server: Server, how: str) -> None:
    name = await server.user()
    room = await server.room(name)
    async with (
        signed_in(server, name) as client,
        signed_in(server, name) as other_device,
        signed_in(server, await server.admin()) as admin,
        client.connect() as connection,
    ):
        assert client.user and client.token
        await connection.join(room)
        await receive(connection, "synced")
        match how:
            case "sessions revoked":
                await admin.api.revoke_sessions(client.user["id"])
            case "password changed":
                await other_device.api.change_password(
                    current_password=PASSWORD, new_password="another horse battery"
                )
            case "signed out":
                async with AsyncClient(server.url, token=client.token) as same_session:
                    await same_session.logout()
        error = await ends_with_signed_out(connection)
        assert error.code == "session_revoked"
        sockets = await opened_sockets(admin)

        assert client.token is None
        assert not connection.is_connected
        for _ in range(2):
            assert (await ends_with_signed_out(connection)).code == "session_revoked"
        with pytest.raises(SignedOut):
            await client.send(room, "hello")
        with pytest.raises(SignedOut):
            async with client.connect():
                pass
        assert await opened_sockets(admin) == sockets


async def test_a_message_that_a_session_did_not_send_is_sent_after_the_next_login(
    server: Server,
) -> None:
    name = await server.user()
    room = await server.room(name)
    async with signed_in(server, name) as client:
        await client.logout()
        with pytest.raises(SignedOut):
            await client.send(room, "kept")
        assert client.unsent == 1
        await client.login(name, PASSWORD)
        await client.flush()
        assert [message["content"] async for message in client.messages(room)] == ["kept"]


async def test_errors_say_what_is_wrong(server: Server) -> None:
    name = await server.user()
    room = await server.room(name)
    async with AsyncClient(server.url) as client:
        with pytest.raises(Problem) as wrong:
            await client.login(name, "wrong password")
        assert (wrong.value.status, wrong.value.code) == (401, "wrong_credentials")
        assert not isinstance(wrong.value, SignedOut)
        with pytest.raises(SignedOut, match="sign in first"):
            await client.send(room, "hello")
        with pytest.raises(SignedOut) as missing:
            await client.api.me()
        assert missing.value.code == "token_missing"
    async with signed_in(server, name) as client:
        with pytest.raises(Problem) as blank:
            await client.send(room, " ")
        assert blank.value.code == "invalid_field"
        assert blank.value.fields[0]["field"] == "content"
        assert blank.value.request_id
        assert not blank.value.is_temporary
        server.kill()
        with pytest.raises(ConnectionFailed, match=server.url):
            await client.api.me()


async def test_a_token_of_nobody_is_refused_at_once(server: Server) -> None:
    with pytest.raises(SignedOut) as error:
        async with AsyncClient(server.url, token="of nobody"):
            pass
    assert error.value.code == "token_invalid"
