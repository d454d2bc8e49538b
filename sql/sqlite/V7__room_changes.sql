-- The fields that only events of this kind have, as a JSON object. NULL for kinds without such fields.
ALTER TABLE events ADD COLUMN detail TEXT;
-- The author of events that no account causes, such as a change of a room at the command line. No account
-- can have this name. Like a deleted account it cannot sign in and is in no list.
INSERT INTO users (id, username, email, password_hash, role, is_active, created_at, deleted_at)
VALUES (0, '(server)', '(server)', '', 'user', 0, 0, 0);
