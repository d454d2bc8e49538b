//! A doorbell by NATS, for fleets in which PostgreSQL's NOTIFY would tell.
//!
//! Core NATS delivers at most once, which is enough for a doorbell: a ring that is lost is found by a poll.

use std::future::Future;
use std::pin::Pin;

use async_nats::{ConnectOptions, Event, ServerAddr};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;

use crate::storage::doorbell::{Doorbell, Hear, Heard};

/// The number of rings that wait while this process is busy. More are lost, and found by a poll.
const WAITING: usize = 4_096;

/// A doorbell at a NATS server.
pub struct NatsDoorbell {
    server: ServerAddr,
    /// The client uses them only if they are options.
    credentials: Credentials,
}

/// What the URL says before the @.
enum Credentials {
    None,
    Token(String),
    Password(String, String),
}

impl NatsDoorbell {
    /// `url`: `nats://user:password@host:4222`, or `tls://` for an encrypted connection that checks the server's
    /// certificate against the system's roots. Does not connect.
    ///
    /// # Errors
    /// A sentence for the operator. It does not repeat the URL, which may have a password.
    pub fn new(url: &str) -> Result<Self, String> {
        let server: ServerAddr = url.parse().map_err(|_| {
            "the URL of fleet.doorbell is not understood: write nats://user:password@host:4222, with \
             %40 for an @ in the password"
                .to_owned()
        })?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = match (server.username(), server.password()) {
            (Some(user), Some(password)) => Credentials::Password(decode(user), decode(password)),
            (Some(token), None) => Credentials::Token(decode(token)),
            (None, _) => Credentials::None,
        };
        Ok(Self { server, credentials })
    }

    fn options(&self) -> ConnectOptions {
        let options = ConnectOptions::new().name("chatapp doorbell").retry_on_initial_connect();
        let options = options.subscription_capacity(WAITING);
        match &self.credentials {
            Credentials::None => options,
            Credentials::Token(token) => options.token(token.clone()),
            Credentials::Password(user, password) => {
                options.user_and_password(user.clone(), password.clone())
            }
        }
    }
}

impl Doorbell for NatsDoorbell {
    fn run(
        self: Box<Self>,
        channel: String,
        mut texts: mpsc::Receiver<String>,
        hear: Hear,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let (told, at) =
                (hear.clone(), format!("{}:{}", self.server.host(), self.server.port()));
            let options = self.options().event_callback(move |event| {
                let (told, at) = (told.clone(), at.clone());
                async move {
                    match event {
                        Event::Connected => told(Heard::Connected),
                        Event::LameDuckMode | Event::Draining => {}
                        Event::Disconnected
                        | Event::Closed
                        | Event::SlowConsumer(_)
                        | Event::ServerError(_)
                        | Event::ClientError(_) => {
                            told(Heard::Lost(format!("NATS at {at}: {event}")))
                        }
                    }
                }
            });
            // The client connects in the background, again and again, and subscribes each time.
            let client = match options.connect(self.server).await {
                Ok(client) => client,
                Err(error) => return hear(Heard::Lost(error.to_string())),
            };
            let mut rings = match client.subscribe(channel.clone()).await {
                Ok(rings) => rings,
                Err(error) => return hear(Heard::Lost(error.to_string())),
            };
            loop {
                tokio::select! {
                    ring = rings.next() => match ring {
                        Some(ring) => {
                            if let Ok(text) = std::str::from_utf8(&ring.payload) {
                                hear(Heard::Text(text));
                            }
                        }
                        None => return hear(Heard::Lost("the subscription has ended".to_owned())),
                    },
                    text = texts.recv() => match text {
                        // An error means that the client has ended, and the subscription with it.
                        Some(text) => drop(client.publish(channel.clone(), text.into()).await),
                        None => {
                            let _ = client.flush().await;
                            return;
                        }
                    },
                }
            }
        })
    }
}
