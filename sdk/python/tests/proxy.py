"""A proxy before the server that loses answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Passes bytes in both directions, except the answers that it is told to lose."""

    def __init__(self, server: str) -> None:
        self._host, port = server.split(":")
        self._port = int(port)
        self.answers_to_lose = 0
        """The number of messages whose next answer is replaced by the end of the connection."""

    async def serve(
        self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        loses = False

        async def there() -> None:
            nonlocal loses
            while data := await client_reader.read(65_536):
                if data.startswith(b"POST /rooms/") and self.answers_to_lose:
                    self.answers_to_lose -= 1
                    loses = True
                writer.write(data)

        async def back() -> None:
            while data := await reader.read(65_536):
                if loses:
                    return
                client_writer.write(data)

        tasks = {asyncio.create_task(there()), asyncio.create_task(back())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            writer.close()
            client_writer.close()


@asynccontextmanager
async def proxy(server: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Starts a proxy before the server at this address; yields it and its URL."""
    made = Proxy(server)
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        yield made, f"http://127.0.0.1:{port}"
