//! A bot that answers in one room: an example of a client that misses no message.
//!
//! ```text
//! BOT_USERNAME=helper BOT_PASSWORD=… cargo run --example bot -- --url http://localhost:8000 --room 1
//! ```
//!
//! It understands `!help`, `!echo TEXT` and `!roll N`. Two rules make it reliable, and any client can
//! follow them:
//!
//! - It remembers the `seq` of the last event it has seen and the `epoch` of the history, and reconnects
//!   with both. So it gets all events that it has missed.
//! - It keeps each answer until the server has acknowledged it, and sends it again after a reconnect. The
//!   answer's `client_id` is made from the id of the message that it answers, so the server stores the
//!   answer once, however often the bot sends it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
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
    /// An access token; without one the bot signs in with a name and a password.
    #[arg(long, env = "BOT_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[arg(long, env = "BOT_USERNAME")]
    username: Option<String>,
    /// Read from the environment, because other users of the machine can see the command line.
    #[arg(skip = std::env::var("BOT_PASSWORD").ok())]
    password: Option<String>,
}

/// The state that the bot keeps between connections.
struct Memory {
    token: String,
    /// Whether the server has let the bot in with this token.
    token_works: bool,
    cursor: Option<Cursor>,
    /// Answers that the server has not acknowledged, oldest first.
    unacknowledged: Vec<Answer>,
    /// Attempts to connect since the bot was last live in the room.
    attempts: u32,
}

/// The bot's position in the room: it has seen all events up to `seq`.
struct Cursor {
    seq: i64,
    /// A restored database has another epoch, in which this `seq` is not valid.
    epoch: String,
}

struct Answer {
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
        username: String,
        content: String,
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
    },
    #[serde(other)]
    Other,
}

/// What to do after a connection has ended.
enum Ended {
    /// Reconnect and resume.
    Resume,
    /// The token is not valid: sign in again.
    SignIn,
    /// The room's history was replaced: start at its head.
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
    let token = sign_in(&args).await?;
    let mut memory =
        Memory { token, token_works: false, cursor: None, unacknowledged: Vec::new(), attempts: 0 };
    loop {
        match converse(&args, &mut memory).await {
            Ended::Resume => {}
            Ended::SignIn if args.token.is_none() && memory.token_works => {
                memory.token = sign_in(&args).await?;
                memory.token_works = false;
            }
            Ended::SignIn => bail!("the server does not take the token"),
            Ended::Reload => memory.cursor = None,
            Ended::GiveUp(reason) => bail!(reason),
        }
        memory.attempts += 1;
        let pause = pause_before(memory.attempts);
        println!("disconnected, trying again in {} ms", pause.as_millis());
        tokio::time::sleep(pause).await;
    }
}

async fn sign_in(args: &Args) -> anyhow::Result<String> {
    if let Some(token) = &args.token {
        return Ok(token.clone());
    }
    let (Some(username), Some(password)) = (&args.username, &args.password) else {
        bail!("set BOT_TOKEN, or BOT_USERNAME and BOT_PASSWORD");
    };
    let answer = reqwest::Client::new()
        .post(format!("{}/auth/login", args.url))
        .json(&json!({ "username": username, "password": password }))
        .send()
        .await
        .with_context(|| format!("cannot reach {}", args.url))?;
    let status = answer.status();
    let body: serde_json::Value = answer.json().await.context("the answer is not JSON")?;
    match body["access_token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => bail!("cannot sign in: {status}, {}", body["detail"].as_str().unwrap_or("")),
    }
}

/// One connection, from the handshake to its end.
async fn converse(args: &Args, memory: &mut Memory) -> Ended {
    let base = args.url.replacen("http", "ws", 1);
    let mut address = format!("{base}/ws/{}?token={}", args.room, memory.token);
    if let Some(Cursor { seq, epoch }) = &memory.cursor {
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
        let mut first_to_send = memory.unacknowledged.len();
        if let (Ok(event), Some(cursor)) =
            (serde_json::from_str::<Event>(&text), &mut memory.cursor)
        {
            cursor.seq = event.seq;
        }
        match serde_json::from_str(&text) {
            // The bot does not answer an edited message again.
            Ok(Frame::Message { id, username, content }) => {
                println!("{username}: {content}");
                if let Some(content) = answer_to(&content) {
                    let client_id = format!("answer-to-{id}");
                    memory.unacknowledged.push(Answer { client_id, content });
                }
            }
            Ok(Frame::Synced { head_seq, epoch }) => {
                println!("listening in room {}", args.room);
                let seq = memory.cursor.as_ref().map_or(head_seq, |cursor| cursor.seq);
                memory.cursor = Some(Cursor { seq, epoch });
                memory.token_works = true;
                memory.attempts = 0;
                is_live = true;
                first_to_send = 0;
            }
            Ok(Frame::Ack { client_id }) => {
                memory
                    .unacknowledged
                    .retain(|answer| Some(&answer.client_id) != client_id.as_ref());
            }
            Ok(Frame::Error { code, detail, reference }) => {
                eprintln!("refused: {code}, {detail}");
                memory
                    .unacknowledged
                    .retain(|answer| Some(&answer.client_id) != reference.as_ref());
            }
            Ok(Frame::Other) => {}
            Err(error) => eprintln!("cannot read {text}: {error}"),
        }
        if !is_live {
            continue;
        }
        for Answer { client_id, content } in memory.unacknowledged.iter().skip(first_to_send) {
            let frame = json!({ "content": content, "client_id": client_id, "ref": client_id });
            if socket.send(Message::text(frame.to_string())).await.is_err() {
                return Ended::Resume;
            }
        }
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
        StatusCode::UNAUTHORIZED => Ended::SignIn,
        StatusCode::TOO_MANY_REQUESTS => Ended::Resume,
        StatusCode::CONFLICT => Ended::Reload,
        status if status.is_server_error() => Ended::Resume,
        status => Ended::GiveUp(format!("the server does not let the bot in: {status}")),
    }
}

fn closed(code: u16, reason: &str) -> Ended {
    match code {
        4401 => Ended::SignIn,
        4409 => Ended::Reload,
        4403 | 4404 => Ended::GiveUp(format!("the server closed with {code}: {reason}")),
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
