//! PgBouncer between chatapp and PostgreSQL, and the messages of commands that have to wait.

use std::thread;
use std::time::Instant;

use postgres::{Client, NoTls};
use serde_json::json;

use super::doctor::Report;
use super::{Done, beside, command_on, on};
use crate::support::pgbouncer::PgBouncer;
use crate::support::postgres::{PgDatabase, database};
use crate::support::{DEADLINE, Database, Program, Server};

const SHARED: &str = "connect to PostgreSQL directly (port 5432), or use pool_mode = session";

/// Makes the pooler open several connections to the server.
fn warm(url: &str, connections: usize) {
    thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let mut client = Client::connect(url, NoTls).expect("the pooler answers");
                client.simple_query("SELECT pg_sleep(0.3)").expect("it may");
            });
        }
    });
}

fn advisory_locks(database: &PgDatabase) -> i64 {
    let sql = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
               WHERE locktype = 'advisory' AND datname = current_database()";
    database.client().query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn a_pooler_that_shares_connections_is_refused_before_anything_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat.jsonl");
    let import = ["import", file.to_str().unwrap()];
    let other = database();
    assert_eq!(on(other.url(), &["migrate"]).code, 0);
    assert_eq!(on(other.url(), &["export", import[1]]).code, 0);

    let database = database();
    for mode in ["transaction", "statement"] {
        for (size, settings) in
            [(1, ""), (5, ""), (5, "server_round_robin = 1"), (5, "server_reset_query_always = 1")]
        {
            let settings = format!("pool_mode = {mode}\ndefault_pool_size = {size}\n{settings}");
            let pooler = PgBouncer::start(database.url(), &settings);
            let url = pooler.url(database.url());
            for is_warm in [false, true] {
                if is_warm {
                    warm(&url, size);
                }
                for command in [&["migrate"][..], &["serve"], &["list-rooms"], &import] {
                    let done = on(&url, command);
                    assert_eq!(done.code, 1, "{settings}: {done:?}");
                    assert!(done.stderr.contains(SHARED), "{settings}: {done:?}");
                }
                Report(on(&url, &["doctor", "--output", "json"]))
                    .expect("database", "problem: use pool_mode = session");
            }
            assert_eq!(advisory_locks(&database), 0, "{settings}");
        }
    }
    // No refused command has left a lock: a direct migration does not wait.
    let done = on(database.url(), &["migrate"]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_with_one_connection_per_client_can_be_used() {
    let database = tokio::task::spawn_blocking(database).await.unwrap();
    let pooler = PgBouncer::start(database.url(), "pool_mode = session\ndefault_pool_size = 12");
    let url = pooler.url(database.url());
    for _ in 0..2 {
        let migrated = Done::of(command_on(&url, &["migrate"])).await;
        assert_eq!(migrated.code, 0, "{migrated:?}");
    }
    let mut server = Server::with(Database::Postgres).at(&url).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    assert_eq!(socket.says(room, "hello", "1").await["seq"], 1);
    Report(Done::of(beside(&server, &["doctor", "--output", "json"])).await)
        .expect("database", "ok: PostgreSQL");

    // An import sees the lock of the server behind the pooler, and names the server.
    let file = server.folder().join("chat.jsonl");
    let exported = Done::of(beside(&server, &["export", file.to_str().unwrap()])).await;
    assert_eq!(exported.code, 0, "{exported:?}");
    let import = ["import", file.to_str().unwrap(), "--yes"];
    let refused = Done::of(command_on(database.url(), &import)).await;
    assert!(refused.stderr.contains("a chatapp is running on it"), "{refused:?}");
    assert!(refused.stderr.contains("pid ") && refused.stderr.contains("(chatapp"), "{refused:?}");

    // The lock ends with the server, although the pooler keeps the connections.
    assert!(server.sigterm().await.success());
    let import = Done::of(command_on(database.url(), &import)).await;
    assert_eq!(import.code, 0, "{import:?}");
    drop(server);
    tokio::task::spawn_blocking(move || drop((pooler, database))).await.unwrap();
}

/// PgBouncer accepts more clients than it has connections for; the others wait for minutes. The commands must
/// fail before that: `on` ends a command after 60 seconds.
#[test]
fn an_error_names_the_pooler_if_it_has_no_free_connection() {
    let database = database();
    let pooler = PgBouncer::start(database.url(), "pool_mode = session\ndefault_pool_size = 1");
    let url = pooler.url(database.url());
    let mut other = Client::connect(&url, NoTls).unwrap();
    other.simple_query("SELECT 1").unwrap();
    for command in ["migrate", "list-rooms"] {
        let done = on(&url, &[command]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains("pooler"), "{done:?}");
    }
}

/// Migrates the database, then undoes the last migration that locks `events`, and those after it.
fn undo_migrations(database: &PgDatabase) {
    let undo = "DROP TABLE reactions, mentions, thread_follows, pins, drafts, scheduled_messages,
                    search_index, api_tokens, cursors, external_accounts, incoming_hooks,
                    outgoing_hooks, outgoing_positions, outgoing_deliveries,
                    user_metadata, room_metadata, message_metadata;
                ALTER TABLE sessions DROP COLUMN ends_at;
                ALTER TABLE events DROP COLUMN detail, DROP COLUMN thread_id, DROP COLUMN extras;
                DELETE FROM users WHERE id = 0;
                ALTER TABLE server DROP COLUMN compatible_from, DROP COLUMN access_version;
                DROP TABLE attempts, known_addresses, nodes, presence, members, mutes, bans, invites, blocks;
                DROP SEQUENCE closed_room_ids, closed_event_ids;
                DROP INDEX rooms_name, rooms_direct_key, rooms_access_version, rooms_auto_join,
                           rooms_public;
                ALTER TABLE rooms DROP COLUMN kind, DROP COLUMN posting, DROP COLUMN inviting,
                    DROP COLUMN history, DROP COLUMN auto_join, DROP COLUMN direct_key,
                    DROP COLUMN access_version, DROP COLUMN member_count,
                    DROP COLUMN indexed_seq, DROP COLUMN indexed_ids, DROP COLUMN metadata;
                DROP FUNCTION count_members, fold_case;
                CREATE UNIQUE INDEX rooms_name ON rooms (lower(name COLLATE \"C\"))
                    WHERE deleted_at IS NULL;
                ALTER TABLE users DROP COLUMN display_name, DROP COLUMN title, DROP COLUMN timezone,
                    DROP COLUMN status_text, DROP COLUMN status_emoji, DROP COLUMN status_until,
                    DROP COLUMN last_seen_at, DROP COLUMN renamed_at, DROP COLUMN is_bot,
                    DROP COLUMN metadata;
                DELETE FROM refinery_schema_history WHERE version >= 7";
    assert_eq!(on(database.url(), &["migrate"]).code, 0);
    database.client().batch_execute(undo).unwrap();
}

#[test]
fn a_migration_that_waits_names_the_blocking_session_and_continues_afterwards() {
    // Waiting for the program's lines needs a runtime; the blocking client must not run on a runtime's thread.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = database();
    for (sql, what) in [
        ("SELECT pg_advisory_lock(x'0063686174617070'::bigint)", "for another migration"),
        ("BEGIN; LOCK TABLE events IN ACCESS SHARE MODE", "for a lock on a table"),
    ] {
        undo_migrations(&database);
        let url = format!("{}?application_name=somebody", database.url());
        let mut other = Client::connect(&url, NoTls).unwrap();
        other.batch_execute(sql).unwrap();
        let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
        let command = command_on(database.url(), &["migrate"]);
        let mut migration = runtime.block_on(async { Program::start(command) });
        let line = runtime.block_on(migration.says("the migration waits "));
        assert!(line.contains(what), "{line}");
        assert!(line.contains(&format!("pid {pid} (somebody, user postgres")), "{line}");
        drop(other);
        let status = runtime.block_on(migration.ended());
        assert!(status.success(), "{status}: {:?}", migration.lines());
    }
}

/// A statement that needs the table queues behind the migration's request for a lock. It continues, because the
/// migration gives that request up after two seconds, although the lock that it waits for is held on.
#[test]
fn sessions_continue_while_a_migration_waits_for_a_table() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = database();
    for (command, done, serves) in
        [(&["migrate"][..], "room_changes", false), (&["serve"], "listening on", true)]
    {
        undo_migrations(&database);
        let mut other = database.client();
        other.batch_execute("BEGIN; LOCK TABLE events IN ACCESS SHARE MODE").unwrap();
        let command = command_on(database.url(), command);
        let mut migration = runtime.block_on(async { Program::start(command) });
        runtime.block_on(migration.says("for a lock on a table"));
        let mut session = database.client();
        session.batch_execute("SET lock_timeout = '30s'").unwrap();
        for _ in 0..3 {
            session.batch_execute("SELECT count(*) FROM events").unwrap();
        }
        drop(other);
        runtime.block_on(migration.says(done));
        if serves {
            migration.signal("TERM");
        }
        let status = runtime.block_on(migration.ended());
        assert!(status.success(), "{status}: {:?}", migration.lines());
    }
}

/// The pooler is restarted in a mode in which it shares connections between clients.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_pooler_begins_to_share_connections_refuses_writes_and_logs_the_reason() {
    let database = tokio::task::spawn_blocking(database).await.unwrap();
    let mut pooler = PgBouncer::start(database.url(), "pool_mode = session");
    let url = pooler.url(database.url());
    let mut server = Server::with(Database::Postgres).at(&url).start().await;
    let ann = server.admin("ann").await;
    pooler.restart("pool_mode = transaction");
    let started = Instant::now();
    while ann.post("/rooms/", json!({ "name": "general" })).await.status != 503 {
        assert!(started.elapsed() < DEADLINE, "no request is refused");
    }
    let line = server.says(SHARED).await;
    assert!(line.contains("PostgreSQL at 127.0.0.1:"), "{line}");
    drop(server);
    tokio::task::spawn_blocking(move || drop((pooler, database))).await.unwrap();
}
