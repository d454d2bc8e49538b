//! Those who send, over a socket and over HTTP, until each send is answered.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{Client, Socket};
use crate::{Acknowledged, Acknowledgement, REPEATS, RETRY_EVERY, WINDOW, keep_opening, number};

/// Sends as fast as its window allows, and sends again what a crash left unanswered.
pub struct Sender {
    pub client: Client,
    pub room_id: i64,
    pub name: String,
    pub stopped: watch::Receiver<bool>,
    pub progress: watch::Sender<u64>,
}

impl Sender {
    pub async fn run(self) -> Acknowledged {
        let mut acknowledged = Acknowledged::new();
        let mut latest: VecDeque<String> = VecDeque::new();
        let mut under_way: VecDeque<String> = VecDeque::new();
        let mut made = 0;
        loop {
            let path = format!("/ws/{}?token={}", self.room_id, self.client.token);
            let mut socket = keep_opening(&self.client, &path).await;
            // In the order of the first time.
            under_way = latest.drain(..).chain(under_way).collect();
            let mut to_send: Vec<String> = under_way.iter().cloned().collect();
            // Until the connection breaks, or everything is answered after the stop.
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
                        if let Some(earlier) = acknowledged.get(client_id) {
                            assert_eq!(&ack, earlier, "{client_id} was stored again");
                            assert_eq!(frame["duplicate"], true, "{frame}");
                        }
                        acknowledged.insert(client_id.to_owned(), ack);
                        under_way.retain(|waiting| waiting != client_id);
                        latest.push_back(client_id.to_owned());
                        if latest.len() > REPEATS {
                            latest.pop_front();
                        }
                        self.progress.send_modify(|count| *count += 1);
                    }
                    Some("error") if is_of_the_database(&frame) => {
                        // Refused before it was known here: it is under way again all the same.
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

/// Sends one message after the other over HTTP, each until it is answered, some of them twice.
pub struct Poster {
    pub client: Client,
    pub room_id: i64,
    pub name: String,
    pub stopped: watch::Receiver<bool>,
    pub progress: watch::Sender<u64>,
}

impl Poster {
    pub async fn run(self) -> Acknowledged {
        let mut acknowledged = Acknowledged::new();
        let path = format!("/rooms/{}/messages", self.room_id);
        while !*self.stopped.borrow() {
            let client_id = format!("{}-{}", self.name, acknowledged.len());
            let body = json!({ "content": format!("this is {client_id}"), "client_id": client_id });
            let (_, first) = self.post(&path, &body).await;
            if acknowledged.len().is_multiple_of(REPEATS) {
                let (status, second) = self.post(&path, &body).await;
                assert_eq!((status, &second), (200, &first), "{client_id} was stored again");
            }
            acknowledged.insert(client_id, first);
            self.progress.send_modify(|count| *count += 1);
        }
        acknowledged
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Acknowledgement) {
        loop {
            let request = self.client.request(reqwest::Method::POST, path).json(body);
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                if let Ok(answer) = response.json::<Value>().await {
                    if status < 300 {
                        let (seq, id) = (number(&answer, "seq"), number(&answer, "id"));
                        return (status, Acknowledgement { seq, id });
                    }
                    assert!(status == 503 && is_of_the_database(&answer), "{answer}");
                }
            }
            tokio::time::sleep(RETRY_EVERY).await;
        }
    }
}

fn is_of_the_database(error: &Value) -> bool {
    ["busy", "unavailable", "outcome_unknown"].contains(&error["code"].as_str().expect("code"))
}
