-- Facts about the whole database: one row.
CREATE TABLE server (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    epoch         TEXT    NOT NULL,             -- random; cursors of another epoch mean nothing
    token_secret  BLOB,                         -- made by the first server that has none configured
    last_event_id INTEGER NOT NULL DEFAULT 0    -- ids of events are never given twice
);
INSERT INTO server (id, epoch) VALUES (1, lower(hex(randomblob(16))));

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT    NOT NULL COLLATE NOCASE,
    email         TEXT    NOT NULL COLLATE NOCASE,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('user', 'admin')),
    is_active     INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at    INTEGER NOT NULL              -- times are milliseconds since 1970, UTC
) STRICT;
-- SQLite checks the newest index first: of two that are taken, the name is what is complained of.
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE INDEX users_admin ON users (id) WHERE role = 'admin';

CREATE TABLE sessions (
    id         TEXT    PRIMARY KEY,             -- 32 hexadecimal digits
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE rooms (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL COLLATE NOCASE,
    description TEXT,
    created_by  INTEGER NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    head_seq    INTEGER NOT NULL DEFAULT 0      -- the seq of the newest event
) STRICT;
CREATE UNIQUE INDEX rooms_name ON rooms (name);

-- The log of every room. A row is written once per event; only what an edit or a deletion does to
-- a message changes it later. Clustered by position, so that a page is one range scan.
-- Other kinds of event (edits, reactions, members) are further kinds in the same sequence.
CREATE TABLE events (
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    kind       TEXT    NOT NULL DEFAULT 'message',
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    content    TEXT    NOT NULL,
    client_id  TEXT,
    edited_at  INTEGER,
    deleted_at INTEGER,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX events_id ON events (id);
CREATE UNIQUE INDEX events_client_id ON events (room_id, user_id, client_id)
    WHERE client_id IS NOT NULL;
