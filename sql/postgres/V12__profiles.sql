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

-- Ignores case in any script, whatever the locale of the database. By way of the upper case, because letters such as
-- σ and ς have that in common. A PostgreSQL without ICU knows only the letters of its locale: the doctor warns.
DO $do$
BEGIN
    IF EXISTS (SELECT FROM pg_collation
               WHERE collname = 'und-x-icu' AND collnamespace = 'pg_catalog'::regnamespace) THEN
        CREATE FUNCTION fold_case(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT translate(lower(upper($1 COLLATE pg_catalog."und-x-icu")), 'ς', 'σ') COLLATE "C"
        $$;
    ELSE
        CREATE FUNCTION fold_case(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT lower($1) COLLATE "C"
        $$;
    END IF;
END $do$;

-- Who does not want to hear from whom.
CREATE TABLE blocks (
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);
CREATE INDEX blocks_blocked ON blocks (blocked_id);
