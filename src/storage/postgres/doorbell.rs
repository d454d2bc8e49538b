//! The doorbell of a PostgreSQL database: LISTEN and NOTIFY.
//!
//! It has a connection of its own. PostgreSQL holds a lock on the whole server from a NOTIFY until the end of
//! its transaction, so a NOTIFY in the transaction that stores messages would make the commits of all servers
//! wait for each other. A transaction of NOTIFY alone writes no WAL and waits for no disk.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client};

use super::super::doorbell::{Doorbell, Hear, Heard};
use super::errors;
use super::target::Target;

/// The pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

const SETTINGS: &str = "
    SET synchronous_commit = off;
    SET statement_timeout = '5s';
    SET client_min_messages = warning;
    SELECT set_config('application_name', current_setting('application_name') || ' doorbell', false);";

pub(super) struct NotifyDoorbell {
    target: Target,
}

impl NotifyDoorbell {
    pub fn new(target: Target) -> Self {
        Self { target }
    }

    /// Rings and listens until the connection is lost, or no more texts can come: then it is `Ok`.
    async fn connected(
        &self,
        channel: &str,
        texts: &mut mpsc::Receiver<String>,
        hear: &Hear,
    ) -> Result<(), String> {
        let connected = self.target.connect_async().await;
        let (client, mut connection) = connected.map_err(|error| error.to_string())?;
        let listen = async {
            loop {
                match poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notification(heard))) => {
                        hear(Heard::Text(heard.payload()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    // The client is dropped only after this.
                    None => return Ok(()),
                }
            }
        };
        let ended = tokio::select! {
            ended = listen => ended,
            ended = ring(&client, channel, texts, hear) => ended,
        };
        ended.map_err(|error| errors::describe(&error))
    }
}

async fn ring(
    client: &Client,
    channel: &str,
    texts: &mut mpsc::Receiver<String>,
    hear: &Hear,
) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(SETTINGS).await?;
    client.batch_execute(&format!("LISTEN \"{channel}\"")).await?;
    let notify = client.prepare("SELECT pg_notify($1, $2)").await?;
    hear(Heard::Connected);
    while let Some(text) = texts.recv().await {
        client.execute(&notify, &[&channel, &text]).await?;
    }
    Ok(())
}

impl Doorbell for NotifyDoorbell {
    fn run(
        self: Box<Self>,
        channel: String,
        mut texts: mpsc::Receiver<String>,
        hear: Hear,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let began = tokio::time::Instant::now();
                match self.connected(&channel, &mut texts, &hear).await {
                    Ok(()) if texts.is_closed() => return,
                    Ok(()) => hear(Heard::Lost("the connection was closed".to_owned())),
                    Err(error) => hear(Heard::Lost(error)),
                }
                if began.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                let until = tokio::time::Instant::now() + pause;
                // What is rung now would be stale later: the others look by themselves.
                while let Ok(text) = tokio::time::timeout_at(until, texts.recv()).await {
                    if text.is_none() {
                        return;
                    }
                }
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
        })
    }
}
