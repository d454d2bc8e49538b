-- The first message of the thread in which a message is a reply. A reply that is shown only in its thread is an event of
-- the kind `reply`, so that programs that do not know threads pass over it.
ALTER TABLE events ADD COLUMN thread_id INTEGER;
CREATE INDEX events_thread ON events (thread_id, seq) WHERE thread_id IS NOT NULL;
-- A sum: 1 if `detail` has something, 2 if the message has reactions, 4 if it has replies, 8 if it is pinned. Most messages
-- have 0, and then a page looks nothing up.
ALTER TABLE events ADD COLUMN extras INTEGER NOT NULL DEFAULT 0;

CREATE TABLE reactions (
    message_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    emoji      TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    room_id    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,                -- of the event that added it: the order in which they are shown
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- The people whom messages mention. User 0 stands for all members of the room (`@room`).
CREATE TABLE mentions (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,                -- of the message
    message_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    thread_id  INTEGER,                         -- the thread, if the message is shown only there
    author_id  INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_message ON mentions (message_id);
CREATE INDEX mentions_newest ON mentions (user_id, created_at);
CREATE INDEX mentions_thread ON mentions (thread_id, user_id, seq) WHERE thread_id IS NOT NULL;

-- The people who follow threads, and how far they have read them.
CREATE TABLE thread_follows (
    thread_id    INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    room_id      INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    is_following INTEGER NOT NULL CHECK (is_following IN (0, 1)),   -- 0: the user does not want to
    read_seq     INTEGER NOT NULL,
    has_unread   INTEGER NOT NULL DEFAULT 0 CHECK (has_unread IN (0, 1)), -- there may be a reply after `read_seq`
    PRIMARY KEY (thread_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_follows_user ON thread_follows (user_id, room_id);
CREATE INDEX thread_follows_unread ON thread_follows (user_id, room_id) WHERE has_unread = 1;

CREATE TABLE pins (
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    message_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    pinned_by  INTEGER NOT NULL REFERENCES users (id),
    pinned_at  INTEGER NOT NULL,
    PRIMARY KEY (room_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pins_message ON pins (message_id);

-- What people have written and not sent. Thread 0 is the room.
CREATE TABLE drafts (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    thread_id  INTEGER NOT NULL DEFAULT 0,
    content    TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, thread_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_room ON drafts (room_id);

-- Messages that are sent later, once.
CREATE TABLE scheduled_messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    thread_id  INTEGER,
    content    TEXT    NOT NULL,
    send_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    failure    TEXT                             -- why it was not sent: the code of an error
) STRICT;
CREATE INDEX scheduled_messages_due ON scheduled_messages (send_at) WHERE failure IS NULL;
CREATE INDEX scheduled_messages_user ON scheduled_messages (user_id);
CREATE INDEX scheduled_messages_room ON scheduled_messages (room_id);
