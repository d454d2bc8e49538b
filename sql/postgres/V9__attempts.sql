-- Attempts that are limited, across nodes and restarts: failed sign-ins for a name or from an address, and
-- sign-ups from an address. A key is an HMAC, because names and addresses are stored nowhere here. Both tables are
-- unlogged: their commits wait for no disk and no standby. They are empty after a crash and on a promoted standby.
CREATE UNLOGGED TABLE attempts (
    key   bytea  PRIMARY KEY,
    count bigint NOT NULL,                      -- 0: the next attempt begins a window
    since bigint NOT NULL                       -- when the window began
);
-- The addresses at which the owner of a name has signed in. A key is an HMAC of both.
CREATE UNLOGGED TABLE known_addresses (
    key     bytea  PRIMARY KEY,
    seen_at bigint NOT NULL                     -- the last sign-in
);
