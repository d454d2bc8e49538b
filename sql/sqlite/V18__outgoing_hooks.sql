-- URLs that are told what happens in the rooms that a bot may read.
CREATE TABLE outgoing_hooks (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id          INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,  -- the bot
    url              TEXT    NOT NULL,
    secret           TEXT    NOT NULL,  -- signs the requests; in base64
    old_secret       TEXT,              -- signs them too, until a time
    old_secret_until INTEGER,
    kinds            TEXT,              -- words with spaces between; NULL: all kinds of events
    room_ids         TEXT,              -- a JSON array; NULL: all rooms that the bot may read
    created_at       INTEGER NOT NULL,
    paused_at        INTEGER,
    is_gone          INTEGER NOT NULL DEFAULT 0 CHECK (is_gone IN (0, 1))  -- paused, as the URL answered with 410
) STRICT;
CREATE INDEX outgoing_hooks_user ON outgoing_hooks (user_id);

-- How far each webhook has come in the log of each room. A room that is newer than the webhook may have no row.
CREATE TABLE outgoing_positions (
    hook_id   INTEGER NOT NULL REFERENCES outgoing_hooks (id) ON DELETE CASCADE,
    room_id   INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq       INTEGER NOT NULL,
    failures  INTEGER NOT NULL DEFAULT 0,   -- how often the next event could not be delivered so far
    retry_at  INTEGER,                      -- NULL: at once
    parked_at INTEGER,                      -- it is not tried again by itself
    PRIMARY KEY (hook_id, room_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outgoing_positions_room ON outgoing_positions (room_id);
CREATE INDEX outgoing_positions_failing ON outgoing_positions (hook_id, room_id) WHERE failures > 0;

-- The latest attempts to deliver an event.
CREATE TABLE outgoing_deliveries (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    hook_id      INTEGER NOT NULL REFERENCES outgoing_hooks (id) ON DELETE CASCADE,
    room_id      INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    event_id     INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    attempted_at INTEGER NOT NULL,
    duration_ms  INTEGER NOT NULL,
    status       INTEGER,   -- of the answer; NULL: there was none
    failure      TEXT       -- NULL: it was delivered
) STRICT;
CREATE INDEX outgoing_deliveries_hook ON outgoing_deliveries (hook_id, id);
