"""A client for chatapp servers.

`AsyncClient` is for programs with asyncio, `Client` for others. Both have the same methods.
`types` has what the HTTP calls take and return, and `frames` and `local` what a connection yields.
"""

from . import frames, types
from ._client import AsyncClient
from ._connection import AsyncConnection
from ._sync import Client, Connection
from .api import AsyncApi
from .errors import ChatError, Closed, ConnectionFailed, OutboxError, Problem, SignedOut
from .local import Frame, Position
from .sync_api import Api

__all__ = [
    "Api",
    "AsyncApi",
    "AsyncClient",
    "AsyncConnection",
    "ChatError",
    "Client",
    "Closed",
    "Connection",
    "ConnectionFailed",
    "Frame",
    "OutboxError",
    "Position",
    "Problem",
    "SignedOut",
    "frames",
    "types",
]
