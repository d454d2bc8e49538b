-- Webhooks by which other programs send to a room. A webhook is a bot with one API token, which is limited to the room.
CREATE TABLE incoming_hooks (
    user_id    bigint NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,  -- the bot
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    created_by bigint NOT NULL REFERENCES users (id),                                -- 0: at the command line
    created_at bigint NOT NULL,
    deleted_at bigint     -- the row stays: it says who sees the bot, as long as there is the room
);
CREATE INDEX incoming_hooks_room ON incoming_hooks (room_id);
