//! Clients that send, edit and delete messages, and the promises that the server has made to them.

use std::collections::{BTreeMap, HashMap};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::faults::Faults;
use crate::support::{Answer, Client, DEADLINE};

const SENDERS_PER_ROOM: usize = 2;
const WINDOW: usize = 6;
/// Of this many messages, one is edited, one is deleted, and one is edited and deleted, as soon as the
/// message is acknowledged.
const CHANGED_OF: usize = 10;

/// A change that the server has confirmed to a client as stored.
#[derive(Clone, Debug)]
pub struct Promise {
    /// The length of the journal when the client received the confirmation.
    pub mark: u64,
    pub room: i64,
    /// The message's id.
    pub id: i64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// Confirmed by an ack or by the delivered message.
    Message {
        seq: i64,
        client_id: String,
    },
    /// The message has this content, unless it was deleted.
    Edit(String),
    Deletion,
}

/// Runs two senders per room. Each sends `each` messages, changes some of them, and retries after an error of
/// the storage. Returns the promises when everything has been acknowledged.
pub async fn talk(
    client: &Client,
    rooms: &[i64],
    faults: &std::sync::Arc<Faults>,
    name: &str,
    each: usize,
    chars: usize,
) -> Vec<Promise> {
    let mut senders = JoinSet::new();
    for &room in rooms {
        for n in 0..SENDERS_PER_ROOM {
            let name = format!("{name}-{room}-{n}");
            let (client, faults) = (client.clone(), faults.clone());
            senders.spawn(async move {
                let talking = send(client, room, faults, name, each, chars);
                timeout(DEADLINE * 6, talking).await.expect("the server takes messages")
            });
        }
    }
    senders.join_all().await.concat()
}

async fn send(
    client: Client,
    room: i64,
    faults: std::sync::Arc<Faults>,
    name: String,
    each: usize,
    chars: usize,
) -> Vec<Promise> {
    let mut socket = client.joins(room).await;
    let mut promises = Vec::new();
    let (mut sent, mut acknowledged) = (0, 0);
    let message = |n: usize| {
        // Lengths vary: SQLite stores a long message in additional pages.
        let content = "🐢".repeat(1 + (n * 7919) % chars);
        let client_id = format!("{name}-{n}");
        json!({
            "type": "send", "room_id": room, "content": content, "client_id": client_id,
            "ref": n.to_string(),
        })
    };
    let mut to_change = Vec::new();
    while acknowledged < each {
        while sent < each && sent < acknowledged + WINDOW {
            socket.send(message(sent)).await;
            sent += 1;
        }
        let frame = socket.recv().await;
        let id = frame["id"].as_i64();
        match frame["type"].as_str() {
            Some("ack") => {
                to_change.extend(changes_of(acknowledged).map(|what| (id.expect("id"), what)));
                acknowledged += 1;
            }
            Some("message") => {}
            Some("error") if is_storage_error(&frame) => {
                let n = frame["ref"].as_str().and_then(|n| n.parse().ok()).expect("our ref");
                socket.send(message(n)).await;
                continue;
            }
            Some("error") => panic!("refused: {frame}"),
            _ => continue,
        }
        promises.push(Promise {
            mark: faults.mark(),
            room,
            id: id.expect("id"),
            what: What::Message {
                seq: frame["seq"].as_i64().expect("seq"),
                client_id: frame["client_id"].as_str().expect("client_id").to_owned(),
            },
        });
        for (id, what) in to_change.drain(..) {
            change(&client, room, id, &what).await;
            promises.push(Promise { mark: faults.mark(), room, id, what });
        }
    }
    socket.close().await;
    promises
}

fn changes_of(n: usize) -> impl Iterator<Item = What> {
    let edit = What::Edit(format!("{n} was edited: {}", "🐌".repeat(n % 300)));
    let (edited, deleted) =
        ([0, 3].contains(&(n % CHANGED_OF)), [3, 6].contains(&(n % CHANGED_OF)));
    edited.then_some(edit).into_iter().chain(deleted.then_some(What::Deletion))
}

async fn change(client: &Client, room: i64, id: i64, what: &What) {
    let path = format!("/rooms/{room}/messages/{id}");
    loop {
        let request = match what {
            What::Edit(content) => {
                client.request(Method::PATCH, &path).json(&json!({ "content": content }))
            }
            What::Deletion => client.request(Method::DELETE, &path),
            What::Message { .. } => unreachable!("a message is not a change"),
        };
        let answer = Answer::to(request).await;
        match answer.status {
            200 | 204 => return,
            _ => assert!(is_storage_error(&answer.body), "refused: {}", answer.body),
        }
    }
}

fn is_storage_error(error: &Value) -> bool {
    ["unavailable", "outcome_unknown"].contains(&error["code"].as_str().expect("code"))
}

/// The log of each room in order of seq.
pub type Log = BTreeMap<i64, Vec<Row>>;

#[derive(Clone, Debug)]
pub struct Row {
    pub seq: i64,
    pub id: i64,
    pub kind: String,
    /// The message that an edit or a deletion refers to.
    pub about: Option<i64>,
    pub client_id: Option<String>,
    pub content: String,
    pub is_deleted: bool,
}

/// Checks that every log has no gap and no repetition, that its messages agree with its edits and deletions,
/// and that every promise has been kept.
pub fn check<'a>(log: &Log, promises: impl IntoIterator<Item = &'a Promise>) -> Result<(), String> {
    let mut messages = HashMap::new();
    for (&room, rows) in log {
        check_room(room, rows, &mut messages)?;
    }
    for promise in promises {
        let message = messages.get(&(promise.room, promise.id));
        let is_kept = message.is_some_and(|MessageState { row, is_edited }| match &promise.what {
            What::Message { seq, client_id } => {
                row.seq == *seq && row.client_id.as_ref() == Some(client_id)
            }
            What::Edit(content) => *is_edited && (row.is_deleted || row.content == *content),
            What::Deletion => row.is_deleted,
        });
        if !is_kept {
            return Err(format!("{promise:?} was promised, but the database has {message:?}"));
        }
    }
    Ok(())
}

/// A message, and whether the log has an edit of it.
#[derive(Debug)]
struct MessageState<'a> {
    row: &'a Row,
    is_edited: bool,
}

fn check_room<'a>(
    room: i64,
    rows: &'a [Row],
    messages: &mut HashMap<(i64, i64), MessageState<'a>>,
) -> Result<(), String> {
    let (mut client_ids, mut deleted) = (HashMap::new(), HashMap::new());
    for (row, expected) in rows.iter().zip(1..) {
        if row.seq != expected {
            return Err(format!("room {room} has seq {} in place of {expected}", row.seq));
        }
        if let Some(client_id) = &row.client_id
            && client_ids.insert(client_id, row.id).is_some()
        {
            return Err(format!("room {room} has {client_id} twice"));
        }
        let Some(about) = row.about else {
            messages.insert((room, row.id), MessageState { row, is_edited: false });
            continue;
        };
        let Some(message) = messages.get_mut(&(room, about)) else {
            return Err(format!("room {room} has {row:?}, and no message before it"));
        };
        match row.kind.as_str() {
            // The senders edit a message only once, so the message has the content of this edit.
            "message_edited" if row.content == message.row.content => message.is_edited = true,
            "message_deleted" if deleted.insert(about, row.id).is_none() => {}
            _ => return Err(format!("room {room} has {row:?} about {message:?}")),
        }
    }
    for row in rows.iter().filter(|row| row.about.is_none()) {
        let is_logged = deleted.contains_key(&row.id);
        if row.is_deleted != is_logged || row.is_deleted != row.content.is_empty() {
            return Err(format!("room {room} has {row:?}; a deletion is in its log: {is_logged}"));
        }
    }
    Ok(())
}

/// Reads the logs of the rooms from the server.
pub async fn shown(client: &Client, rooms: &[i64]) -> Log {
    let row = |event: &Value| {
        let text = |field: &str| event[field].as_str().map(ToOwned::to_owned);
        Row {
            seq: event["seq"].as_i64().expect("seq"),
            id: event["id"].as_i64().expect("id"),
            kind: text("type").expect("type"),
            about: event["message_id"].as_i64(),
            client_id: text("client_id"),
            content: text("content").unwrap_or_default(),
            is_deleted: event["deleted_at"].is_string(),
        }
    };
    let mut log = Log::new();
    for &room in rooms {
        log.insert(room, client.log(room).await.iter().map(row).collect());
    }
    log
}
