"""The protocol of the socket, without a socket: which rooms a connection is in, and its positions.

`Protocol` takes the frames that arrive. It says which of them the program sees, and which frames
are to be sent. It reads no clock and does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from .frames import ClientFrame, EventFrame, Person
from .local import Frame, Position

RESET = ("epoch_changed", "history_pruned")
"""The codes of errors after which a room is joined without a position."""

HIDDEN = ("ack", "pong", "reacted", "unsubscribed", "auth.refreshed", "auth.expiring")
"""Frames that are answers to the client, and not for the program."""


@dataclass
class Cursor:
    """A position in the log of a room. It follows the frames that it is shown."""

    seq: int | None = None
    epoch: str | None = None

    def note(self, frame: Frame) -> None:
        if is_event(frame):
            self.seq = cast(EventFrame, frame)["seq"]
        elif frame["type"] == "synced":
            self.epoch = frame["epoch"]
            if self.seq is None:
                self.seq = frame["head_seq"]
        elif frame["type"] == "client.reset":
            self.seq = self.epoch = None


@dataclass
class Joined:
    """A room that the connection is in, or will be in."""

    received: Cursor
    """The position of the newest event that has arrived."""
    handled: Cursor
    """The position of the newest event that the program has handled."""
    history: int = 0
    people: dict[int, Person] = field(default_factory=dict)


@dataclass
class Reaction:
    """What an arrived frame leads to."""

    shown: list[Frame] = field(default_factory=list)
    """Frames for the program."""
    join_again: int | None = None
    """A room that is to be joined again."""
    join_in: float = 0
    """The number of seconds after which it is to be joined."""
    renew_token: bool = False


class Protocol:
    """The state of a client of the socket, over any number of connections."""

    def __init__(self, *, watch: bool = False) -> None:
        self.rooms: dict[int, Joined] = {}
        self.watch = watch
        self.presence: Literal["online", "away"] = "online"

    def opened(self) -> list[ClientFrame]:
        """The frames with which a new connection begins."""
        # The answer to `ping` shows that the server accepts the connection.
        frames: list[ClientFrame] = [{"type": "ping"}]
        if self.presence == "away":
            frames.append({"type": "presence", "state": "away"})
        if self.watch:
            frames.append({"type": "watch"})
        return frames + [self.subscribe(room_id) for room_id in self.rooms]

    def join(self, room_id: int, since: Position | None, history: int) -> None:
        received, handled = (
            Cursor(since["seq"], since["epoch"]) if since else Cursor() for _ in range(2)
        )
        self.rooms[room_id] = Joined(received, handled, history)

    def subscribe(self, room_id: int) -> ClientFrame:
        room = self.rooms[room_id]
        frame: dict[str, Any] = {
            "type": "subscribe",
            "room_id": room_id,
            "ref": f"join {room_id}",
        }
        if room.received.seq is None:
            frame["history"] = room.history
        else:
            frame["since"] = room.received.seq
            if room.received.epoch is not None:
                frame["epoch"] = room.received.epoch
        return cast(ClientFrame, frame)

    def receive(self, frame: Frame) -> Reaction:
        """Takes a frame of the server."""
        if is_event(frame):
            return self._receive_event(cast(EventFrame, frame))
        room = self.rooms.get(cast(int, frame.get("room_id", 0)))
        match frame["type"]:
            case "synced" if room:
                room.received.note(frame)
            case "active_users" if room:
                room.people = {person["user_id"]: person for person in frame["users"]}
            case "user_joined" if room:
                person = {key: frame.get(key) for key in ("user_id", "username", "display_name")}
                room.people[frame["user_id"]] = cast(Person, person)
            case "user_left" if room:
                room.people.pop(frame["user_id"], None)
            case "room_left" | "room_deleted":
                self.rooms.pop(frame["room_id"], None)
            case "auth.expiring":
                return Reaction(renew_token=True)
            case "error":
                return self._receive_error(frame)
        return Reaction() if frame["type"] in HIDDEN else Reaction([frame])

    def reload(self, code: str, detail: str) -> list[Frame]:
        """Forgets the position in every room, because the history was replaced."""
        return [self._reset(room_id, code, detail) for room_id in self.rooms]

    def handled(self, frame: Frame) -> None:
        """The program has handled this frame, which is one of those that were shown to it."""
        room = self.rooms.get(cast(int, frame.get("room_id", 0)))
        if room:
            room.handled.note(frame)

    def positions(self) -> dict[int, Position]:
        return {
            room_id: {"seq": room.handled.seq, "epoch": room.handled.epoch}
            for room_id, room in self.rooms.items()
            if room.handled.seq is not None
        }

    def _receive_event(self, event: EventFrame) -> Reaction:
        room = self.rooms.get(event["room_id"])
        if room is None:
            # The program has just left the room.
            return Reaction()
        if room.received.seq is not None and event["seq"] <= room.received.seq:
            return Reaction()
        room.received.note(event)
        return Reaction([event])

    def _receive_error(self, frame: Any) -> Reaction:
        code, detail = frame["code"], frame["detail"]
        ref = frame.get("ref") or ""
        room_id = int(ref.removeprefix("join ")) if ref.startswith("join ") else None
        if room_id is None:
            # Nobody waits for the answer to `typing` and the like, so the program sees the error.
            return Reaction([frame])
        if room_id not in self.rooms or code == "already_subscribed":
            return Reaction()
        if code in RESET:
            reset = self._reset(room_id, code, detail)
            return Reaction([reset], join_again=room_id)
        if frame.get("retry_after") is not None:
            return Reaction(join_again=room_id, join_in=frame["retry_after"])
        del self.rooms[room_id]
        return Reaction(
            [{"type": "client.room_lost", "room_id": room_id, "code": code, "detail": detail}]
        )

    def _reset(self, room_id: int, code: str, detail: str) -> Frame:
        reset: Frame = {
            "type": "client.reset",
            "room_id": room_id,
            "code": code,
            "detail": detail,
        }
        room = self.rooms[room_id]
        room.received.note(reset)
        room.history = 0
        return reset


def is_event(frame: Frame) -> bool:
    """Whether a frame is an event of a room's log, also one of a kind that is not known here."""
    return "seq" in frame and "timestamp" in frame


def in_order(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: person["username"])
