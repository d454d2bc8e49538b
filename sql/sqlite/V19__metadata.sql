-- A product's own data: a JSON object. That of a message is in `events.detail`.
ALTER TABLE users ADD COLUMN metadata TEXT;
ALTER TABLE rooms ADD COLUMN metadata TEXT;

-- The keys of the data, by which accounts, rooms and messages are found. The value is a text, a number or a truth value,
-- as text; NULL for other values and for long texts.
CREATE TABLE user_metadata (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    value   TEXT,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_metadata_value ON user_metadata (key, value, user_id);

CREATE TABLE room_metadata (
    room_id INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    value   TEXT,
    PRIMARY KEY (room_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_metadata_value ON room_metadata (key, value, room_id);

CREATE TABLE message_metadata (
    message_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    value      TEXT,
    room_id    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,                -- of the message
    PRIMARY KEY (message_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_metadata_key ON message_metadata (room_id, key, seq);
CREATE INDEX message_metadata_value ON message_metadata (room_id, key, value, seq);
