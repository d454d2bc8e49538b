//! The contents of a copy of a database: the tables in order, and their columns.
//!
//! Both databases and the export format use the same list. `tests/storage/rows.rs` compares it with the
//! schema: a column that is in neither [`TABLES`] nor [`LEFT_OUT`] fails a test.

use std::ops::ControlFlow;

use super::Result;
use crate::model::RoomId;

/// The type of a column's values, apart from null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signed integer of 64 bits.
    Int,
    /// 0 or 1 in a [`Row`].
    Bool,
    /// Milliseconds since 1970, UTC.
    Time,
    /// A text without a defined form.
    Text,
    /// A JSON document, as text.
    Json,
    /// Bytes. In a [`Row`] and in an export a text of hexadecimal digits.
    Bytes,
}

/// A column of a table that is copied.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name, in SQL and in an export.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// Whether a value may be null.
    pub nullable: bool,
    /// The value in exports of versions that did not have the column.
    pub default: Option<Given>,
}

/// A value that a column has without being given.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// A number or a truth value.
    Int(i64),
    /// A text.
    Text(&'static str),
}

/// A table. Its rows are ordered by its first `key` columns.
#[derive(Debug)]
pub struct Table {
    /// The name in SQL.
    pub name: &'static str,
    /// The name of one row in an export.
    pub record: &'static str,
    /// The number of columns that the key has.
    pub key: usize,
    /// The copied columns, in the order of a [`Row`].
    pub columns: &'static [Column],
    /// An SQL condition that selects the rows that are not deleted. Empty: all rows.
    pub(super) live: &'static str,
    /// An SQL condition that selects the rows that belong to the room `{room}`. `{named}` selects the ids of the users
    /// that events of the room name in their `detail`.
    pub(super) of_room: &'static str,
    /// The version of the schema that added the table; exports of earlier versions do not have it.
    pub since: i32,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false, default: None }
}

const fn nullable(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: true, default: None }
}

const fn given(column: Column, default: Given) -> Column {
    Column { default: Some(default), ..column }
}

/// Greater ids are those of private and direct rooms, and of the events in them.
pub const LAST_OPEN_ID: i64 = 1 << 52;

/// The rows of a deleted room are deleted later, in steps: see `rooms.deleted_at`.
const LIVE_ROOM: &str = "room_id IN (SELECT id FROM rooms WHERE deleted_at IS NULL)";

/// The condition on the column that has the id of a user who appears in the room.
macro_rules! users_of_room {
    ($column:literal) => {
        concat!(
            $column,
            " IN (SELECT created_by FROM rooms WHERE id = {room} UNION \
             SELECT user_id FROM events WHERE room_id = {room} UNION \
             SELECT user_id FROM read_positions WHERE room_id = {room} UNION \
             SELECT user_id FROM members WHERE room_id = {room} UNION \
             SELECT user_id FROM bans WHERE room_id = {room} UNION \
             SELECT banned_by FROM bans WHERE room_id = {room} UNION \
             SELECT created_by FROM invites WHERE room_id = {room} UNION \
             SELECT user_id FROM reactions WHERE room_id = {room} UNION \
             SELECT user_id FROM mentions WHERE room_id = {room} UNION \
             SELECT user_id FROM thread_follows WHERE room_id = {room} UNION \
             SELECT pinned_by FROM pins WHERE room_id = {room} UNION \
             SELECT user_id FROM drafts WHERE room_id = {room} UNION \
             SELECT user_id FROM scheduled_messages WHERE room_id = {room} UNION \
             SELECT user_id FROM cursors WHERE room_id = {room} UNION {named})"
        )
    };
}

/// Every table that is copied, each after the tables that it refers to.
///
/// The databases have no table `counters`: it stands for the greatest id that each table has ever given,
/// so that a copy never gives one of them again.
pub static TABLES: &[Table] = &[
    Table {
        name: "users",
        record: "user",
        key: 1,
        columns: &[
            column("id", Kind::Int),
            column("username", Kind::Text),
            column("email", Kind::Text),
            column("password_hash", Kind::Text),
            column("role", Kind::Text),
            column("is_active", Kind::Bool),
            column("created_at", Kind::Time),
            nullable("deleted_at", Kind::Time),
            nullable("display_name", Kind::Text),
            nullable("title", Kind::Text),
            nullable("timezone", Kind::Text),
            nullable("status_text", Kind::Text),
            nullable("status_emoji", Kind::Text),
            nullable("status_until", Kind::Time),
            nullable("last_seen_at", Kind::Time),
            given(column("is_bot", Kind::Bool), Given::Int(0)),
            nullable("metadata", Kind::Json),
        ],
        // The migrations insert user 0, the author of events that no account causes.
        live: "id > 0",
        of_room: users_of_room!("id"),
        since: 0,
    },
    Table {
        name: "rooms",
        record: "room",
        key: 1,
        columns: &[
            column("id", Kind::Int),
            column("name", Kind::Text),
            nullable("description", Kind::Text),
            column("created_by", Kind::Int),
            column("created_at", Kind::Time),
            column("head_seq", Kind::Int),
            column("oldest_seq", Kind::Int),
            nullable("retention_days", Kind::Int),
            nullable("archived_at", Kind::Time),
            given(column("revision", Kind::Int), Given::Int(0)),
            given(column("kind", Kind::Text), Given::Text("public")),
            given(column("posting", Kind::Text), Given::Text("everyone")),
            given(column("inviting", Kind::Text), Given::Text("moderators")),
            given(column("history", Kind::Text), Given::Text("all")),
            given(column("auto_join", Kind::Bool), Given::Int(0)),
            nullable("direct_key", Kind::Text),
            nullable("metadata", Kind::Json),
        ],
        live: "deleted_at IS NULL",
        of_room: "id = {room}",
        since: 0,
    },
    Table {
        name: "events",
        record: "event",
        key: 2,
        columns: &[
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
            column("id", Kind::Int),
            column("kind", Kind::Text),
            column("user_id", Kind::Int),
            column("created_at", Kind::Time),
            column("content", Kind::Text),
            nullable("client_id", Kind::Text),
            nullable("edited_at", Kind::Time),
            nullable("deleted_at", Kind::Time),
            nullable("target_id", Kind::Int),
            nullable("target_seq", Kind::Int),
            nullable("detail", Kind::Json),
            nullable("thread_id", Kind::Int),
            given(column("extras", Kind::Int), Given::Int(0)),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 0,
    },
    Table {
        name: "read_positions",
        record: "read_position",
        key: 2,
        columns: &[
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 0,
    },
    Table {
        name: "members",
        record: "member",
        key: 2,
        columns: &[
            column("room_id", Kind::Int),
            column("user_id", Kind::Int),
            column("role", Kind::Text),
            column("joined_at", Kind::Time),
            column("joined_seq", Kind::Int),
            column("notify", Kind::Text),
            column("is_starred", Kind::Bool),
            nullable("hidden_seq", Kind::Int),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 11,
    },
    Table {
        name: "mutes",
        record: "mute",
        key: 2,
        columns: &[
            column("room_id", Kind::Int),
            column("user_id", Kind::Int),
            column("until", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 11,
    },
    Table {
        name: "bans",
        record: "ban",
        key: 2,
        columns: &[
            column("room_id", Kind::Int),
            column("user_id", Kind::Int),
            column("banned_by", Kind::Int),
            nullable("reason", Kind::Text),
            column("created_at", Kind::Time),
            nullable("until", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 11,
    },
    Table {
        name: "invites",
        record: "invite",
        key: 1,
        columns: &[
            column("id", Kind::Int),
            column("token_hash", Kind::Bytes),
            nullable("room_id", Kind::Int),
            column("created_by", Kind::Int),
            column("role", Kind::Text),
            nullable("uses_allowed", Kind::Int),
            column("completed", Kind::Int),
            column("created_at", Kind::Time),
            nullable("expires_at", Kind::Time),
            nullable("revoked_at", Kind::Time),
        ],
        live: "(room_id IS NULL OR room_id IN (SELECT id FROM rooms WHERE deleted_at IS NULL))",
        of_room: "room_id = {room}",
        since: 11,
    },
    Table {
        name: "blocks",
        record: "block",
        key: 2,
        columns: &[
            column("user_id", Kind::Int),
            column("blocked_id", Kind::Int),
            column("created_at", Kind::Time),
        ],
        live: "",
        of_room: "false",
        since: 12,
    },
    Table {
        name: "external_accounts",
        record: "external_account",
        key: 2,
        columns: &[
            column("issuer", Kind::Text),
            column("subject", Kind::Text),
            column("user_id", Kind::Int),
            column("is_disabled", Kind::Bool),
        ],
        live: "",
        of_room: "false",
        since: 16,
    },
    Table {
        name: "reactions",
        record: "reaction",
        key: 3,
        columns: &[
            column("message_id", Kind::Int),
            column("emoji", Kind::Text),
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 13,
    },
    Table {
        name: "mentions",
        record: "mention",
        key: 3,
        columns: &[
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
            column("message_id", Kind::Int),
            nullable("thread_id", Kind::Int),
            column("author_id", Kind::Int),
            column("created_at", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 13,
    },
    Table {
        name: "thread_follows",
        record: "thread_follow",
        key: 2,
        columns: &[
            column("thread_id", Kind::Int),
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            column("is_following", Kind::Bool),
            column("read_seq", Kind::Int),
            column("has_unread", Kind::Bool),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 13,
    },
    Table {
        name: "pins",
        record: "pin",
        key: 2,
        columns: &[
            column("room_id", Kind::Int),
            column("message_id", Kind::Int),
            column("pinned_by", Kind::Int),
            column("pinned_at", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 13,
    },
    Table {
        name: "drafts",
        record: "draft",
        key: 3,
        columns: &[
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            column("thread_id", Kind::Int),
            column("content", Kind::Text),
            column("updated_at", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 13,
    },
    Table {
        name: "cursors",
        record: "cursor",
        key: 3,
        columns: &[
            column("user_id", Kind::Int),
            column("name", Kind::Text),
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
            column("updated_at", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 15,
    },
    Table {
        name: "scheduled_messages",
        record: "scheduled_message",
        key: 1,
        columns: &[
            column("id", Kind::Int),
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            nullable("thread_id", Kind::Int),
            column("content", Kind::Text),
            column("send_at", Kind::Time),
            column("created_at", Kind::Time),
            nullable("failure", Kind::Text),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 13,
    },
    Table {
        name: "user_metadata",
        record: "user_metadata",
        key: 2,
        columns: &[
            column("user_id", Kind::Int),
            column("key", Kind::Text),
            nullable("value", Kind::Text),
        ],
        live: "",
        of_room: users_of_room!("user_id"),
        since: 19,
    },
    Table {
        name: "room_metadata",
        record: "room_metadata",
        key: 2,
        columns: &[
            column("room_id", Kind::Int),
            column("key", Kind::Text),
            nullable("value", Kind::Text),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 19,
    },
    Table {
        name: "message_metadata",
        record: "message_metadata",
        key: 2,
        columns: &[
            column("message_id", Kind::Int),
            column("key", Kind::Text),
            nullable("value", Kind::Text),
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
        ],
        live: LIVE_ROOM,
        of_room: "room_id = {room}",
        since: 19,
    },
    // People sign in again after a copy, programs cannot.
    Table {
        name: "sessions",
        record: "session",
        key: 1,
        columns: &[
            column("id", Kind::Text),
            column("user_id", Kind::Int),
            column("created_at", Kind::Time),
            column("expires_at", Kind::Time),
        ],
        live: "revoked_at IS NULL AND id IN (SELECT session_id FROM api_tokens)",
        of_room: "1 = 0",
        since: 15,
    },
    Table {
        name: "api_tokens",
        record: "api_token",
        key: 1,
        columns: &[
            column("session_id", Kind::Text),
            column("name", Kind::Text),
            column("scopes", Kind::Text),
            nullable("room_ids", Kind::Json),
            nullable("last_used_at", Kind::Time),
        ],
        live: "session_id IN (SELECT id FROM sessions WHERE revoked_at IS NULL)",
        of_room: "1 = 0",
        since: 15,
    },
    // A room that is exported alone has no API tokens, so its webhooks would not work.
    Table {
        name: "incoming_hooks",
        record: "incoming_hook",
        key: 1,
        columns: &[
            column("user_id", Kind::Int),
            column("room_id", Kind::Int),
            column("created_by", Kind::Int),
            column("created_at", Kind::Time),
            nullable("deleted_at", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "1 = 0",
        since: 17,
    },
    // A room that is exported alone has no API tokens, so its bots do not work.
    Table {
        name: "outgoing_hooks",
        record: "outgoing_hook",
        key: 1,
        columns: &[
            column("id", Kind::Int),
            column("user_id", Kind::Int),
            column("url", Kind::Text),
            column("secret", Kind::Text),
            nullable("old_secret", Kind::Text),
            nullable("old_secret_until", Kind::Time),
            nullable("kinds", Kind::Text),
            nullable("room_ids", Kind::Json),
            column("created_at", Kind::Time),
            nullable("paused_at", Kind::Time),
            given(column("is_gone", Kind::Bool), Given::Int(0)),
        ],
        live: "",
        of_room: "1 = 0",
        since: 18,
    },
    Table {
        name: "outgoing_positions",
        record: "outgoing_position",
        key: 2,
        columns: &[
            column("hook_id", Kind::Int),
            column("room_id", Kind::Int),
            column("seq", Kind::Int),
            given(column("failures", Kind::Int), Given::Int(0)),
            nullable("retry_at", Kind::Time),
            nullable("parked_at", Kind::Time),
        ],
        live: LIVE_ROOM,
        of_room: "1 = 0",
        since: 18,
    },
    Table {
        name: "audit",
        record: "audit_entry",
        key: 1,
        columns: &[
            column("id", Kind::Int),
            column("timestamp", Kind::Time),
            nullable("actor_id", Kind::Int),
            nullable("actor", Kind::Text),
            column("via", Kind::Text),
            column("action", Kind::Text),
            column("target", Kind::Text),
            column("detail", Kind::Json),
        ],
        live: "",
        of_room: "false",
        since: 0,
    },
    Table {
        name: "counters",
        record: "counter",
        key: 1,
        columns: &[column("name", Kind::Text), column("last_id", Kind::Int)],
        live: "",
        of_room: "true",
        since: 0,
    },
];

/// Tables (`table`) and columns (`table.column`) that are not copied, with the reason.
pub static LEFT_OUT: &[(&str, &str)] = &[
    ("server", "facts about one database: a copy has its own epoch and its own secret"),
    (
        "sessions.revoked_at",
        "only sessions that are open are copied, and only those of API tokens: all people sign in again",
    ),
    ("sessions.ends_at", "a session of an API token is not extended"),
    ("tickets", "they open one socket within seconds"),
    ("attempts", "they count within an hour, and their keys depend on the secret"),
    ("known_addresses", "their keys depend on the secret, which a copy does not have"),
    ("password_resets", "a copy must not bring back tokens that were used since"),
    ("outgoing_deliveries", "they tell what one server attempted lately"),
    ("nodes", "the servers that use one database now"),
    ("presence", "the people who are connected to these servers now"),
    ("users.renamed_at", "it tells running servers to read a name again"),
    ("rooms.deleted_at", "a deleted room is not copied"),
    ("rooms.access_version", "it is a number of changes in one database"),
    ("rooms.member_count", "a trigger counts the copied members"),
    ("rooms.indexed_seq", "the index of messages is made again from the log"),
    ("rooms.indexed_ids", "the index of messages is made again from the log"),
    ("search_index", "the index of messages is made again from the log"),
    ("search_index_config", "a table of SQLite's index"),
    ("search_index_data", "a table of SQLite's index"),
    ("search_index_docsize", "a table of SQLite's index"),
    ("search_index_idx", "a table of SQLite's index"),
];

/// One value of a row. The column's [`Kind`] decides its meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// No value.
    Null,
    /// The value of a number, a truth value or a time.
    Int(i64),
    /// The value of a text or a JSON document.
    Text(String),
}

/// The values of a row, in the order of the table's columns.
pub type Row = Vec<Value>;

/// The selection of rows that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All rows of all tables, without the rows of deleted rooms.
    Everything,
    /// One room, its log, and the accounts that appear in it.
    Room(RoomId),
}

/// Receives each row in turn. It returns `Break` to end the reading.
pub type Visitor<'a> = dyn FnMut(&'static Table, Row) -> ControlFlow<()> + 'a;

/// A source of rows.
pub trait Source {
    /// Passes every row of `scope` to `visit`, in the order of [`TABLES`] and of their keys. All rows are
    /// from one moment. Holds only a few rows in memory.
    fn read_rows(&self, scope: Scope, visit: &mut Visitor<'_>) -> Result<()>;
}

impl Table {
    /// Finds a table by its name, which is a literal.
    ///
    /// # Panics
    /// If there is no such table.
    pub fn named(name: &str) -> &'static Self {
        TABLES.iter().find(|table| table.name == name).expect("it is in the list")
    }

    /// The names of all columns, separated by commas, for SQL.
    pub fn column_names(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// Returns the index of a column in a row.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// Returns the statement that selects the rows of `scope` in order. `expression` gives the SQL of each
    /// column, `from` the SQL of the table, `named` the SQL that selects the users whom the events of `{room}` name.
    /// `collation` compares texts byte by byte, so that the order is the same in both databases.
    pub(super) fn select(
        &self,
        from: &str,
        scope: Scope,
        named: &str,
        collation: &str,
        expression: impl Fn(&Column) -> String,
    ) -> String {
        let columns: Vec<_> = self.columns.iter().map(expression).collect();
        let order = |column: &Column| match column.kind {
            Kind::Text => format!("{} COLLATE {collation}", column.name),
            Kind::Int | Kind::Bool | Kind::Time | Kind::Json | Kind::Bytes => {
                column.name.to_owned()
            }
        };
        let key: Vec<_> = self.columns[..self.key].iter().map(order).collect();
        let mut conditions = Vec::new();
        if !self.live.is_empty() {
            conditions.push(self.live.to_owned());
        }
        if let Scope::Room(id) = scope {
            let of_room = self.of_room.replace("{named}", named);
            conditions.push(of_room.replace("{room}", &id.to_string()));
        }
        if conditions.is_empty() {
            conditions.push("true".to_owned());
        }
        format!(
            "SELECT {} FROM {from} WHERE {} ORDER BY {}",
            columns.join(", "),
            conditions.join(" AND "),
            key.join(", ")
        )
    }
}
