-- Why this database must not be served as it is: it is a backup, or has not all of its rows yet.
ALTER TABLE server ADD COLUMN sealed TEXT;

-- The seq of the oldest event that is kept: what was before it has been pruned.
ALTER TABLE rooms ADD COLUMN oldest_seq INTEGER NOT NULL DEFAULT 1;
-- For how many days events are kept: 0 for ever, NULL as the settings say.
ALTER TABLE rooms ADD COLUMN retention_days INTEGER CHECK (retention_days >= 0);
