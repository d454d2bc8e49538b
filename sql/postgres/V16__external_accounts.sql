-- The accounts of a product: who signs in with the product's tokens. One identity for each account at most.
CREATE TABLE external_accounts (
    issuer      text    NOT NULL,
    subject     text    NOT NULL,               -- the person's id in the product
    user_id     bigint  NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    is_disabled boolean NOT NULL DEFAULT false, -- the product has deactivated the account
    PRIMARY KEY (issuer, subject)
);

-- A session that is not to be extended beyond this time.
ALTER TABLE sessions ADD COLUMN ends_at bigint;
