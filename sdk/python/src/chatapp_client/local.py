"""Frames that a connection adds to those of the server, so that a program learns of them in order.

Their `type` begins with `client.`, which no frame of the server does.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from .frames import ServerFrame


class Position(TypedDict):
    """A place in the log of a room: the newest event that a program has handled.

    It is plain data, so that it can be written to a file as JSON and used in another run.
    """

    seq: int
    epoch: str | None
    """The history that `seq` belongs to; None until the room was joined for the first time."""


class DisconnectedFrame(TypedDict):
    """The connection is lost. The client reconnects by itself, and no event will be missing."""

    type: Literal["client.disconnected"]
    reason: str
    retry_in: float
    """Seconds."""


class ResetFrame(TypedDict):
    """The client could not resume in a room: it continues with what is new.

    The history was replaced (`epoch_changed`), for example by a backup, or the events that were
    missed are not kept any more (`history_pruned`). Forget what you know of the room, and read its
    history again.
    """

    type: Literal["client.reset"]
    room_id: int
    code: str
    detail: str


class RoomLostFrame(TypedDict):
    """The connection is not in a room any more, because the server refused to let it in again."""

    type: Literal["client.room_lost"]
    room_id: int
    code: str
    """The code of the error, such as `room_not_found` or `banned`."""
    detail: str


LocalFrame: TypeAlias = DisconnectedFrame | ResetFrame | RoomLostFrame

Frame: TypeAlias = ServerFrame | LocalFrame
"""What a connection yields. The field `type` says which of these a frame is."""
