ALTER TABLE rooms
    -- Since when nothing is sent to the room any more.
    ADD COLUMN archived_at bigint,
    -- Since when the room is gone for everybody. Its log goes bit by bit after that, its row last.
    ADD COLUMN deleted_at bigint,
    -- One more with every change of name, description and archived_at: what another process has
    -- changed is seen by it.
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;
DROP INDEX rooms_name;
CREATE UNIQUE INDEX rooms_name ON rooms (lower(name COLLATE "C")) WHERE deleted_at IS NULL;
CREATE INDEX rooms_deleted ON rooms (id) WHERE deleted_at IS NOT NULL;

-- The message that an event of the kinds message_edited and message_deleted is about.
ALTER TABLE events ADD COLUMN target_id bigint, ADD COLUMN target_seq bigint;
CREATE INDEX events_target ON events (target_id) WHERE target_id IS NOT NULL;

-- Up to where each person has read each room: a seq of its log.
CREATE TABLE read_positions (
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq     bigint NOT NULL,
    PRIMARY KEY (user_id, room_id)
);
CREATE INDEX read_positions_room ON read_positions (room_id);
