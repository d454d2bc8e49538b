-- Up to which event of its log a room's messages are in the index.
ALTER TABLE rooms ADD COLUMN indexed_seq INTEGER NOT NULL DEFAULT 0;
-- 1: the index has messages of the room whose ids are those of public rooms; 2: of closed rooms; 3: both, because the
-- room has been public and closed.
ALTER TABLE rooms ADD COLUMN indexed_ids INTEGER NOT NULL DEFAULT 0;
CREATE INDEX rooms_became_public ON rooms (id) WHERE kind = 'public' AND indexed_ids >= 2;
CREATE INDEX rooms_became_closed ON rooms (id) WHERE kind <> 'public' AND indexed_ids IN (1, 3);

-- The words of messages and their facets (src/model/search), which are separated by spaces already. The rowid is the
-- message's id, so that the newest messages are found first. The texts are in `events` alone.
CREATE VIRTUAL TABLE search_index USING fts5(words, content = '', contentless_delete = 1, tokenize = 'ascii');
