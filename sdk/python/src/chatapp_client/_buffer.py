"""The frames that have arrived and that the program has not taken yet."""

from __future__ import annotations

import asyncio
from collections import deque

from .local import Frame


class Buffer:
    """A bounded queue with an end. One task puts frames into it, and one takes them out."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[Frame] = deque()
        self._error: Exception | None = None
        self._changed = asyncio.Event()
        """Set when a frame has arrived, or the end."""
        self._has_space = asyncio.Event()

    async def put(self, frame: Frame) -> None:
        """Adds a frame; waits while the buffer is full."""
        while len(self._frames) >= self._limit:
            self._has_space.clear()
            await self._has_space.wait()
        self._frames.append(frame)
        self._changed.set()

    def end(self, error: Exception) -> None:
        """After the frames that are there, `get` raises this error."""
        self._error = self._error or error
        self._changed.set()

    async def get(self) -> Frame:
        """Takes the oldest frame; waits for it. If the caller is cancelled, no frame is lost."""
        while not self._frames:
            if self._error:
                raise self._error
            self._changed.clear()
            await self._changed.wait()
        self._has_space.set()
        return self._frames.popleft()
