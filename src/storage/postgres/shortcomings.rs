//! Shortcomings of a database that break chatapp's promises: its encoding, missing rights of the role, a
//! standby, and settings of the server that can lose acknowledged writes.

use postgres::Row;

use super::super::{MigrationState, Result, Shortcoming};
use super::connection::Connection;
use super::{advice, migrations};

/// `datcollversion` is a column of PostgreSQL 15 and newer. Reading it through JSON gives NULL in older
/// versions.
const LOOK: &str = "
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
    FROM pg_database d WHERE datname = current_database()";

/// Needs PostgreSQL 15 or newer.
const COLLATION_VERSION: &str = "
    SELECT pg_database_collation_actual_version(oid)
    FROM pg_database WHERE datname = current_database()";

/// Whether `fold_case` knows the letters of every script. True before the migration that creates it.
const KNOWS_EVERY_SCRIPT: &str = "
    SELECT to_regproc('fold_case') IS NULL
           OR EXISTS (SELECT FROM pg_proc, pg_collation
                      WHERE pg_proc.oid = to_regproc('fold_case') AND prosrc LIKE '%und-x-icu%'
                        AND collname = 'und-x-icu' AND collnamespace = 'pg_catalog'::regnamespace)";

/// Rights on chatapp's tables that the role does not have.
const LIST_MISSING_RIGHTS: &str = "
    SELECT DISTINCT relname::text || ': ' || string_agg(privilege, ', ' ORDER BY privilege)
    FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
      AND relname IN ('server', 'users', 'sessions', 'rooms', 'events', 'tickets', 'audit',
                      'password_resets', 'read_positions', 'attempts', 'known_addresses',
                      'members', 'mutes', 'bans', 'invites', 'blocks', 'reactions', 'mentions',
                      'thread_follows', 'pins', 'drafts', 'scheduled_messages',
                      'api_tokens', 'cursors', 'external_accounts', 'incoming_hooks',
                      'outgoing_hooks', 'outgoing_positions', 'outgoing_deliveries',
                      'user_metadata', 'room_metadata', 'message_metadata',
                      'refinery_schema_history')
      AND NOT (relname = 'audit' AND privilege IN ('UPDATE', 'DELETE'))
      AND NOT (relname = 'refinery_schema_history' AND privilege <> 'SELECT')
      AND NOT has_table_privilege(oid, privilege)
    GROUP BY relname ORDER BY 1";

/// Sequences that the role cannot read. Backups and exports read them.
const LIST_UNREADABLE_SEQUENCES: &str = "
    SELECT relname::text FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
      AND relname IN ('audit_id_seq', 'events_id_seq', 'invites_id_seq', 'rooms_id_seq',
                      'scheduled_messages_id_seq', 'users_id_seq',
                      'closed_event_ids', 'closed_room_ids')
      AND NOT has_sequence_privilege(oid, 'SELECT') ORDER BY 1";

/// Sequences from which the role cannot take ids. For the other sequences, the right to insert is enough.
const LIST_UNUSABLE_SEQUENCES: &str = "
    SELECT relname::text FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
      AND relname IN ('events_id_seq', 'rooms_id_seq', 'closed_event_ids', 'closed_room_ids')
      AND NOT has_sequence_privilege(oid, 'USAGE') ORDER BY 1";

/// The owner of the tables, if it is neither this role nor a role that this one belongs to.
const GET_OTHER_OWNER: &str = "
    SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname = 'users' AND relkind = 'r'
      AND NOT pg_has_role(relowner, 'USAGE')";

/// Lists the shortcomings of the database and of the role's rights, the worst first.
pub(super) fn list_shortcomings(db: &mut Connection) -> Result<Vec<Shortcoming>> {
    let row = db.query_one(LOOK, &[])?;
    let text = |column: usize| row.get::<_, Option<String>>(column).unwrap_or_default();
    let (database, role) = (text(0), text(1));
    let mut found = Vec::new();
    if text(3) != "UTF8" {
        found.push(Shortcoming::fatal(
            "encoding",
            format!("the database {database} has the encoding {}, not UTF8", text(3)),
            advice::NOT_UTF8,
        ));
    }
    if row.get(4) {
        found.push(Shortcoming::fatal(
            "primary",
            "the PostgreSQL server is a standby, which cannot be written to",
            "name the primary in the database URL, or all servers: postgres://user@one,two/database \
             takes the one that can be written to",
        ));
    } else if text(5) == "on" {
        found.push(Shortcoming::fatal(
            "primary",
            "default_transaction_read_only is on, so nothing can be written",
            format!(
                "run ALTER DATABASE {database} SET default_transaction_read_only = off, or look where \
                 it is set: for the server, for the role, or in the options of the database URL"
            ),
        ));
    }
    found.extend(rights(db, &row, &database, &role)?);
    for (column, setting) in [(6, "fsync"), (7, "full_page_writes")] {
        if text(column) == "off" {
            found.push(Shortcoming::warning(
                "durability",
                format!("{setting} of PostgreSQL is off: a power cut can destroy the database"),
                format!("set {setting} = on in postgresql.conf"),
            ));
        }
    }
    if !text(9).is_empty() {
        let actual: Option<String> = db.query_one(COLLATION_VERSION, &[])?.get(0);
        if let Some(actual) = actual
            && actual != text(9)
        {
            found.push(Shortcoming::warning(
                "collation",
                format!(
                    "the system sorts text by version {actual} of its rules, but the indexes were \
                     made with version {}",
                    text(9)
                ),
                format!(
                    "run REINDEX DATABASE {database}, then ALTER DATABASE {database} REFRESH \
                     COLLATION VERSION"
                ),
            ));
        }
    }
    if !db.query_one(KNOWS_EVERY_SCRIPT, &[])?.get::<_, bool>(0) {
        found.push(Shortcoming::warning(
            "case",
            "PostgreSQL has no collation of ICU, so a search for people may depend on upper and lower case",
            "install a PostgreSQL with ICU, as most packages are, and use `chatapp copy` to move to a new \
             database there",
        ));
    }
    Ok(found)
}

fn rights(db: &mut Connection, row: &Row, database: &str, role: &str) -> Result<Vec<Shortcoming>> {
    let Some(schema) = row.get::<_, Option<String>>(2) else {
        return Ok(vec![Shortcoming::fatal(
            "rights",
            format!("the role {role} may use no schema of the database {database}"),
            format!("as its owner, run GRANT USAGE, CREATE ON SCHEMA public TO {role}"),
        )]);
    };
    let list = |db: &mut Connection, sql| -> Result<Vec<String>> {
        Ok(db.query(sql, &[])?.iter().map(|row| row.get(0)).collect())
    };
    let missing = list(db, LIST_MISSING_RIGHTS)?;
    if !missing.is_empty() {
        return Ok(vec![Shortcoming::fatal(
            "rights",
            format!(
                "the role {role} lacks rights on tables of the database {database} ({})",
                missing.join("; ")
            ),
            format!(
                "as their owner, run GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \
                 {schema} TO {role}; GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
            ),
        )]);
    }
    let unusable = list(db, LIST_UNUSABLE_SEQUENCES)?;
    if !unusable.is_empty() {
        return Ok(vec![Shortcoming::fatal(
            "rights",
            format!(
                "the role {role} cannot take ids from sequences of the database {database} ({})",
                unusable.join(", ")
            ),
            format!(
                "as their owner, run GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
            ),
        )]);
    }
    let migrations = migrations::list_migrations(db)?;
    if migrations.iter().any(|migration| migration.state == MigrationState::Pending) {
        if let Some(owner) = list(db, GET_OTHER_OWNER)?.first() {
            return Ok(vec![Shortcoming::fatal(
                "rights",
                format!(
                    "the schema needs migrating, and its tables belong to the role {owner}, not to \
                     {role}"
                ),
                format!("run `chatapp migrate` as {owner}, or GRANT {owner} TO {role}"),
            )]);
        }
        if !row.get::<_, bool>(8) {
            return Ok(vec![Shortcoming::fatal(
                "rights",
                format!(
                    "the role {role} may not create tables in the schema {schema} of the database \
                     {database}"
                ),
                format!("as its owner, run GRANT CREATE ON SCHEMA {schema} TO {role}"),
            )]);
        }
    }
    let unreadable = list(db, LIST_UNREADABLE_SEQUENCES)?;
    Ok(match unreadable.is_empty() {
        true => vec![],
        false => vec![Shortcoming::warning(
            "rights",
            format!(
                "the role {role} cannot read sequences, which backups and exports do ({})",
                unreadable.join(", ")
            ),
            format!(
                "as their owner, run GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
            ),
        )],
    })
}
