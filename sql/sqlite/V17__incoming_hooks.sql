-- Webhooks by which other programs send to a room. A webhook is a bot with one API token, which is limited to the room.
CREATE TABLE incoming_hooks (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,  -- the bot
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    created_by INTEGER NOT NULL REFERENCES users (id),                       -- 0: at the command line
    created_at INTEGER NOT NULL,
    deleted_at INTEGER     -- the row stays: it says who sees the bot, as long as there is the room
) STRICT;
CREATE INDEX incoming_hooks_room ON incoming_hooks (room_id);
