-- What a server of schema 7 (chatapp 0.1.0) and its commands said to PostgreSQL.
-- Recorded by tests/upgrade/record.py, which says how; not written by hand.
PREPARE s1 AS
    SELECT current_setting('chatapp.session', true);
EXECUTE s1;
PREPARE s2 AS
    SELECT set_config('chatapp.session', md5(random()::text || clock_timestamp()::text), false);
EXECUTE s2;
SET default_transaction_isolation = 'read committed';
         SET lock_timeout = 5000;
         SET statement_timeout = '30s';
         SET idle_in_transaction_session_timeout = '30s';
         SET client_min_messages = warning;
         SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off;
         SET enable_bitmapscan = off;
         SET jit = off;
         SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') = 'off';
         SELECT pg_try_advisory_lock_shared(x'6368617461707001'::bigint);
PREPARE s3 AS
    SELECT current_setting('server_version_num')::int;
EXECUTE s3;
PREPARE s4 AS
    SELECT quote_ident(current_database()),
           quote_ident(current_user),
           quote_ident(current_schema()),
           pg_encoding_to_char(d.encoding),
           pg_is_in_recovery(),
           current_setting('default_transaction_read_only'),
           current_setting('fsync'),
           current_setting('full_page_writes'),
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
           row_to_json(d)->>'datcollversion'
    FROM pg_database d WHERE datname = current_database();
EXECUTE s4;
PREPARE s5 AS
    SELECT DISTINCT relname::text || ': ' || string_agg(privilege, ', ' ORDER BY privilege)
    FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
      AND relname IN ('server', 'users', 'sessions', 'rooms', 'events', 'tickets', 'audit',
                      'password_resets', 'read_positions', 'refinery_schema_history')
      AND NOT (relname = 'audit' AND privilege IN ('UPDATE', 'DELETE'))
      AND NOT (relname = 'refinery_schema_history' AND privilege <> 'SELECT')
      AND NOT has_table_privilege(oid, privilege)
    GROUP BY relname ORDER BY 1;
EXECUTE s5;
PREPARE s6 AS
    SELECT to_regclass('refinery_schema_history') IS NOT NULL;
EXECUTE s6;
PREPARE s7 AS
    SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname = 'users' AND relkind = 'r'
      AND NOT pg_has_role(relowner, 'USAGE');
EXECUTE s7;
PREPARE s8 AS
    SELECT relname::text FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
      AND relname IN ('audit_id_seq', 'events_id_seq', 'rooms_id_seq', 'users_id_seq')
      AND NOT has_sequence_privilege(oid, 'SELECT') ORDER BY 1;
EXECUTE s8;
PREPARE s9 AS
    SELECT version, applied_on FROM refinery_schema_history;
EXECUTE s9;
PREPARE s10 AS
    SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin');
EXECUTE s10;
EXECUTE s5;
PREPARE s11 AS
    SELECT epoch, sealed FROM server WHERE id = 1;
EXECUTE s11;
PREPARE s12 AS
    SELECT epoch FROM server WHERE id = 1;
EXECUTE s12;
PREPARE s13 (bytea) AS
    UPDATE server SET token_secret = coalesce(token_secret, $1) WHERE id = 1
                 RETURNING token_secret;
EXECUTE s13 ('\x22ca1e5923118617f450295b0e0912cf7ffd2caa569f6eb59efabf0d9b4df231');
PREPARE s14 (bigint) AS
    DELETE FROM tickets WHERE expires_at < $1;
EXECUTE s14 ('1795908853764');
PREPARE s15 AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days FROM rooms WHERE deleted_at IS NULL ORDER BY id;
EXECUTE s15;
PREPARE s16 (bigint) AS
    DELETE FROM password_resets WHERE expires_at < $1;
EXECUTE s16 ('1795908853764');
PREPARE s17 (bigint) AS
    DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1;
EXECUTE s17 ('1795908853764');
PREPARE s18 (bigint) AS
    SELECT id FROM sessions WHERE revoked_at >= $1;
EXECUTE s18 ('1795995243757');
BEGIN;
PREPARE s19 AS
    SELECT id FROM rooms WHERE deleted_at IS NOT NULL
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
EXECUTE s19;
COMMIT;
PREPARE s20 (bigint) AS
    SELECT EXISTS (SELECT 1 FROM users WHERE deleted_at >= $1);
EXECUTE s20 ('1795995243757');
BEGIN;
PREPARE s21 AS
    SELECT id FROM server WHERE id = 1 FOR UPDATE;
EXECUTE s21;
EXECUTE s10;
PREPARE s22 (text, text, text, text, bigint) AS
    INSERT INTO users (username, email, password_hash, role, created_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING id;
EXECUTE s22 ('ann', 'ann@example.com', '$2b$04$TvYYTEbsZXeyRpW.P4urP.9AmYdWi1tBEKRJLe9Ge35Zrnav80a6a', 'admin', '1795995253780');
COMMIT;
PREPARE s23 (text) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, password_hash
             FROM users
             WHERE lower(username COLLATE "C") = lower($1 COLLATE "C")
               AND deleted_at IS NULL;
EXECUTE s23 ('ann');
PREPARE s24 (text, bigint, bigint, bigint, text) AS
    INSERT INTO sessions (id, user_id, created_at, expires_at)
                 SELECT $1, id, $3, $4 FROM users
                 WHERE id = $2 AND is_active AND password_hash = $5 FOR SHARE;
EXECUTE s24 ('e9c84249e1e045628b10cb5801bac44e', '1', '1795995253786', '1796038453000', '$2b$04$TvYYTEbsZXeyRpW.P4urP.9AmYdWi1tBEKRJLe9Ge35Zrnav80a6a');
EXECUTE s22 ('bo', 'bo@example.com', '$2b$04$yCFw/YI/rXutYNMZgWzKLuu/z38H4/qOUsCMaHKnrOlX0PKIWeiyi', 'user', '1795995253790');
EXECUTE s24 ('7049b60188e74ca28da32ff3a107a464', '2', '1795995253793', '1796038453000', '$2b$04$yCFw/YI/rXutYNMZgWzKLuu/z38H4/qOUsCMaHKnrOlX0PKIWeiyi');
EXECUTE s22 ('cy', 'cy@example.com', '$2b$04$VNquy2RTC8ZrkL6twIKwZOzZ5MOSwtJFgCsvRKhcQhE4NKy6VMj4W', 'user', '1795995253797');
EXECUTE s24 ('31ae6ff7ec1a41b9ac0b0fd16da9afb2', '3', '1795995253800', '1796038453000', '$2b$04$VNquy2RTC8ZrkL6twIKwZOzZ5MOSwtJFgCsvRKhcQhE4NKy6VMj4W');
PREPARE s25 (text) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, password_hash
             FROM users
             WHERE lower(email COLLATE "C") = lower($1 COLLATE "C") AND deleted_at IS NULL;
EXECUTE s25 ('bo@example.com');
EXECUTE s24 ('2b6422e3ece449e08814cbaee5c35dd3', '2', '1795995253803', '1796038453000', '$2b$04$yCFw/YI/rXutYNMZgWzKLuu/z38H4/qOUsCMaHKnrOlX0PKIWeiyi');
PREPARE s26 (text) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, sessions.created_at, expires_at, revoked_at, sessions.id
                     FROM sessions JOIN users ON users.id = sessions.user_id
                     WHERE sessions.id = $1;
EXECUTE s26 ('e9c84249e1e045628b10cb5801bac44e');
BEGIN;
PREPARE s27 (text, text, bigint, bigint) AS
    INSERT INTO rooms (name, description, created_by, created_at)
             VALUES ($1, $2, $3, $4) RETURNING id;
EXECUTE s27 ('general', 'for all', '1', '1795995253806');
PREPARE s28 (bigint, bigint, text, text, text, text, text) AS
    INSERT INTO audit (timestamp, actor_id, actor, via, action, target, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::json);
EXECUTE s28 ('1795995253806', '1', NULL, 'http', 'room.create', 'room #1', '{"name":"general"}');
COMMIT;
BEGIN;
EXECUTE s27 ('plans', NULL, '1', '1795995253810');
EXECUTE s28 ('1795995253810', '1', NULL, 'http', 'room.create', 'room #2', '{"name":"plans"}');
COMMIT;
PREPARE s29 (bytea, text, bigint, bigint) AS
    WITH forgotten AS (
                     DELETE FROM tickets WHERE hash IN (
                         SELECT hash FROM tickets WHERE expires_at < $4
                         ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))
                 INSERT INTO tickets (hash, session_id, expires_at) VALUES ($1, $2, $3);
EXECUTE s29 ('\x1e5d6096ff72ffbbcd6d145d2c96ab137147c7666cb22359880364c04dd46498', '7049b60188e74ca28da32ff3a107a464', '1795995283813', '1795995223813');
PREPARE s30 (bytea) AS
    DELETE FROM tickets WHERE hash = $1 RETURNING session_id, expires_at;
EXECUTE s30 ('\x1e5d6096ff72ffbbcd6d145d2c96ab137147c7666cb22359880364c04dd46498');
PREPARE s31 (bigint) AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days FROM rooms WHERE id = $1 AND deleted_at IS NULL;
EXECUTE s31 ('1');
PREPARE s32 (bigint, bigint, bigint, bigint) AS
    SELECT entry.id, entry.content, (SELECT username FROM users WHERE users.id = entry.user_id), entry.user_id, entry.created_at, entry.room_id, entry.seq, entry.client_id, entry.edited_at, entry.deleted_at, head_seq
     FROM rooms LEFT JOIN LATERAL (
         (SELECT * FROM events WHERE room_id = $1 AND seq < $2 AND kind = 'message'
          ORDER BY seq DESC LIMIT $3)
         UNION ALL
         (SELECT * FROM events WHERE room_id = $1 AND seq >= $2 AND kind = 'message'
          ORDER BY seq LIMIT $4)
     ) AS entry ON true
     WHERE rooms.id = $1 AND rooms.deleted_at IS NULL;
EXECUTE s32 ('1', '9223372036854775807', '6', '1');
PREPARE s33 (bigint[], bigint[], bigint[], text[], text[]) AS
    WITH input AS (
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
            WITH ORDINALITY AS input (room_id, user_id, created_at, content, client_id, ord)
    ), examined AS MATERIALIZED (
        SELECT input.*, events.seq AS original,
               EXISTS (SELECT FROM users WHERE users.id = user_id) AS is_by_user
        FROM input LEFT JOIN events USING (room_id, user_id, client_id)
    ), fresh AS MATERIALIZED (
        SELECT *, row_number() OVER (PARTITION BY room_id ORDER BY ord) AS nth
        FROM examined WHERE original IS NULL AND is_by_user
    ), targets AS MATERIALIZED (
        SELECT rooms.id, n
        FROM (SELECT room_id, count(*) AS n FROM fresh GROUP BY room_id) AS counts
        JOIN rooms ON rooms.id = counts.room_id
        WHERE coalesce(archived_at, deleted_at) IS NULL
        ORDER BY rooms.id FOR NO KEY UPDATE OF rooms
    ), bumped AS (
        UPDATE rooms SET head_seq = head_seq + n FROM targets WHERE rooms.id = targets.id
        RETURNING rooms.id, head_seq - n AS base
    ), placed AS (
        SELECT *, max(base) OVER (PARTITION BY room_id) + nth AS seq
        FROM (
            SELECT room_id, nth, user_id, created_at, content, client_id, NULL AS base FROM fresh
            UNION ALL
            SELECT id, NULL, NULL, NULL, NULL, NULL, base FROM bumped
        ) AS merged
    ), inserted AS (
        INSERT INTO events (room_id, seq, user_id, created_at, content, client_id)
        SELECT room_id, seq, user_id, created_at, content, client_id
        FROM placed WHERE seq IS NOT NULL
        ORDER BY room_id, seq
        RETURNING id, room_id, seq
    )
    SELECT events.id, events.content,
           (SELECT username FROM users WHERE users.id = events.user_id),
           events.user_id, events.created_at, events.room_id, events.seq, events.client_id,
           edited_at, deleted_at, ord,
           (SELECT deleted_at IS NULL FROM rooms WHERE rooms.id = events.room_id)
    FROM examined JOIN events ON events.room_id = examined.room_id AND events.seq = original
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ord, false
    FROM examined WHERE NOT is_by_user
    UNION ALL
    SELECT id, NULL, NULL, NULL, NULL, room_id, seq, NULL, NULL, NULL, NULL, true FROM inserted
    ORDER BY room_id, seq;
EXECUTE s33 ('{1}', '{1}', '{1795995253823}', '{hello}', '{1}');
EXECUTE s33 ('{1}', '{1}', '{1795995253830}', '{hello}', '{1}');
EXECUTE s33 ('{1}', '{2}', '{1795995253832}', '{"hello @ann"}', '{2}');
EXECUTE s33 ('{1}', '{2}', '{1795995253833}', '{bye}', '{NULL}');
PREPARE s34 (bigint, bigint) AS
    SELECT entry.id, entry.content, (SELECT username FROM users WHERE users.id = entry.user_id), entry.user_id, entry.created_at, entry.room_id, entry.seq, entry.client_id, entry.edited_at, entry.deleted_at FROM events AS entry
         WHERE id = $1 AND room_id = $2 AND kind = 'message'
           AND EXISTS (SELECT FROM rooms WHERE rooms.id = $2 AND rooms.deleted_at IS NULL);
EXECUTE s34 ('1', '1');
BEGIN;
PREPARE s35 (bigint) AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days FROM rooms WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE;
EXECUTE s35 ('1');
EXECUTE s34 ('1', '1');
PREPARE s36 (bigint, text, bigint) AS
    UPDATE events SET content = $2, edited_at = $3 WHERE id = $1;
EXECUTE s36 ('1', 'hello, all', '1795995253836');
PREPARE s37 (bigint, text, bigint, bigint, text, bigint, bigint, text) AS
    WITH bumped AS (
                UPDATE rooms SET head_seq = head_seq + 1 WHERE id = $1 RETURNING head_seq
            )
            INSERT INTO events
                (room_id, seq, kind, user_id, created_at, content, target_id, target_seq, detail)
            SELECT $1, head_seq, $2, $3, $4, $5, $6, $7, $8 FROM bumped
            RETURNING id, seq;
EXECUTE s37 ('1', 'message_edited', '1', '1795995253836', 'hello, all', '1', '1', NULL);
COMMIT;
BEGIN;
EXECUTE s35 ('1');
EXECUTE s34 ('3', '1');
PREPARE s38 (bigint, bigint) AS
    UPDATE events SET content = '', deleted_at = $2 WHERE id = $1;
EXECUTE s38 ('3', '1795995253841');
PREPARE s39 (bigint) AS
    UPDATE events SET content = '' WHERE target_id = $1;
EXECUTE s39 ('3');
EXECUTE s37 ('1', 'message_deleted', '2', '1795995253841', '', '3', '3', NULL);
COMMIT;
BEGIN;
EXECUTE s35 ('1');
EXECUTE s34 ('2', '1');
EXECUTE s38 ('2', '1795995253844');
EXECUTE s39 ('2');
EXECUTE s28 ('1795995253844', '1', NULL, 'http', 'message.delete', 'message #2', '{"room_id":1,"user_id":2}');
EXECUTE s37 ('1', 'message_deleted', '1', '1795995253844', '', '2', '2', NULL);
COMMIT;
PREPARE s40 (bigint[], bigint[], bigint[]) AS
    INSERT INTO read_positions (user_id, room_id, seq)
    SELECT user_id, room_id, least(seq, head_seq)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS input (user_id, room_id, seq)
    JOIN rooms ON rooms.id = room_id AND deleted_at IS NULL
    WHERE least(seq, head_seq) > 0
    ORDER BY user_id, room_id
    ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq
    WHERE read_positions.seq < excluded.seq
    RETURNING user_id, room_id;
EXECUTE s40 ('{2}', '{1}', '{3}');
PREPARE s41 (bigint[], bigint[]) AS
    SELECT user_id, room_id, coalesce(
        (SELECT seq FROM read_positions
         WHERE read_positions.user_id = input.user_id AND read_positions.room_id = input.room_id),
        0)
    FROM unnest($1::bigint[], $2::bigint[]) AS input (user_id, room_id)
    JOIN rooms ON rooms.id = room_id AND deleted_at IS NULL;
EXECUTE s41 ('{2}', '{1}');
EXECUTE s40 ('{1}', '{1}', '{2}');
PREPARE s42 (bigint, bigint, bigint) AS
    SELECT entry.id, entry.content, (SELECT username FROM users WHERE users.id = entry.user_id), entry.user_id, entry.created_at, entry.room_id, entry.seq, entry.client_id, entry.edited_at, entry.deleted_at, entry.kind, entry.target_id, entry.target_seq, entry.detail, head_seq
     FROM rooms LEFT JOIN LATERAL (
         SELECT * FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
     ) AS entry ON true
     WHERE rooms.id = $1 AND rooms.deleted_at IS NULL
     ORDER BY entry.seq;
EXECUTE s42 ('1', '0', '50');
PREPARE s43 (bigint, bigint, bigint, text, text, bigint, bigint) AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days, read_positions.seq, unread.messages, unread.mentions
     FROM rooms
     LEFT JOIN read_positions ON room_id = rooms.id AND user_id = $1
     LEFT JOIN LATERAL (
         SELECT count(*) AS messages,
                count(*) FILTER (WHERE CASE WHEN strpos(content, '@') = 0 THEN false
                                            WHEN strpos(lower(content), $4) = 0 THEN false
                                            ELSE lower(content) ~ $5 END) AS mentions
         FROM (
             SELECT content COLLATE "C" AS content FROM events
             WHERE events.room_id = rooms.id AND events.seq > read_positions.seq
               AND events.seq < greatest(read_positions.seq + 1, oldest_seq) + $7
               AND kind = 'message' AND user_id <> $1 AND events.deleted_at IS NULL
             ORDER BY events.seq LIMIT $6
         ) AS page
     ) AS unread ON read_positions.seq < head_seq
     WHERE rooms.deleted_at IS NULL AND rooms.id BETWEEN $2 AND $3
     ORDER BY rooms.id;
EXECUTE s43 ('2', '-9223372036854775808', '9223372036854775807', '@bo', '(^|[^a-z0-9_.-])@bo(?![.-]*[a-z0-9_])', '999', '5000');
PREPARE s44 (text, bigint) AS
    UPDATE sessions SET expires_at = $2 WHERE id = $1 AND revoked_at IS NULL;
EXECUTE s44 ('7049b60188e74ca28da32ff3a107a464', '1796038453000');
PREPARE s45 (bigint) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at FROM users WHERE id = $1;
EXECUTE s45 ('2');
PREPARE s46 (text) AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days FROM rooms
                     WHERE lower(name COLLATE "C") = lower($1 COLLATE "C") AND deleted_at IS NULL;
EXECUTE s46 ('general');
BEGIN;
EXECUTE s35 ('1');
PREPARE s47 (bigint, text, text, bigint, bigint, integer) AS
    UPDATE rooms SET name = $2, description = $3, archived_at = $4, revision = $5,
                             retention_days = $6
            WHERE id = $1;
EXECUTE s47 ('1', 'lobby', 'for all', NULL, '1', NULL);
EXECUTE s28 ('1795995253942', NULL, 'root', 'cli', 'room.update', 'room #1', '{"name":"lobby"}');
EXECUTE s37 ('1', 'room_changed', '0', '1795995253942', '', NULL, NULL, '{"name":"lobby","description":"for all","revision":1}');
PREPARE s48 (bigint) AS
    SELECT username FROM users WHERE id = $1;
EXECUTE s48 ('0');
COMMIT;
PREPARE s49 (bigint[], bigint[]) AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days, known.id, known.head_seq
             FROM unnest($1::bigint[], $2::bigint[]) AS known (id, head_seq)
             LEFT JOIN rooms ON rooms.id = known.id AND deleted_at IS NULL
             WHERE rooms.id IS NULL OR rooms.head_seq > known.head_seq;
EXECUTE s49 ('{1}', '{6}');
PREPARE s50 AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at FROM users WHERE role = 'admin' AND is_active ORDER BY id;
EXECUTE s50;
BEGIN;
EXECUTE s35 ('1');
EXECUTE s34 ('1', '1');
EXECUTE s38 ('1', '1795995254325');
EXECUTE s39 ('1');
EXECUTE s28 ('1795995254325', NULL, 'root', 'cli', 'message.delete', 'message #1', '{"room_id":1,"user_id":1}');
EXECUTE s37 ('1', 'message_deleted', '1', '1795995254325', '', '1', '1', NULL);
COMMIT;
PREPARE s51 (bigint[], bigint[]) AS
    SELECT rooms.id, rooms.name, rooms.description, rooms.created_by, rooms.created_at, rooms.head_seq, rooms.archived_at, rooms.revision, rooms.oldest_seq, rooms.retention_days, known.id, known.head_seq
             FROM unnest($1::bigint[], $2::bigint[]) AS known (id, head_seq)
             FULL JOIN (SELECT * FROM rooms WHERE deleted_at IS NULL) AS rooms ON rooms.id = known.id
             WHERE rooms.id IS NULL OR known.id IS NULL OR rooms.head_seq > known.head_seq;
EXECUTE s51 ('{1,2}', '{7,0}');
BEGIN;
EXECUTE s27 ('from the shell', NULL, '1', '1795995254814');
EXECUTE s28 ('1795995254814', NULL, 'root', 'cli', 'room.create', 'room #3', '{"name":"from the shell"}');
COMMIT;
BEGIN;
EXECUTE s35 ('1');
EXECUTE s47 ('1', 'lobby', 'for everybody', NULL, '2', NULL);
EXECUTE s28 ('1795995255814', NULL, 'root', 'cli', 'room.update', 'room #1', '{"description":"for everybody"}');
EXECUTE s37 ('1', 'room_changed', '0', '1795995255814', '', NULL, NULL, '{"name":"lobby","description":"for everybody","revision":2}');
EXECUTE s48 ('0');
COMMIT;
BEGIN;
EXECUTE s35 ('2');
EXECUTE s47 ('2', 'plans', NULL, '1795995255865', '1', NULL);
EXECUTE s28 ('1795995255865', NULL, 'root', 'cli', 'room.update', 'room #2', '{"is_archived":true}');
EXECUTE s37 ('2', 'room_changed', '0', '1795995255865', '', NULL, NULL, '{"name":"plans","description":null,"revision":1,"archived_at":"2026-11-29T23:34:15.865Z"}');
EXECUTE s48 ('0');
COMMIT;
BEGIN;
EXECUTE s35 ('2');
EXECUTE s47 ('2', 'plans', NULL, NULL, '2', NULL);
EXECUTE s28 ('1795995255934', NULL, 'root', 'cli', 'room.update', 'room #2', '{"is_archived":false}');
EXECUTE s37 ('2', 'room_changed', '0', '1795995255934', '', NULL, NULL, '{"name":"plans","description":null,"revision":2}');
EXECUTE s48 ('0');
COMMIT;
BEGIN;
EXECUTE s35 ('2');
EXECUTE s47 ('2', 'plans', NULL, NULL, '2', '30');
EXECUTE s28 ('1795995256029', NULL, 'root', 'cli', 'room.update', 'room #2', '{"retention_days":30}');
COMMIT;
PREPARE s52 (bigint, text, bigint, bigint) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, (SELECT count(*) FROM sessions
                        WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > $4)
                     FROM users
                     WHERE id > $1 AND deleted_at IS NULL
                       AND (strpos(lower(username COLLATE "C"), lower($2 COLLATE "C")) > 0
                            OR strpos(lower(email COLLATE "C"), lower($2 COLLATE "C")) > 0)
                     ORDER BY id LIMIT $3;
EXECUTE s52 ('0', '', '1001', '1795995256297');
PREPARE s53 (bigint, bigint) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, (SELECT count(*) FROM sessions
                WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > $2)
             FROM users WHERE id = $1 AND deleted_at IS NULL;
EXECUTE s53 ('2', '1795995256400');
PREPARE s54 (bigint, bigint) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, sessions.created_at, expires_at, revoked_at, sessions.id
                         FROM sessions JOIN users ON users.id = sessions.user_id
                         WHERE revoked_at IS NULL AND expires_at > $1
                         ORDER BY sessions.created_at DESC, sessions.id LIMIT $2;
EXECUTE s54 ('1795995256461', '1000');
PREPARE s55 (bigint, bigint) AS
    SELECT audit.id, timestamp, coalesce(actor, username), via, action, target, detail::text
                 FROM audit LEFT JOIN users ON users.id = actor_id
                 WHERE audit.id < $1 ORDER BY audit.id DESC LIMIT $2;
EXECUTE s55 ('9223372036854775807', '51');
PREPARE s56 AS
    SELECT current_setting('server_version'),
           pg_database_size(current_database()),
           (SELECT count(*) FROM users WHERE deleted_at IS NULL),
           count(*),
           coalesce(sum(head_seq), 0)::bigint,
           (SELECT count(*) FROM pg_stat_activity WHERE usename IS NOT NULL),
           current_setting('max_connections')::bigint
               - current_setting('superuser_reserved_connections')::bigint,
           (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM rooms WHERE deleted_at IS NULL;
EXECUTE s56;
EXECUTE s5;
PREPARE s57 AS
    SELECT id FROM rooms
                 WHERE head_seq < (SELECT coalesce(max(seq), 0) FROM events WHERE room_id = rooms.id)
                 LIMIT 10;
EXECUTE s57;
PREPARE s58 AS
    SELECT coalesce(sum(length(content)), 0)::bigint FROM events;
EXECUTE s58;
PREPARE s59 AS
    SELECT room_id, seq FROM events
                     WHERE NOT EXISTS (SELECT FROM rooms WHERE id = room_id)
                        OR NOT EXISTS (SELECT FROM users WHERE id = user_id)
                     LIMIT 10;
EXECUTE s59;
PREPARE s60 (bigint, bigint) AS
    SELECT coalesce((SELECT seq FROM events WHERE room_id = $1 AND created_at >= $2
                                  ORDER BY seq LIMIT 1),
                                 head_seq + 1) - oldest_seq
                 FROM rooms WHERE id = $1;
EXECUTE s60 ('2', '1793403256688');
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995256728');
PREPARE s61 (bigint) AS
    DELETE FROM password_resets WHERE user_id = $1;
EXECUTE s61 ('3');
PREPARE s62 (bigint, text, boolean) AS
    UPDATE users SET role = $2, is_active = $3 WHERE id = $1;
EXECUTE s62 ('3', 'admin', 't');
PREPARE s63 (bigint, bigint, text) AS
    UPDATE sessions SET revoked_at = $2
            WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $3
            RETURNING expires_at > $2;
EXECUTE s63 ('3', '1795995256728', NULL);
EXECUTE s28 ('1795995256728', NULL, 'root', 'cli', 'user.update', 'user #3', '{"role":"admin"}');
COMMIT;
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995256798');
PREPARE s64 (bigint) AS
    SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND is_active AND id <> $1);
EXECUTE s64 ('3');
EXECUTE s61 ('3');
EXECUTE s62 ('3', 'user', 't');
EXECUTE s63 ('3', '1795995256798', NULL);
EXECUTE s28 ('1795995256798', NULL, 'root', 'cli', 'user.update', 'user #3', '{"role":"user"}');
COMMIT;
BEGIN;
EXECUTE s61 ('3');
PREPARE s65 (bigint, text) AS
    UPDATE users SET password_hash = $2 WHERE id = $1 AND deleted_at IS NULL;
EXECUTE s65 ('3', '$2b$04$DCIhsoFc4O8TybRoJ/BzE.2d.vbW3a.w5HpdVRLFpy7adYkHE3T1a');
EXECUTE s63 ('3', '1795995256875', NULL);
EXECUTE s28 ('1795995256875', NULL, 'root', 'cli', 'user.reset_password', 'user #3', '{}');
COMMIT;
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995256962');
EXECUTE s61 ('3');
PREPARE s66 (bytea, bigint, bigint) AS
    INSERT INTO password_resets (hash, user_id, expires_at) VALUES ($1, $2, $3);
EXECUTE s66 ('\xb398424151b8244be3e562b44cf237cc9adbfb84852b5d3f1d733553a8ae43b2', '3', '1795998856962');
EXECUTE s28 ('1795995256962', NULL, 'root', 'cli', 'user.create_password_reset', 'user #3', '{}');
COMMIT;
BEGIN;
EXECUTE s35 ('2');
EXECUTE s47 ('2', 'old plans', NULL, '1795995257000', '3', '30');
EXECUTE s28 ('1795995257000', '1', NULL, 'http', 'room.update', 'room #2', '{"name":"old plans","is_archived":true}');
EXECUTE s37 ('2', 'room_changed', '1', '1795995257000', '', NULL, NULL, '{"name":"old plans","description":null,"revision":3,"archived_at":"2026-11-29T23:34:17.000Z"}');
EXECUTE s48 ('1');
COMMIT;
EXECUTE s33 ('{2}', '{1}', '{1795995257005}', '{late}', '{NULL}');
PREPARE s67 (bigint[], bigint[]) AS
    SELECT EXISTS (SELECT FROM rooms WHERE id = room_id AND deleted_at IS NULL),
               EXISTS (SELECT FROM users WHERE id = user_id)
        FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS refused (room_id, user_id, ord)
        ORDER BY ord;
EXECUTE s67 ('{2}', '{1}');
PREPARE s68 (bigint, bigint, bigint) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at, sessions.created_at, expires_at, revoked_at, sessions.id
                         FROM sessions JOIN users ON users.id = sessions.user_id
                         WHERE user_id = $3 AND revoked_at IS NULL AND expires_at > $1
                         ORDER BY sessions.created_at DESC, sessions.id LIMIT $2;
EXECUTE s68 ('1795995257012', '1000', '2');
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995257020');
EXECUTE s61 ('3');
EXECUTE s66 ('\xd4caf159e86dfb76a261e36e5a4475d236b6d9be16cd63bea96a67150c118bb4', '3', '1795998857020');
EXECUTE s28 ('1795995257020', '1', NULL, 'http', 'user.create_password_reset', 'user #3', '{}');
COMMIT;
PREPARE s69 (bytea, bigint) AS
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.created_at FROM password_resets JOIN users ON users.id = user_id
                     WHERE hash = $1 AND expires_at > $2;
EXECUTE s69 ('\xd4caf159e86dfb76a261e36e5a4475d236b6d9be16cd63bea96a67150c118bb4', '1795995257024');
BEGIN;
PREPARE s70 (bytea, bigint) AS
    DELETE FROM password_resets WHERE hash = $1 AND expires_at > $2 RETURNING user_id;
EXECUTE s70 ('\xd4caf159e86dfb76a261e36e5a4475d236b6d9be16cd63bea96a67150c118bb4', '1795995257026');
EXECUTE s61 ('3');
EXECUTE s65 ('3', '$2b$04$PdyrsvxFosS8F97916Mbn.SKoxdgjoLIU46kb3chQRcqsJwqyNdvy');
EXECUTE s63 ('3', '1795995257026', NULL);
COMMIT;
EXECUTE s24 ('7aa3bc7d4c004eb4b06ed724472b4edf', '3', '1795995257032', '1796038457000', '$2b$04$PdyrsvxFosS8F97916Mbn.SKoxdgjoLIU46kb3chQRcqsJwqyNdvy');
BEGIN;
PREPARE s71 (bigint) AS
    SELECT hash FROM password_resets WHERE user_id = $1 FOR UPDATE;
EXECUTE s71 ('3');
PREPARE s72 (bigint, text) AS
    SELECT id FROM users WHERE id = $1 AND password_hash = $2 FOR NO KEY UPDATE;
EXECUTE s72 ('3', '$2b$04$PdyrsvxFosS8F97916Mbn.SKoxdgjoLIU46kb3chQRcqsJwqyNdvy');
EXECUTE s61 ('3');
EXECUTE s65 ('3', '$2b$04$Alk5fnI613ru.1GsbVg/M.Vw2By8YlMIdRi4hsxdshTlXbN0zEsOi');
EXECUTE s63 ('3', '1795995257038', '7aa3bc7d4c004eb4b06ed724472b4edf');
COMMIT;
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995257043');
EXECUTE s61 ('3');
EXECUTE s62 ('3', 'user', 'f');
EXECUTE s63 ('3', '1795995257043', NULL);
EXECUTE s28 ('1795995257043', '1', NULL, 'http', 'user.update', 'user #3', '{"is_active":false}');
COMMIT;
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995257050');
EXECUTE s61 ('3');
EXECUTE s62 ('3', 'admin', 't');
EXECUTE s63 ('3', '1795995257050', NULL);
EXECUTE s28 ('1795995257050', '1', NULL, 'http', 'user.update', 'user #3', '{"role":"admin","is_active":true}');
COMMIT;
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995257054');
EXECUTE s63 ('3', '1795995257054', NULL);
COMMIT;
EXECUTE s24 ('32bca7e3a7cd4298916e9a0bc96a818e', '2', '1795995257063', '1796038457000', '$2b$04$yCFw/YI/rXutYNMZgWzKLuu/z38H4/qOUsCMaHKnrOlX0PKIWeiyi');
PREPARE s73 (text, bigint) AS
    UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL;
EXECUTE s73 ('32bca7e3a7cd4298916e9a0bc96a818e', '1795995257069');
BEGIN;
EXECUTE s21;
EXECUTE s53 ('3', '1795995257134');
EXECUTE s64 ('3');
EXECUTE s61 ('3');
PREPARE s74 (bigint, bigint) AS
    UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                             password_hash = '', role = 'user', is_active = false, deleted_at = $2
            WHERE id = $1;
EXECUTE s74 ('3', '1795995257134');
EXECUTE s63 ('3', '1795995257134', NULL);
EXECUTE s28 ('1795995257134', NULL, 'root', 'cli', 'user.delete', 'user #3', '{}');
COMMIT;
EXECUTE s33 ('{1}', '{1}', '{1795995257160}', '{last}', '{NULL}');
BEGIN;
EXECUTE s35 ('1');
PREPARE s75 (bigint, bigint, bigint) AS
    SELECT coalesce(min(seq) FILTER (WHERE created_at >= $2), max(seq) + 1)
            FROM (SELECT seq, created_at FROM events WHERE room_id = $1 ORDER BY seq LIMIT $3)
                 AS oldest;
EXECUTE s75 ('1', '1795995257200', '200');
PREPARE s76 (bigint, bigint) AS
    DELETE FROM events WHERE room_id = $1 AND seq < $2;
EXECUTE s76 ('1', '11');
PREPARE s77 (bigint, bigint) AS
    UPDATE rooms SET oldest_seq = $2 WHERE id = $1;
EXECUTE s77 ('1', '11');
EXECUTE s28 ('1795995257205', NULL, 'root', 'cli', 'room.prune', 'room #1', '{"before":"2026-11-29T23:34:17.200Z"}');
COMMIT;
BEGIN;
PREPARE s78 (bigint, bigint) AS
    UPDATE rooms SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL;
EXECUTE s78 ('2', '1795995257310');
EXECUTE s28 ('1795995257310', '1', NULL, 'http', 'room.delete', 'room #2', '{"name":"old plans"}');
COMMIT;
BEGIN;
EXECUTE s19;
PREPARE s79 (bigint, bigint) AS
    DELETE FROM events WHERE room_id = $1
              AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2;
EXECUTE s79 ('2', '500');
COMMIT;
BEGIN;
EXECUTE s19;
EXECUTE s79 ('2', '500');
PREPARE s80 (bigint, bigint) AS
    DELETE FROM read_positions WHERE room_id = $1 AND user_id IN
                (SELECT user_id FROM read_positions WHERE room_id = $1 LIMIT $2);
EXECUTE s80 ('2', '500');
PREPARE s81 (bigint) AS
    DELETE FROM rooms WHERE id = $1;
EXECUTE s81 ('2');
COMMIT;
BEGIN;
SET LOCAL statement_timeout = 0;
PREPARE s82 (bigint) AS
    SELECT count(*) FROM events WHERE room_id = $1 AND kind = 'message';
EXECUTE s82 ('3');
COMMIT;
BEGIN;
EXECUTE s78 ('3', '1795995257361');
EXECUTE s28 ('1795995257361', NULL, 'root', 'cli', 'room.delete', 'room #3', '{"name":"from the shell"}');
COMMIT;
BEGIN;
EXECUTE s19;
EXECUTE s79 ('3', '500');
EXECUTE s80 ('3', '500');
EXECUTE s81 ('3');
COMMIT;
