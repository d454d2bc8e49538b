//! Every endpoint, called with API tokens of one scope each: the published document says which of them it takes.

use reqwest::Method;
use serde_json::{Value, json};

use super::bots::bot;
use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(every_endpoint_takes_the_tokens_that_its_document_names);

const SCOPES: [&str; 4] = ["read", "send", "rooms", "admin"];

/// Endpoints without a room in their path that a token limited to rooms may use: they are about the caller.
const OF_THE_CALLER: [&str; 5] =
    ["/auth/me", "/auth/ws-ticket", "/bots/me", "/bots/me/cursors", "/bots/me/cursors/{name}"];

async fn every_endpoint_takes_the_tokens_that_its_document_names(database: Database) {
    let server = Server::with(database).env("CHATAPP_PREVIEWS__ENABLED", "on").start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let other = root.creates_room("other").await;
    let mut tokens = Vec::new();
    for scope in SCOPES {
        tokens.push((
            scope,
            bot(&root, &format!("only-{scope}"), json!({ "scopes": [scope] })).await,
        ));
    }
    let mut limited = Vec::new();
    for scope in ["read", "send", "rooms"] {
        let token = json!({ "scopes": [scope], "room_ids": [room] });
        limited.push((scope, bot(&root, &format!("limited-{scope}"), token).await));
    }
    let document = root.get("/openapi.json").await.expect(200);
    let mut checked = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let Some(security) = operation["security"].as_array() else { continue };
            // Without a token these are for everybody, and with one they check it.
            let takes_none =
                security.iter().any(|it| it.as_object().is_some_and(|it| it.is_empty()));
            if takes_none && path != "/auth/signup" {
                continue;
            }
            checked += 1;
            let takes =
                |scope: &str| security.iter().any(|it| it.get(format!("token_{scope}")).is_some());
            let refused = match SCOPES.iter().any(|scope| takes(scope)) {
                true => "scope_missing",
                false => "person_required",
            };
            for (scope, client) in &tokens {
                let answer = ask(client, method, path).await;
                let asked = format!("{method} {path} with {scope}: {}", answer.body);
                let code = answer.body["code"].as_str().unwrap_or_default();
                match takes(scope) {
                    true => {
                        assert!(!["scope_missing", "person_required"].contains(&code), "{asked}")
                    }
                    false => assert_eq!((answer.status, code), (403, refused), "{asked}"),
                }
            }
            for (scope, client) in limited.iter().filter(|(scope, _)| takes(scope)) {
                let answer = ask(client, method, path).await;
                let asked = format!("{method} {path} with a limited {scope}: {}", answer.body);
                let is_refused = answer.body["code"] == "token_limited";
                let is_of_a_room = path.contains("{room_id}") && !path.starts_with("/admin");
                let is_allowed = is_of_a_room || OF_THE_CALLER.contains(&path.as_str());
                assert_eq!(is_refused, !is_allowed, "{asked}");
                if is_of_a_room {
                    // A room that the account may use, but not with this token, does not exist. A body is looked at first.
                    let asked_there = path.replace("{room_id}", &other.to_string());
                    let answer = ask(client, method, &asked_there).await;
                    let code = answer.body["code"].as_str().unwrap_or_default();
                    assert!(
                        code == "room_not_found" || (method != "get" && code == "invalid_field"),
                        "{method} {asked_there} with a limited {scope}: {} {}",
                        answer.status,
                        answer.body
                    );
                }
            }
        }
    }
    assert!(checked > 70, "only {checked} endpoints were found");
}

/// Calls the endpoint with ids that nothing has, and a body without fields.
async fn ask(client: &Client, method: &str, path: &str) -> Answer {
    let mut path = path.replace("{emoji}", ":tada:");
    while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(start..=end, "999999");
    }
    let method: Method = method.to_uppercase().parse().expect("a method");
    let mut request = client.request(method.clone(), &path);
    if method != Method::GET {
        request = request.json(&Value::Object(serde_json::Map::new()));
    }
    Answer::to(request).await
}
