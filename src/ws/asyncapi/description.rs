//! The text at the head of the socket's document: how a client uses the protocol.

pub(super) const DESCRIPTION: &str = "\
A room is a log: every message, and every change of one, is an event with a `seq`: 1, 2, 3, … \
without gaps. An event is in the database before any client receives it. A connection is a cursor in \
that log. A client that remembers the `seq` of the last event and the `epoch` from `synced` \
reconnects with `since` and `epoch`, and misses nothing. A client skips an event with a `type` that \
it does not know, but remembers its `seq`.\n\n\
The token may be given in the header `Authorization: Bearer …`, as the subprotocols `chatapp.v1, \
bearer.<token>` (for browsers), or as `?token=`. A URL may be logged on the way. So prefer \
`?ticket=`, from `POST /auth/ws-ticket`: a ticket is invalid after its first use. The Origin of a \
browser must be the server's own, or one that the operator has allowed. A server may also accept the \
JWTs of a product that signs its own people in, wherever it accepts one of its own tokens: see `POST \
/auth/exchange`.\n\n\
A client that joins a room receives `active_users`, the missed events, and `synced`. If several \
servers use one database, this first `active_users` may have only the people of the server that the \
client is connected to. It is sent again a moment later, when the people of the others are known. The \
other members receive `user_joined`, once for each user. Every frame of a client may have a `ref`, which \
the answer repeats.\n\n\
After `watch` a connection receives frames about everything that concerns its user, also for rooms \
that it has not joined: new rooms (`room_created`), changed rooms (`room_updated`), deleted rooms \
(`room_deleted`), events in rooms that it has not joined (`room_activity`), and the positions that \
the user has read on other connections (`read`).\n\n\
A client that watches sends `watch`, waits for `watching`, and then reads `GET /rooms/` once. The \
list includes everything that was missed, with `unread` and `mentions` counted up to the `head_seq` \
of each room. Frames contain states, never differences, so the order in which the list and the \
frames arrive does not matter. For each room, keep the state with the greater `revision`. Count a \
message once, if its `seq` is beyond the `head_seq` of the list and beyond the read position. A read \
position moves back only in a `read` frame with `marked_unread`. A deleted room does not come back, and a room that was created during the \
request exists even if the list does not have it.\n\n\
If the number of unread messages is uncertain, `GET /rooms/{room_id}` returns it: after a frame with \
`truncated` or `threads` (a reply may mention the user), or when some of the messages that the server has counted are deleted or read. A \
`watching` without a `ref` means that the client has missed frames: read `GET /rooms/` again. Join a \
room with the last `head_seq` that you know as `since`; then nothing is missed. After an edit, read \
the room again to get the new number of mentions.\n\n\
A connection ends when its token expires. Before that it receives `auth.expiring`: get a new token \
from `POST /auth/refresh`, and send it with `auth.refresh`. Then the connection continues.";
