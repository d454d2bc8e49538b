//! Clients that send messages over a socket and over HTTP, edit and delete them, and retry until everything is
//! answered.

use std::collections::VecDeque;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    Acknowledged, Acknowledgement, Change, REPEATS, RETRY_EVERY, WINDOW, keep_opening, number,
};
use crate::support::{Client, Socket};

/// Sends over a socket as fast as its window allows. After a crash it repeats the unanswered sends.
pub struct Sender {
    pub client: Client,
    pub room_id: i64,
    pub name: String,
    pub stopped: watch::Receiver<bool>,
    pub progress: watch::Sender<u64>,
    /// The number of times that a socket has joined its room.
    pub joins: watch::Sender<usize>,
}

impl Sender {
    pub async fn run(self) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        let mut latest: VecDeque<String> = VecDeque::new();
        let mut under_way: VecDeque<String> = VecDeque::new();
        let mut made = 0;
        loop {
            let path = format!("/ws/{}?token={}", self.room_id, self.client.token);
            let mut socket = keep_opening(&self.client, &path).await;
            // Repeats the sends in their first order.
            under_way = latest.drain(..).chain(under_way).collect();
            let mut to_send: Vec<String> = under_way.iter().cloned().collect();
            // Runs until the connection breaks, or until everything is answered after `stopped`.
            loop {
                while under_way.len() < WINDOW && !*self.stopped.borrow() {
                    made += 1;
                    let client_id = format!("{}-{made}", self.name);
                    under_way.push_back(client_id.clone());
                    to_send.push(client_id);
                }
                if under_way.is_empty() {
                    return acknowledged;
                }
                if self.send(&mut socket, &mut to_send).await.is_err() {
                    break;
                }
                let Ok(frame) = socket.try_recv().await else { break };
                match frame["type"].as_str() {
                    Some("ack") => {
                        let client_id = frame["ref"].as_str().expect("ref");
                        let ack = Acknowledgement {
                            seq: number(&frame, "seq"),
                            id: number(&frame, "id"),
                        };
                        if let Some(earlier) = acknowledged.sends.get(client_id) {
                            assert_eq!(&ack, earlier, "{client_id} was stored again");
                            assert_eq!(frame["duplicate"], true, "{frame}");
                        }
                        acknowledged.sends.insert(client_id.to_owned(), ack);
                        under_way.retain(|waiting| waiting != client_id);
                        latest.push_back(client_id.to_owned());
                        if latest.len() > REPEATS {
                            latest.pop_front();
                        }
                        self.progress.send_modify(|count| *count += 1);
                    }
                    Some("synced") => self.joins.send_modify(|count| *count += 1),
                    Some("error") if is_database_error(&frame) => {
                        // A refused send stays under way; it is sent again.
                        if let Some(client_id) = frame["ref"].as_str() {
                            to_send.push(client_id.to_owned());
                        }
                    }
                    Some("error") => panic!("a send was refused: {frame}"),
                    _ => {}
                }
            }
        }
    }

    async fn send(&self, socket: &mut Socket, to_send: &mut Vec<String>) -> Result<(), ()> {
        for client_id in to_send.drain(..) {
            let frame = json!({
                "type": "send", "room_id": self.room_id, "content": format!("this is {client_id}"),
                "client_id": client_id, "ref": client_id,
            });
            socket.try_send_text(&frame.to_string()).await.map_err(drop)?;
        }
        Ok(())
    }
}

/// Sends one message after the other over HTTP, some of them twice, and edits and deletes some of its
/// messages. It repeats each request until it is answered.
pub struct Poster {
    pub client: Client,
    pub room_id: i64,
    pub name: String,
    pub stopped: watch::Receiver<bool>,
    pub progress: watch::Sender<u64>,
}

impl Poster {
    pub async fn run(self) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        let mut ids: Vec<i64> = Vec::new();
        let path = format!("/rooms/{}/messages", self.room_id);
        while !*self.stopped.borrow() {
            let n = ids.len();
            let client_id = format!("{}-{n}", self.name);
            let body = json!({ "content": format!("this is {client_id}"), "client_id": client_id });
            let (_, first) = self.post(&path, &body).await;
            if n.is_multiple_of(REPEATS) {
                let (status, second) = self.post(&path, &body).await;
                assert_eq!((status, &second), (200, &first), "{client_id} was stored again");
            }
            ids.push(first.id);
            acknowledged.sends.insert(client_id, first);
            self.progress.send_modify(|count| *count += 1);

            // Of four older messages, one is edited, one is deleted, and one is edited and deleted.
            let (message_id, odd) = (ids[n / 2], n % 2 == 1);
            let content = match n / 2 % 4 {
                1 | 3 if !odd => Some(format!("{message_id} was edited")),
                2 | 3 if odd => None,
                _ => continue,
            };
            let change = Change { message_id, content };
            self.change(&path, &change).await;
            acknowledged.changes.push(change);
            self.progress.send_modify(|count| *count += 1);
        }
        acknowledged
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Acknowledgement) {
        let (status, answer) = self.ask(Method::POST, path, Some(body)).await;
        (status, Acknowledgement { seq: number(&answer, "seq"), id: number(&answer, "id") })
    }

    /// Edits or deletes a message. If an answer was lost, the request is repeated, which changes nothing more.
    async fn change(&self, path: &str, Change { message_id, content }: &Change) {
        let path = format!("{path}/{message_id}");
        match content {
            Some(content) => {
                let body = json!({ "content": content });
                let (_, message) = self.ask(Method::PATCH, &path, Some(&body)).await;
                assert_eq!(message["content"], content.as_str(), "{message}");
            }
            None => drop(self.ask(Method::DELETE, &path, None).await),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        loop {
            let mut request = self.client.request(method.clone(), path);
            if let Some(body) = body {
                request = request.json(body);
            }
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                match response.bytes().await {
                    Ok(_) if status == 204 => return (status, Value::Null),
                    Ok(bytes) => {
                        if let Ok(answer) = serde_json::from_slice::<Value>(&bytes) {
                            if status < 300 {
                                return (status, answer);
                            }
                            assert!(status == 503 && is_database_error(&answer), "{answer}");
                        }
                    }
                    Err(_) => {}
                }
            }
            tokio::time::sleep(RETRY_EVERY).await;
        }
    }
}

fn is_database_error(error: &Value) -> bool {
    ["busy", "unavailable", "outcome_unknown"].contains(&error["code"].as_str().expect("code"))
}
