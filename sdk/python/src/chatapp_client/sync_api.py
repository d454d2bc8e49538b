"""Api: one method for each HTTP call of the server, for programs without asyncio.

This file is written by `scripts/generate.py` from docs/openapi.json: do not edit it.
"""

from __future__ import annotations

from typing import Unpack

from ._thread import Run
from .api import AsyncApi
from .types import (
    Account,
    AccountPage,
    AccountRequest,
    AddedMembers,
    AdminRoomPage,
    Announced,
    AnnouncementRequest,
    ApiToken,
    ApiTokenRequest,
    AuditPage,
    Ban,
    BanRequest,
    Belonging,
    Block,
    BotRequest,
    Cursor,
    CursorRequest,
    Delivery,
    DirectRoomRequest,
    Draft,
    DraftRequest,
    EventPage,
    ExchangeRequest,
    FailingRoom,
    FollowedThread,
    ForwardRequest,
    Health,
    Hook,
    HookPayload,
    HookRequest,
    Invite,
    InvitePreview,
    InviteRequest,
    InviteTokenRequest,
    Login,
    LoginRequest,
    MadeApiToken,
    MadeBot,
    MemberChangeRequest,
    MemberPage,
    MembersRequest,
    MentionOfCaller,
    Message,
    MessageEditRequest,
    MessagePage,
    MessageRequest,
    Node,
    OutgoingHook,
    OutgoingHookChangeRequest,
    OutgoingHookRequest,
    OutgoingHookSecret,
    OwnBot,
    OwnerRequest,
    PasswordRequest,
    PasswordReset,
    PasswordResetRequest,
    PeoplePage,
    Person,
    Pin,
    PreferenceRequest,
    Preview,
    ProfileRequest,
    ReadPosition,
    ReadRequest,
    ReplayRequest,
    Revoked,
    Room,
    RoomChangeRequest,
    RoomKind,
    RoomRequest,
    ScheduleRequest,
    ScheduledChangeRequest,
    ScheduledMessage,
    SearchOrder,
    SearchPage,
    ServerInviteRequest,
    Session,
    Setup,
    SignupRequest,
    Stats,
    ThreadFollow,
    ThreadPage,
    ThreadReadRequest,
    Ticket,
    UnreadRequest,
    User,
    UserCard,
    UserChangeRequest,
    UserTokenRequest,
)


class Api:
    """Every HTTP call of the server. A call that fails raises `Problem`."""

    def __init__(self, api: AsyncApi, run: Run) -> None:
        self._api = api
        self._run = run

    def get_setup(self) -> Setup:
        """Get the facts needed before signing in.

        For the page of a user who has not signed in: the server's name and looks, whether it needs
        its first admin, who may create accounts and rooms, and how long a message may be.
        """
        return self._run(self._api.get_setup())

    def signup(self, **body: Unpack[SignupRequest]) -> User:
        """Create an account.

        Every client may, unless the server's `signup` is `closed`: then only admins create
        accounts, and other clients get `signup_closed`. If it is `invite`, other clients need the
        token of an invite. With a room's invite the account becomes a member of the room. Unknown,
        expired, revoked and used invites get the same answer, `invite_not_found`. The role `admin`
        needs an admin's token. While there is no admin, a client on the machine itself gets it
        without a token.
        """
        return self._run(self._api.signup(**body))

    def login(self, **body: Unpack[LoginRequest]) -> Login:
        """Sign in.

        Opens a session. `username` takes the username or the email of the account. An unknown user
        and a wrong password get the same answer. After some failures with one name, or from one
        address, further attempts are refused for a while.
        """
        return self._run(self._api.login(**body))

    def me(self) -> User:
        """The caller's account.

        The account that the token belongs to.
        """
        return self._run(self._api.me())

    def logout(self) -> None:
        """Sign out.

        Ends the caller's session: its tokens become invalid and its sockets are closed.
        """
        self._run(self._api.logout())

    def refresh(self) -> Login:
        """Get a new token.

        For the same session, which now ends later. The old token is valid until it expires.
        """
        return self._run(self._api.refresh())

    def create_ticket(self) -> Ticket:
        """Get a ticket for a socket.

        The ticket opens one socket, once, within 30 seconds, as `?ticket=` of its URL. It is for
        browsers, which cannot send a header with a socket, because URLs may be logged on the way.
        It becomes invalid with the caller's session. A page whose origin may not open sockets gets
        an error with the reason, because a browser hides a refused handshake from its page.
        """
        return self._run(self._api.create_ticket())

    def change_password(self, **body: Unpack[PasswordRequest]) -> None:
        """Change the password.

        Ends every other session of the account; the caller's session stays open. A wrong current
        password counts like a failed sign-in.
        """
        self._run(self._api.change_password(**body))

    def reset_password(self, **body: Unpack[PasswordResetRequest]) -> None:
        """Set a new password by a link.

        Needs the token of `POST /admin/users/{user_id}/password-reset` or of `chatapp users
        reset-password --link`, and no session. The token is used up, and every session of the
        account ends. Unknown, used and expired tokens get the same answer, `invalid_reset_token`,
        and count like failed sign-ins from the caller's address.
        """
        self._run(self._api.reset_password(**body))

    def exchange(self, **body: Unpack[ExchangeRequest]) -> Login:
        """Sign in with a product's token.

        For a product that signs its own people in: opens a session for the person whom its JWT
        names. The account is created at the first sight of the person, and found by `iss` and the
        subject afterwards; its display name and its email follow the token. Its username stays as
        it is. If the wanted username is taken, the account gets a suffix such as `-2`, and never
        another person's account. The operator chooses the keys, the issuer, the audience and the
        claims: see `[external]` in the settings. The session lasts like one of `POST /auth/login`,
        whatever the `exp` of the JWT. Bad tokens count like failed sign-ins from the caller's
        address.
        """
        return self._run(self._api.exchange(**body))

    def create_user_token(self, user_id: int, /, **body: Unpack[UserTokenRequest]) -> Login:
        """Make a token for an account.

        Needs an admin. Opens a session of the account, whose token a product's server hands to its
        client. The session cannot be extended by `POST /auth/refresh`. It ends like others, by
        `DELETE /admin/users/{user_id}/sessions`, and when the account is deactivated. The audit log
        records it. Not for bots: 409 `bot_account`.
        """
        return self._run(self._api.create_user_token(user_id, **body))

    def list_people(
        self, *, query: str | None = None, limit: int | None = None, after: int | None = None
    ) -> PeoplePage:
        """Search the directory.

        Every account may. Accounts that are not active are left out. The path may be written
        without its last slash.

        `query`: Only people with this text in the username or the display name; case is ignored.

        `limit`: The most people to return.

        `after`: The people with a greater id.
        """
        return self._run(self._api.list_people(query=query, limit=limit, after=after))

    def get_person(self, user_id: int, /) -> UserCard:
        """Get a person.

        Also one whose account is not active. Deleted accounts are not found.
        """
        return self._run(self._api.get_person(user_id))

    def update_profile(self, **body: Unpack[ProfileRequest]) -> UserCard:
        """Change the caller's profile.

        A new display name is in messages and frames from then on, also in those of sockets that are
        open.
        """
        return self._run(self._api.update_profile(**body))

    def list_blocks(self) -> list[Block]:
        """List the users whom the caller has blocked.

        Nobody else sees this list.
        """
        return self._run(self._api.list_blocks())

    def add_block(self, user_id: int, /) -> None:
        """Block a user.

        A blocked user cannot open a direct room with the caller, nor send in a direct room of the
        two. The user is not told.
        """
        self._run(self._api.add_block(user_id))

    def remove_block(self, user_id: int, /) -> None:
        """Lift a block.

        The caller's own one: a block by the other person stays.
        """
        self._run(self._api.remove_block(user_id))

    def create_room(self, **body: Unpack[RoomRequest]) -> Room:
        """Create a room.

        A public room needs an admin, unless the server's `rooms.create` is `everyone`. Every
        account can create private rooms. The caller becomes the owner. The path may be written
        without its last slash.
        """
        return self._run(self._api.create_room(**body))

    def list_rooms(
        self,
        *,
        membership: Belonging | None = None,
        kind: RoomKind | None = None,
        query: str | None = None,
        limit: int | None = None,
        after: int | None = None,
        metadata_key: str | None = None,
        metadata_value: str | None = None,
    ) -> list[Room]:
        """List the rooms.

        The public rooms, and the private and direct rooms that the caller is a member of, in order
        of id. Without `limit`, all of them. The path may be written without its last slash.

        `membership`: Only rooms that the caller is a member of, or only public rooms that the
        caller is not a member of.

        `kind`: Only rooms of this kind.

        `query`: Only rooms with this text in the name; ASCII case is ignored.

        `limit`: The most rooms to return.

        `after`: The rooms with a greater id.

        `metadata_key`: Only rooms whose metadata has this key.

        `metadata_value`: Only rooms whose metadata has this value at `metadata_key`: a text of at
        most 256 characters, or a number or a truth value as JSON writes it.
        """
        return self._run(
            self._api.list_rooms(
                membership=membership,
                kind=kind,
                query=query,
                limit=limit,
                after=after,
                metadata_key=metadata_key,
                metadata_value=metadata_value,
            )
        )

    def get_room(self, room_id: int, /) -> Room:
        """Get a room.

        As the caller sees it, with what is unread.
        """
        return self._run(self._api.get_room(room_id))

    def update_room(self, room_id: int, /, **body: Unpack[RoomChangeRequest]) -> Room:
        """Change a room.

        Needs an owner of the room; in a public room an admin will do, except for `kind`. The
        members of the room are notified.
        """
        return self._run(self._api.update_room(room_id, **body))

    def delete_room(self, room_id: int, /) -> None:
        """Delete a room.

        Needs an owner of the room; in a public room an admin will do. The room's history is deleted
        with it; its members are notified.
        """
        self._run(self._api.delete_room(room_id))

    def mark_read(self, room_id: int, /, **body: Unpack[ReadRequest]) -> ReadPosition:
        """Set the read position of a room.

        Sets the caller's own read position, which all of the caller's devices share. It never moves
        back.
        """
        return self._run(self._api.mark_read(room_id, **body))

    def mark_unread(self, room_id: int, /, **body: Unpack[UnreadRequest]) -> ReadPosition:
        """Mark messages as unread.

        Moves the caller's own read position back, so that the event at `seq` and everything after
        it is unread. It never moves on. The caller's sockets receive `read` with `marked_unread`.
        """
        return self._run(self._api.mark_unread(room_id, **body))

    def list_members(
        self,
        room_id: int,
        /,
        *,
        query: str | None = None,
        limit: int | None = None,
        after: int | None = None,
    ) -> MemberPage:
        """List the members of a room.

        In order of user id; further pages with `after`.

        `query`: Only members with this text in the username or the display name; case is ignored.

        `limit`: The most members to return.

        `after`: The members with a greater id.
        """
        return self._run(self._api.list_members(room_id, query=query, limit=limit, after=after))

    def add_members(self, room_id: int, /, **body: Unpack[MembersRequest]) -> AddedMembers:
        """Add members to a room.

        Needs a moderator or an owner, or any member if the room's `inviting` is `everyone`. People
        who are members already stay as they are.
        """
        return self._run(self._api.add_members(room_id, **body))

    def join_room(self, room_id: int, /) -> Room:
        """Join a public room.

        The first message to a public room joins it too.
        """
        return self._run(self._api.join_room(room_id))

    def change_preferences(self, room_id: int, /, **body: Unpack[PreferenceRequest]) -> Room:
        """Change how one sees a room.

        Changes the caller's own membership: notifications, the star, and whether the room is hidden
        until its next event.
        """
        return self._run(self._api.change_preferences(room_id, **body))

    def leave_room(self, room_id: int, /) -> None:
        """Leave a room.

        The only owner of a room makes another member an owner first: 409 `last_owner`. Nobody
        leaves a direct room; it can be hidden.
        """
        self._run(self._api.leave_room(room_id))

    def change_member(
        self, room_id: int, user_id: int, /, **body: Unpack[MemberChangeRequest]
    ) -> None:
        """Change a member.

        Owners set roles. Moderators and owners mute members whose role is below theirs. A request
        has either `role` or `muted_until`.
        """
        self._run(self._api.change_member(room_id, user_id, **body))

    def remove_member(self, room_id: int, user_id: int, /, *, reason: str | None = None) -> None:
        """Remove a member from a room.

        Needs a role above the member's. In a public room the removed member can join again; a ban
        prevents that.

        `reason`: What the members are told about it; at most 500 characters.
        """
        self._run(self._api.remove_member(room_id, user_id, reason=reason))

    def transfer_room(self, room_id: int, /, **body: Unpack[OwnerRequest]) -> Room:
        """Make another user the owner of a room.

        Needs an owner. The user becomes the only owner, and a member if necessary; the other owners
        become moderators.
        """
        return self._run(self._api.transfer_room(room_id, **body))

    def list_bans(self, room_id: int, /) -> list[Ban]:
        """List the bans of a room.

        Needs a moderator or an owner.
        """
        return self._run(self._api.list_bans(room_id))

    def ban_user(self, room_id: int, user_id: int, /, **body: Unpack[BanRequest]) -> None:
        """Ban a user from a room.

        Needs a role above the user's. The user is no longer a member, and cannot join or be added
        until the ban ends. A further ban replaces the earlier one.
        """
        self._run(self._api.ban_user(room_id, user_id, **body))

    def unban_user(self, room_id: int, user_id: int, /) -> None:
        """Lift a ban.

        Needs a moderator or an owner.
        """
        self._run(self._api.unban_user(room_id, user_id))

    def open_direct_room(self, **body: Unpack[DirectRoomRequest]) -> Room:
        """Open a direct room.

        The conversation of the caller with 1 to 7 other people. Two requests for the same people
        give the same room. The path may be written without its last slash.
        """
        return self._run(self._api.open_direct_room(**body))

    def create_room_invite(self, room_id: int, /, **body: Unpack[InviteRequest]) -> Invite:
        """Make an invite to a room.

        Needs a moderator, unless the room's `inviting` is `everyone`. People without an account can
        sign up with the invite, unless the server's `signup` is `closed`. The invite is valid as
        long as its creator may invite. A room has at most 100 open invites: 409 `too_many_invites`.
        """
        return self._run(self._api.create_room_invite(room_id, **body))

    def list_room_invites(self, room_id: int, /) -> list[Invite]:
        """List the invites to a room.

        Moderators and owners see every open invite; members who may invite see their own.
        """
        return self._run(self._api.list_room_invites(room_id))

    def revoke_room_invite(self, room_id: int, invite_id: int, /) -> None:
        """Revoke an invite to a room.

        Moderators and owners revoke every invite; members who may invite revoke their own. Those
        who have used the invite stay members.
        """
        self._run(self._api.revoke_room_invite(room_id, invite_id))

    def create_invite(self, **body: Unpack[ServerInviteRequest]) -> Invite:
        """Make an invite to the server.

        Needs an admin. With the token people sign up: see `POST /auth/signup`.
        """
        return self._run(self._api.create_invite(**body))

    def list_invites(self) -> list[Invite]:
        """List the invites to the server.

        Needs an admin. Only open invites are listed.
        """
        return self._run(self._api.list_invites())

    def revoke_invite(self, invite_id: int, /) -> None:
        """Revoke an invite to the server.

        Needs an admin.
        """
        self._run(self._api.revoke_invite(invite_id))

    def preview_invite(self, **body: Unpack[InviteTokenRequest]) -> InvitePreview:
        """Look at an invite.

        Needs no session. Unknown, expired, revoked and used tokens get the same answer,
        `invite_not_found`, and count like failed sign-ins from the caller's address.
        """
        return self._run(self._api.preview_invite(**body))

    def accept_invite(self, **body: Unpack[InviteTokenRequest]) -> Room:
        """Enter a room by an invite.

        The caller becomes a member of the room. For a member nothing changes, and nothing is used
        up. Unknown, expired, revoked and used tokens get the same answer, `invite_not_found`, also
        the token of an invite to the server; they count like failed sign-ins from the caller's
        address.
        """
        return self._run(self._api.accept_invite(**body))

    def send_message(self, room_id: int, /, **body: Unpack[MessageRequest]) -> Message:
        """Send a message.

        The answer comes when the message is committed. If a client does not know whether a message
        arrived, it sends the message again with the same `client_id`.
        """
        return self._run(self._api.send_message(room_id, **body))

    def list_messages(
        self,
        room_id: int,
        /,
        *,
        limit: int | None = None,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        metadata_key: str | None = None,
        metadata_value: str | None = None,
    ) -> MessagePage:
        """Read messages.

        Without a cursor, the newest page. Cursors are values of `seq`; at most one is given.

        `limit`: The most messages to return.

        `before`: The newest messages with a smaller seq.

        `after`: The oldest messages with a greater seq.

        `around`: Half of the page before this seq, the rest from it on.

        `metadata_key`: Only messages whose metadata has this key. Replies that are shown only in
        their threads are left out, as always.

        `metadata_value`: Only messages whose metadata has this value at `metadata_key`: a text of
        at most 256 characters, or a number or a truth value as JSON writes it.
        """
        return self._run(
            self._api.list_messages(
                room_id,
                limit=limit,
                before=before,
                after=after,
                around=around,
                metadata_key=metadata_key,
                metadata_value=metadata_value,
            )
        )

    def get_message(self, room_id: int, message_id: int, /) -> Message:
        """Get a message.

        With its reactions, and with the summary of its thread.
        """
        return self._run(self._api.get_message(room_id, message_id))

    def edit_message(
        self, room_id: int, message_id: int, /, **body: Unpack[MessageEditRequest]
    ) -> Message:
        """Edit a message.

        Only for its author. The members of the room get the event `message_edited`.
        """
        return self._run(self._api.edit_message(room_id, message_id, **body))

    def delete_message(self, room_id: int, message_id: int, /) -> None:
        """Delete a message.

        For its author, or a moderator of the room. The message stays in its place without its text,
        and with `deleted_at`; its text is deleted from the log too. The members of the room get the
        event `message_deleted`.
        """
        self._run(self._api.delete_message(room_id, message_id))

    def forward_message(
        self, room_id: int, message_id: int, /, **body: Unpack[ForwardRequest]
    ) -> Message:
        """Forward a message to another room.

        Sends the text of the message to a room, with the name of its author. The caller must be
        able to read the message, and to send to the other room.
        """
        return self._run(self._api.forward_message(room_id, message_id, **body))

    def list_events(
        self,
        room_id: int,
        /,
        *,
        after: int | None = None,
        limit: int | None = None,
        epoch: str | None = None,
    ) -> EventPage:
        """Read the log.

        The events after a position, in order, without gaps, for a client that keeps a copy of the
        room. The socket sends the same events live. After 0 the log begins with the oldest event
        that is kept; after another position whose next event has been pruned, the answer is 409
        `history_pruned`.

        `after`: The `seq` of the last event that the client has; 0 for all events.

        `limit`: The most events to return.

        `epoch`: The epoch to which `after` belongs: if it is not the server's, the answer is 409
        `epoch_changed`.
        """
        return self._run(self._api.list_events(room_id, after=after, limit=limit, epoch=epoch))

    def add_reaction(self, room_id: int, message_id: int, emoji: str, /) -> None:
        """React to a message.

        The members of the room get the event `reaction_added`; reactions of many people at once are
        one event. A message may have 20 different emojis.
        """
        self._run(self._api.add_reaction(room_id, message_id, emoji))

    def remove_reaction(self, room_id: int, message_id: int, emoji: str, /) -> None:
        """Take a reaction back.

        The members of the room get the event `reaction_removed`.
        """
        self._run(self._api.remove_reaction(room_id, message_id, emoji))

    def list_reactors(self, room_id: int, message_id: int, emoji: str, /) -> list[Person]:
        """List who reacted with an emoji.

        Those who reacted first at the front.
        """
        return self._run(self._api.list_reactors(room_id, message_id, emoji))

    def list_pins(self, room_id: int, /) -> list[Pin]:
        """List the pinned messages of a room.

        The newest pin first.
        """
        return self._run(self._api.list_pins(room_id))

    def pin_message(self, room_id: int, message_id: int, /) -> None:
        """Pin a message.

        Members who may send to the room may pin; in a direct room everybody. A room has at most 50
        pinned messages. The members of the room get the event `message_pinned`.
        """
        self._run(self._api.pin_message(room_id, message_id))

    def unpin_message(self, room_id: int, message_id: int, /) -> None:
        """Unpin a message.

        For those who may pin it. The members of the room get the event `message_unpinned`.
        """
        self._run(self._api.unpin_message(room_id, message_id))

    def list_replies(
        self,
        room_id: int,
        message_id: int,
        /,
        *,
        limit: int | None = None,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
    ) -> ThreadPage:
        """Read a thread.

        The replies to a message. Without a cursor, the newest page. For a message that is a reply
        itself, the thread that it belongs to.

        `limit`: The most replies to return.

        `before`: The newest replies with a smaller seq.

        `after`: The oldest replies with a greater seq.

        `around`: Half of the page before this seq, the rest from it on.
        """
        return self._run(
            self._api.list_replies(
                room_id, message_id, limit=limit, before=before, after=after, around=around
            )
        )

    def mark_thread_read(
        self, room_id: int, message_id: int, /, **body: Unpack[ThreadReadRequest]
    ) -> ThreadFollow:
        """Set the caller's place in a thread.

        It never moves back. A caller who does not follow the thread has no place in it.
        """
        return self._run(self._api.mark_thread_read(room_id, message_id, **body))

    def follow_thread(self, room_id: int, message_id: int, /) -> None:
        """Follow a thread.

        The replies that follow are unread for the caller. Who began a thread, wrote in it or was
        mentioned in it follows it without this.
        """
        self._run(self._api.follow_thread(room_id, message_id))

    def unfollow_thread(self, room_id: int, message_id: int, /) -> None:
        """Stop following a thread.

        Until the caller writes in it or is mentioned in it again.
        """
        self._run(self._api.unfollow_thread(room_id, message_id))

    def list_followed_threads(
        self,
        *,
        room_id: int | None = None,
        unread: bool | None = None,
        limit: int | None = None,
        before: str | None = None,
    ) -> list[FollowedThread]:
        """List the threads that the caller follows.

        Those with the newest replies come first. Threads whose newest replies have the same time
        are on one page, which may therefore have more than `limit`.

        `room_id`: Only threads of this room.

        `unread`: Only threads with replies that the caller has not read.

        `limit`: The most threads to return.

        `before`: Only threads whose newest reply is older: the `last_at` of the last thread of the
        page before, in RFC 3339.
        """
        return self._run(
            self._api.list_followed_threads(
                room_id=room_id, unread=unread, limit=limit, before=before
            )
        )

    def list_mentions(
        self, *, limit: int | None = None, before: int | None = None
    ) -> list[MentionOfCaller]:
        """List the messages that mention the caller.

        Also those that mention everyone in a room that the caller is a member of.

        `limit`: The most messages to return.

        `before`: Only messages that were sent before the message with this id.
        """
        return self._run(self._api.list_mentions(limit=limit, before=before))

    def list_previews(self, room_id: int, message_id: int, /) -> list[Preview]:
        """List the previews of a message's links.

        What the pages say of themselves to which the first three links of the message lead. Only
        links that begin with `http://` or `https://` and are not in code count. The server fetches
        the pages, if it has not done so lately, and this can take some seconds. A link without a
        preview is left out: its page cannot be reached, is not on the public internet, or has no
        title. `GET /auth/setup` says whether the server shows previews.
        """
        return self._run(self._api.list_previews(room_id, message_id))

    def get_preview_image(self, room_id: int, message_id: int, index: int, /) -> bytes:
        """Get the image of a preview.

        As the page at the link names it, without a change. Its path is in the preview.
        """
        return self._run(self._api.get_preview_image(room_id, message_id, index))

    def search_messages(
        self,
        *,
        q: str,
        order: SearchOrder | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> SearchPage:
        """Search messages.

        Finds messages that the caller may read now, in all rooms. A message must have all of the
        words. Case and accents do not matter. Words in `"quotes"` must follow each other. The last
        word of the query, and a word that ends with `*`, may be the beginning of a longer word if
        it has three characters. The query may also contain:

        - `from:ann`: messages of this user; `from:me` - `in:general`: messages in the room with
        this name or id; `in:"two words"` - `after:2026-01-31`, `before:2026-01-31`: from the
        beginning of this day on, and before it, in UTC; or a time in the form of RFC 3339 -
        `has:link`: messages with a URL; `has:reaction`: with a reaction - `is:thread`: messages in
        a thread; `is:pinned`: pinned messages

        Of several `from:` or `in:` one is enough. New messages are found about a second after they
        were sent, later if the server is very busy: see `is_complete`. Deleted messages are not
        found from the moment of their deletion.

        `q`: What to look for: at most 500 characters.

        `order`: The order of the messages. The default is `newest`.

        `limit`: The most messages to return.

        `cursor`: The `next_cursor` of the page before, for the same query and order.
        """
        return self._run(self._api.search_messages(q=q, order=order, limit=limit, cursor=cursor))

    def save_draft(self, room_id: int, /, **body: Unpack[DraftRequest]) -> Draft:
        """Keep a draft.

        The server keeps what the caller has written in a room or in a thread and has not sent, so
        that the caller finds it on every device. It replaces the draft that was there. At most 500
        for an account. Sending a message does not delete the draft.
        """
        return self._run(self._api.save_draft(room_id, **body))

    def delete_draft(self, room_id: int, /, *, thread_id: int | None = None) -> None:
        """Delete a draft.

        That of the room, or with `thread_id` that of a thread.

        `thread_id`: A message of the thread that the draft is for. Without it, the draft for the
        room.
        """
        self._run(self._api.delete_draft(room_id, thread_id=thread_id))

    def list_drafts(self) -> list[Draft]:
        """List the caller's drafts.

        Those for rooms and threads that the caller may not read now are not in the list. They come
        back if the caller may read the room again.
        """
        return self._run(self._api.list_drafts())

    def schedule_message(
        self, room_id: int, /, **body: Unpack[ScheduleRequest]
    ) -> ScheduledMessage:
        """Schedule a message.

        The server sends it at `send_at`, if the caller may then still send to the room; otherwise
        it stays in the list with `failure`. At most 100 for an account. The same message for the
        same time is stored once: a request whose answer was lost can be repeated.
        """
        return self._run(self._api.schedule_message(room_id, **body))

    def list_scheduled(self) -> list[ScheduledMessage]:
        """List the caller's scheduled messages.

        Those that are sent first at the front.
        """
        return self._run(self._api.list_scheduled())

    def update_scheduled(
        self, scheduled_id: int, /, **body: Unpack[ScheduledChangeRequest]
    ) -> ScheduledMessage:
        """Change a scheduled message.

        One that could not be sent is sent again, at its time or at once.
        """
        return self._run(self._api.update_scheduled(scheduled_id, **body))

    def delete_scheduled(self, scheduled_id: int, /) -> None:
        """Delete a scheduled message.

        It is not sent then.
        """
        self._run(self._api.delete_scheduled(scheduled_id))

    def create_bot(self, **body: Unpack[BotRequest]) -> MadeBot:
        """Make a bot.

        Needs an admin. A bot is an account without a password, for a program, which uses API tokens
        as `Authorization: Bearer cb_…`. The answer has the first token, which is shown only now.
        Bots are changed and deleted as other accounts are: see `/admin/users`.
        """
        return self._run(self._api.create_bot(**body))

    def list_bots(self) -> list[Account]:
        """List the bots.

        Needs an admin.
        """
        return self._run(self._api.list_bots())

    def create_api_token(self, user_id: int, /, **body: Unpack[ApiTokenRequest]) -> MadeApiToken:
        """Make an API token.

        Needs an admin. A bot has at most 100 tokens: 409 `too_many_tokens`.
        """
        return self._run(self._api.create_api_token(user_id, **body))

    def list_api_tokens(self, user_id: int, /) -> list[ApiToken]:
        """List the API tokens of a bot.

        Needs an admin. Tokens that were revoked or have expired are left out.
        """
        return self._run(self._api.list_api_tokens(user_id))

    def revoke_api_token(self, user_id: int, token_id: str, /) -> None:
        """Revoke an API token.

        Needs an admin. Within a second the token is refused and its sockets are closed.
        """
        self._run(self._api.revoke_api_token(user_id, token_id))

    def get_own_bot(self) -> OwnBot:
        """Get the caller.

        For a bot: its account, and what the token of the request allows.
        """
        return self._run(self._api.get_own_bot())

    def list_cursors(self) -> list[str]:
        """List the caller's cursors.

        For bots.
        """
        return self._run(self._api.list_cursors())

    def move_cursor(self, name: str, /, **body: Unpack[CursorRequest]) -> Cursor:
        """Move a cursor.

        For bots. The server keeps how far a program has come in the logs of rooms, under a name
        that the program chooses: 1 to 64 letters, digits, full stops, hyphens and underscores.
        Positions only move forward, at most to the end of the log; rooms that the bot does not see
        are passed over. A program that handles an event, sends its messages with a `client_id` made
        from the event's id, and then moves its cursor, handles every event exactly once.
        """
        return self._run(self._api.move_cursor(name, **body))

    def get_cursor(self, name: str, /) -> Cursor:
        """Get a cursor.

        For bots.
        """
        return self._run(self._api.get_cursor(name))

    def delete_cursor(self, name: str, /) -> None:
        """Delete a cursor.

        For bots.
        """
        self._run(self._api.delete_cursor(name))

    def create_hook(self, room_id: int, /, **body: Unpack[HookRequest]) -> Hook:
        """Make a webhook.

        Needs a moderator. The answer has the path of the URL to which other programs send; it is
        shown only now. A webhook is a bot, which becomes a member of the room; it sends also where
        only moderators do. A room has at most 20 webhooks: 409 `too_many_hooks`.
        """
        return self._run(self._api.create_hook(room_id, **body))

    def list_hooks(self, room_id: int, /) -> list[Hook]:
        """List the webhooks of a room.

        Needs a moderator.
        """
        return self._run(self._api.list_hooks(room_id))

    def delete_hook(self, room_id: int, hook_id: int, /) -> None:
        """Delete a webhook.

        Needs a moderator. Its URL is refused from now on, its bot is deactivated and leaves the
        room. Its messages stay under its name.
        """
        self._run(self._api.delete_hook(room_id, hook_id))

    def send_to_hook(self, token: str, /, **body: Unpack[HookPayload]) -> str:
        """Send to a webhook.

        Takes what programs send to Slack's incoming webhooks; the token in the path is the only
        credential. Unknown fields are ignored, also `username`, `icon_emoji` and `channel`: a
        webhook has its own name and room. Slack's mrkdwn becomes markdown. A text that is too long
        for a message is cut. People whose usernames are in the text are mentioned; `@room` and
        `@here` mention nobody. Unknown tokens and those of deleted webhooks get the same answer.
        """
        return self._run(self._api.send_to_hook(token, **body))

    def create_outgoing_hook(self, **body: Unpack[OutgoingHookRequest]) -> OutgoingHookSecret:
        """Make an outgoing webhook.

        Needs an admin. From now on the events of the rooms that the bot may read are sent to the
        URL, by the Standard Webhooks specification: a POST of JSON with `type` (the kind of event),
        `timestamp` and `data` (the event, as in `GET /rooms/{room_id}/events`), signed with the
        secret of the answer, which is shown only now. The events of a room arrive in order, each at
        least once: `webhook-id` is the same for the same event. An answer other than 2xx is a
        failure, also a redirect; the event is tried again for three days. 410 pauses the webhook.
        What the bot itself does is not sent. A server has at most 100 of these webhooks: 409
        `too_many_hooks`.
        """
        return self._run(self._api.create_outgoing_hook(**body))

    def list_outgoing_hooks(self, *, user_id: int | None = None) -> list[OutgoingHook]:
        """List the outgoing webhooks.

        Needs an admin.

        `user_id`: Only those of this bot.
        """
        return self._run(self._api.list_outgoing_hooks(user_id=user_id))

    def get_outgoing_hook(self, hook_id: int, /) -> OutgoingHook:
        """Get an outgoing webhook.

        Needs an admin.
        """
        return self._run(self._api.get_outgoing_hook(hook_id))

    def update_outgoing_hook(
        self, hook_id: int, /, **body: Unpack[OutgoingHookChangeRequest]
    ) -> OutgoingHook:
        """Change an outgoing webhook.

        Needs an admin.
        """
        return self._run(self._api.update_outgoing_hook(hook_id, **body))

    def delete_outgoing_hook(self, hook_id: int, /) -> None:
        """Delete an outgoing webhook.

        Needs an admin.
        """
        self._run(self._api.delete_outgoing_hook(hook_id))

    def rotate_hook_secret(self, hook_id: int, /) -> OutgoingHookSecret:
        """Give an outgoing webhook another secret.

        Needs an admin. The new secret is shown only now. For a day, requests are signed with the
        one before too.
        """
        return self._run(self._api.rotate_hook_secret(hook_id))

    def replay_outgoing_hook(self, hook_id: int, /, **body: Unpack[ReplayRequest]) -> None:
        """Deliver events again.

        Needs an admin. Without a room: what could not be delivered is tried again now, also where
        it was given up. With `room_id` and `after_seq`: the events of the room after this position
        are delivered, again or for the first time; a position after that of an event leaves it out.
        """
        self._run(self._api.replay_outgoing_hook(hook_id, **body))

    def list_failing_rooms(self, hook_id: int, /) -> list[FailingRoom]:
        """List the rooms where events cannot be delivered.

        Needs an admin. Returns the first hundred rooms whose next event could not be delivered so
        far.
        """
        return self._run(self._api.list_failing_rooms(hook_id))

    def list_deliveries(
        self, hook_id: int, /, *, before: int | None = None, limit: int | None = None
    ) -> list[Delivery]:
        """List the attempts to deliver.

        Needs an admin. The last thousand attempts of a webhook are kept.

        `before`: The attempts with a smaller id.

        `limit`: The most attempts to return.
        """
        return self._run(self._api.list_deliveries(hook_id, before=before, limit=limit))

    def list_users(
        self,
        *,
        query: str | None = None,
        limit: int | None = None,
        after: int | None = None,
        external_subject: str | None = None,
        metadata_key: str | None = None,
        metadata_value: str | None = None,
    ) -> AccountPage:
        """List the accounts.

        Needs an admin. Deleted accounts are left out.

        `query`: Only accounts with this text in the username, the display name or the email; case
        is ignored.

        `limit`: The most accounts to return.

        `after`: The accounts with a greater id.

        `external_subject`: Only the account of the product's person with this id. The other
        parameters then have no effect.

        `metadata_key`: Only accounts whose metadata has this key.

        `metadata_value`: Only accounts whose metadata has this value at `metadata_key`: a text of
        at most 256 characters, or a number or a truth value as JSON writes it.
        """
        return self._run(
            self._api.list_users(
                query=query,
                limit=limit,
                after=after,
                external_subject=external_subject,
                metadata_key=metadata_key,
                metadata_value=metadata_value,
            )
        )

    def create_user(self, **body: Unpack[AccountRequest]) -> Account:
        """Create an account.

        Needs an admin. For a product's server, which creates the accounts of its people before they
        come, and for accounts without a password. The account has the role `user`. With
        `external_subject` it is the account that `POST /auth/exchange` finds; 409 `subject_taken`
        if there is one, which `GET /admin/users?external_subject=` returns.
        """
        return self._run(self._api.create_user(**body))

    def get_user(self, user_id: int, /) -> Account:
        """Get an account.

        Needs an admin.
        """
        return self._run(self._api.get_user(user_id))

    def update_user(self, user_id: int, /, **body: Unpack[UserChangeRequest]) -> Account:
        """Change an account.

        Needs an admin. Another role, and deactivation, end the account's sessions and close its
        sockets. The last active admin cannot be demoted or deactivated: 409 `last_admin`.
        """
        return self._run(self._api.update_user(user_id, **body))

    def delete_user(self, user_id: int, /) -> None:
        """Delete an account.

        Needs an admin. The account is emptied for good: its name becomes `deleted-ID`, its email
        and password are deleted, its sessions end. Its messages stay, under the new name. The last
        active admin cannot be deleted: 409 `last_admin`.
        """
        self._run(self._api.delete_user(user_id))

    def list_sessions(self, user_id: int, /) -> list[Session]:
        """List an account's sessions.

        Needs an admin. Returns the newest 1,000 open sessions.
        """
        return self._run(self._api.list_sessions(user_id))

    def revoke_sessions(self, user_id: int, /) -> Revoked:
        """End an account's sessions.

        Needs an admin. Its tokens become invalid and its sockets are closed; the user can sign in
        again.
        """
        return self._run(self._api.revoke_sessions(user_id))

    def create_password_reset(self, user_id: int, /) -> PasswordReset:
        """Make a link that sets a new password.

        Needs an admin. The token sets one new password, once, within an hour (unless
        `auth.reset_seconds` says otherwise), by `POST /auth/password-reset`. It replaces an earlier
        token, and becomes invalid when the password or the role changes or the account is
        deactivated. An account of a product has no password: 409 `external_account`.
        """
        return self._run(self._api.create_password_reset(user_id))

    def list_audit(self, *, limit: int | None = None, before: int | None = None) -> AuditPage:
        """Read the audit log.

        Needs an admin. Returns the administrative actions, over HTTP and at the command line,
        newest first. Entries cannot be changed, and name accounts by id only.

        `limit`: The most entries to return.

        `before`: The entries with a smaller id.
        """
        return self._run(self._api.list_audit(limit=limit, before=before))

    def list_all_rooms(
        self,
        *,
        query: str | None = None,
        kind: RoomKind | None = None,
        limit: int | None = None,
        after: int | None = None,
    ) -> AdminRoomPage:
        """List the public and private rooms.

        Needs an admin. Of a private room the list has the name, the number of members and when it
        was created and archived; nothing tells what is said in it, or how much. Direct rooms are
        not in the list.

        `query`: Only rooms with this text in the name; ASCII case is ignored.

        `kind`: Only rooms of this kind.

        `limit`: The most rooms to return.

        `after`: The rooms with a greater id.
        """
        return self._run(self._api.list_all_rooms(query=query, kind=kind, limit=limit, after=after))

    def delete_any_room(self, room_id: int, /) -> None:
        """Delete any room.

        Needs an admin, who need not be a member. The room's history is deleted with it; its members
        are notified.
        """
        self._run(self._api.delete_any_room(room_id))

    def announce(self, room_id: int, /, **body: Unpack[AnnouncementRequest]) -> Announced:
        """Send a message of the server itself.

        Needs an admin, who need not be a member. The message is an ordinary one whose author is
        user 0, `(server)`; an admin sends one to public and private rooms. People whose usernames
        are in the text are mentioned; `@room` and `@here` mention nobody. The operator's program
        (`hooks.before_send`) is not asked. The audit log records the act.
        """
        return self._run(self._api.announce(room_id, **body))

    def appoint_owner(self, room_id: int, /, **body: Unpack[OwnerRequest]) -> None:
        """Appoint the owner of any room.

        Needs an admin, who need not be a member. The user becomes the only owner, and a member if
        necessary, and all members are told of it.
        """
        self._run(self._api.appoint_owner(room_id, **body))

    def health(self) -> Health:
        """Is the process alive?.

        Does not use the database: a failure here means that a restart would help.
        """
        return self._run(self._api.health())

    def ready(self) -> Health:
        """Can it serve?.

        Reads from the database and, if the last write failed, tries another write: a failure here
        means that requests should go to another server for now.
        """
        return self._run(self._api.ready())

    def metrics(self) -> str:
        """Every figure, for Prometheus.

        In the text format of OpenMetrics, declared as `text/plain` to a client that accepts that
        and does not name OpenMetrics. For admins and for clients with the operator's token for the
        figures (`http.metrics_token`). If the settings have no such token, for every client on the
        machine itself.
        """
        return self._run(self._api.metrics())

    def stats(self) -> Stats:
        """The most important figures, for people.

        For callers that may read `/metrics`. Figures that cannot be read now are `null`.
        """
        return self._run(self._api.stats())

    def list_nodes(self) -> list[Node]:
        """The servers that run on the database.

        For callers that may read `/metrics`. Every server answers with the same list, in which only
        `is_this_node` differs. With SQLite it has the one server.
        """
        return self._run(self._api.list_nodes())
