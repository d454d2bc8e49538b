-- Why this database must not be served as it is: it is a backup, or has not all of its rows yet.
ALTER TABLE server ADD COLUMN sealed text;

ALTER TABLE rooms
    -- The seq of the oldest event that is kept: what was before it has been pruned.
    ADD COLUMN oldest_seq bigint NOT NULL DEFAULT 1,
    -- For how many days events are kept: 0 for ever, NULL as the settings say.
    ADD COLUMN retention_days integer CHECK (retention_days >= 0);
