-- The first message of the thread in which a message is a reply. A reply that is shown only in its thread is an event of
-- the kind `reply`, so that programs that do not know threads pass over it.
ALTER TABLE events ADD COLUMN thread_id bigint;
CREATE INDEX events_thread ON events (thread_id, seq) WHERE thread_id IS NOT NULL;
-- A sum: 1 if `detail` has something, 2 if the message has reactions, 4 if it has replies, 8 if it is pinned. Most messages
-- have 0, and then a page looks nothing up.
ALTER TABLE events ADD COLUMN extras smallint NOT NULL DEFAULT 0;

CREATE TABLE reactions (
    message_id bigint NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    emoji      text   NOT NULL,
    user_id    bigint NOT NULL REFERENCES users (id),
    room_id    bigint NOT NULL,
    seq        bigint NOT NULL,                 -- of the event that added it: the order in which they are shown
    PRIMARY KEY (message_id, emoji, user_id)
);

-- The people whom messages mention. User 0 stands for all members of the room (`@room`).
CREATE TABLE mentions (
    user_id    bigint NOT NULL REFERENCES users (id),
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq        bigint NOT NULL,                 -- of the message
    message_id bigint NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    thread_id  bigint,                          -- the thread, if the message is shown only there
    author_id  bigint NOT NULL REFERENCES users (id),
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, room_id, seq)
);
CREATE INDEX mentions_message ON mentions (message_id);
CREATE INDEX mentions_newest ON mentions (user_id, created_at);
CREATE INDEX mentions_thread ON mentions (thread_id, user_id, seq) WHERE thread_id IS NOT NULL;

-- The people who follow threads, and how far they have read them.
CREATE TABLE thread_follows (
    thread_id    bigint  NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id      bigint  NOT NULL REFERENCES users (id),
    room_id      bigint  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    is_following boolean NOT NULL,              -- false: the user does not want to
    read_seq     bigint  NOT NULL,
    has_unread   boolean NOT NULL DEFAULT false, -- there may be a reply after `read_seq`
    PRIMARY KEY (thread_id, user_id)
);
CREATE INDEX thread_follows_user ON thread_follows (user_id, room_id);
CREATE INDEX thread_follows_unread ON thread_follows (user_id, room_id) WHERE has_unread;

CREATE TABLE pins (
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    message_id bigint NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    pinned_by  bigint NOT NULL REFERENCES users (id),
    pinned_at  bigint NOT NULL,
    PRIMARY KEY (room_id, message_id)
);
CREATE INDEX pins_message ON pins (message_id);

-- What people have written and not sent. Thread 0 is the room.
CREATE TABLE drafts (
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    thread_id  bigint NOT NULL DEFAULT 0,
    content    text   NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (user_id, room_id, thread_id)
);
CREATE INDEX drafts_room ON drafts (room_id);

-- Messages that are sent later, once.
CREATE TABLE scheduled_messages (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id    bigint NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    thread_id  bigint,
    content    text   NOT NULL,
    send_at    bigint NOT NULL,
    created_at bigint NOT NULL,
    failure    text                             -- why it was not sent: the code of an error
);
CREATE INDEX scheduled_messages_due ON scheduled_messages (send_at) WHERE failure IS NULL;
CREATE INDEX scheduled_messages_user ON scheduled_messages (user_id);
CREATE INDEX scheduled_messages_room ON scheduled_messages (room_id);
