ALTER TABLE users
    ADD COLUMN display_name text,
    ADD COLUMN title text,
    ADD COLUMN timezone text,                   -- a name of the IANA time zone database
    ADD COLUMN status_text text,
    ADD COLUMN status_emoji text,
    ADD COLUMN status_until bigint,
    ADD COLUMN last_seen_at bigint,
    ADD COLUMN renamed_at bigint;               -- the last change of the display name
CREATE INDEX users_renamed ON users (renamed_at) WHERE renamed_at IS NOT NULL;

-- Who does not want to hear from whom.
CREATE TABLE blocks (
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);
CREATE INDEX blocks_blocked ON blocks (blocked_id);
