-- The accounts of programs. They have no password, and sign in with API tokens.
ALTER TABLE users ADD COLUMN is_bot boolean NOT NULL DEFAULT false;
CREATE INDEX users_bots ON users (id) WHERE is_bot;

-- The sessions that programs hold. The id of such a session is the beginning of the SHA-256 of its token.
CREATE TABLE api_tokens (
    session_id   text   PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    name         text   NOT NULL,                   -- what the token is for
    scopes       text   NOT NULL,                   -- words with spaces between
    room_ids     text,                              -- a JSON array; NULL: all rooms of the account
    last_used_at bigint
);

-- How far programs have come in the logs of rooms. Positions only move forward.
CREATE TABLE cursors (
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       text   NOT NULL,
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq        bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (user_id, name, room_id)
);
CREATE INDEX cursors_room ON cursors (room_id);
