"""A real server for a test: the program that CHATAPP_TEST_PROGRAM names, on a free port."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from chatapp_client import AsyncClient

PASSWORD = "correct horse battery"

DEADLINE = 30.0
"""How long a test waits for something that should come at once, on a loaded machine."""

FAST = {
    "CHATAPP_AUTH__BCRYPT_COST": "4",
    "CHATAPP_LIMITS__SENDS_PER_SECOND": "0",
    "CHATAPP_LIMITS__JOINS_PER_SECOND": "0",
    "CHATAPP_LIMITS__SIGNUPS_PER_HOUR": "0",
}

_numbers = itertools.count(1)


class Server:
    """A server process with its folder. It can be killed and started again at the same address."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CHATAPP_")
        }
        self.environment |= FAST | settings
        self.database = os.environ.get("CHATAPP_TEST_DATABASE_URL", "sqlite://chatapp.db")
        self.address = "127.0.0.1:0"
        self.log: list[str] = []

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if error is not None:
            print("\n".join(["---- chatapp wrote at the end ----", *self.log[-30:]]))
        elif any("panicked at" in line for line in self.log):
            raise AssertionError("the server panicked:\n" + "\n".join(self.log))

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def start(self) -> None:
        """Starts the server, at its earlier address if it had one."""
        self._process = subprocess.Popen(
            [
                os.environ["CHATAPP_TEST_PROGRAM"],
                *["serve", "--bind", self.address, "--database", self.database],
            ],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        listening = threading.Event()
        threading.Thread(target=self._read, args=(self._process, listening), daemon=True).start()
        assert listening.wait(DEADLINE), "the server did not start:\n" + "\n".join(self.log)

    def kill(self) -> None:
        """Sends SIGKILL, which gives the server no chance to clean up."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def _read(self, process: subprocess.Popen[str], listening: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.log.append(line.rstrip())
            if found := re.search(r"://(127\.0\.0\.1:\d+)", line):
                self.address = found[1]
                listening.set()

    async def admin(self) -> str:
        """The name of an admin, who can sign in with PASSWORD."""
        async with AsyncClient(self.url) as client:
            if (await client.api.get_setup())["needs_admin"]:
                await client.api.signup(
                    username="admin", email="admin@example.com", password=PASSWORD, role="admin"
                )
        return "admin"

    async def user(self, name: str = "user") -> str:
        """The name of a new user, who can sign in with PASSWORD. The database may have others."""
        name = f"{name}{os.getpid()}-{next(_numbers)}"
        async with AsyncClient(self.url) as client:
            await client.api.signup(username=name, email=f"{name}@example.com", password=PASSWORD)
        return name

    async def bot(self) -> tuple[str, str]:
        """The name of a new bot, and its API token."""
        async with AsyncClient(self.url) as client:
            await client.login(await self.admin(), PASSWORD)
            made = await client.api.create_bot(
                username=f"bot{os.getpid()}-{next(_numbers)}",
                token={"name": "test", "scopes": ["read", "send"]},
            )
            return made["username"], made["token"]["token"]

    async def room(self, *members: str, kind: str = "private") -> int:
        """The id of a new room of the admin with these members."""
        async with AsyncClient(self.url) as client:
            await client.login(await self.admin(), PASSWORD)
            name = f"room {os.getpid()} {next(_numbers)}"
            room = await client.api.create_room(
                name=name, kind="public" if kind == "public" else "private"
            )
            ids = []
            for member in members:
                people = await client.api.list_people(query=member)
                ids += [one["id"] for one in people["users"] if one["username"] == member]
            if ids:
                await client.api.add_members(room["id"], user_ids=ids)
            return room["id"]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Waits for something that no frame reports."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"this did not happen in time: {what}"
        time.sleep(0.01)
