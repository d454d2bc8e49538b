//! The previous release on the database of this program, in the form of the statements that it was recorded
//! with (`record.py`).

use postgres::{Client, NoTls, SimpleQueryMessage};
use serde_json::{Value, json};

use super::{lint, on_a_thread};
use crate::support::{Database, PASSWORD, Server, Socket, postgres as server};

const TRACE: &str = include_str!("statements-of-v7.sql");
/// The schema that the previous release knows.
const KNOWN: i32 = 7;

/// Statements are told from each other by a part of their text.
const APPEND: &str = "INSERT INTO events (room_id, seq, user_id, created_at, content, client_id)";
const LIST_EVENTS: &str = "WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const LIST_CHANGED_ROOMS: &str = "LEFT JOIN rooms ON rooms.id = known.id AND deleted_at IS NULL";
const GET_SESSION: &str = "WHERE sessions.id = $1";
const CREATE_ROOM: &str = "INSERT INTO rooms (name";

/// The recorded statements, in order.
struct Trace {
    statements: Vec<&'static str>,
}

impl Trace {
    fn read() -> Self {
        let is_sql = |text: &&str| !text.is_empty();
        let lines = TRACE.find("\nPREPARE ").expect("statements");
        let statements = TRACE[lines..].split(";\n").map(str::trim).filter(is_sql).collect();
        Self { statements }
    }

    /// The name of the prepared statement that contains this text.
    fn name(&self, text: &str) -> &'static str {
        let found: Vec<_> = self.prepared().filter(|(_, sql)| sql.contains(text)).collect();
        assert!(!found.is_empty(), "no statement has {text}");
        found[0].0
    }

    /// The names and the texts of the prepared statements.
    fn prepared(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.statements.iter().filter_map(|statement| {
            let (head, sql) = statement.strip_prefix("PREPARE ")?.split_once(" AS\n")?;
            Some((head.split(' ').next()?, sql))
        })
    }
}

/// A server of the previous release: one connection on which its statements are run.
struct OldNode {
    client: Option<Client>,
    trace: Trace,
    next: usize,
}

impl OldNode {
    fn connect(server: &Server) -> Self {
        let client =
            on_a_thread(|| Client::connect(server.database_url(), NoTls).expect("a client"));
        Self { client: Some(client), trace: Trace::read(), next: 0 }
    }

    /// Runs recorded statements up to the first that `is_last` accepts. All must succeed.
    fn replay_until(&mut self, is_last: impl Fn(&str) -> bool + Send) {
        loop {
            let statement = *self.trace.statements.get(self.next).expect("the last statement");
            self.run(statement);
            self.next += 1;
            if is_last(statement) {
                return;
            }
        }
    }

    fn replay_the_rest(&mut self) {
        let last = self.trace.statements.len() - 1;
        while self.next <= last {
            self.run(self.trace.statements[self.next]);
            self.next += 1;
        }
    }

    /// Runs SQL and returns the rows. A value that is not there is an empty text.
    fn run(&mut self, sql: &str) -> Vec<Vec<String>> {
        let client = self.client.as_mut().expect("it is connected");
        let answer = on_a_thread(|| client.simple_query(sql));
        let answer = answer.unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        let values = |row: &postgres::SimpleQueryRow| {
            (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect()
        };
        answer
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(values(row)),
                _ => None,
            })
            .collect()
    }

    fn execute(&mut self, text: &str, parameters: &str) -> Vec<Vec<String>> {
        let name = self.trace.name(text);
        self.run(&format!("EXECUTE {name} ({parameters})"))
    }
}

impl Drop for OldNode {
    fn drop(&mut self) {
        let client = self.client.take();
        on_a_thread(|| drop(client));
    }
}

/// The next event of the log; other frames are skipped.
async fn event(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.recv().await;
        if frame["seq"].is_i64() && frame["id"].is_i64() && frame["type"] != "ack" {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_the_previous_release_and_this_one_serve_one_database() {
    let server = Server::start(Database::Postgres).await;
    let mut old = OldNode::connect(&server);
    let create_room = format!("EXECUTE {} ", old.trace.name(CREATE_ROOM));
    old.replay_until(|statement| statement.starts_with(&create_room));
    old.replay_until(|statement| statement == "COMMIT");

    // An account and a room of the old node can be used here.
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    let mut socket = ann.joins(1).await;
    // Messages of the old node arrive in order. Each is awaited, because the recorded chat deletes them soon.
    let append = format!("EXECUTE {} ", old.trace.name(APPEND));
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Value| event["content"] != "last") {
        old.replay_until(|statement| statement.starts_with(&append));
        let head =
            old.run("SELECT head_seq FROM rooms WHERE id = 1")[0][0].parse::<usize>().unwrap();
        while events.len() < head {
            events.push(event(&mut socket).await);
        }
    }
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event["seq"].as_i64().unwrap(), event["type"].as_str().unwrap()))
        .collect();
    let kinds = [
        "message",
        "message",
        "message",
        "message_edited",
        "message_deleted",
        "message_deleted",
        "room_changed",
        "message_deleted",
        "room_changed",
        "message",
    ];
    assert_eq!(seen, (1..).zip(kinds).collect::<Vec<_>>());
    let messages: Vec<_> =
        events.iter().filter(|event| event["type"] == "message").map(|it| &it["content"]).collect();
    assert_eq!(messages, ["hello", "hello @ann", "bye", "last"]);
    assert_eq!(events[1]["username"], "bo");
    assert_eq!(
        (&events[8]["name"], &events[8]["description"]),
        (&json!("lobby"), &json!("for everybody"))
    );

    // The old node finds what this one writes.
    let ack = socket.says(1, "from the new node", "n1").await;
    assert_eq!(ack["seq"], 11);
    let changed = old.execute(LIST_CHANGED_ROOMS, "'{1}', '{10}'");
    assert_eq!(changed.len(), 1, "the old node's doorbell does not find the message: {changed:?}");
    let read = old.execute(LIST_EVENTS, "'1', '10', '50'");
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].contains(&"from the new node".to_owned()), "{read:?}");
    let path = format!("/rooms/1/messages/{}", ack["id"]);
    ann.patch(&path, json!({ "content": "edited on the new node" })).await.expect(200);
    ann.delete(&path).await.expect(204);
    let read = old.execute(LIST_EVENTS, "'1', '10', '50'");
    let kinds: Vec<_> = read.iter().map(|row| row[10].as_str()).collect();
    assert_eq!(kinds, ["message", "message_edited", "message_deleted"]);
    assert!(read.iter().all(|row| row[1].is_empty()), "a deleted text is left: {read:?}");
    let sessions = ann.get(&format!("/admin/users/{}/sessions", ann.user_id)).await.expect(200);
    let session = sessions[0]["id"].as_str().expect("an id");
    let found = old.execute(GET_SESSION, &format!("'{session}'"));
    assert_eq!(found.len(), 1, "the old node refuses a session of this one");

    // The old node prunes the room and deletes the others.
    old.replay_the_rest();
    ann.get("/rooms/2").await.expect_problem(404, "room_not_found");
    let rooms = ann.get("/rooms/").await.expect(200);
    assert_eq!(rooms.as_array().map(Vec::len), Some(1), "{rooms}");
    assert_eq!(socket.says(1, "and on", "n2").await["seq"], 14);
}

/// The driver binds values by these types, and the program reads columns by them.
#[test]
fn the_statements_of_the_previous_release_have_the_same_types() {
    let (old, new) = (server::database(), server::database());
    let mut old_client = old.client();
    for (_, sql) in
        lint::migrations("postgres").into_iter().filter(|(version, _)| *version <= KNOWN)
    {
        old_client.batch_execute(&sql).expect("a migration");
    }
    old_client
        .batch_execute(
            "CREATE TABLE refinery_schema_history (version int4, applied_on varchar(255))",
        )
        .expect("the migration table");
    chatapp::storage::open(new.url(), chatapp::storage::OpenOptions::default())
        .and_then(|backend| backend.migrate())
        .expect("it migrates");
    let mut new_client = new.client();
    let mut prepared = 0;
    for (_, sql) in Trace::read().prepared() {
        let then = types(&mut old_client, sql);
        assert_eq!(types(&mut new_client, sql), then, "{sql}");
        prepared += 1;
    }
    assert!(prepared > 70, "the trace has only {prepared} statements");
}

/// The types of the parameters, and the names and types of the columns.
fn types(client: &mut Client, sql: &str) -> (Vec<String>, Vec<String>) {
    let statement = client.prepare(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    let parameters = statement.params().iter().map(ToString::to_string).collect();
    let columns = statement.columns().iter();
    (parameters, columns.map(|column| format!("{} {}", column.name(), column.type_())).collect())
}
