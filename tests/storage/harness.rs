//! The database under test, and helpers that fill it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use chatapp::model::{
    Actor, Event, Mention, Message, MessageDetail, NewAuditEntry, NewMessage, NewMessageChange,
    NewParts, NewRoom, NewSession, NewUser, Reader, Reading, Role, Room, RoomId, RoomSelection,
    Seq, SessionId, Timestamp, User, UserChange, UserId,
};
use chatapp::storage::{self, Backend, OpenOptions};
use tempfile::TempDir;

use crate::postgres_server::{self, PgDatabase};

pub const NOW: Timestamp = Timestamp(1_738_319_400_000);

/// The hash of every user's password.
pub const HASH: &str = "$2b$12$hash";

/// An empty database. [`TestDatabase::backend`] migrates it.
pub struct TestDatabase {
    home: Home,
    gather_writes: bool,
}

enum Home {
    Sqlite(TempDir),
    Postgres(PgDatabase),
}

pub fn sqlite() -> TestDatabase {
    TestDatabase { home: Home::Sqlite(tempfile::tempdir().unwrap()), gather_writes: true }
}

/// SQLite with `database.gather_writes` off.
pub fn sqlite_without_shim() -> TestDatabase {
    TestDatabase { gather_writes: false, ..sqlite() }
}

pub fn postgres() -> TestDatabase {
    TestDatabase { home: Home::Postgres(postgres_server::database()), gather_writes: true }
}

impl TestDatabase {
    /// Makes another empty database of the same kind.
    pub fn another(&self) -> Self {
        match &self.home {
            Home::Sqlite(_) => TestDatabase { gather_writes: self.gather_writes, ..sqlite() },
            Home::Postgres(_) => postgres(),
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.home, Home::Postgres(_))
    }

    pub fn url(&self) -> String {
        match &self.home {
            Home::Sqlite(folder) => format!("sqlite://{}/chat.db", folder.path().display()),
            Home::Postgres(database) => database.url().to_owned(),
        }
    }

    /// Opens a separate handle, as another process would.
    pub fn open(&self) -> Arc<dyn Backend> {
        self.open_with(OpenOptions { busy_timeout_ms: 20_000, ..OpenOptions::default() })
    }

    pub fn open_with(&self, options: OpenOptions) -> Arc<dyn Backend> {
        let gather_writes = self.gather_writes;
        storage::open(&self.url(), OpenOptions { create: true, gather_writes, ..options }).unwrap()
    }

    /// Opens a handle and migrates the database.
    pub fn backend(&self) -> Arc<dyn Backend> {
        let backend = self.open();
        backend.migrate().unwrap();
        backend
    }

    /// Opens a connection outside the backend.
    pub fn raw(&self) -> Raw {
        match &self.home {
            Home::Sqlite(folder) => {
                let connection = rusqlite::Connection::open(folder.path().join("chat.db")).unwrap();
                connection.busy_timeout(Duration::from_secs(20)).unwrap();
                Raw::Sqlite(connection)
            }
            Home::Postgres(database) => Raw::Postgres(Box::new(database.client())),
        }
    }
}

/// A connection on which a test runs SQL, such as the transaction of a stalled writer.
pub enum Raw {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Client>),
}

impl Raw {
    pub fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(client) => client.batch_execute(sql).unwrap(),
        }
    }

    /// Counts the rows of a table.
    pub fn count(&mut self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        match self {
            Self::Sqlite(connection) => connection.query_row(&sql, [], |row| row.get(0)).unwrap(),
            Self::Postgres(client) => client.query_one(&sql, &[]).unwrap().get(0),
        }
    }

    /// Runs SQL that the database must refuse, and returns the error's text.
    pub fn fails(&mut self, sql: &str) -> String {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap_err().to_string(),
            Self::Postgres(client) => {
                let error = client.batch_execute(sql).unwrap_err();
                error.as_db_error().map_or(error.to_string(), |error| error.message().to_owned())
            }
        }
    }

    /// Begins a transaction and locks the room.
    pub fn begin(&mut self, room: &Room) {
        match self {
            Self::Sqlite(_) => self.execute("BEGIN IMMEDIATE"),
            Self::Postgres(_) => self.execute(&format!(
                "BEGIN; SELECT id FROM rooms WHERE id = {} FOR NO KEY UPDATE",
                room.id
            )),
        }
    }

    /// Appends an event with the next seq, in a transaction that has locked the room.
    pub fn append(&mut self, room: &Room, user: &User, client_id: Option<&str>) {
        let client_id = client_id.map_or("NULL".to_owned(), |id| format!("'{id}'"));
        let (column, id) = match self {
            Self::Sqlite(_) => {
                self.execute("UPDATE server SET last_event_id = last_event_id + 1");
                ("id,", "(SELECT last_event_id FROM server),")
            }
            Self::Postgres(_) => ("", ""),
        };
        self.execute(&format!(
            "UPDATE rooms SET head_seq = head_seq + 1 WHERE id = {room};
             INSERT INTO events ({column} room_id, seq, user_id, created_at, content, client_id)
             SELECT {id} {room}, head_seq, {user}, 0, 'slow', {client_id}
             FROM rooms WHERE id = {room}",
            room = room.id,
            user = user.id
        ));
    }
}

/// Runs `run` on `count` threads with their numbers, and returns the results in that order.
pub fn on_threads<T: Send>(count: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..count).map(|i| scope.spawn(move || run(i))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

pub fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        password_hash: HASH.to_owned(),
        is_bot: false,
        display_name: None,
        role: Role::User,
        created_at: NOW,
        only_if_no_admin: false,
    }
}

pub fn user(backend: &dyn Backend, name: &str) -> User {
    backend.create_user(&new_user(name), None).unwrap()
}

/// An audit entry at [`NOW`].
pub fn audit(action: &'static str) -> NewAuditEntry {
    audit_at(action, NOW)
}

pub fn audit_at(action: &'static str, timestamp: Timestamp) -> NewAuditEntry {
    let actor = Actor::Operator("root".to_owned());
    NewAuditEntry {
        timestamp,
        actor,
        action,
        detail: serde_json::json!({ "why": "a test" }),
        is_recorded: true,
    }
}

pub fn role(role: Role) -> UserChange {
    UserChange { role: Some(role), ..UserChange::default() }
}

pub fn active(is_active: bool) -> UserChange {
    UserChange { is_active: Some(is_active), ..UserChange::default() }
}

pub fn new_room(name: &str, creator: &User) -> NewRoom {
    NewRoom::public(name, creator.id, NOW)
}

pub fn room(backend: &dyn Backend, creator: &User) -> Room {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("room {}", NEXT.fetch_add(1, Ordering::Relaxed));
    backend.create_room(&new_room(&name, creator), &audit("room.create")).unwrap()
}

pub fn session(backend: &dyn Backend, id: u128, user: &User) -> SessionId {
    let id = SessionId(id);
    let expires_at = NOW.plus_seconds(60);
    let new = NewSession { id, user_id: user.id, created_at: NOW, expires_at };
    assert!(backend.create_session(&new, HASH).unwrap());
    id
}

pub fn message(room: &Room, user: &User, content: &str) -> NewMessage {
    NewMessage {
        room_id: room.id,
        user_id: user.id,
        username: user.username.as_str().into(),
        display_name: None,
        content: content.to_owned(),
        client_id: None,
        timestamp: NOW,
        joins: false,
        parts: None,
    }
}

/// The message with a mention of each of the users.
pub fn mentioning(message: NewMessage, users: &[&User]) -> NewMessage {
    let (mentions, mentioned) = mentions_of(users);
    let detail = MessageDetail { mentions, ..MessageDetail::default() };
    let parts = NewParts { detail, mentioned, ..NewParts::default() };
    NewMessage { parts: (!users.is_empty()).then(|| Box::new(parts)), ..message }
}

pub fn mentions_of(users: &[&User]) -> (Vec<Mention>, Vec<UserId>) {
    let mention =
        |user: &&User| Mention { user_id: Some(user.id), everyone: None, start: 0, end: 3 };
    (users.iter().map(mention).collect(), users.iter().map(|user| user.id).collect())
}

pub fn with_client_id(message: NewMessage, client_id: &str) -> NewMessage {
    NewMessage { client_id: Some(client_id.to_owned()), ..message }
}

/// Appends `count` messages. In an empty room the content of each is its seq.
pub fn fill(backend: &dyn Backend, room: &Room, user: &User, count: u32) {
    let messages = (1..=count).map(|i| message(room, user, &i.to_string())).collect();
    for outcome in backend.append_messages(messages).unwrap() {
        outcome.unwrap();
    }
}

/// Lists every room that the user may see, or only one, with the user's position in it.
pub fn rooms_read(
    backend: &dyn Backend,
    user: &User,
    only: Option<RoomId>,
) -> Vec<(Room, Reading)> {
    let reader = Reader { user_id: user.id, username: &user.username };
    let selection = RoomSelection { only, ..RoomSelection::default() };
    let listed = backend.list_rooms_read(reader, &selection).unwrap().into_iter();
    listed.map(|listed| (listed.room, listed.reading)).collect()
}

/// Returns the user's read position in the room.
pub fn read_seq(backend: &dyn Backend, user: &User, room_id: RoomId) -> Seq {
    rooms_read(backend, user, Some(room_id))[0].1.read_seq
}

/// A change of a message by a user.
pub fn change(message: &Message, user: &User) -> NewMessageChange {
    NewMessageChange {
        room_id: message.room_id,
        message_id: message.id,
        user_id: user.id,
        username: user.username.as_str().into(),
        display_name: None,
        timestamp: NOW.plus_seconds(60),
    }
}

/// Reads the whole log as a client does that catches up.
pub fn events(backend: &dyn Backend, room_id: RoomId) -> Vec<Event> {
    let mut log = Vec::new();
    loop {
        let after = log.last().map_or(Seq(0), Event::seq);
        let page = backend.list_events(room_id, after, 100).unwrap().unwrap();
        if page.events.is_empty() {
            assert_eq!(after, page.head_seq, "the last event is not the head");
            return log;
        }
        log.extend(page.events);
    }
}

/// Reads the whole log of a room without changed messages.
pub fn log(backend: &dyn Backend, room_id: RoomId) -> Vec<Message> {
    let message = |event| match event {
        Event::Message(message) => message,
        other => panic!("{other:?}"),
    };
    events(backend, room_id).into_iter().map(message).collect()
}

pub fn seqs(messages: &[Message]) -> Vec<i64> {
    messages.iter().map(|message| message.seq.0).collect()
}
