-- Attempts that are limited, across nodes and restarts: failed sign-ins for a name or from an address, and
-- sign-ups from an address. A key is an HMAC, because names and addresses are stored nowhere here.
CREATE TABLE attempts (
    key   BLOB    PRIMARY KEY,
    count INTEGER NOT NULL,                     -- 0: the next attempt begins a window
    since INTEGER NOT NULL                      -- when the window began
) STRICT, WITHOUT ROWID;
-- The addresses at which the owner of a name has signed in. A key is an HMAC of both.
CREATE TABLE known_addresses (
    key     BLOB    PRIMARY KEY,
    seen_at INTEGER NOT NULL                    -- the last sign-in
) STRICT, WITHOUT ROWID;
