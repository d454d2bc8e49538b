"""What tests of connections share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from server import DEADLINE, PASSWORD, Server

from chatapp_client import AsyncClient, AsyncConnection


@asynccontextmanager
async def signed_in(server: Server, name: str, **options: Any) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(server.url, **options) as client:
        await client.login(name, PASSWORD)
        yield client


async def receive(
    connection: AsyncConnection, kind: str, where: Callable[[Any], bool] = lambda frame: True
) -> Any:
    """Returns the next frame of this type that fits, and passes over others."""
    async with asyncio.timeout(DEADLINE):
        async for frame in connection:
            if frame["type"] == kind and where(frame):
                return frame


async def contents(connection: AsyncConnection, count: int) -> list[str]:
    """Returns the texts of the next messages."""
    return [(await receive(connection, "message"))["content"] for _ in range(count)]


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Waits for something that no frame reports."""
    try:
        async with asyncio.timeout(DEADLINE):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"this did not happen in time: {what}") from None
