-- What opens one socket, once: see POST /auth/ws-ticket. A row is deleted when it is used.
CREATE TABLE tickets (
    hash       bytea  PRIMARY KEY,              -- SHA-256; the ticket itself is kept nowhere
    session_id text   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at bigint NOT NULL
);
CREATE INDEX tickets_session ON tickets (session_id);
CREATE INDEX tickets_expires ON tickets (expires_at);
