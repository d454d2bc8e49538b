-- The accounts of programs. They have no password, and sign in with API tokens.
ALTER TABLE users ADD COLUMN is_bot INTEGER NOT NULL DEFAULT 0 CHECK (is_bot IN (0, 1));
CREATE INDEX users_bots ON users (id) WHERE is_bot = 1;

-- The sessions that programs hold. The id of such a session is the beginning of the SHA-256 of its token.
CREATE TABLE api_tokens (
    session_id   TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,                     -- what the token is for
    scopes       TEXT NOT NULL,                     -- words with spaces between
    room_ids     TEXT,                              -- a JSON array; NULL: all rooms of the account
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

-- How far programs have come in the logs of rooms. Positions only move forward.
CREATE TABLE cursors (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, name, room_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cursors_room ON cursors (room_id);
