-- Facts about the whole database: one row.
CREATE TABLE server (
    id            integer PRIMARY KEY CHECK (id = 1),
    epoch         text    NOT NULL,             -- random; cursors of another epoch mean nothing
    token_secret  bytea                         -- made by the first server that has none configured
);
INSERT INTO server (id, epoch) VALUES (1, replace(gen_random_uuid()::text, '-', ''));

CREATE TABLE users (
    id            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username      text    NOT NULL,
    email         text    NOT NULL,
    password_hash text    NOT NULL,
    role          text    NOT NULL CHECK (role IN ('user', 'admin')),
    is_active     boolean NOT NULL DEFAULT true,
    created_at    bigint  NOT NULL              -- times are milliseconds since 1970, UTC
);
-- COLLATE "C": upper and lower case are those of ASCII, as in SQLite, whatever the locale of the
-- database, so that a name which is free in one is free in the other.
CREATE UNIQUE INDEX users_username ON users (lower(username COLLATE "C"));
CREATE UNIQUE INDEX users_email ON users (lower(email COLLATE "C"));
CREATE INDEX users_admin ON users (id) WHERE role = 'admin';

CREATE TABLE sessions (
    id         text   PRIMARY KEY,              -- 32 hexadecimal digits
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE rooms (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text   NOT NULL,
    description text,
    created_by  bigint NOT NULL REFERENCES users (id),
    created_at  bigint NOT NULL,
    head_seq    bigint NOT NULL DEFAULT 0       -- the seq of the newest event
) WITH (fillfactor = 50);                       -- head_seq changes with every batch: room for HOT updates
CREATE UNIQUE INDEX rooms_name ON rooms (lower(name COLLATE "C"));

-- The log of every room. A row is written once per event; only what an edit or a deletion does to
-- a message changes it later.
-- Other kinds of event (edits, reactions, members) are further kinds in the same sequence.
CREATE TABLE events (
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq        bigint NOT NULL,
    id         bigint GENERATED ALWAYS AS IDENTITY,   -- never given twice
    kind       text   NOT NULL DEFAULT 'message',
    user_id    bigint NOT NULL REFERENCES users (id),
    created_at bigint NOT NULL,
    content    text   NOT NULL,
    client_id  text,
    edited_at  bigint,
    deleted_at bigint,
    PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX events_id ON events (id);
CREATE UNIQUE INDEX events_client_id ON events (room_id, user_id, client_id)
    WHERE client_id IS NOT NULL;
