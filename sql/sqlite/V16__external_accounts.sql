-- The accounts of a product: who signs in with the product's tokens. One identity for each account at most.
CREATE TABLE external_accounts (
    issuer      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,               -- the person's id in the product
    user_id     INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    is_disabled INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),   -- the product has deactivated it
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- A session that is not to be extended beyond this time.
ALTER TABLE sessions ADD COLUMN ends_at INTEGER;
