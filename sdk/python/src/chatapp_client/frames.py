"""The frames of the socket, and its close codes.

This file is written by `scripts/generate.py` from docs/asyncapi.json: do not edit it.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict

EventId: TypeAlias = int
"""The id of an event, and so of a message: an integer that is unique in the server and never
reused.
"""

UserId: TypeAlias = int
"""A user's id, unique in the server."""

RoomId: TypeAlias = int
"""A room's id, unique in the server."""

Seq: TypeAlias = int
"""A position in one room's log: 1, 2, 3, … without gaps. 0 is the position before the first event.
"""

Everyone: TypeAlias = Literal["room", "here"]
"""A group of people whom a message mentions."""

Metadata: TypeAlias = dict[str, Any]
"""A product's own data: a JSON object that is not empty. The server keeps it and does not look at
it.
"""

RoomKind: TypeAlias = Literal["public", "private", "direct"]
"""Who sees a room, and who can enter it."""

AllowedTo: TypeAlias = Literal["everyone", "moderators"]
"""The members who may do something in a room."""

VisibleHistory: TypeAlias = Literal["all", "joined"]
"""The part of a private room's log that a member sees."""

RoomField: TypeAlias = Literal[
    "name",
    "description",
    "archived_at",
    "kind",
    "posting",
    "inviting",
    "history",
    "auto_join",
    "metadata",
]
"""A field of a room that its `room_changed` events report."""

RoomRole: TypeAlias = Literal["member", "moderator", "owner"]
"""A member's role in a room. A later role may do more."""

LeaveCause: TypeAlias = Literal["left", "removed", "banned", "deleted"]
"""Why people are no longer members."""

OwnSubject: TypeAlias = Literal["draft", "thread", "scheduled"]
"""What a person has."""

LeftCause: TypeAlias = Literal["left", "removed", "banned", "private"]
"""Why a connection was taken out of a room."""

PresenceState: TypeAlias = Literal["online", "away"]
"""Whether the user is at the client."""


class Mention(TypedDict):
    """A place in the text of a message that mentions somebody: one account, or everyone."""

    user_id: NotRequired[UserId | None]
    """The account; absent if `everyone` is mentioned."""
    everyone: NotRequired[Everyone | None]
    """The group that is mentioned; absent if it is one account."""
    start: int
    """The position of the `@`, in Unicode characters from the beginning of the text."""
    end: int
    """The position after the name."""


class Forwarded(TypedDict):
    """The message that was forwarded."""

    user_id: UserId
    """The author of the message."""
    username: str
    """The author's username. It is not stored with the message."""
    display_name: NotRequired[str | None]
    """The name that the author wants to be shown; absent if it is the username. It is not stored
    with the message.
    """
    timestamp: str
    """The time of the message."""


class Reaction(TypedDict):
    """The people who reacted to a message with one emoji."""

    emoji: str
    """The emoji."""
    count: int
    """The number of people."""
    mine: bool
    """Whether the reader is one of them."""
    people: list[Person]
    """The first ten of them."""


class Person(TypedDict):
    """A person as events and frames name them."""

    user_id: UserId
    """The person's id."""
    username: str
    """The person's unique name."""
    display_name: NotRequired[str | None]
    """The name that the person wants to be shown; absent if it is the username."""


class ThreadSummary(TypedDict):
    """The replies to a message, in short. Deleted replies do not count."""

    count: int
    """The number of replies, up to `ThreadSummary::MAX_COUNT`."""
    last_seq: Seq
    """The `seq` of the newest reply."""
    last_at: str
    """The time of the newest reply."""
    people: list[Person]
    """Up to five of the people who have replied, those of the newest replies first."""


class Message(TypedDict):
    """A message as it stands now. Its fields are in the order of the frame of the original
    contract.
    """

    id: EventId
    """Unique in the server."""
    content: str
    """The text. Empty once the message has been deleted."""
    username: str
    """The sender's name."""
    user_id: UserId
    """The sender."""
    timestamp: str
    """When the server accepted it."""
    room_id: RoomId
    """The room in whose log the message is."""
    seq: Seq
    """Its position in the room's log."""
    display_name: NotRequired[str | None]
    """The name that the sender wants to be shown; absent if it is the username."""
    client_id: NotRequired[str | None]
    """The sender's own id for it, if it gave one."""
    edited_at: NotRequired[str | None]
    """The time of the newest edit; absent if the message was never edited."""
    deleted_at: NotRequired[str | None]
    """The time at which the message was deleted; absent if it was not deleted."""
    thread_id: NotRequired[EventId | None]
    """The id of the first message of the thread in which this is a reply."""
    also_to_room: NotRequired[bool]
    """Whether the reply is shown in the room too, and not only in its thread."""
    quote_of: NotRequired[EventId | None]
    """The id of the message of the same room that this message quotes."""
    mentions: NotRequired[list[Mention]]
    """The people whom the text mentions, in the order of the text."""
    forwarded: NotRequired[Forwarded | None]
    """The author and the time of the message whose text this message repeats."""
    is_bot: NotRequired[bool]
    """Whether a bot sent the message."""
    metadata: NotRequired[Metadata | None]
    """The sender's own data on the message."""
    reactions: NotRequired[list[Reaction]]
    """The reactions, in the order in which their emojis were first used. Only in answers over HTTP:
    on the socket they are events.
    """
    thread: NotRequired[ThreadSummary | None]
    """The replies to the message. Only in answers over HTTP, as the reactions."""
    is_pinned: NotRequired[bool]
    """Whether the message is pinned in its room. Only in answers over HTTP, as the reactions."""


class MessageChange(TypedDict):
    """What was done to a message: an event of its own, after which the message stands as it says.
    """

    id: EventId
    """The event's own id."""
    room_id: RoomId
    """The room in whose log the message is."""
    seq: Seq
    """The event's own position in the room's log."""
    user_id: UserId
    """Who did it."""
    username: str
    """The name of who did it."""
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """When it was done."""
    message_id: EventId
    """The message's id."""
    message_seq: Seq
    """The message's position in the room's log."""
    thread_id: NotRequired[EventId | None]
    """The id of the first message of the thread in which the message is a reply; absent if it is
    not a reply.
    """


class ReactionBy(TypedDict):
    """One person's reaction."""

    emoji: str
    """The emoji."""
    user_id: UserId
    """The person's id."""
    username: str
    """The person's unique name."""
    display_name: NotRequired[str | None]
    """The name that the person wants to be shown; absent if it is the username."""


class ReactionEvent(TypedDict):
    """People reacted to a message, or took reactions back: all those whose reactions were stored
    together.
    """

    id: EventId
    """The event's id."""
    room_id: RoomId
    """The room in whose log the event is."""
    seq: Seq
    """The event's position in the room's log."""
    user_id: UserId
    """The user who caused the event; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the event."""
    message_id: EventId
    """The message's id."""
    message_seq: Seq
    """The message's position in the room's log."""
    reactions: list[ReactionBy]
    """The reactions, in the order in which they came."""


class RoomChanged(TypedDict):
    """A change of a room, with the state of the room after it."""

    id: EventId
    """The event's id."""
    room_id: RoomId
    """The room in whose log the event is."""
    seq: Seq
    """The event's position in the room's log."""
    user_id: UserId
    """The user who caused the event; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the event."""
    name: str
    """The room's name."""
    description: str | None
    """The room's description; null if the room has none."""
    revision: int
    """The number of changes of this room so far. A state with a smaller number is older."""
    archived_at: NotRequired[str | None]
    """The time since which the room is archived; absent if it is not archived."""
    kind: RoomKind
    """Who sees the room."""
    posting: AllowedTo
    """The members who may send."""
    inviting: AllowedTo
    """The members who may add other people and make invites."""
    history: VisibleHistory
    """The part of the log that the members of a private room see."""
    auto_join: bool
    """Whether new accounts become members. Only public rooms."""
    metadata: NotRequired[Metadata | None]
    """The data of a product on the room; absent if the room has none."""
    changed: NotRequired[list[RoomField]]
    """The names of the fields that the change changed; absent in events of earlier versions, which
    did not store them.
    """


class MemberEvent(TypedDict):
    """A change of a room's members."""

    id: EventId
    """The event's id."""
    room_id: RoomId
    """The room in whose log the event is."""
    seq: Seq
    """The event's position in the room's log."""
    user_id: UserId
    """The user who caused the event; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the event."""
    members: list[Person]
    """The people whose membership changed."""
    role: NotRequired[RoomRole | None]
    """The role in the room; absent if it did not change."""
    cause: NotRequired[LeaveCause | None]
    """Why the people are no longer members."""
    reason: NotRequired[str | None]
    """What the moderator has written about it."""
    until: NotRequired[str | None]
    """The time at which the ban ends; absent: never."""
    muted_until: NotRequired[str | None]
    """The time until which the people cannot send. A time that is not after the event lifts it."""
    is_banned: NotRequired[bool | None]
    """True: people who are not members were banned. False: the ban was lifted."""


class PresenceChange(TypedDict):
    """The user who entered or left a room, and the time."""

    room_id: RoomId
    user_id: UserId
    username: str
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """RFC 3339, UTC, with milliseconds"""


class RoomCard(TypedDict):
    """A room as in `GET /rooms/`, without the fields about the reader."""

    id: RoomId
    name: str
    description: str | None
    created_by: UserId
    created_at: str
    """RFC 3339, UTC, with milliseconds"""
    head_seq: Seq
    active_users: int
    archived_at: NotRequired[str | None]
    """RFC 3339, UTC, with milliseconds"""
    revision: int
    kind: RoomKind
    posting: AllowedTo
    """The members who may send."""
    inviting: AllowedTo
    """The members who may add other people and make invites."""
    history: VisibleHistory
    """The part of the log that the members of a private room see."""
    auto_join: bool
    """Whether new accounts become members. Only public rooms."""
    metadata: NotRequired[Metadata | None]
    """The data of a product on the room; absent if the room has none."""


class ActivityMessage(TypedDict):
    """A message without its text, for watchers."""

    seq: Seq
    user_id: UserId
    """The sender."""
    username: str
    """The sender's name."""
    display_name: NotRequired[str | None]
    """The name that the sender wants to be shown; absent if it is the username."""
    mentions: NotRequired[list[UserId]]
    """The accounts that the message mentions (`@name`)."""
    mentions_everyone: NotRequired[bool]
    """The message mentions all members of the room, or all who are here (`@room`, `@here`)."""


class OwnChange(TypedDict):
    """Something of a person's own has changed: the person's devices read it again."""

    subject: OwnSubject
    """What has changed."""
    room_id: RoomId
    """The room that it belongs to."""
    thread_id: NotRequired[EventId | None]
    """The first message of the thread that it belongs to; absent if it belongs to the room, and for
    scheduled messages.
    """


class MessageFrame(Message):
    """An event of the room's log: a message. It is in the database before any client receives it.
    """

    type: Literal["message"]


class ReplyFrame(Message):
    """An event of the room's log: a message that is shown only in its thread. A client that does
    not show threads skips it.
    """

    type: Literal["reply"]


class MessageEditedFrame(TypedDict):
    """An event of the room's log: the author gave a message another text."""

    type: Literal["message_edited"]
    id: EventId
    """The event's own id."""
    room_id: RoomId
    """The room in whose log the message is."""
    seq: Seq
    """The event's own position in the room's log."""
    user_id: UserId
    """Who did it."""
    username: str
    """The name of who did it."""
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """When it was done."""
    message_id: EventId
    """The message's id."""
    message_seq: Seq
    """The message's position in the room's log."""
    thread_id: NotRequired[EventId | None]
    """The id of the first message of the thread in which the message is a reply; absent if it is
    not a reply.
    """
    content: str
    """The new text. Empty once the message has been deleted."""
    mentions: NotRequired[list[Mention]]
    """The people whom the new text mentions, in the order of the text."""


class MessageDeletedFrame(MessageChange):
    """An event of the room's log: the author or a moderator deleted a message. Its text is gone."""

    type: Literal["message_deleted"]


class ReactionAddedFrame(ReactionEvent):
    """An event of the room's log: people reacted to a message."""

    type: Literal["reaction_added"]


class ReactionRemovedFrame(ReactionEvent):
    """An event of the room's log: people took reactions to a message back."""

    type: Literal["reaction_removed"]


class MessagePinnedFrame(MessageChange):
    """An event of the room's log: a message was pinned in the room."""

    type: Literal["message_pinned"]


class MessageUnpinnedFrame(MessageChange):
    """An event of the room's log: a message is no longer pinned in the room."""

    type: Literal["message_unpinned"]


class RoomChangedFrame(RoomChanged):
    """An event of the room's log: the room got another name, description, kind, rule or metadata,
    or it was archived or is no longer archived.
    """

    type: Literal["room_changed"]


class MemberJoinedFrame(MemberEvent):
    """An event of the room's log: people became members. The author of a message in a public room
    is a member too, without such an event.
    """

    type: Literal["member_joined"]


class MemberLeftFrame(MemberEvent):
    """An event of the room's log: people are no longer members."""

    type: Literal["member_left"]


class MemberChangedFrame(MemberEvent):
    """An event of the room's log: a member's role changed, or a member was muted or is no longer
    muted, or a ban was lifted.
    """

    type: Literal["member_changed"]


class UserJoinedFrame(PresenceChange):
    """A user entered the room. Sent once per user, not per connection."""

    type: Literal["user_joined"]


class UserLeftFrame(PresenceChange):
    """A user's last connection left the room."""

    type: Literal["user_left"]


class ActiveUsersFrame(TypedDict):
    """The users who are in the room. Sent to a client that joins the room, and in big rooms to all
    members from time to time.
    """

    type: Literal["active_users"]
    room_id: RoomId
    """The room that the users are in."""
    users: list[Person]
    """The users in the room; in a big room, only some of them."""
    count: int
    """The number of users in the room."""


class AckFrame(TypedDict):
    """A sent message is stored."""

    type: Literal["ack"]
    ref: NotRequired[str | None]
    """The `ref` of the client's frame; absent if that frame has no `ref`."""
    client_id: NotRequired[str | None]
    """The sender's own id for the message; absent if the message has none."""
    room_id: RoomId
    """The room in whose log the message is."""
    id: EventId
    """The id of the message."""
    seq: Seq
    """The message's position in the room's log."""
    duplicate: bool
    """The message had been stored before under this `client_id`: `id` and `seq` are those of the
    original.
    """


class SyncedFrame(TypedDict):
    """The client has received all missed events. The following events are new."""

    type: Literal["synced"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `subscribe`; absent if that frame has no `ref`."""
    room_id: RoomId
    """The room that the client joined."""
    head_seq: Seq
    """The `seq` of the newest event; 0 if the log is empty."""
    epoch: str
    """The identity of the database's history. The client sends it together with `since` when it
    resumes.
    """


class UnsubscribedFrame(TypedDict):
    """The answer to `unsubscribe`: the connection has left the room."""

    type: Literal["unsubscribed"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `unsubscribe`; absent if that frame has no `ref`."""
    room_id: RoomId
    """The room that the connection has left."""


class WatchingFrame(TypedDict):
    """The answer to `watch`: from now on the connection receives frames about everything that
    concerns its user. The client should now read `GET /rooms/`, which has the state until now. The
    frame may come again later, without a `ref`. Then the client has missed frames, because it did
    not read from the socket for a while, or left a room before it had received the room's log. It
    should read `GET /rooms/` again.
    """

    type: Literal["watching"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `watch`; absent if that frame has no `ref`."""
    epoch: str
    """The identity of the database's history, as in `synced`."""


class RoomCreatedFrame(TypedDict):
    """For watchers: there is a new room that the user sees. The people of a direct room are in `GET
    /rooms/{room_id}`.
    """

    type: Literal["room_created"]
    room: RoomCard
    """The new room."""


class RoomActivityFrame(TypedDict):
    """For watchers that have not joined the room: the room has new events. Sent at most once a
    second for each room, in order and without a gap: each frame continues the `head_seq` of the
    frame before. A client that joins the room with this `head_seq` as `since` misses nothing.
    """

    type: Literal["room_activity"]
    room_id: RoomId
    """The room that has new events."""
    head_seq: Seq
    """The `seq` of the newest event. If it is not greater than the `head_seq` from `GET /rooms/`,
    the frame has nothing new for the client.
    """
    messages: list[ActivityMessage]
    """New messages, in order of `seq`. The client knows those at or before its `head_seq` already.
    """
    deleted: NotRequired[list[Seq]]
    """The `seq`s of deleted messages."""
    threads: NotRequired[list[EventId]]
    """The ids of the first messages of threads that have new replies."""
    truncated: NotRequired[bool]
    """The frame does not contain all of the activity. `GET /rooms/{room_id}` has the number of
    unread messages.
    """


class RoomUpdatedFrame(TypedDict):
    """The room changed; the frame has its present state. Members receive the frame in addition to
    the event `room_changed`, watchers receive only the frame.
    """

    type: Literal["room_updated"]
    room_id: RoomId
    """The room that changed."""
    name: str
    """The room's name."""
    description: str | None
    """The room's description; null if the room has none."""
    revision: int
    """The number of changes of this room so far. A state with a smaller number is older."""
    archived_at: NotRequired[str | None]
    """The time since which the room is archived; absent if it is not archived."""
    kind: RoomKind
    """Who sees the room."""
    posting: AllowedTo
    """The members who may send."""
    inviting: AllowedTo
    """The members who may add other people and make invites."""
    history: VisibleHistory
    """The part of the log that the members of a private room see."""
    auto_join: bool
    """Whether new accounts become members. Only public rooms."""
    metadata: NotRequired[Metadata | None]
    """The data of a product on the room; absent if the room has none."""


class ReadFrame(TypedDict):
    """The read position of the connection's user in a room. Sent if another connection of the user
    has moved it, and as the answer to a `read` with a `ref`. The frame is not in the log and may be
    dropped.
    """

    type: Literal["read"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `read`; absent if another connection has moved the position."""
    room_id: RoomId
    """The room in which the position is."""
    seq: Seq
    """The `seq` of the last event that the user has read."""
    marked_unread: NotRequired[bool]
    """The user has marked messages as unread: the position counts although it may be before the one
    that the client knows. Absent if not.
    """


class MembershipFrame(TypedDict):
    """The place of the connection's user in a room changed, or whether the user sees the room: the
    client reads `GET /rooms/{room_id}` again. If that does not exist, the user does not see the
    room any more. For watchers.
    """

    type: Literal["membership"]
    room_id: RoomId
    """The room."""


class OwnChangedFrame(OwnChange):
    """Something that only the user has was changed, perhaps on another device: the client reads it
    again. The device that made the change receives the frame too, because a change over HTTP
    belongs to no connection. The frame is not in the log and may be dropped; a client that receives
    `watching` reads all of it again. For watchers.
    """

    type: Literal["own_changed"]


class RoomLeftFrame(TypedDict):
    """The connection was taken out of a room, because its user may not read the room any more. A
    connection that was opened for this room alone is closed.
    """

    type: Literal["room_left"]
    room_id: RoomId
    """The room that the connection has left."""
    cause: LeftCause
    """Why."""


class RoomDeletedFrame(TypedDict):
    """The room was deleted."""

    type: Literal["room_deleted"]
    room_id: RoomId
    """The deleted room."""


class TypingFrame(TypedDict):
    """A user is typing. The frame is not in the log and may be dropped."""

    type: Literal["typing"]
    room_id: RoomId
    """The room in which the user is typing."""
    user_id: UserId
    """The user who is typing."""
    username: str
    """The name of that user."""
    display_name: NotRequired[str | None]
    """The name that the user wants to be shown; absent if it is the username."""


class ReactedFrame(TypedDict):
    """The answer to `react`: the reaction is stored, or stood so already."""

    type: Literal["reacted"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `react`."""
    room_id: RoomId
    """The room in which the message is."""


class PongFrame(TypedDict):
    """The answer to `ping`."""

    type: Literal["pong"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `ping`; absent if that frame has no `ref`."""


class AuthRefreshedFrame(TypedDict):
    """The answer to `auth.refresh`: the connection uses the new token now. It is open until the
    token expires or its session ends.
    """

    type: Literal["auth.refreshed"]
    ref: NotRequired[str | None]
    """The `ref` of the client's `auth.refresh`; absent if that frame has no `ref`."""
    expires_at: str
    """The time at which the new token expires."""


class AuthExpiringFrame(TypedDict):
    """The connection's token expires soon. The connection is then closed with 4401, unless the
    client sends a new token with `auth.refresh`. Sent once per token: a minute before it expires,
    or a tenth of its life if that is shorter.
    """

    type: Literal["auth.expiring"]
    expires_at: str
    """The time at which the token expires."""


class ErrorFrame(TypedDict):
    """A request of the client failed. The connection stays open."""

    type: Literal["error"]
    code: str
    """The stable code of the error for programs, the same as over HTTP: see `x-error-codes`."""
    detail: str
    """A sentence for people: the error and what to do about it."""
    ref: NotRequired[str | None]
    """The `ref` of the client's frame; absent if that frame has no `ref`."""
    room_id: NotRequired[RoomId | None]
    """The room that the request was about; absent if it was not about a room."""
    retry_after: NotRequired[int | None]
    """The number of seconds after which to retry; absent if the error is not temporary."""


class PlainSendFrame(TypedDict):
    """The short form of `send`, on `/ws/{room_id}`. Without `ref` and `client_id` there is no
    `ack`: the message itself is the answer.
    """

    room_id: NotRequired[RoomId | None]
    """The room; may be left out on `/ws/{room_id}`."""
    content: str
    client_id: NotRequired[str | None]
    """The sender's own id of the message, unique per room and sender for ever. A message that is
    sent again with the same id is not stored again: the answer is that of the original, with
    `duplicate`.
    """
    thread_id: NotRequired[EventId | None]
    """The id of a message: this one is a reply in its thread, and is shown only there."""
    also_to_room: NotRequired[bool]
    """Whether a reply is shown in the room too."""
    quote_of: NotRequired[EventId | None]
    """The id of a message of the room that this one quotes."""
    metadata: NotRequired[Metadata | None]
    """The sender's own data on the message, at most 4 KiB as compact JSON."""


class ClientSendFrame(TypedDict):
    """Sends a message to a room."""

    room_id: NotRequired[RoomId | None]
    """The room; may be left out on `/ws/{room_id}`."""
    content: str
    client_id: NotRequired[str | None]
    """The sender's own id of the message, unique per room and sender for ever. A message that is
    sent again with the same id is not stored again: the answer is that of the original, with
    `duplicate`.
    """
    thread_id: NotRequired[EventId | None]
    """The id of a message: this one is a reply in its thread, and is shown only there."""
    also_to_room: NotRequired[bool]
    """Whether a reply is shown in the room too."""
    quote_of: NotRequired[EventId | None]
    """The id of a message of the room that this one quotes."""
    metadata: NotRequired[Metadata | None]
    """The sender's own data on the message, at most 4 KiB as compact JSON."""
    type: Literal["send"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientSubscribeFrame(TypedDict):
    """Joins a room. The answer is `active_users`, the missed events and `synced`; then come new
    events.
    """

    room_id: RoomId
    """The room to join."""
    since: NotRequired[Seq | None]
    """Everything after this seq is sent first."""
    epoch: NotRequired[str | None]
    """The epoch that `since` belongs to, from `synced`."""
    history: NotRequired[int | None]
    """Without `since`: the newest messages, this number of them, are sent first with the events
    among them; 0 if left out.
    """
    type: Literal["subscribe"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientUnsubscribeFrame(TypedDict):
    """Leaves a room."""

    room_id: RoomId
    type: Literal["unsubscribe"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientTypingFrame(TypedDict):
    """Notifies the other members of the room that the user is typing."""

    room_id: NotRequired[RoomId | None]
    """The room; may be left out on `/ws/{room_id}`."""
    type: Literal["typing"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientReadFrame(TypedDict):
    """Stores that the user has read a room up to a position, like `PUT /rooms/{room_id}/read`. It
    is answered if it has a `ref`. The user's other connections in the room get a `read` frame.
    """

    room_id: NotRequired[RoomId | None]
    """The room; may be left out on `/ws/{room_id}`."""
    seq: Seq
    """The `seq` of the last event that was read."""
    type: Literal["read"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientReactFrame(TypedDict):
    """Adds a reaction to a message, or takes it back, like `PUT` and `DELETE` of
    `/rooms/{room_id}/messages/{message_id}/reactions/{emoji}`. It is answered by `reacted` if it
    has a `ref`.
    """

    room_id: NotRequired[RoomId | None]
    """The room; may be left out on `/ws/{room_id}`."""
    message_id: EventId
    """The message."""
    emoji: str
    """An emoji of Unicode, or its short name such as `:tada:`."""
    remove: NotRequired[bool]
    """Whether the reaction is taken back."""
    type: Literal["react"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientAuthRefreshFrame(TypedDict):
    """Replaces the connection's token by a new token of the same user, from `POST /auth/refresh` or
    a new login, so that the connection outlives the token that it began with.
    """

    token: str
    type: Literal["auth.refresh"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientPresenceFrame(TypedDict):
    """Says whether the user is at the client. A user whose clients are all away is shown as `away`.
    There is no answer; a new connection is not away.
    """

    state: PresenceState
    type: Literal["presence"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientWatchFrame(TypedDict):
    """Requests frames about everything that concerns the user, also for rooms that are not joined.
    The answer is `watching`. Repeating it does no harm.
    """

    type: Literal["watch"]
    ref: NotRequired[str]
    """Repeated in the answer."""


class ClientPingFrame(TypedDict):
    """Asks for a `pong`."""

    type: Literal["ping"]
    ref: NotRequired[str]
    """Repeated in the answer."""


EventFrame: TypeAlias = (
    MessageFrame
    | ReplyFrame
    | MessageEditedFrame
    | MessageDeletedFrame
    | ReactionAddedFrame
    | ReactionRemovedFrame
    | MessagePinnedFrame
    | MessageUnpinnedFrame
    | RoomChangedFrame
    | MemberJoinedFrame
    | MemberLeftFrame
    | MemberChangedFrame
)
"""An event of a room's log. It has a `seq`."""

ServerFrame: TypeAlias = (
    MessageFrame
    | ReplyFrame
    | MessageEditedFrame
    | MessageDeletedFrame
    | ReactionAddedFrame
    | ReactionRemovedFrame
    | MessagePinnedFrame
    | MessageUnpinnedFrame
    | RoomChangedFrame
    | MemberJoinedFrame
    | MemberLeftFrame
    | MemberChangedFrame
    | UserJoinedFrame
    | UserLeftFrame
    | ActiveUsersFrame
    | AckFrame
    | SyncedFrame
    | UnsubscribedFrame
    | WatchingFrame
    | RoomCreatedFrame
    | RoomActivityFrame
    | RoomUpdatedFrame
    | ReadFrame
    | MembershipFrame
    | OwnChangedFrame
    | RoomLeftFrame
    | RoomDeletedFrame
    | TypingFrame
    | ReactedFrame
    | PongFrame
    | AuthRefreshedFrame
    | AuthExpiringFrame
    | ErrorFrame
)
"""Every frame that the server sends."""

ClientFrame: TypeAlias = (
    PlainSendFrame
    | ClientSendFrame
    | ClientSubscribeFrame
    | ClientUnsubscribeFrame
    | ClientTypingFrame
    | ClientReadFrame
    | ClientReactFrame
    | ClientAuthRefreshFrame
    | ClientPresenceFrame
    | ClientWatchFrame
    | ClientPingFrame
)
"""Every frame of a client."""


class CloseCode(NamedTuple):
    """Why the server closes a connection, and what the client should do then."""

    code: int
    name: str
    reason: str
    advice: str


CLOSE_CODES: dict[int, CloseCode] = {
    1000: CloseCode(
        1000,
        "normal",
        "closed",
        "nothing",
    ),
    1001: CloseCode(
        1001,
        "restart",
        "the server is restarting",
        "reconnect after a random delay of up to a few seconds and resume",
    ),
    1002: CloseCode(
        1002,
        "protocol_error",
        "not a valid WebSocket frame",
        "do not reconnect: the client is at fault",
    ),
    1003: CloseCode(
        1003,
        "unsupported_data",
        "binary messages are not supported",
        "do not reconnect: the client is at fault",
    ),
    1007: CloseCode(
        1007,
        "invalid_text",
        "text is not valid UTF-8",
        "do not reconnect: the client is at fault",
    ),
    1009: CloseCode(
        1009,
        "too_big",
        "the message is too big",
        "do not send that message again; reconnect and resume",
    ),
    1011: CloseCode(
        1011,
        "internal_error",
        "something went wrong in the server",
        "reconnect after a delay and resume",
    ),
    4401: CloseCode(
        4401,
        "sign_in_again",
        "the token is missing, invalid, expired or revoked",
        "sign in again, then reconnect and resume",
    ),
    4403: CloseCode(
        4403,
        "forbidden",
        "not allowed here",
        "do not reconnect",
    ),
    4404: CloseCode(
        4404,
        "room_gone",
        "there is no such room",
        "do not reconnect",
    ),
    4408: CloseCode(
        4408,
        "stalled",
        "the client sent nothing or read nothing for too long",
        "reconnect and resume",
    ),
    4409: CloseCode(
        4409,
        "epoch_changed",
        "the history was replaced",
        "discard the messages of the room, then reconnect without `since`",
    ),
    4429: CloseCode(
        4429,
        "too_fast",
        "too many messages, rooms or sockets in a short time",
        "reconnect after a delay and slow down",
    ),
}
