"""An event loop in a thread of its own, for programs without asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Run(Protocol):
    """Runs a coroutine to its end, and returns its result."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T: ...


class LoopThread:
    """Runs coroutines for other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a program that ends without closing its client must not hang.
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="chatapp-client", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], /) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            # Ctrl-C interrupts the caller, and then the work too.
            future.cancel()
            raise

    def stop(self) -> None:
        """Cancels what still runs, and ends the thread."""
        self.run(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _finish(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
