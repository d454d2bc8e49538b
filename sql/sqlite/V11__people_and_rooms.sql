-- Older programs show every room to every account, and so must not work on private rooms.
UPDATE server SET compatible_from = 11;

-- The number of changes so far of who may do what in a room. Each such change sets `access_version` of its room
-- to it, so that a process finds the changes of the others.
ALTER TABLE server ADD COLUMN access_version INTEGER NOT NULL DEFAULT 0;
-- The ids of private and direct rooms, and of the events in them, are taken from a range of their own: gaps in the
-- ids of what everybody sees would tell how much is said in private. 2^52: JavaScript knows integers up to 2^53.
ALTER TABLE server ADD COLUMN last_room_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE server ADD COLUMN last_closed_room_id INTEGER NOT NULL DEFAULT 4503599627370496;
ALTER TABLE server ADD COLUMN last_closed_event_id INTEGER NOT NULL DEFAULT 4503599627370496;
UPDATE server SET last_room_id = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rooms'), 0);

ALTER TABLE rooms ADD COLUMN kind TEXT NOT NULL DEFAULT 'public'
    CHECK (kind IN ('public', 'private', 'direct'));
ALTER TABLE rooms ADD COLUMN posting TEXT NOT NULL DEFAULT 'everyone'
    CHECK (posting IN ('everyone', 'moderators'));
ALTER TABLE rooms ADD COLUMN inviting TEXT NOT NULL DEFAULT 'moderators'
    CHECK (inviting IN ('everyone', 'moderators'));
ALTER TABLE rooms ADD COLUMN history TEXT NOT NULL DEFAULT 'all' CHECK (history IN ('all', 'joined'));
ALTER TABLE rooms ADD COLUMN auto_join INTEGER NOT NULL DEFAULT 0 CHECK (auto_join IN (0, 1));
-- The sorted ids of the people of a direct room, separated by commas.
ALTER TABLE rooms ADD COLUMN direct_key TEXT;
ALTER TABLE rooms ADD COLUMN access_version INTEGER NOT NULL DEFAULT 0;
-- Kept by triggers, because counting the members of 200 large rooms for one page of rooms costs 40 ms and more.
ALTER TABLE rooms ADD COLUMN member_count INTEGER NOT NULL DEFAULT 0;
-- The name of a private room may be that of any other room: a refusal would tell people a name that they do not see.
DROP INDEX rooms_name;
CREATE UNIQUE INDEX rooms_name ON rooms (name) WHERE deleted_at IS NULL AND kind = 'public';
CREATE UNIQUE INDEX rooms_direct_key ON rooms (direct_key) WHERE deleted_at IS NULL AND kind = 'direct';
CREATE INDEX rooms_public ON rooms (id) WHERE deleted_at IS NULL AND kind = 'public';
CREATE INDEX rooms_access_version ON rooms (access_version) WHERE access_version > 0;
CREATE INDEX rooms_auto_join ON rooms (id) WHERE auto_join = 1;

CREATE TABLE members (
    room_id     INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role        TEXT    NOT NULL CHECK (role IN ('member', 'moderator', 'owner')),
    joined_at   INTEGER NOT NULL,
    joined_seq  INTEGER NOT NULL,               -- the head when the user became a member
    notify      TEXT    NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'none')),
    is_starred  INTEGER NOT NULL DEFAULT 0 CHECK (is_starred IN (0, 1)),
    hidden_seq  INTEGER,                        -- hidden until there is an event after this one
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id, room_id);
CREATE TRIGGER members_added AFTER INSERT ON members BEGIN
    UPDATE rooms SET member_count = member_count + 1 WHERE id = NEW.room_id;
END;
CREATE TRIGGER members_removed AFTER DELETE ON members BEGIN
    UPDATE rooms SET member_count = member_count - 1 WHERE id = OLD.room_id;
END;

-- Apart from the membership: a muted user who leaves and returns is still muted.
CREATE TABLE mutes (
    room_id INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    until   INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mutes_user ON mutes (user_id);

CREATE TABLE bans (
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    banned_by  INTEGER NOT NULL REFERENCES users (id),
    reason     TEXT,
    created_at INTEGER NOT NULL,
    until      INTEGER,                         -- NULL: for ever
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bans_user ON bans (user_id);

-- Links that let people into a room, or let them sign up.
CREATE TABLE invites (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash   BLOB    NOT NULL UNIQUE,       -- SHA-256
    room_id      INTEGER REFERENCES rooms (id) ON DELETE CASCADE,   -- NULL: the server
    created_by   INTEGER NOT NULL REFERENCES users (id),
    role         TEXT    NOT NULL,              -- of the new member, or of the new account
    uses_allowed INTEGER,                       -- NULL: any number
    completed    INTEGER NOT NULL DEFAULT 0,    -- the number of uses so far
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX invites_room ON invites (room_id);
