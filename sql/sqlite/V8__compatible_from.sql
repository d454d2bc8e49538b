-- The oldest schema version that a program must know to work on this database. A migration that breaks older
-- programs raises it: see "Expand, then contract" in CONTRIBUTING.md.
ALTER TABLE server ADD COLUMN compatible_from INTEGER NOT NULL DEFAULT 8;
