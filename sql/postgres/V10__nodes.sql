-- The servers that use this database now. Nothing here outlives them: the tables are not written to the WAL,
-- and are empty after a crash and on a promoted standby. A node that does not find its row adds itself again.
CREATE UNLOGGED TABLE nodes (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text        NOT NULL,
    version          text        NOT NULL,              -- of the program
    address          text        NOT NULL,
    started_at       bigint      NOT NULL,
    doorbell         text        NOT NULL,              -- 'database', or where NATS is, without a password
    secret           text        NOT NULL,              -- a fingerprint of the secret that signs tokens
    seen_at          timestamptz NOT NULL,              -- the last heartbeat, by this database's clock
    connections      bigint      NOT NULL DEFAULT 0,
    lag_ms           bigint      NOT NULL DEFAULT 0,
    has_jobs         boolean     NOT NULL DEFAULT false, -- it runs the jobs that one node does for all
    jobs_pid         integer,                           -- its connection that holds the lock of the jobs
    presence_version bigint      NOT NULL DEFAULT 0     -- counts its changes of `presence`
) WITH (fillfactor = 50);

-- No node gets an id that another one had before a crash. From PostgreSQL 15 on, the sequence of an unlogged table
-- is unlogged too, and would begin again.
DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE 'ALTER SEQUENCE ' || pg_get_serial_sequence('nodes', 'id') || ' SET LOGGED';
    END IF;
END $$;

-- The people who are in rooms, one row for each node that has a connection of theirs in the room. A node
-- writes its own rows only.
CREATE UNLOGGED TABLE presence (
    room_id bigint NOT NULL,
    user_id bigint NOT NULL,
    node_id bigint NOT NULL,
    PRIMARY KEY (room_id, user_id, node_id)
);
CREATE INDEX presence_node ON presence (node_id);
