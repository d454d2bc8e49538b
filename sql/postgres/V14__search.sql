ALTER TABLE rooms
    -- Up to which event of its log a room's messages are in the index.
    ADD COLUMN indexed_seq bigint NOT NULL DEFAULT 0,
    -- 1: the index has messages of the room whose ids are those of public rooms; 2: of closed rooms; 3: both, because
    -- the room has been public and closed.
    ADD COLUMN indexed_ids smallint NOT NULL DEFAULT 0;
CREATE INDEX rooms_became_public ON rooms (id) WHERE kind = 'public' AND indexed_ids >= 2;
CREATE INDEX rooms_became_closed ON rooms (id) WHERE kind <> 'public' AND indexed_ids IN (1, 3);

-- The words of messages and their facets (src/model/search). No foreign key: a message is deleted from here by the
-- transaction that deletes it. A search reads what GIN has not sorted in yet, so that is little.
CREATE TABLE search_index (
    id    bigint   PRIMARY KEY,                 -- of the message
    words tsvector NOT NULL
);
CREATE INDEX search_index_words ON search_index USING gin (words) WITH (gin_pending_list_limit = 256);
