//! The text at the head of the socket's document: how a client uses the protocol.

pub(super) const DESCRIPTION: &str = "\
A room is a log: every message, and every change of one, has a `seq`, 1, 2, 3, … without gaps, and \
is in the database before anybody sees it. Of a `type` that it does not know a client keeps the `seq`, \
if there is one, and passes over the rest. A connection is a cursor in that log. A client that remembers the last `seq` it \
has, and the `epoch` from `synced`, reconnects with `since` and misses nothing.\n\n\
The token may be given as the header `Authorization: Bearer …`; as the subprotocols \
`chatapp.v1, bearer.<token>`, for browsers; or as `?token=`. A URL may be written down on the way: \
`?ticket=`, from `POST /auth/ws-ticket`, is worth nothing once it is used. A browser's Origin must be the \
server's own or one that the operator allowed.\n\n\
On joining a room come `active_users`, what was missed, `synced`; the others get `user_joined`, \
once per person. Every frame of a client may carry a `ref`, which comes back in the answer.\n\n\
After `watch` a connection hears of everything that concerns its user, in rooms that it has not joined \
too: of rooms that come (`room_created`), change (`room_updated`) and go (`room_deleted`), of what happens in \
rooms that it has not joined (`room_activity`), and of what the user reads on other connections (`read`).\n\n\
The rule of a client that watches: **say `watch`, and after `watching` read `GET /rooms/` once.** The list has \
everything that was missed, with `unread` and `mentions` counted up to each room's `head_seq`. What arrives \
meanwhile and later says how things are, so that nothing depends on the order of the two. Of a room, keep what \
has the greater `revision`. Count a message once, if its `seq` is beyond the `head_seq` of the list and beyond \
the read position. A read position never moves back. A room that was deleted does not come back, and a room that \
was created is not missing because an older list does not have it.\n\n\
`GET /rooms/{room_id}` has the number of unread messages when it is no longer certain: after a frame with \
`truncated`, or when one of the messages that the server counted is deleted or read and others are not. A \
`watching` without a `ref` means that the client took nothing for a while and missed something: read `GET /rooms/` \
again. A room is joined with `since`, the last `head_seq` that is known of it; nothing is lost on the way. Whom \
an edited message mentions is seen when the room is read again. With several servers on one database, `read` is \
told on the server that it was said to.\n\n\
A connection lives as long as its token. Before that dies comes `auth.expiring`: get a new token \
with `POST /auth/refresh` and give it with `auth.refresh`, and the connection goes on.";
