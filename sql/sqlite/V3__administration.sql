-- What was administered, when and by whom. Rows are added, and nothing else: see the triggers.
-- Accounts are named by number alone, so that one that is deleted leaves no name behind in here.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp INTEGER NOT NULL,
    actor_id  INTEGER REFERENCES users (id),    -- an admin, over HTTP
    actor     TEXT,                             -- or a user of the operating system, by name
    via       TEXT    NOT NULL CHECK (via IN ('http', 'cli')),
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    detail    TEXT    NOT NULL CHECK (json_valid(detail)),
    CHECK ((actor_id IS NULL) <> (actor IS NULL))
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- INSERT OR REPLACE deletes without a word to the trigger above.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- What sets one new password, once: see POST /auth/password-reset. One for each account at most.
CREATE TABLE password_resets (
    hash       BLOB    PRIMARY KEY,             -- SHA-256; the token itself is kept nowhere
    user_id    INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_resets_expires ON password_resets (expires_at);

-- A deleted account is emptied and stays: its messages are somebody's.
ALTER TABLE users ADD COLUMN deleted_at INTEGER;
CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;
