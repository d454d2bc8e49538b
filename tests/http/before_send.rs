//! The operator's program that is asked about each message before it is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::receiver::{Received, Receiver, Reply, verify};
use crate::support::{Answer, Client, Database, Server, ServerBuilder, on_both_databases};

on_both_databases!(
    messages_pass_are_changed_or_refused_whichever_way_they_come,
    without_a_usable_answer_messages_are_sent_except_in_closed_rooms,
    everything_is_refused_without_an_answer_if_the_operator_wants_that,
    requests_are_signed_by_the_standard_webhooks_specification,
);

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A program that decides by words in the message.
struct Program(Receiver);

impl Program {
    async fn start() -> Self {
        Self(Receiver::start(|request| verdict(&request.body)).await)
    }

    /// A server that asks this program.
    fn server(&self, database: Database) -> ServerBuilder {
        // Long enough for a loaded machine: only what never comes is late.
        Server::with(database)
            .env("CHATAPP_HOOKS__BEFORE_SEND", &self.0.url("/check"))
            .env("CHATAPP_HOOKS__BEFORE_SEND_TIMEOUT_MS", "2000")
    }

    fn asked(&self) -> Vec<Received> {
        self.0.received()
    }

    /// What the last request said of its message.
    fn last(&self) -> Value {
        self.asked().last().expect("a request").json()
    }
}

fn verdict(body: &str) -> Option<Reply> {
    let said = |verdict: Value| Some(Reply::ok(verdict.to_string()));
    match body {
        body if body.contains("no answer") => None,
        body if body.contains("broken") => Some(Reply::status(500)),
        body if body.contains("not JSON") => Some(Reply::ok("not JSON")),
        body if body.contains("unknown verdict") => said(json!({ "action": "burn" })),
        body if body.contains("too long") => {
            said(json!({ "action": "change", "content": "x".repeat(5_000) }))
        }
        body if body.contains("damn") => {
            said(json!({ "action": "refuse", "reason": "mind\nyour language" }))
        }
        body if body.contains("password 123") => {
            said(json!({ "action": "change", "content": "password ••• @ann" }))
        }
        body if body.contains("pass please") => said(json!({ "action": "pass" })),
        _ => Some(Reply::status(204)),
    }
}

async fn send(client: &Client, room: i64, content: &str) -> Answer {
    client.post(&format!("/rooms/{room}/messages"), json!({ "content": content })).await
}

async fn contents(client: &Client, room: i64) -> Vec<String> {
    let messages = client.history(room).await;
    messages.iter().map(|it| it["content"].as_str().expect("a text").to_owned()).collect()
}

async fn messages_pass_are_changed_or_refused_whichever_way_they_come(database: Database) {
    let program = Program::start().await;
    let server = program.server(database).start().await;
    let ann = server.admin("ann").await;
    let bo = server.user("bo").await;
    let room = ann.creates_room("general").await;
    let mut socket = bo.joins(room).await;

    // Over HTTP.
    send(&bo, room, "hello").await.expect(201);
    let asked = json!({
        "room_id": room, "user_id": bo.user_id, "username": "bo", "is_bot": false, "content": "hello",
    });
    assert_eq!((&program.last()["type"], &program.last()["data"]), (&json!("before_send"), &asked));
    send(&bo, room, "pass please").await.expect(201);
    let refused = send(&bo, room, "damn it").await.expect_problem(403, "message_refused");
    assert_eq!(refused["detail"], "this message was refused: mind your language");
    let changed = send(&bo, room, "my password 123").await.expect(201);
    assert_eq!(changed["content"], "password ••• @ann");
    // The text that is stored is the one that mentions.
    assert_eq!(changed["mentions"][0]["user_id"], ann.user_id);

    // On the socket, in order.
    for text in ["first", "damn", "password 123", "last"] {
        socket.send(json!({ "type": "send", "content": text, "ref": text })).await;
    }
    let error = socket.recv_type("error").await;
    assert_eq!((&error["code"], &error["ref"]), (&json!("message_refused"), &json!("damn")));

    while socket.recv_type("message").await["content"] != "last" {}

    // Edits.
    let path = format!("/rooms/{room}/messages/{}", changed["id"]);
    bo.patch(&path, json!({ "content": "damn" })).await.expect_problem(403, "message_refused");
    assert_eq!(program.last()["data"]["message_id"], changed["id"]);
    let edited = bo.patch(&path, json!({ "content": "password 1234" })).await.expect(200);
    assert_eq!(edited["content"], "password ••• @ann");

    // Webhooks.
    let hook = ann.post(&format!("/rooms/{room}/hooks"), json!({ "name": "ci" })).await.expect(201);
    let hook = hook["path"].as_str().expect("a path");
    let post = async |text: &str| {
        let request = server.anonymous().request(Method::POST, hook);
        Answer::to(request.json(&json!({ "text": text }))).await
    };
    post("damn").await.expect_problem(403, "message_refused");
    post("deployed").await.expect(200);
    assert_eq!(program.last()["data"]["is_bot"], true);

    let changed = "password ••• @ann";
    assert_eq!(
        contents(&ann, room).await,
        ["hello", "pass please", changed, "first", changed, "last", "deployed"]
    );
    // What is refused anyway is not asked about.
    let count = program.asked().len();
    send(&bo, room, " ").await.expect(422);
    send(&bo, room, &"x".repeat(4_001)).await.expect(422);
    assert_eq!(program.asked().len(), count);
}

async fn without_a_usable_answer_messages_are_sent_except_in_closed_rooms(database: Database) {
    let program = Program::start().await;
    let builder = program.server(database).env("CHATAPP_HOOKS__BEFORE_SEND_CLOSED_ROOMS", "2, 77");
    let mut server = builder.env("CHATAPP_HOOKS__BEFORE_SEND_TIMEOUT_MS", "1000").start().await;
    let ann = server.admin("ann").await;
    let (open, closed) = (ann.creates_room("open").await, ann.creates_room("closed").await);
    assert_eq!(closed, 2);
    for text in ["no answer", "broken", "not JSON", "unknown verdict", "too long"] {
        send(&ann, open, text).await.expect(201);
        let refused = send(&ann, closed, text).await;
        assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        refused.expect_problem(503, "review_unavailable");
    }
    let line = server.says("the program at hooks.before_send gives no usable answer").await;
    assert!(line.contains("in time"), "{line}");
    send(&ann, closed, "damn").await.expect_problem(403, "message_refused");
    send(&ann, closed, "fine").await.expect(201);
    server.says("the program at hooks.before_send answers again").await;
    assert_eq!(contents(&ann, closed).await, ["fine"]);
    assert_eq!(contents(&ann, open).await.len(), 5);
}

async fn everything_is_refused_without_an_answer_if_the_operator_wants_that(database: Database) {
    let program = Program::start().await;
    let builder = program.server(database).env("CHATAPP_HOOKS__BEFORE_SEND_FAILURE", "closed");
    let server = builder.start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    send(&ann, room, "fine").await.expect(201);
    // Nothing listens there any more.
    drop(program);
    send(&ann, room, "lost").await.expect_problem(503, "review_unavailable");
    assert_eq!(contents(&ann, room).await, ["fine"]);
}

async fn requests_are_signed_by_the_standard_webhooks_specification(database: Database) {
    let program = Program::start().await;
    let server =
        program.server(database).env("CHATAPP_HOOKS__BEFORE_SEND_SECRET", SECRET).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    send(&ann, room, "hello").await.expect(201);
    let asked = program.asked();
    verify(SECRET, &asked).expect("the signature is valid");
    assert!(asked[0].header("webhook-id").starts_with("msg_"));
    verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", &asked).expect_err("it is not its secret");
}
