-- Older programs show every room to every account, and so must not work on private rooms.
UPDATE server SET compatible_from = 11;

-- The number of changes so far of who may do what in a room. Each such change sets `access_version` of its room
-- to it, so that a process finds the changes of the others.
ALTER TABLE server ADD COLUMN access_version bigint NOT NULL DEFAULT 0;
-- The ids of private and direct rooms, and of the events in them, are taken from a range of their own: gaps in the
-- ids of what everybody sees would tell how much is said in private. 2^52: JavaScript knows integers up to 2^53.
CREATE SEQUENCE closed_room_ids START 4503599627370497;
CREATE SEQUENCE closed_event_ids START 4503599627370497;

ALTER TABLE rooms
    ADD COLUMN kind text NOT NULL DEFAULT 'public' CHECK (kind IN ('public', 'private', 'direct')),
    ADD COLUMN posting text NOT NULL DEFAULT 'everyone' CHECK (posting IN ('everyone', 'moderators')),
    ADD COLUMN inviting text NOT NULL DEFAULT 'moderators'
        CHECK (inviting IN ('everyone', 'moderators')),
    ADD COLUMN history text NOT NULL DEFAULT 'all' CHECK (history IN ('all', 'joined')),
    ADD COLUMN auto_join boolean NOT NULL DEFAULT false,
    -- The sorted ids of the people of a direct room, separated by commas.
    ADD COLUMN direct_key text,
    ADD COLUMN access_version bigint NOT NULL DEFAULT 0,
    -- Kept by triggers, because counting the members of 200 large rooms for one page of rooms costs 40 ms and more.
    ADD COLUMN member_count bigint NOT NULL DEFAULT 0;
-- The name of a private room may be that of any other room: a refusal would tell people a name that they do not see.
DROP INDEX rooms_name;
CREATE UNIQUE INDEX rooms_name ON rooms (lower(name COLLATE "C"))
    WHERE deleted_at IS NULL AND kind = 'public';
CREATE UNIQUE INDEX rooms_direct_key ON rooms (direct_key) WHERE deleted_at IS NULL AND kind = 'direct';
CREATE INDEX rooms_public ON rooms (id) WHERE deleted_at IS NULL AND kind = 'public';
CREATE INDEX rooms_access_version ON rooms (access_version) WHERE access_version > 0;
CREATE INDEX rooms_auto_join ON rooms (id) WHERE auto_join;

CREATE TABLE members (
    room_id     bigint  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id     bigint  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role        text    NOT NULL CHECK (role IN ('member', 'moderator', 'owner')),
    joined_at   bigint  NOT NULL,
    joined_seq  bigint  NOT NULL,               -- the head when the user became a member
    notify      text    NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'none')),
    is_starred  boolean NOT NULL DEFAULT false,
    hidden_seq  bigint,                         -- hidden until there is an event after this one
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX members_user ON members (user_id, room_id);
-- Once for each statement: one that adds a hundred people to a room changes the room once.
CREATE FUNCTION count_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rooms
    SET member_count = member_count + CASE TG_OP WHEN 'INSERT' THEN people ELSE -people END
    FROM (SELECT room_id, count(*) AS people FROM changed GROUP BY room_id) AS counted
    WHERE rooms.id = counted.room_id;
    RETURN NULL;
END $$;
CREATE TRIGGER members_added AFTER INSERT ON members
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_members();
CREATE TRIGGER members_removed AFTER DELETE ON members
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_members();

-- Apart from the membership: a muted user who leaves and returns is still muted.
CREATE TABLE mutes (
    room_id bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    until   bigint NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX mutes_user ON mutes (user_id);

CREATE TABLE bans (
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    banned_by  bigint NOT NULL REFERENCES users (id),
    reason     text,
    created_at bigint NOT NULL,
    until      bigint,                          -- NULL: for ever
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX bans_user ON bans (user_id);

-- Links that let people into a room, or let them sign up.
CREATE TABLE invites (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash   bytea  NOT NULL UNIQUE,        -- SHA-256
    room_id      bigint REFERENCES rooms (id) ON DELETE CASCADE,    -- NULL: the server
    created_by   bigint NOT NULL REFERENCES users (id),
    role         text   NOT NULL,               -- of the new member, or of the new account
    uses_allowed bigint,                        -- NULL: any number
    completed    bigint NOT NULL DEFAULT 0,     -- the number of uses so far
    created_at   bigint NOT NULL,
    expires_at   bigint,
    revoked_at   bigint
);
CREATE INDEX invites_room ON invites (room_id);
