//! Clients that read a room, and resume from their cursor after each stop.

use std::collections::HashMap;

use tokio::sync::watch;

use super::room::Room;
use super::{keep_opening, number};
use crate::support::Client;

/// Reads a room and resumes after each stop, until it has the whole final log.
pub struct Reader {
    pub client: Client,
    pub room_id: i64,
    /// The number of acknowledgements that the reader waits for before it connects again.
    pub absence: u64,
    pub acked: watch::Receiver<u64>,
    pub final_heads: watch::Receiver<HashMap<i64, i64>>,
    /// The number of times that a socket has joined its room.
    pub joins: watch::Sender<usize>,
}

impl Reader {
    pub async fn run(mut self) -> Room {
        let mut delivered = Room::default();
        let mut epoch = String::new();
        loop {
            let room_id = self.room_id;
            let mut path =
                format!("/ws/{room_id}?token={}&since={}", self.client.token, delivered.log.len());
            if !epoch.is_empty() {
                path.push_str(&format!("&epoch={epoch}"));
            }
            let mut socket = keep_opening(&self.client, &path).await;
            loop {
                let final_head = self.final_heads.borrow_and_update().get(&room_id).copied();
                if final_head == Some(delivered.log.len() as i64) {
                    return delivered;
                }
                let frame = tokio::select! {
                    received = socket.try_recv() => match received {
                        Ok(frame) => frame,
                        Err(_) => break,
                    },
                    changed = self.final_heads.changed() => {
                        changed.expect("the test runs");
                        continue;
                    }
                };
                match frame["type"].as_str() {
                    Some("message" | "message_edited" | "message_deleted") => {
                        assert_eq!(
                            number(&frame, "seq"),
                            delivered.log.len() as i64 + 1,
                            "room {room_id}: the next event has the wrong seq: {frame}"
                        );
                        delivered.apply(&frame);
                    }
                    Some("synced") => {
                        epoch = frame["epoch"].as_str().expect("epoch").to_owned();
                        self.joins.send_modify(|count| *count += 1);
                    }
                    _ => {}
                }
            }
            drop(socket);
            let goal = *self.acked.borrow_and_update() + self.absence;
            // An error means that the senders have ended, so there is nothing more to wait for.
            let _ = self.acked.wait_for(|&count| count >= goal).await;
        }
    }
}
