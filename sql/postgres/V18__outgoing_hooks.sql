-- URLs that are told what happens in the rooms that a bot may read.
CREATE TABLE outgoing_hooks (
    id               bigint NOT NULL PRIMARY KEY,
    user_id          bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,  -- the bot
    url              text   NOT NULL,
    secret           text   NOT NULL,  -- signs the requests; in base64
    old_secret       text,             -- signs them too, until a time
    old_secret_until bigint,
    kinds            text,             -- words with spaces between; NULL: all kinds of events
    room_ids         text,             -- a JSON array; NULL: all rooms that the bot may read
    created_at       bigint NOT NULL,
    paused_at        bigint,
    is_gone          boolean NOT NULL DEFAULT false  -- paused, as the URL answered with 410
);
CREATE INDEX outgoing_hooks_user ON outgoing_hooks (user_id);

-- How far each webhook has come in the log of each room. A room that is newer than the webhook may have no row.
CREATE TABLE outgoing_positions (
    hook_id   bigint  NOT NULL REFERENCES outgoing_hooks (id) ON DELETE CASCADE,
    room_id   bigint  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq       bigint  NOT NULL,
    failures  integer NOT NULL DEFAULT 0,   -- how often the next event could not be delivered so far
    retry_at  bigint,                       -- NULL: at once
    parked_at bigint,                       -- it is not tried again by itself
    PRIMARY KEY (hook_id, room_id)
);
CREATE INDEX outgoing_positions_room ON outgoing_positions (room_id);

-- The latest attempts to deliver an event.
CREATE TABLE outgoing_deliveries (
    id           bigint  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hook_id      bigint  NOT NULL REFERENCES outgoing_hooks (id) ON DELETE CASCADE,
    room_id      bigint  NOT NULL,
    seq          bigint  NOT NULL,
    event_id     bigint  NOT NULL,
    kind         text    NOT NULL,
    attempted_at bigint  NOT NULL,
    duration_ms  bigint  NOT NULL,
    status       integer,   -- of the answer; NULL: there was none
    failure      text       -- NULL: it was delivered
);
CREATE INDEX outgoing_deliveries_hook ON outgoing_deliveries (hook_id, id);
