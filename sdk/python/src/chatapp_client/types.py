"""What the HTTP calls take and return.

This file is written by `scripts/generate.py` from docs/openapi.json: do not edit it.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

AllowedTo: TypeAlias = Literal["everyone", "moderators"]
"""The members who may do something in a room."""

Belonging: TypeAlias = Literal["joined", "none"]
"""Whether the caller is a member."""

Everyone: TypeAlias = Literal["room", "here"]
"""A group of people whom a message mentions."""

InviteKind: TypeAlias = Literal["room", "server"]
"""What an invite lets people into."""

InviteRole: TypeAlias = Literal["member", "moderator"]
"""The role of the people who enter a room by an invite."""

LeaveCause: TypeAlias = Literal["left", "removed", "banned", "deleted"]
"""Why people are no longer members: they left, were removed or banned, or their account was
deleted.
"""

Metadata: TypeAlias = dict[str, Any]
"""A product's own data: a JSON object with at most 32 keys of 1 to 64 characters, at most 4,096
bytes as compact JSON and at most 32 levels, without NUL. An empty object is none.
"""

Notify: TypeAlias = Literal["all", "mentions", "none"]
"""The messages of a room that notify a member."""

Presence: TypeAlias = Literal["online", "away", "offline"]
"""Whether a person is connected to a server."""

Role: TypeAlias = Literal["user", "admin"]
"""The role of an account on the whole server."""

RoomCreators: TypeAlias = Literal["admins", "everyone"]
"""Who may create rooms."""

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
"""A field of a room that a change can change."""

RoomKind: TypeAlias = Literal["public", "private", "direct"]
"""Who sees a room: every account, only its members, or the fixed people of a conversation."""

RoomRole: TypeAlias = Literal["member", "moderator", "owner"]
"""A member's role in a room."""

Scope: TypeAlias = Literal["read", "send", "rooms", "admin"]
"""A part of the API."""

SearchOrder: TypeAlias = Literal["newest", "best"]
"""The order of found messages."""

SignupMode: TypeAlias = Literal["open", "invite", "closed"]
"""Who may create an account."""

ViaDto: TypeAlias = Literal["http", "cli"]
"""The interface through which an action was requested."""

VisibleHistory: TypeAlias = Literal["all", "joined"]
"""The part of a private room's log that a member sees: the whole log, or the events after the time
of joining.
"""

ErrorCode: TypeAlias = Literal[
    "invalid_field",
    "token_missing",
    "token_invalid",
    "token_expired",
    "session_revoked",
    "wrong_credentials",
    "wrong_current_password",
    "scope_missing",
    "token_limited",
    "person_required",
    "bot_required",
    "bot_account",
    "too_many_tokens",
    "token_not_found",
    "hook_not_found",
    "too_many_hooks",
    "cursor_not_found",
    "too_many_cursors",
    "admin_required",
    "admin_signup_refused",
    "signup_closed",
    "invite_required",
    "other_user",
    "invalid_reset_token",
    "exchange_off",
    "keys_unavailable",
    "review_unavailable",
    "account_deactivated",
    "subject_taken",
    "external_account",
    "room_not_found",
    "user_not_found",
    "message_not_found",
    "previews_off",
    "preview_not_found",
    "invite_not_found",
    "author_required",
    "message_deleted",
    "room_archived",
    "last_admin",
    "too_many_invites",
    "too_many_reactions",
    "too_many_pins",
    "scheduled_not_found",
    "too_many_scheduled",
    "too_many_drafts",
    "username_taken",
    "email_taken",
    "room_name_taken",
    "banned",
    "muted",
    "posting_restricted",
    "message_refused",
    "moderator_required",
    "owner_required",
    "higher_role",
    "blocked",
    "not_a_member",
    "room_kind",
    "last_owner",
    "malformed_json",
    "unknown_type",
    "not_subscribed",
    "already_subscribed",
    "too_many_rooms",
    "epoch_changed",
    "history_pruned",
    "too_many_requests",
    "too_many_sockets",
    "busy",
    "unavailable",
    "outcome_unknown",
    "internal",
    "bad_request",
    "not_found",
    "method_not_allowed",
    "body_timeout",
    "too_large",
    "unsupported_media_type",
    "origin_refused",
    "upgrade_required",
    "bad_handshake",
]
"""Why a request was not carried out. Later versions may have more: see `x-error-codes`."""


class Account(TypedDict):
    """An account, as an admin sees it."""

    id: int
    username: str
    email: str
    role: Role
    is_active: bool
    """An account that is not active cannot sign in."""
    created_at: str
    display_name: NotRequired[str]
    """The name that the person wants to be shown; absent if it is the username."""
    sessions: int
    """The number of its open sessions; of a bot, the number of its API tokens."""
    is_bot: NotRequired[bool]
    """True: the account is a bot's, which has no password."""
    metadata: NotRequired[Metadata]
    """The data of a product on the person; absent if there is none."""


class AccountPage(TypedDict):
    """A page of accounts, in order of id."""

    users: list[Account]
    next_after: NotRequired[int | None]
    """The `after` of the next page; null if this is the last page."""


class AccountRequest(TypedDict):
    """An account to be created for a person."""

    username: str
    """As for `POST /auth/signup`."""
    email: NotRequired[str | None]
    """As for `POST /auth/signup`. An account without an email has a text that begins with
    `no-email-` in its place.
    """
    password: NotRequired[str | None]
    """As for `POST /auth/signup`. Without a password the person cannot sign in by `POST
    /auth/login`.
    """
    display_name: NotRequired[str | None]
    """The name that is shown, at most 64 characters."""
    external_subject: NotRequired[str | None]
    """The person's id in the product, at most 255 characters: the product's tokens with this
    subject open the account. Not together with a password.
    """
    metadata: NotRequired[Metadata | None]
    """Data of the product's own on the person, for admins and for the person alone."""


class AddedMembers(TypedDict):
    """The people who have become members."""

    added: list[Person]
    """Without those who were members already."""


class AdminRoom(TypedDict):
    """A room, as an admin sees it."""

    id: int
    name: str
    kind: RoomKind
    """Public or private."""
    member_count: int
    """The number of members."""
    created_by: NotRequired[int]
    """The id of the user who created it; absent in a private room."""
    created_at: str
    head_seq: NotRequired[int]
    """The `seq` of the newest event; absent in a private room."""
    archived_at: NotRequired[str]
    """The time since which the room is archived."""


class AdminRoomPage(TypedDict):
    """A page of the public and private rooms, in order of id."""

    rooms: list[AdminRoom]
    next_after: NotRequired[int | None]
    """The `after` of the next page; null if this is the last page."""


class Announced(TypedDict):
    """A message of the server itself that was stored."""

    message: NotRequired[Message]
    """The message; absent if the caller may not read it, as in a private room of others."""


class AnnouncementRequest(TypedDict):
    """A message of the server itself."""

    content: str
    """The text: not blank, without NUL."""
    client_id: NotRequired[str | None]
    """The sender's own id of the message, as in a send. All messages of the server itself share
    these ids in a room.
    """
    metadata: NotRequired[Metadata | None]
    """Data of the caller's own, as in a send."""


class ApiToken(TypedDict):
    """An API token, without the token itself."""

    id: str
    """32 hexadecimal digits."""
    name: str
    """What the token is for."""
    scopes: list[Scope]
    """The parts of the API that the token allows."""
    room_ids: NotRequired[list[int]]
    """The only rooms that the token can be used for; absent if it can be used for all."""
    created_at: str
    expires_at: NotRequired[str]
    """When the token expires; absent if it does not."""
    last_used_at: NotRequired[str]
    """A time of use, at most a minute before the last one; absent if the token has not been used.
    """


class ApiTokenRequest(TypedDict):
    """An API token to be made."""

    name: str
    """What the token is for: 1 to 64 characters."""
    scopes: list[Scope]
    """The parts of the API that the token allows."""
    room_ids: NotRequired[list[int] | None]
    """The only rooms that the token can be used for, at most 100. Without it: all rooms that the
    bot may use.
    """
    expires_at: NotRequired[str | None]
    """When the token expires. Without it: never."""


class AuditEntry(TypedDict):
    """An administrative action."""

    id: int
    timestamp: str
    actor: str
    """The admin's present name, or the operating system's name of the operator at the command line.
    """
    via: ViaDto
    action: str
    """The action, as `kind.verb`. Later versions may have more."""
    target: str
    """The target, as `kind #id`."""
    detail: dict[str, Any]
    """Details of the action."""


class AuditPage(TypedDict):
    """A page of the audit log, newest first."""

    entries: list[AuditEntry]
    next_before: NotRequired[int | None]
    """The `before` of the next page; null if this is the last page."""


class Ban(TypedDict):
    """A user who may not enter a room."""

    user_id: int
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    banned_by: int
    """The id of the user who banned."""
    created_at: str
    """The time of the ban."""
    reason: NotRequired[str | None]
    until: NotRequired[str | None]
    """The time at which the ban ends, or has ended; null: never."""


class BanRequest(TypedDict):
    """A ban."""

    reason: NotRequired[str | None]
    """What the members are told about it; at most 500 characters."""
    until: NotRequired[str | None]
    """The time at which the ban ends; null or left out: never."""


class Block(TypedDict):
    """A user whom the caller has blocked."""

    user: UserCard
    created_at: str
    """The time of the block."""


class BotRequest(TypedDict):
    """A bot to be made, with its first API token."""

    username: str
    """The name, unique as that of a person."""
    display_name: NotRequired[str | None]
    """The name that is shown in place of the username."""
    role: NotRequired[Role | None]
    """The role; `user` if it is left out. The scope `admin` needs the role `admin`."""
    token: ApiTokenRequest
    """The first token."""


class Branding(TypedDict):
    """How the server presents itself."""

    name: str
    logo: NotRequired[str | None]
    """The path of an SVG or PNG below the server's own address. It changes with the logo."""
    color: NotRequired[str | None]
    """The accent colour, `#rgb` or `#rrggbb`."""


class Cursor(TypedDict):
    """A cursor of the caller."""

    name: str
    epoch: str
    """The epoch of the server's history, for `since` on the socket."""
    positions: list[CursorPosition]
    """In order of room."""


class CursorMoveRequest(TypedDict):
    """A position to which a cursor is moved."""

    room_id: int
    seq: int
    """The `seq` of the last event that was handled."""


class CursorPosition(TypedDict):
    """A position in the log of a room."""

    room_id: int
    seq: int
    """The `seq` of the last event that was handled."""
    updated_at: str


class CursorRequest(TypedDict):
    """Positions to which a cursor is moved."""

    positions: list[CursorMoveRequest]
    """1 to 1000 rooms."""


class Delivery(TypedDict):
    """An attempt to deliver an event."""

    id: int
    """Greater than those of earlier attempts."""
    room_id: int
    seq: int
    """The event's position in the room's log."""
    event_id: int
    kind: str
    """The kind of the event."""
    attempted_at: str
    duration_ms: int
    """The time to the end of the answer, in milliseconds."""
    status: NotRequired[int]
    """The status of the answer; absent if there was none."""
    failure: NotRequired[str]
    """Why the event was not delivered; absent if it was."""


class DirectRoomRequest(TypedDict):
    """The people of a direct room."""

    user_ids: list[int]
    """The ids of 1 to 7 other people. The caller is in the room too."""


class Draft(TypedDict):
    """What the caller has written and not sent."""

    room_id: int
    thread_id: NotRequired[int]
    """The first message of the thread that the draft is for; absent if it is for the room."""
    content: str
    updated_at: str
    """When the text was last changed, by the server's clock."""


class DraftRequest(TypedDict):
    """What the caller has written and not sent."""

    content: str
    """The text: not empty, as long as a message at most."""
    thread_id: NotRequired[int | None]
    """A message of the thread that the draft is for. Without it, the draft is for the room."""


class EventPage(TypedDict):
    """A page of a room's log, oldest first."""

    events: list[Event]
    head_seq: int
    """The room's newest seq."""
    next_after: int
    """The `after` of the next page, also if its events have yet to happen."""
    has_more: bool
    """There are events after this page."""
    epoch: str
    """The identity of the database's history. If it changes, positions of the earlier epoch are
    invalid.
    """


class ExchangeRequest(TypedDict):
    """A token of the product."""

    token: str
    """A JWT of at most 8,192 bytes."""


class FailingRoom(TypedDict):
    """A room whose next event could not be delivered so far."""

    room_id: int
    seq: int
    """The position of the last event that was delivered or left out."""
    failures: int
    """How often the next event could not be delivered."""
    retry_at: NotRequired[str]
    """When it is tried again; absent if it is not tried again by itself."""


class FieldError(TypedDict):
    """A field that is not acceptable, and the rule that it breaks."""

    field: str
    message: str


class FollowedThread(TypedDict):
    """A thread that the caller follows."""

    message: Message
    """The first message, with the summary of its thread."""
    read_seq: int
    """The caller has read the thread up to this `seq`."""
    unread: int
    """The number of other people's replies after it; 999 means 999 or more."""


class ForwardRequest(TypedDict):
    """Where to forward a message to."""

    room_id: int
    """The room that gets the message."""
    client_id: NotRequired[str | None]
    """The sender's own id of the new message, as in a send."""


class Forwarded(TypedDict):
    """The author and the time of a message that was forwarded."""

    user_id: int
    username: str
    """The author's username."""
    display_name: NotRequired[str]
    """The name that the author wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the message."""


class FoundMessage(TypedDict):
    """A message that was found."""

    message: Message
    """The message with its present text, without `reactions`, `thread` and `is_pinned`."""
    snippet: Snippet
    """What of it is shown in a list."""


class Health(TypedDict):
    """The server's state."""

    status: str
    """`ok`."""
    version: str


class Hit(TypedDict):
    """The place of a found word."""

    start: int
    """The index of its first character in the snippet. Characters are Unicode code points."""
    end: int
    """The index after its last character."""


class Hook(TypedDict):
    """A webhook. Its messages are those of a bot, whose id it has."""

    id: int
    room_id: int
    name: str
    """The name under which its messages are shown."""
    username: str
    """The unique name of its bot."""
    created_by: Person
    """Who made it; user 0, `(server)`, if an operator did it at the command line."""
    created_at: str
    last_used_at: NotRequired[str]
    """A time of use, at most a minute before the last one; absent if it has not been used."""
    path: NotRequired[str]
    """The path of its URL, which is a secret. Only in the answer to the request that made it."""


class HookForm(TypedDict):
    """The same as a form, as `curl -d text=hi` sends it. One of the fields is needed."""

    text: NotRequired[str | None]
    """The message, in Slack's mrkdwn."""
    payload: NotRequired[str | None]
    """A `HookPayload` as JSON."""


class HookPayload(TypedDict):
    """What programs send to a webhook: the payload of Slack's incoming webhooks. All other fields
    are ignored.
    """

    text: NotRequired[str | None]
    """The message, in Slack's mrkdwn. Not shown if there are `blocks`."""
    blocks: NotRequired[list[Any] | None]
    """Slack's blocks: `header`, `section`, `divider`, `context`, `image`, `actions`, `rich_text`
    and `markdown`.
    """
    attachments: NotRequired[list[Any] | None]
    """Slack's attachments, which are shown after the text or the blocks."""


class HookRequest(TypedDict):
    """A webhook to be made."""

    name: str
    """The name under which its messages are shown: 1 to 64 characters."""


class Invite(TypedDict):
    """An invite. Its link is `/#/invite/TOKEN` on the server's page."""

    id: int
    token: NotRequired[str]
    """The secret of the link. Only in the answer to the request that made the invite."""
    room_id: NotRequired[int]
    """Left out: an invite to the server."""
    role: NotRequired[InviteRole]
    """Left out: an invite to the server."""
    created_by: int
    """The id of the user who made it."""
    invited_by: Inviter
    uses_allowed: NotRequired[int]
    """Left out: any number."""
    completed: int
    """The number of people who have used it."""
    created_at: str
    expires_at: NotRequired[str]
    """Left out: never."""


class InvitePreview(TypedDict):
    """What the holder of an invite may know before entering."""

    kind: InviteKind
    room: NotRequired[InviteRoom]
    """Left out: an invite to the server."""
    invited_by: Inviter
    expires_at: NotRequired[str]
    """Left out: never."""


class InviteRequest(TypedDict):
    """An invite to a room, to be made."""

    uses_allowed: NotRequired[int | None]
    """The number of people whom it lets in; any number if left out."""
    expires_at: NotRequired[str | None]
    """At most a year from now; a week from now if left out."""
    role: NotRequired[InviteRole | None]
    """`member` if left out. Only an owner invites moderators."""


class InviteRoom(TypedDict):
    """The room of an invite."""

    name: str
    description: NotRequired[str | None]
    member_count: int


class InviteTokenRequest(TypedDict):
    """The token of an invite."""

    token: str


class Inviter(TypedDict):
    """A person who invites."""

    username: str
    display_name: NotRequired[str]
    """The name that the person wants to be shown; left out if it is the username."""


class Login(TypedDict):
    """A token, and its account."""

    access_token: str
    """A JWT."""
    token_type: Literal["bearer"]
    expires_in: int
    """Seconds until the token expires, unless its session ends before."""
    user: User


class LoginRequest(TypedDict):
    """A username or an email, and the password."""

    username: str
    """The username or the email of the account; ASCII case is ignored. Surrounding white space is
    removed.
    """
    password: str
    """At most 71 bytes in UTF-8, without NUL."""


class MadeApiToken(TypedDict):
    """An API token that was just made."""

    token: str
    """The token itself. It is shown only now."""
    id: str
    """32 hexadecimal digits."""
    name: str
    """What the token is for."""
    scopes: list[Scope]
    """The parts of the API that the token allows."""
    room_ids: NotRequired[list[int]]
    """The only rooms that the token can be used for; absent if it can be used for all."""
    created_at: str
    expires_at: NotRequired[str]
    """When the token expires; absent if it does not."""
    last_used_at: NotRequired[str]
    """A time of use, at most a minute before the last one; absent if the token has not been used.
    """


class MadeBot(TypedDict):
    """A bot that was just made, and its first token."""

    user_id: int
    """The bot's account."""
    username: str
    token: MadeApiToken


class Member(TypedDict):
    """A member of a room."""

    user_id: int
    username: str
    """The member's unique name."""
    display_name: NotRequired[str]
    """The name that the member wants to be shown; absent if it is the username."""
    role: RoomRole
    joined_at: str
    muted_until: NotRequired[str]
    """The time until which the member cannot send. It may be over."""


class MemberChangeRequest(TypedDict):
    """A change of a member: exactly one of the two."""

    role: NotRequired[RoomRole | None]
    """The new role. Only owners set roles."""
    muted_until: NotRequired[str | None]
    """The time until which the member cannot send; null lifts the mute."""


class MemberChanged(TypedDict):
    """A member's role changed, or a member was muted or is no longer muted; or somebody who is not
    a member was banned, or is no longer banned.
    """

    type: Literal["member_changed"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who made the change; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    members: list[Person]
    """The people whose membership changed."""
    role: NotRequired[RoomRole]
    """The new role; absent if it did not change."""
    muted_until: NotRequired[str]
    """The time until which the people cannot send. A time that is not after the event lifts it."""
    is_banned: NotRequired[bool]
    """True: people who are not members were banned. False: the ban was lifted."""
    reason: NotRequired[str]
    """What the moderator has written about it."""
    until: NotRequired[str]
    """The time at which the ban ends; absent: never."""


class MemberJoined(TypedDict):
    """People became members of the room. The author of a message in a public room is a member too,
    without such an event.
    """

    type: Literal["member_joined"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who made the change; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    members: list[Person]
    """The people whose membership changed."""
    role: RoomRole
    """Their role in the room."""


class MemberLeft(TypedDict):
    """People are no longer members of the room. Somebody who is banned need not have been a member.
    """

    type: Literal["member_left"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who made the change; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    members: list[Person]
    """The people whose membership changed."""
    cause: LeaveCause
    reason: NotRequired[str]
    """What the moderator has written about it."""
    until: NotRequired[str]
    """The time at which the ban ends; absent: never."""


class MemberPage(TypedDict):
    """A page of the members of a room, in order of id."""

    members: list[Member]
    next_after: NotRequired[int | None]
    """The `after` of the next page; null if this is the last page."""
    total: int
    """The number of all members of the room."""


class MembersRequest(TypedDict):
    """People who become members of a room."""

    user_ids: list[int]
    """The ids of 1 to 100 accounts."""
    role: NotRequired[RoomRole | None]
    """Their role: `member` if left out. Only owners give another one."""


class Membership(TypedDict):
    """The caller's place in a room."""

    role: RoomRole
    joined_at: str
    joined_seq: int
    """The `seq` of the room's newest event when the caller became a member."""
    muted_until: NotRequired[str]
    """The time until which the caller cannot send. It may be over."""
    notify: Notify
    is_starred: bool
    """Whether the caller wants to see the room first."""
    is_hidden: bool
    """Whether the room is hidden until its next event."""


class Mention(TypedDict):
    """A place in the text of a message that mentions an account, or everyone."""

    user_id: NotRequired[int]
    """The account; absent if `everyone` is mentioned."""
    everyone: NotRequired[Everyone]
    """The group that is mentioned; absent if it is one account."""
    start: int
    """The position of the `@`, in Unicode characters from the beginning of the text."""
    end: int
    """The position after the name."""


class MentionOfCaller(TypedDict):
    """A message that mentions the caller."""

    is_everyone: bool
    """Whether the message mentions everyone in the room, and not the caller by name."""
    is_unread: bool
    """Whether the caller has not read up to the message yet."""
    message: Message


class Message(TypedDict):
    """A message as it is now."""

    id: int
    """Unique in the server."""
    content: str
    """The text. Empty once the message has been deleted."""
    username: str
    user_id: int
    """The sender."""
    timestamp: str
    """When the server accepted it."""
    room_id: int
    seq: int
    """Its position in the room's log."""
    display_name: NotRequired[str]
    """The name that the sender wants to be shown; absent if it is the username."""
    client_id: NotRequired[str]
    """The sender's own id of the message, if the sender gave one."""
    edited_at: NotRequired[str]
    deleted_at: NotRequired[str]
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which this is a reply."""
    also_to_room: NotRequired[bool]
    """True: the reply is shown in the room too."""
    quote_of: NotRequired[int]
    """The id of the message of the same room that this message quotes."""
    mentions: NotRequired[list[Mention]]
    """The people whom the text mentions, in the order of the text."""
    forwarded: NotRequired[Forwarded]
    """The author and the time of the message whose text this message repeats."""
    is_bot: NotRequired[bool]
    """True: a bot sent the message."""
    metadata: NotRequired[Metadata]
    """The sender's own data on the message."""
    reactions: NotRequired[list[Reaction]]
    """The reactions, in the order in which their emojis were first used. Not in events."""
    thread: NotRequired[ThreadSummary]
    """The replies to the message. Not in events."""
    is_pinned: NotRequired[bool]
    """True: the message is pinned in its room. Not in events."""


class MessageDeleted(TypedDict):
    """The author or a moderator deleted a message, and its text with it."""

    type: Literal["message_deleted"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who changed the message."""
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    message_id: int
    """The message's id."""
    message_seq: int
    """The message's position in the room's log."""
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which the message is a reply; absent if it is
    not a reply.
    """


class MessageEditRequest(TypedDict):
    """A new text of a message."""

    content: str
    """The new text, by the rules of a new message."""


class MessageEdited(TypedDict):
    """The author gave a message another text."""

    type: Literal["message_edited"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who changed the message."""
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    message_id: int
    """The message's id."""
    message_seq: int
    """The message's position in the room's log."""
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which the message is a reply; absent if it is
    not a reply.
    """
    content: str
    """The new text. Empty once the message has been deleted."""
    mentions: NotRequired[list[Mention]]
    """The people whom the new text mentions, in the order of the text."""


class MessagePage(TypedDict):
    """A page of a room's messages, oldest first."""

    messages: list[Message]
    has_older: bool
    """There are messages before this page."""
    has_newer: bool
    """There are messages after this page."""
    next_before: NotRequired[int | None]
    """The `before` of the page before this one; null on the first page."""
    next_after: NotRequired[int | None]
    """The `after` of the page after this one; null on the last page."""
    head_seq: int
    """The room's newest seq."""


class MessagePinned(TypedDict):
    """A message was pinned in the room."""

    type: Literal["message_pinned"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who changed the message."""
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    message_id: int
    """The message's id."""
    message_seq: int
    """The message's position in the room's log."""
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which the message is a reply; absent if it is
    not a reply.
    """


class MessageRequest(TypedDict):
    """A message to be sent."""

    content: str
    """The text: not blank, without NUL."""
    client_id: NotRequired[str | None]
    """The sender's own id of the message, 1 to 64 visible ASCII characters. A message that is sent
    again with the same id, at any time, is stored once.
    """
    thread_id: NotRequired[int | None]
    """The id of a message of the room: this one is a reply in its thread. A reply to a reply
    belongs to the same thread.
    """
    also_to_room: NotRequired[bool | None]
    """Whether a reply is shown in the room too, and not only in its thread."""
    quote_of: NotRequired[int | None]
    """The id of a message of the room that this one quotes."""
    metadata: NotRequired[Metadata | None]
    """Data of the caller's own, for everybody who sees the message. An edit keeps it; a deleted
    message has none.
    """


class MessageSent(TypedDict):
    """A message was sent. It is shown as it is now."""

    type: Literal["message"]
    id: int
    """Unique in the server."""
    content: str
    """The text. Empty once the message has been deleted."""
    username: str
    user_id: int
    """The sender."""
    timestamp: str
    """When the server accepted it."""
    room_id: int
    seq: int
    """Its position in the room's log."""
    display_name: NotRequired[str]
    """The name that the sender wants to be shown; absent if it is the username."""
    client_id: NotRequired[str]
    """The sender's own id of the message, if the sender gave one."""
    edited_at: NotRequired[str]
    deleted_at: NotRequired[str]
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which this is a reply."""
    also_to_room: NotRequired[bool]
    """True: the reply is shown in the room too."""
    quote_of: NotRequired[int]
    """The id of the message of the same room that this message quotes."""
    mentions: NotRequired[list[Mention]]
    """The people whom the text mentions, in the order of the text."""
    forwarded: NotRequired[Forwarded]
    """The author and the time of the message whose text this message repeats."""
    is_bot: NotRequired[bool]
    """True: a bot sent the message."""
    metadata: NotRequired[Metadata]
    """The sender's own data on the message."""
    reactions: NotRequired[list[Reaction]]
    """The reactions, in the order in which their emojis were first used. Not in events."""
    thread: NotRequired[ThreadSummary]
    """The replies to the message. Not in events."""
    is_pinned: NotRequired[bool]
    """True: the message is pinned in its room. Not in events."""


class MessageUnpinned(TypedDict):
    """A message is no longer pinned in the room."""

    type: Literal["message_unpinned"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who changed the message."""
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    message_id: int
    """The message's id."""
    message_seq: int
    """The message's position in the room's log."""
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which the message is a reply; absent if it is
    not a reply.
    """


class Node(TypedDict):
    """A node: a running server."""

    id: int
    """Another one after each start of the server. 0 with SQLite."""
    name: str
    """`fleet.name`, or the name of the machine."""
    version: str
    address: str
    """The address that the server listens at."""
    started_at: str
    """By the clock of the server's machine."""
    connections: int
    """Sockets included."""
    lag_ms: int
    """How long a change by another node takes to be known on this one, measured with its last
    heartbeat. 500: it does not hear the doorbell, so that it looks at the database twice a second.
    """
    heartbeat_age_ms: int
    """The time since its last heartbeat. There is one every second and a half; a node that has had
    none for five seconds is dead, and is left out.
    """
    has_jobs: bool
    """This is the node that runs the jobs that one node does for all, such as retention."""
    is_this_node: bool
    """This is the node that has answered."""


class OutgoingHook(TypedDict):
    """An outgoing webhook."""

    id: int
    user_id: int
    """The id of the bot whose rights decide which rooms are read."""
    url: str
    kinds: NotRequired[list[str] | None]
    """The kinds of events that are sent; null: all."""
    room_ids: NotRequired[list[int] | None]
    """The only rooms whose events are sent; null: all that the bot may read."""
    created_at: str
    paused_at: NotRequired[str]
    """The time since which nothing is sent; absent if it is not paused."""
    is_gone: bool
    """Whether it was paused because the URL answered with 410."""
    failing_rooms: int
    """The number of rooms whose next event could not be delivered so far."""
    parked_rooms: int
    """The number of those in which it is not tried again by itself."""


class OutgoingHookChangeRequest(TypedDict):
    """A change of an outgoing webhook. Fields that are left out stay as they are."""

    url: NotRequired[str | None]
    kinds: NotRequired[list[str] | None]
    """The kinds of events that are sent; null: all."""
    room_ids: NotRequired[list[int] | None]
    """The only rooms whose events are sent; null: all that the bot may read."""
    is_paused: NotRequired[bool | None]
    """Whether nothing is sent for now. What happens meanwhile is sent later."""


class OutgoingHookRequest(TypedDict):
    """An outgoing webhook to be made."""

    user_id: int
    """The id of the bot whose rights decide which rooms are read. What the bot does itself is not
    sent.
    """
    url: str
    """Where the events are sent: `https://` or `http://`."""
    kinds: NotRequired[list[str] | None]
    """The kinds of events that are sent, such as `message`. Without it: all."""
    room_ids: NotRequired[list[int] | None]
    """The only rooms whose events are sent, at most 100. Without it: all that the bot may read."""


class OutgoingHookSecret(TypedDict):
    """An outgoing webhook and its secret."""

    hook: OutgoingHook
    secret: str
    """Verifies the signatures of the requests. It is shown only now."""


class OwnBot(TypedDict):
    """The caller's own account and token."""

    user_id: int
    """The bot's account."""
    username: str
    scopes: list[Scope]
    """What the token of this request allows."""
    room_ids: NotRequired[list[int]]
    """The only rooms that the token can be used for; absent if it can be used for all."""


class OwnerRequest(TypedDict):
    """The new owner of a room."""

    user_id: int


class PasswordRequest(TypedDict):
    """The old password and the new one."""

    current_password: str
    new_password: str
    """At most 71 bytes in UTF-8, without NUL; not one that is easily guessed."""


class PasswordReset(TypedDict):
    """A token that sets one new password, once: see `POST /auth/password-reset`."""

    token: str
    expires_at: str


class PasswordResetRequest(TypedDict):
    """A token that an admin made, and the new password."""

    token: str
    new_password: str
    """At most 71 bytes in UTF-8, without NUL; not one that is easily guessed."""


class PeoplePage(TypedDict):
    """A page of the directory."""

    users: list[UserCard]
    next_after: NotRequired[int]
    """The `after` of the next page; absent on the last page."""


class Person(TypedDict):
    """A person."""

    user_id: int
    username: str
    """The person's unique name."""
    display_name: NotRequired[str]
    """The name that the person wants to be shown; absent if it is the username."""


class Pin(TypedDict):
    """A message that is pinned in its room."""

    message: Message
    pinned_by: Person
    """The user who pinned it."""
    pinned_at: str


class PreferenceRequest(TypedDict):
    """Changes of how the caller sees a room; fields that are left out stay as they are."""

    notify: NotRequired[Notify | None]
    is_starred: NotRequired[bool | None]
    """Whether the caller wants to see the room first."""
    is_hidden: NotRequired[bool | None]
    """Whether the room is hidden until its next event."""


class Preview(TypedDict):
    """What a page says of itself to which a message links.

    All texts are those of the page: plain text of one line, without characters that change the
    direction of text.
    """

    url: str
    """The address of the link, in the form in which browsers write it."""
    title: str
    """At most 200 characters."""
    description: NotRequired[str]
    """At most 500 characters."""
    site_name: NotRequired[str]
    """The name by which the page calls its site, at most 100 characters. Show the host of `url`
    too: a page can give itself any name.
    """
    image: NotRequired[str]
    """The path of the image on this server, if the page names one. The image may turn out not to
    exist.
    """


class Problem(TypedDict):
    """An error: RFC 9457."""

    type: str
    """`about:blank`: the status and `code` identify the problem."""
    title: str
    status: int
    detail: str
    """What happened and what to do, for people."""
    code: ErrorCode | str
    """The stable word for programs. A later version may send another one."""
    request_id: str
    """Finds the request in the server's log."""
    retry_after: NotRequired[int]
    """The error is temporary: seconds after which to retry, as in the header `Retry-After`."""
    errors: NotRequired[list[FieldError]]
    """The fields that are not acceptable."""


class ProfileRequest(TypedDict):
    """Changes of the caller's profile; fields that are left out stay as they are, and null removes
    one.
    """

    display_name: NotRequired[str | None]
    """1 to 64 characters of any script, at least one of them visible. Surrounding white space is
    removed; control characters, invisible characters and characters that change the direction of
    text are refused. Stored in Unicode's Normalization Form C.
    """
    title: NotRequired[str | None]
    """1 to 100 characters, by the rules of a display name."""
    timezone: NotRequired[str | None]
    """A name of the IANA time zone database, such as `Europe/Berlin`; ASCII case is ignored."""
    status: NotRequired[StatusRequest | None]
    """Replaces the whole status. Its `until` must be in the future."""


class Reaction(TypedDict):
    """The people who reacted to a message with one emoji."""

    emoji: str
    count: int
    """The number of people."""
    mine: bool
    """Whether the caller is one of them."""
    people: list[Person]
    """The first ten of them."""


class ReactionAdded(TypedDict):
    """People reacted to a message."""

    type: Literal["reaction_added"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The first of the people."""
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    message_id: int
    """The message's id."""
    message_seq: int
    """The message's position in the room's log."""
    reactions: list[ReactionBy]
    """The reactions, in the order in which they came."""


class ReactionBy(TypedDict):
    """One person's reaction."""

    emoji: str
    user_id: int
    username: str
    display_name: NotRequired[str]
    """The name that the person wants to be shown; absent if it is the username."""


class ReactionRemoved(TypedDict):
    """People took reactions to a message back."""

    type: Literal["reaction_removed"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The first of the people."""
    username: str
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    message_id: int
    """The message's id."""
    message_seq: int
    """The message's position in the room's log."""
    reactions: list[ReactionBy]
    """The reactions, in the order in which they came."""


class ReadPosition(TypedDict):
    """The caller's read position."""

    read_seq: int
    """A `seq`. Only marking messages as unread decreases it."""


class ReadRequest(TypedDict):
    """The caller's read position."""

    seq: int
    """The `seq` of the last event that was read. A greater number than the head means the head."""


class ReplayRequest(TypedDict):
    """Where an outgoing webhook goes on."""

    room_id: NotRequired[int | None]
    """The room. Without it: all rooms in which the next event could not be delivered."""
    after_seq: NotRequired[int | None]
    """The events of the room after this position are delivered next. Without it: those that could
    not be delivered.
    """


class Reply(TypedDict):
    """A message was sent that is shown only in its thread. It is shown as it is now."""

    type: Literal["reply"]
    id: int
    """Unique in the server."""
    content: str
    """The text. Empty once the message has been deleted."""
    username: str
    user_id: int
    """The sender."""
    timestamp: str
    """When the server accepted it."""
    room_id: int
    seq: int
    """Its position in the room's log."""
    display_name: NotRequired[str]
    """The name that the sender wants to be shown; absent if it is the username."""
    client_id: NotRequired[str]
    """The sender's own id of the message, if the sender gave one."""
    edited_at: NotRequired[str]
    deleted_at: NotRequired[str]
    thread_id: NotRequired[int]
    """The id of the first message of the thread in which this is a reply."""
    also_to_room: NotRequired[bool]
    """True: the reply is shown in the room too."""
    quote_of: NotRequired[int]
    """The id of the message of the same room that this message quotes."""
    mentions: NotRequired[list[Mention]]
    """The people whom the text mentions, in the order of the text."""
    forwarded: NotRequired[Forwarded]
    """The author and the time of the message whose text this message repeats."""
    is_bot: NotRequired[bool]
    """True: a bot sent the message."""
    metadata: NotRequired[Metadata]
    """The sender's own data on the message."""
    reactions: NotRequired[list[Reaction]]
    """The reactions, in the order in which their emojis were first used. Not in events."""
    thread: NotRequired[ThreadSummary]
    """The replies to the message. Not in events."""
    is_pinned: NotRequired[bool]
    """True: the message is pinned in its room. Not in events."""


class Revoked(TypedDict):
    """The number of sessions that were ended."""

    revoked: int


class Room(TypedDict):
    """A room."""

    id: int
    name: str
    """Empty in a direct room."""
    description: NotRequired[str | None]
    kind: RoomKind
    """Who sees the room."""
    posting: AllowedTo
    """The members who may send."""
    inviting: AllowedTo
    """The members who may add people and make invites."""
    history: VisibleHistory
    """The part of the log that the members of a private room see."""
    auto_join: bool
    """Whether new accounts become members. Only public rooms."""
    created_by: int
    """The id of the user who created it."""
    created_at: str
    head_seq: int
    """The `seq` of the newest event; 0 in a room where nothing has happened."""
    active_users: int
    """How many users are connected to it now."""
    read_seq: int
    """The caller's read position: a `seq`, 0 at first."""
    unread: NotRequired[int]
    """The number of messages of other users after the read position, up to `head_seq`, without
    deleted ones; 999 means 999 or more. Only the next 5,000 events are counted. For a member who
    has never read the room, the messages after `joined_seq` are counted. Left out if the caller is
    not a member and has never read the room: then the whole room is new.
    """
    first_unread_seq: NotRequired[int]
    """The `seq` of the first of these messages; absent if there is none."""
    mentions: NotRequired[int]
    """The number of messages after the read position that mention the caller (`@name`, `@room`),
    and of such replies in followed threads that the caller has not read; 999 means 999 or more.
    """
    unread_threads: NotRequired[int]
    """The number of threads that the caller follows and in which other users' replies are unread.
    """
    membership: NotRequired[Membership]
    """The caller's place in the room; absent if the caller is not a member."""
    member_count: int
    """The number of members."""
    people: NotRequired[list[Person]]
    """All people of a direct room, the caller too; absent for other rooms."""
    revision: int
    """Increases with every change of the room, such as of its name: of two copies, the one with the
    smaller revision is older.
    """
    archived_at: NotRequired[str]
    """The time since which the room is archived: it can be read, and nothing can be sent to it."""
    metadata: NotRequired[Metadata]
    """The data of a product; absent if the room has none."""


class RoomChangeRequest(TypedDict):
    """Changes of a room; fields that are left out stay as they are."""

    name: NotRequired[str | None]
    """As for a new room."""
    description: NotRequired[str | None]
    """As for a new room; null removes it."""
    is_archived: NotRequired[bool | None]
    """Whether the room is archived: then it can be read, and nothing can be sent to it."""
    kind: NotRequired[RoomKind | None]
    """`public` or `private`. Only owners change it. A public room becomes invisible to all who are
    not members; in a room that becomes public every account can read the whole log.
    """
    posting: NotRequired[AllowedTo | None]
    """The members who may send."""
    inviting: NotRequired[AllowedTo | None]
    """The members who may add people and make invites."""
    history: NotRequired[VisibleHistory | None]
    """The part of the log that the members of a private room see."""
    auto_join: NotRequired[bool | None]
    """Whether new accounts become members. Only public rooms."""
    metadata: NotRequired[Metadata | None]
    """As for a new room, in place of all earlier data; null removes it."""


class RoomChanged(TypedDict):
    """The room got another name, description, kind, rule or metadata, or it was archived or is no
    longer archived.
    """

    type: Literal["room_changed"]
    id: int
    """The event's own id."""
    room_id: int
    seq: int
    """The event's own position in the room's log."""
    user_id: int
    """The user who changed the room; 0 if an operator did it at the command line, without an
    account.
    """
    username: str
    """That user's name; `(server)` if the user is 0."""
    display_name: NotRequired[str]
    """The name that the user wants to be shown; absent if it is the username."""
    timestamp: str
    """The time of the change."""
    name: str
    """The room's name after the change."""
    description: NotRequired[str | None]
    revision: int
    """The number of changes of this room so far."""
    archived_at: NotRequired[str]
    """The time since which the room is archived; absent if it is not archived."""
    kind: RoomKind
    """Who sees the room."""
    posting: AllowedTo
    """The members who may send."""
    inviting: AllowedTo
    """The members who may add people and make invites."""
    history: VisibleHistory
    """The part of the log that the members of a private room see."""
    auto_join: bool
    """Whether new accounts become members. Only public rooms."""
    changed: NotRequired[list[RoomField]]
    """The names of the fields that the change changed; absent in events of earlier versions, which
    did not store them. Later versions may have more names.
    """
    metadata: NotRequired[Metadata]
    """The data of a product after the change; absent if the room has none."""


class RoomRequest(TypedDict):
    """A room to be created."""

    name: str
    """1 to 64 characters, at least one of them visible. Surrounding white space is removed; control
    characters, invisible characters and characters that change the direction of text are refused.
    Unique (ASCII case is ignored), and stored in Unicode's Normalization Form C.
    """
    description: NotRequired[str | None]
    """At most 500 characters, without control characters other than line breaks and tabs."""
    kind: NotRequired[RoomKind | None]
    """`public` (if left out) or `private`."""
    posting: NotRequired[AllowedTo | None]
    """The members who may send: `everyone` if left out."""
    inviting: NotRequired[AllowedTo | None]
    """The members who may add people and make invites: `moderators` if left out."""
    history: NotRequired[VisibleHistory | None]
    """The part of the log that the members of a private room see: `all` if left out."""
    auto_join: NotRequired[bool | None]
    """Whether new accounts become members: false if left out. Only public rooms."""
    metadata: NotRequired[Metadata | None]
    """Data of the caller's own, for everybody who sees the room."""


class ScheduleRequest(TypedDict):
    """A message to be sent later."""

    content: str
    """As for a message."""
    send_at: str
    """When it is sent: in the future, at most a year ahead."""
    thread_id: NotRequired[int | None]
    """The message in whose thread it will be a reply."""


class ScheduledChangeRequest(TypedDict):
    """Changes of a scheduled message; fields that are left out stay as they are."""

    content: NotRequired[str | None]
    """As for a message."""
    send_at: NotRequired[str | None]
    """When it is sent: in the future, at most a year ahead."""


class ScheduledMessage(TypedDict):
    """A message that is sent later, or that could not be sent."""

    id: int
    room_id: int
    thread_id: NotRequired[int]
    """The message in whose thread it will be a reply."""
    content: str
    send_at: str
    created_at: str
    failure: NotRequired[str]
    """The code of the error for which it was not sent. A change of the message has it sent again.
    """


class SearchPage(TypedDict):
    """A page of found messages."""

    found: list[FoundMessage]
    next_cursor: NotRequired[str | None]
    """The `cursor` of the next page; null on the last page."""
    is_complete: bool
    """Whether every message of the searched rooms is in the index. If not, the newest messages may
    be missing: a moment later they are there.
    """


class ServerInviteRequest(TypedDict):
    """An invite to the server, to be made."""

    uses_allowed: NotRequired[int | None]
    """The number of people whom it lets in; any number if left out."""
    expires_at: NotRequired[str | None]
    """At most a year from now; a week from now if left out."""


class Session(TypedDict):
    """An open session."""

    id: str
    """The `sid` of its tokens."""
    created_at: str
    expires_at: str


class Setup(TypedDict):
    """The facts that a client needs before it signs in."""

    needs_admin: bool
    """There is no admin yet."""
    allowed_here: bool
    """The caller is on the machine itself, and the first admin may sign up from there."""
    message_chars: int
    """The most characters that a message may have, counted as Unicode scalar values."""
    signup: SignupMode
    rooms_create: RoomCreators
    previews: bool
    """Whether messages have previews of the pages that they link to."""
    branding: Branding


class SignupRequest(TypedDict):
    """An account to be created."""

    username: str
    """2 to 32 of ASCII letters, digits, `_`, `.` and `-`, the first a letter or a digit; unique
    (case is ignored). Surrounding white space is removed. Not `all`, `channel`, `everyone`, `here`,
    `room` or `system`, and not beginning with `deleted-`.
    """
    email: str
    """Unique (ASCII case is ignored). Surrounding white space is removed; a domain that is not in
    ASCII is stored in the ASCII form of IDNA.
    """
    password: str
    """At most 71 bytes in UTF-8, without NUL; not one that is easily guessed. All ways to type its
    accents give the same password (Unicode NFKC).
    """
    role: NotRequired[Role | None]
    """`user` if left out. `admin` needs an admin's token, except for the first admin."""
    invite: NotRequired[str | None]
    """The token of an invite. The account becomes a member of the invite's room."""


class Snippet(TypedDict):
    """A part of a message's text, on one line. `…` stands where it is cut off."""

    text: str
    hits: list[Hit]
    """The places of what was searched for, in order."""


class Stats(TypedDict):
    """The state of the server and of its database. Figures that cannot be read now are `null`:
    those of a database that does not answer, and those of the process that the system does not
    provide.
    """

    version: str
    nodes: int
    """Servers that run on the database, this one included: see `/admin/nodes`. All other figures
    are those of this server alone, or of the database.
    """
    started_at: str
    uptime_seconds: int
    database: NotRequired[str | None]
    """The kind of database and its version."""
    database_bytes: NotRequired[int | None]
    """On its disk."""
    wal_bytes: NotRequired[int | None]
    """SQLite's write-ahead log; `null` with PostgreSQL."""
    users: NotRequired[int | None]
    rooms: NotRequired[int | None]
    events: NotRequired[int | None]
    """Entries of all rooms' logs."""
    sockets: int
    """Open now."""
    connected_users: int
    """Users with at least one socket."""
    live_rooms: int
    """Rooms with at least one member."""
    messages_per_second: float
    """Over the last minute."""
    deliveries_per_second: float
    """Messages times their receivers, over the last minute."""
    commit_p50_ms: NotRequired[float | None]
    """Half of the last 1,000 transactions of messages took at most this long."""
    commit_p99_ms: NotRequired[float | None]
    """99 of 100 of these transactions took at most this long."""
    write_queue: int
    """Queued writes."""
    read_queue: int
    """Queued reads."""
    password_queue: int
    """Queued checks of passwords."""
    hub_queue: int
    """Queued commands of the hub."""
    blocked_sockets: int
    """Sockets that are blocked: their client takes nothing now."""
    slowest_reader_seqs: int
    """By how many events the slowest reader is behind."""
    slowest_reader_seconds: int
    """For how long the slowest reader has taken nothing."""
    storage_errors: int
    """Failures of the database since the server started."""
    memory_bytes: NotRequired[int | None]
    cpu_seconds: NotRequired[float | None]
    """Used since the server started."""
    open_files: NotRequired[int | None]
    """Files and connections."""


class Status(TypedDict):
    """What a person does for a while. At least the text or the emoji is there."""

    text: NotRequired[str]
    """1 to 100 characters, by the rules of a display name."""
    emoji: NotRequired[str]
    """One emoji, of at most 32 bytes in UTF-8."""
    until: NotRequired[str]
    """The time from which the status is not shown any more; absent: it stays."""


class StatusRequest(TypedDict):
    """The caller's new status, with a text or an emoji. A field that is null is left out."""

    text: NotRequired[str | None]
    """1 to 100 characters, by the rules of a display name."""
    emoji: NotRequired[str | None]
    """One emoji, of at most 32 bytes in UTF-8."""
    until: NotRequired[str | None]
    """The time from which the status is not shown any more, in the future; left out: it stays."""


class ThreadFollow(TypedDict):
    """The caller's place in a thread."""

    is_following: bool
    """Whether the caller follows the thread."""
    read_seq: int
    """The caller has read the thread up to this `seq`; 0 for a caller who never followed it."""


class ThreadPage(TypedDict):
    """A page of the replies to a message, oldest first."""

    message: Message
    """The first message of the thread."""
    messages: list[Message]
    """The replies."""
    has_older: bool
    """There are replies before this page."""
    has_newer: bool
    """There are replies after this page."""
    next_before: NotRequired[int | None]
    """The `before` of the page before this one; null on the first page."""
    next_after: NotRequired[int | None]
    """The `after` of the page after this one; null on the last page."""
    head_seq: int
    """The room's newest seq."""
    is_following: bool
    """Whether the caller follows the thread."""
    read_seq: int
    """The caller has read the thread up to this `seq`; 0 for a caller who never followed it."""


class ThreadReadRequest(TypedDict):
    """Up to where the caller has read a thread."""

    seq: int
    """The `seq` of the last reply that was read."""


class ThreadSummary(TypedDict):
    """The replies to a message, in short. Deleted replies do not count."""

    count: int
    """The number of replies; 9,999 means 9,999 or more."""
    last_seq: int
    """The `seq` of the newest reply."""
    last_at: str
    """The time of the newest reply."""
    people: list[Person]
    """Up to five of the people who have replied, those of the newest replies first."""


class Ticket(TypedDict):
    """A ticket, which opens one socket: `/ws/{room_id}?ticket=…`."""

    ticket: str
    """Valid for one socket."""
    expires_in: int
    """Seconds until it expires, if it is not used before."""


class UnreadRequest(TypedDict):
    """What the caller has not read."""

    seq: int
    """The `seq` of the first event that is unread."""


class User(TypedDict):
    """An account."""

    id: int
    username: str
    email: str
    role: Role
    is_active: bool
    """An account that is not active cannot sign in."""
    created_at: str
    metadata: NotRequired[Metadata]
    """The data of a product on the person; only in `GET /auth/me`, and absent if there is none."""


class UserCard(TypedDict):
    """A user as the other users see the account."""

    id: int
    username: str
    display_name: NotRequired[str]
    """The name that the person wants to be shown; absent if it is the username. Several people may
    have the same.
    """
    title: NotRequired[str]
    """What the person does, such as the job."""
    timezone: NotRequired[str]
    """A name of the IANA time zone database."""
    status: NotRequired[Status]
    presence: Presence
    last_seen_at: NotRequired[str]
    """The time at which the person's last connection closed; absent if it is not known."""
    is_active: bool
    """An account that is not active cannot sign in."""
    is_bot: NotRequired[bool]
    """True: the account is a bot's."""


class UserChangeRequest(TypedDict):
    """Changes of an account; fields that are left out stay as they are."""

    role: NotRequired[Role | None]
    is_active: NotRequired[bool | None]
    """An account that is not active cannot sign in."""
    metadata: NotRequired[Metadata | None]
    """Data of a product's own on the person, in place of all earlier data; null removes it."""


class UserTokenRequest(TypedDict):
    """How long the token is valid."""

    expires_in: NotRequired[int | None]
    """Seconds; an hour if left out."""


class MessageOptions(TypedDict):
    """What can be said of a message besides its text."""

    client_id: NotRequired[str | None]
    """The sender's own id of the message, 1 to 64 visible ASCII characters. A message that is sent
    again with the same id, at any time, is stored once.
    """
    thread_id: NotRequired[int | None]
    """The id of a message of the room: this one is a reply in its thread. A reply to a reply
    belongs to the same thread.
    """
    also_to_room: NotRequired[bool | None]
    """Whether a reply is shown in the room too, and not only in its thread."""
    quote_of: NotRequired[int | None]
    """The id of a message of the room that this one quotes."""
    metadata: NotRequired[Metadata | None]
    """Data of the caller's own, for everybody who sees the message. An edit keeps it; a deleted
    message has none.
    """


Event: TypeAlias = (
    MessageSent
    | Reply
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | MessagePinned
    | MessageUnpinned
    | RoomChanged
    | MemberJoined
    | MemberLeft
    | MemberChanged
)
"""An event of a room's log, as on the socket. Later versions may have more kinds: a client skips
kinds that it does not know.
"""
