-- What was administered, when and by whom. Rows are added, and nothing else: see the triggers.
-- Accounts are named by number alone, so that one that is deleted leaves no name behind in here.
CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    timestamp bigint NOT NULL,
    actor_id  bigint REFERENCES users (id),     -- an admin, over HTTP
    actor     text,                             -- or a user of the operating system, by name
    via       text   NOT NULL CHECK (via IN ('http', 'cli')),
    action    text   NOT NULL,
    target    text   NOT NULL,
    detail    json   NOT NULL,
    CHECK ((actor_id IS NULL) <> (actor IS NULL))
);
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- What sets one new password, once: see POST /auth/password-reset. One for each account at most.
CREATE TABLE password_resets (
    hash       bytea  PRIMARY KEY,              -- SHA-256; the token itself is kept nowhere
    user_id    bigint NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    expires_at bigint NOT NULL
);
CREATE INDEX password_resets_expires ON password_resets (expires_at);

-- A deleted account is emptied and stays: its messages are somebody's.
ALTER TABLE users ADD COLUMN deleted_at bigint;
CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;
