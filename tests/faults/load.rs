//! People who talk, and what each of them was promised when.

use std::collections::{BTreeMap, HashMap};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::faults::Faults;
use crate::support::{Answer, Client, DEADLINE};

const SENDERS_PER_ROOM: usize = 2;
const WINDOW: usize = 6;
/// Of so many messages one is edited, one deleted, and one both, as soon as it is acknowledged.
const CHANGED_OF: usize = 10;

/// What a client was told is stored.
#[derive(Clone, Debug)]
pub struct Promise {
    /// The length of the journal when it was told.
    pub mark: u64,
    pub room: i64,
    /// The message's.
    pub id: i64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// By an ack or by the message itself.
    Message {
        seq: i64,
        client_id: String,
    },
    /// The message says this, unless it is deleted.
    Edit(String),
    Deletion,
}

/// Everybody sends `each` messages and changes some of them, again if that is refused because storage
/// cannot be used, waits until all is acknowledged, and leaves.
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
        // Lengths vary, so that some messages need pages of their own.
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
            Some("error") if is_of_the_storage(&frame) => {
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
    let edit = What::Edit(format!("{n} is another now: {}", "🐌".repeat(n % 300)));
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
            What::Message { .. } => unreachable!("it is no change"),
        };
        let answer = Answer::to(request).await;
        match answer.status {
            200 | 204 => return,
            _ => assert!(is_of_the_storage(&answer.body), "refused: {}", answer.body),
        }
    }
}

fn is_of_the_storage(error: &Value) -> bool {
    ["unavailable", "outcome_unknown"].contains(&error["code"].as_str().expect("code"))
}

/// The log of every room as a database has it, by seq.
pub type Log = BTreeMap<i64, Vec<Row>>;

#[derive(Clone, Debug)]
pub struct Row {
    pub seq: i64,
    pub id: i64,
    pub kind: String,
    /// The message that it is about, if it is none itself.
    pub about: Option<i64>,
    pub client_id: Option<String>,
    pub content: String,
    pub is_deleted: bool,
}

/// Whether every log is without gap or repetition, its messages are as the changes in it say, and it
/// has all that was promised.
pub fn check<'a>(log: &Log, promises: impl IntoIterator<Item = &'a Promise>) -> Result<(), String> {
    let mut messages = HashMap::new();
    for (&room, rows) in log {
        check_room(room, rows, &mut messages)?;
    }
    for promise in promises {
        let message = messages.get(&(promise.room, promise.id));
        let is_kept = message.is_some_and(|Standing { row, is_edited }| match &promise.what {
            What::Message { seq, client_id } => {
                row.seq == *seq && row.client_id.as_ref() == Some(client_id)
            }
            What::Edit(content) => *is_edited && (row.is_deleted || row.content == *content),
            What::Deletion => row.is_deleted,
        });
        if !is_kept {
            return Err(format!("{promise:?} was promised, and there is {message:?}"));
        }
    }
    Ok(())
}

/// A message, and whether the log has an edit of it.
#[derive(Debug)]
struct Standing<'a> {
    row: &'a Row,
    is_edited: bool,
}

fn check_room<'a>(
    room: i64,
    rows: &'a [Row],
    messages: &mut HashMap<(i64, i64), Standing<'a>>,
) -> Result<(), String> {
    let (mut client_ids, mut deleted) = (HashMap::new(), HashMap::new());
    for (row, expected) in rows.iter().zip(1..) {
        if row.seq != expected {
            return Err(format!("room {room} has {} in place of {expected}", row.seq));
        }
        if let Some(client_id) = &row.client_id
            && client_ids.insert(client_id, row.id).is_some()
        {
            return Err(format!("room {room} has {client_id} twice"));
        }
        let Some(about) = row.about else {
            messages.insert((room, row.id), Standing { row, is_edited: false });
            continue;
        };
        let Some(message) = messages.get_mut(&(room, about)) else {
            return Err(format!("room {room} has {row:?}, and no message before it"));
        };
        match row.kind.as_str() {
            // Of one who edits once, as here.
            "message_edited" if row.content == message.row.content => message.is_edited = true,
            "message_deleted" if deleted.insert(about, row.id).is_none() => {}
            _ => return Err(format!("room {room} has {row:?} about {message:?}")),
        }
    }
    for row in rows.iter().filter(|row| row.about.is_none()) {
        let is_told = deleted.contains_key(&row.id);
        if row.is_deleted != is_told || row.is_deleted != row.content.is_empty() {
            return Err(format!("room {room} has {row:?}; its log tells of a deletion: {is_told}"));
        }
    }
    Ok(())
}

/// The log as the server shows it.
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
