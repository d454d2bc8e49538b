"""The programs in README.md do what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from subprocess import Popen

import program
import pytest
import readme
from helpers import contents, signed_in
from server import PASSWORD, Server

pytestmark = pytest.mark.anyio


async def test_the_bot_answers_each_message_once_although_it_is_killed(
    server: Server, tmp_path: Path
) -> None:
    code = readme.program("bot")
    assert len([line for line in code.splitlines() if line]) <= 30
    ann, (bot, token) = await server.user("ann"), await server.bot()
    room = await server.room(ann, bot)
    environment = {"CHAT_URL": server.url, "CHAT_ROOM": str(room), "CHAT_TOKEN": token}

    async def start() -> Popen[str]:
        process = program.start(code, tmp_path, **environment)
        line = await asyncio.to_thread(program.next_line, process)
        assert line.startswith("listening in room")
        return process

    async with signed_in(server, ann) as client, client.connect() as connection:
        await connection.join(room)
        process = await start()
        await client.send(room, "!echo 0")
        assert await contents(connection, 2) == ["!echo 0", "0"]
        for number in range(1, 4):
            # The kill comes at any point of the answer.
            await client.send(room, f"!echo {number}")
            process.kill()
            process.wait()
            await client.send(room, f"!echo {number} while the bot is away")
            process = await start()
            server.restart()
        await client.send(room, "!echo last")
        answers: list[str] = []
        while "last" not in answers:
            answers += await contents(connection, 1)
        process.kill()
        process.wait()
        stored = [one["content"] async for one in client.messages(room) if one["username"] == bot]
        asked = [
            one["content"].removeprefix("!echo ")
            async for one in client.messages(room)
            if one["username"] == ann
        ]
        assert stored == asked


async def test_the_script_copies_a_room(server: Server, tmp_path: Path) -> None:
    code = readme.program("script")
    assert len(code.splitlines()) <= 30
    ann = await server.user("ann")
    room = await server.room(ann)
    async with signed_in(server, ann) as client:
        for text in ("one", "two"):
            await client.send(room, text)
        environment = {"CHAT_URL": server.url, "CHAT_ROOM": str(room), "CHAT_USERNAME": ann}
        process = program.start(code, tmp_path, **environment, CHAT_PASSWORD=PASSWORD)
        output, _ = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0
        name, *copied, said = output.splitlines()
        assert name.startswith("# room ")
        assert [line.split(" ", 1)[1] for line in copied] == [f"{ann}: one", f"{ann}: two"]
        newest = [message async for message in client.messages(room, newest_first=True)][0]
        assert newest["content"] == "I have copied 2 messages."
        assert said == f"# said so in message {newest['id']}"
