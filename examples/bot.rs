//! A bot that answers in one room: an example of a program that handles every message exactly once, also if it or
//! the server is killed at any moment.
//!
//! ```text
//! chatapp bots create --scopes read,send helper
//! BOT_TOKEN=cb_… cargo run --example bot -- --url http://localhost:8000 --room 1
//! ```
//!
//! It understands `!help`, `!echo TEXT` and `!roll N`. Three rules make it reliable, and any program can follow them:
//!
//! - The server keeps its position: a cursor with a name. The bot starts there, and so gets all events that it has
//!   missed.
//! - It moves the cursor past a message only when the server has acknowledged the answer. So no message is left out; one
//!   may come twice.
//! - The answer's `client_id` is made from the id of the message that it answers. So the server stores the answer once,
//!   however often the bot sends it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{self, Message, http::StatusCode};

#[derive(Parser)]
struct Args {
    /// The server's URL.
    #[arg(long, default_value = "http://localhost:8000")]
    url: String,
    /// The room's id.
    #[arg(long)]
    room: i64,
    /// The name of the cursor that the server keeps.
    #[arg(long, default_value = "answers")]
    cursor: String,
    /// An API token. Read from the environment, because other users of the machine can see the command line.
    #[arg(skip = std::env::var("BOT_TOKEN").unwrap_or_default())]
    token: String,
}

/// The bot between connections.
struct Bot {
    args: Args,
    http: reqwest::Client,
    /// Where the server has the bot's cursor; `None` before the first start.
    kept: Option<Position>,
    /// What the bot has seen. It is not behind `kept`.
    seen: Option<Position>,
    /// Answers that the server has not acknowledged, oldest first.
    unacknowledged: Vec<Answer>,
    /// Attempts to connect since the bot was last live in the room.
    attempts: u32,
}

/// A position in the room: all events up to `seq`.
#[derive(Clone, PartialEq)]
struct Position {
    seq: i64,
    /// A restored database has another epoch, in which this `seq` is not valid.
    epoch: String,
}

struct Answer {
    /// The `seq` of the message that is answered.
    seq: i64,
    client_id: String,
    content: String,
}

/// The fields that every event of the room's log has, also an event of a type that the bot ignores.
#[derive(Deserialize)]
struct Event {
    seq: i64,
    #[serde(rename = "timestamp")]
    _timestamp: String,
}

/// The frames that the bot uses; it ignores the others.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    Message {
        id: i64,
        seq: i64,
        username: String,
        content: String,
        #[serde(default)]
        is_bot: bool,
    },
    Synced {
        head_seq: i64,
        epoch: String,
    },
    Ack {
        client_id: Option<String>,
    },
    Error {
        code: String,
        detail: String,
        #[serde(rename = "ref")]
        reference: Option<String>,
        /// Only a temporary error has it, in seconds.
        retry_after: Option<u64>,
    },
    #[serde(other)]
    Other,
}

/// What to do after a connection has ended.
enum Ended {
    /// Reconnect and resume.
    Resume,
    /// The room's history was replaced: ask for the cursor again.
    Reload,
    /// A new attempt would fail in the same way.
    GiveUp(String),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    if args.token.is_empty() {
        bail!("set BOT_TOKEN to an API token: `chatapp bots create` makes one");
    }
    let mut bot = Bot {
        args,
        http: reqwest::Client::new(),
        kept: None,
        seen: None,
        unacknowledged: Vec::new(),
        attempts: 0,
    };
    bot.load().await?;
    loop {
        match bot.converse().await {
            Ended::Resume => {}
            Ended::Reload => bot.load().await?,
            Ended::GiveUp(reason) => bail!(reason),
        }
        bot.attempts += 1;
        let pause = pause_before(bot.attempts);
        println!("disconnected, trying again in {} ms", pause.as_millis());
        tokio::time::sleep(pause).await;
    }
}

impl Bot {
    fn cursor_url(&self) -> String {
        format!("{}/bots/me/cursors/{}", self.args.url, self.args.cursor)
    }

    /// Asks the server for the cursor, and forgets everything else.
    async fn load(&mut self) -> anyhow::Result<()> {
        let request = self.http.get(self.cursor_url()).bearer_auth(&self.args.token);
        let answer = request.send().await;
        let answer = answer.with_context(|| format!("cannot reach {}", self.args.url))?;
        let status = answer.status();
        let body: Value = answer.json().await.context("the answer is not JSON")?;
        let positions = match status {
            StatusCode::OK => body["positions"].as_array().cloned().unwrap_or_default(),
            StatusCode::NOT_FOUND => Vec::new(),
            _ => bail!("{status}: {}", body["detail"].as_str().unwrap_or("no reason is given")),
        };
        let of_room = positions.iter().find(|position| position["room_id"] == self.args.room);
        self.kept = of_room.and_then(|position| {
            let epoch = body["epoch"].as_str()?.to_owned();
            Some(Position { seq: position["seq"].as_i64()?, epoch })
        });
        self.seen = self.kept.clone();
        self.unacknowledged.clear();
        Ok(())
    }

    /// Moves the cursor past what is done. If that fails, the next attempt moves it further, and after a start the bot
    /// answers some messages a second time, which changes nothing.
    async fn keep(&mut self) {
        let Some(mut done) = self.seen.clone() else { return };
        if let Some(first) = self.unacknowledged.first() {
            done.seq = first.seq - 1;
        }
        if self.kept.as_ref() == Some(&done) {
            return;
        }
        let positions = json!([{ "room_id": self.args.room, "seq": done.seq }]);
        let request = self.http.put(self.cursor_url()).bearer_auth(&self.args.token);
        match request.json(&json!({ "positions": positions })).send().await {
            Ok(answer) if answer.status().is_success() => self.kept = Some(done),
            Ok(answer) => eprintln!("the cursor was not moved: {}", answer.status()),
            Err(error) => eprintln!("the cursor was not moved: {error}"),
        }
    }

    /// One connection, from the handshake to its end.
    async fn converse(&mut self) -> Ended {
        let Args { url, room, token, .. } = &self.args;
        let room = *room;
        let mut address = format!("{}/ws/{room}?token={token}", url.replacen("http", "ws", 1));
        if let Some(Position { seq, epoch }) = &self.seen {
            address.push_str(&format!("&since={seq}&epoch={epoch}"));
        }
        let mut socket = match connect_async(address).await {
            Ok((socket, _)) => socket,
            Err(error) => return refused(&error),
        };
        let mut is_live = false;
        loop {
            let text = match socket.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(Some(close)))) => {
                    return closed(u16::from(close.code), &close.reason);
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Ended::Resume,
            };
            // The first answer to send: the new one or, after a reconnect, the oldest unacknowledged one.
            let mut first_to_send = self.unacknowledged.len();
            if let (Ok(event), Some(seen)) = (serde_json::from_str::<Event>(&text), &mut self.seen)
            {
                seen.seq = event.seq;
            }
            match serde_json::from_str(&text) {
                Ok(Frame::Synced { head_seq, epoch }) => {
                    println!("listening in room {room}");
                    let seq = self.seen.as_ref().map_or(head_seq, |seen| seen.seq);
                    self.seen = Some(Position { seq, epoch });
                    self.attempts = 0;
                    is_live = true;
                    first_to_send = 0;
                }
                // What waits for an answer is sent again after a pause.
                Ok(Frame::Error { retry_after: Some(_), .. }) => return Ended::Resume,
                Ok(frame) => self.on(frame),
                Err(error) => eprintln!("cannot read {text}: {error}"),
            }
            if !is_live {
                continue;
            }
            for Answer { client_id, content, .. } in self.unacknowledged.iter().skip(first_to_send)
            {
                let frame = json!({ "content": content, "client_id": client_id, "ref": client_id });
                if socket.send(Message::text(frame.to_string())).await.is_err() {
                    return Ended::Resume;
                }
            }
            self.keep().await;
        }
    }

    fn on(&mut self, frame: Frame) {
        match frame {
            // The bot answers neither an edited message again nor another bot, which might answer it for ever.
            Frame::Message { id, seq, username, content, is_bot } => {
                println!("{username}: {content}");
                if let (false, Some(content)) = (is_bot, answer_to(&content)) {
                    let client_id = format!("answer-to-{id}");
                    self.unacknowledged.push(Answer { seq, client_id, content });
                }
            }
            Frame::Ack { client_id } => self.is_done(client_id.as_ref()),
            Frame::Error { code, detail, reference, .. } => {
                eprintln!("refused: {code}, {detail}");
                self.is_done(reference.as_ref());
            }
            Frame::Synced { .. } | Frame::Other => {}
        }
    }

    fn is_done(&mut self, client_id: Option<&String>) {
        self.unacknowledged.retain(|answer| Some(&answer.client_id) != client_id);
    }
}

/// Returns the answer to a command.
fn answer_to(content: &str) -> Option<String> {
    let (command, rest) = content.split_once(' ').unwrap_or((content, ""));
    match command {
        "!help" => Some("I know !help, !echo TEXT and !roll N.".to_owned()),
        "!echo" if !rest.is_empty() => Some(rest.to_owned()),
        "!roll" => {
            let sides = rest.trim().parse().ok().filter(|&sides| sides > 0).unwrap_or(6);
            Some(format!("🎲 {}", random_below(sides) + 1))
        }
        _ => None,
    }
}

/// The handshake failed, with an HTTP status or without an answer.
fn refused(error: &tungstenite::Error) -> Ended {
    let tungstenite::Error::Http(response) = error else { return Ended::Resume };
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => Ended::Resume,
        StatusCode::CONFLICT => Ended::Reload,
        status if status.is_server_error() => Ended::Resume,
        status => Ended::GiveUp(format!("the server does not let the bot in: {status}")),
    }
}

fn closed(code: u16, reason: &str) -> Ended {
    match code {
        4409 => Ended::Reload,
        4401 | 4403 | 4404 => Ended::GiveUp(format!("the server closed with {code}: {reason}")),
        _ => Ended::Resume,
    }
}

/// A random pause that doubles up to half a minute, so that the clients of a restarted server do not all
/// reconnect at the same moment.
fn pause_before(attempt: u32) -> Duration {
    let longest_ms = (100 << attempt.min(9)).min(30_000);
    Duration::from_millis(longest_ms / 2 + random_below(longest_ms / 2))
}

fn random_below(limit: u64) -> u64 {
    (uuid::Uuid::new_v4().as_u128() % u128::from(limit.max(1))) as u64
}
