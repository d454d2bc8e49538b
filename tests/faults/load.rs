//! People who talk, and what each of them was promised when.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::faults::Faults;
use crate::support::{Client, DEADLINE};

const SENDERS_PER_ROOM: usize = 2;
const WINDOW: usize = 6;

/// A message that a client was told is stored, by an ack or by the message itself.
#[derive(Clone, Debug)]
pub struct Promise {
    /// The length of the journal when it was told.
    pub mark: u64,
    pub room: i64,
    pub seq: i64,
    pub id: i64,
    pub client_id: String,
}

/// Everybody sends `each` messages, again if they are refused because storage cannot be used, waits
/// until all are acknowledged, and leaves.
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
    while acknowledged < each {
        while sent < each && sent < acknowledged + WINDOW {
            socket.send(message(sent)).await;
            sent += 1;
        }
        let frame = socket.recv().await;
        match frame["type"].as_str() {
            Some("ack") => acknowledged += 1,
            Some("message") => {}
            Some("error") if ["unavailable", "outcome_unknown"].contains(&code(&frame)) => {
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
            seq: frame["seq"].as_i64().expect("seq"),
            id: frame["id"].as_i64().expect("id"),
            client_id: frame["client_id"].as_str().expect("client_id").to_owned(),
        });
    }
    socket.close().await;
    promises
}

fn code(frame: &Value) -> &str {
    frame["code"].as_str().expect("code")
}

/// The log of every room as a database has it: its id and its client_id, by seq.
pub type Log = BTreeMap<i64, Vec<(i64, i64, String)>>;

/// Whether every log is without gap or repetition and has all that was promised.
pub fn check<'a>(log: &Log, promises: impl IntoIterator<Item = &'a Promise>) -> Result<(), String> {
    let mut places = HashMap::new();
    for (room, messages) in log {
        for ((seq, id, client_id), expected) in messages.iter().zip(1..) {
            if *seq != expected {
                return Err(format!("room {room} has {seq} in place of {expected}"));
            }
            if places.insert((*room, client_id.as_str()), (*seq, *id)).is_some() {
                return Err(format!("room {room} has {client_id} twice"));
            }
        }
    }
    for promise in promises {
        let place = places.get(&(promise.room, promise.client_id.as_str()));
        if place != Some(&(promise.seq, promise.id)) {
            return Err(format!("{promise:?} was promised, and there is {place:?}"));
        }
    }
    Ok(())
}

/// The log as the server shows it.
pub async fn shown(client: &Client, rooms: &[i64]) -> Log {
    let mut log = Log::new();
    for &room in rooms {
        let history = client.history(room).await;
        let number = |message: &Value, field: &str| message[field].as_i64().expect("a number");
        let row = |message: &Value| {
            let client_id = message["client_id"].as_str().unwrap_or_default().to_owned();
            (number(message, "seq"), number(message, "id"), client_id)
        };
        log.insert(room, history.iter().map(row).collect());
    }
    log
}
