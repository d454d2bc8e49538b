//! Different spellings of one name, email or password are equal, and text without visible characters is
//! refused.

use chatapp::model::{Actor, NewAuditEntry, NewRoom, NewUser, Role, Timestamp, UserId};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::support::{Client, Database, PASSWORD, Server, in_the_database, on_both_databases};

on_both_databases!(
    spaces_around_a_name_and_an_email_are_ignored,
    both_spellings_of_a_domain_are_the_same_email,
    room_names_that_differ_only_in_their_unicode_form_are_equal,
    names_and_emails_stored_by_earlier_versions_cannot_be_used_again,
    passwords_that_differ_only_in_their_unicode_form_are_equal,
    an_account_of_an_earlier_version_keeps_its_name_and_password,
);

const NFC: &str = "g\u{e9}n\u{e9}ral";
const NFD: &str = "ge\u{301}ne\u{301}ral";

async fn signs_up(server: &Server, username: &str, email: &str, password: &str) -> (u16, Value) {
    let account = json!({ "username": username, "email": email, "password": password });
    let answer = server.anonymous().post("/auth/signup", account).await;
    (answer.status, answer.body)
}

async fn signs_in(server: &Server, username: &str, password: &str) -> u16 {
    let credentials = json!({ "username": username, "password": password });
    server.anonymous().post("/auth/login", credentials).await.status
}

async fn spaces_around_a_name_and_an_email_are_ignored(database: Database) {
    let server = Server::start(database).await;
    let (status, user) = signs_up(&server, " jose\u{a0}", "\tjose@example.com ", PASSWORD).await;
    assert_eq!((status, &user["username"]), (201, &json!("jose")), "{user}");
    assert_eq!(user["email"], "jose@example.com");
    for username in ["jose", "jose ", " Jose", "\u{3000}jose\n"] {
        assert_eq!(signs_in(&server, username, PASSWORD).await, 200, "{username:?}");
    }
    let (status, taken) = signs_up(&server, "jose ", "other@example.com", PASSWORD).await;
    assert_eq!((status, &taken["code"]), (409, &json!("username_taken")));
    let (status, taken) = signs_up(&server, "other", " Jose@example.com ", PASSWORD).await;
    assert_eq!((status, &taken["code"]), (409, &json!("email_taken")));
    // A space is part of a password.
    assert_eq!(signs_in(&server, "jose", &format!("{PASSWORD} ")).await, 401);
    let shown = server.command(&["users", "show", " jose "]).output().expect("chatapp runs");
    assert!(shown.status.success(), "{shown:?}");
}

async fn both_spellings_of_a_domain_are_the_same_email(database: Database) {
    let server = Server::start(database).await;
    let (_, user) = signs_up(&server, "ann", "ann@bücher.example", PASSWORD).await;
    assert_eq!(user["email"], "ann@xn--bcher-kva.example", "{user}");
    for email in [
        "ann@xn--bcher-kva.example",
        "Ann@XN--BCHER-KVA.example",
        "ann@bu\u{308}cher.example",
        "ann@BÜCHER.EXAMPLE",
    ] {
        let (status, taken) = signs_up(&server, "bo", email, PASSWORD).await;
        assert_eq!((status, &taken["code"]), (409, &json!("email_taken")), "{email}");
        assert_eq!(signs_in(&server, &format!(" {email}\u{a0}"), PASSWORD).await, 200, "{email}");
    }
    assert_eq!(signs_up(&server, "bo", "bo@bücher.example", PASSWORD).await.0, 201);
    let (status, _) = signs_up(&server, "cy", "cy@a\u{200b}b\u{ff0e}ä_:", PASSWORD).await;
    assert_eq!(status, 422);
}

async fn room_names_that_differ_only_in_their_unicode_form_are_equal(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.post("/rooms/", json!({ "name": NFD, "description": NFD })).await.expect(201);
    assert_eq!((&room["name"], &room["description"]), (&json!(NFC), &json!(NFC)));
    for name in [NFC, NFD, "GE\u{301}NE\u{301}RAL\u{3000}"] {
        let again = root.post("/rooms/", json!({ "name": name })).await;
        match name.is_ascii() || name.starts_with('g') {
            true => drop(again.expect_problem(409, "room_name_taken")),
            // Only ASCII letters have case.
            false => assert_eq!(again.expect(201)["name"], "GÉNÉRAL"),
        }
    }
    let other = root.creates_room("other").await;
    let path = format!("/rooms/{other}");
    root.patch(&path, json!({ "name": NFD })).await.expect_problem(409, "room_name_taken");
    let renamed = root.patch(&path, json!({ "name": " cafe\u{301} " })).await.expect(200);
    assert_eq!(renamed["name"], "café");
    let found = server.command(&["rooms", "show", "cafe\u{301}"]).output().expect("chatapp runs");
    assert!(found.status.success(), "{found:?}");
}

/// Earlier versions stored names as they were typed; a new name is compared with these rows too.
async fn names_and_emails_stored_by_earlier_versions_cannot_be_used_again(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let by = UserId(root.user_id);
    let id = in_the_database(&server, move |backend| {
        let entry = NewAuditEntry {
            timestamp: Timestamp(0),
            actor: Actor::Account(by),
            action: "room.create",
            detail: json!({}),
            is_recorded: true,
        };
        let name = NFD.to_owned();
        let room = NewRoom::public(name, by, Timestamp(0));
        let user = earlier_user("old", "old@bücher.example", PASSWORD);
        backend.create_user(&user, None)?;
        Ok(backend.create_room(&room, &entry)?.id.0)
    });
    for name in [NFC, NFD] {
        let again = root.post("/rooms/", json!({ "name": name })).await;
        again.expect_problem(409, "room_name_taken");
    }
    let (status, taken) = signs_up(&server, "new", "Old@xn--bcher-kva.example", PASSWORD).await;
    assert_eq!((status, &taken["code"]), (409, &json!("email_taken")));
    for email in ["old@bücher.example", "Old@xn--bcher-kva.example"] {
        assert_eq!(signs_in(&server, email, PASSWORD).await, 200, "{email}");
    }
    // The room accepts messages, and its name can be corrected.
    let path = format!("/rooms/{id}");
    assert_eq!(root.get(&path).await.expect(200)["name"], NFD);
    let sent = root.post(&format!("{path}/messages"), json!({ "content": "x" })).await;
    sent.expect(201);
    assert_eq!(root.patch(&path, json!({ "name": NFD })).await.expect(200)["name"], NFC);
}

fn earlier_user(username: &str, email: &str, password: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        email: email.to_owned(),
        password_hash: bcrypt::non_truncating_hash(password, 4).expect("a hash"),
        is_bot: false,
        display_name: None,
        role: Role::User,
        created_at: Timestamp(0),
        only_if_no_admin: false,
    }
}

/// NIST SP 800-63B §5.1.1.2.
async fn passwords_that_differ_only_in_their_unicode_form_are_equal(database: Database) {
    let server = Server::start(database).await;
    // 71 bytes in NFC, and more in NFD.
    let long = "é kq8vz2mw ü w7xr4tny ö ".repeat(3)[..71].to_owned();
    let decomposed: String = long.nfd().collect();
    assert_eq!((long.len(), decomposed.len() > 71), (71, true));
    for (n, (set, typed)) in [
        ("fr\u{e9}quent mot", "fre\u{301}quent mot"),
        ("fre\u{301}quent mot", "fr\u{e9}quent mot"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        (&long, &decomposed),
    ]
    .into_iter()
    .enumerate()
    {
        let username = format!("user{n}");
        let email = format!("{username}@example.com");
        let (status, problem) = signs_up(&server, &username, &email, set).await;
        assert_eq!(status, 201, "{set}: {problem}");
        for password in [set, typed] {
            assert_eq!(signs_in(&server, &username, password).await, 200, "{password:?}");
        }
        assert_eq!(signs_in(&server, &username, &format!("{typed}!")).await / 100, 4);
    }
    // This also holds for a changed password.
    let ann = server.user("ann").await;
    let (old, new) = ("ne\u{301}w secret", "n\u{e9}w secret");
    let change = json!({ "current_password": PASSWORD, "new_password": old });
    ann.post("/auth/password", change).await.expect(204);
    assert_eq!(signs_in(&server, "ann", new).await, 200);
    let change = json!({ "current_password": new, "new_password": PASSWORD });
    ann.post("/auth/password", change).await.expect(204);
    // U+FDFA has 3 bytes, but 33 bytes after normalisation.
    let (status, _) =
        signs_up(&server, "bo", "bo@example.com", "\u{fdfa}\u{fdfa}\u{fdfa} and more").await;
    assert_eq!(status, 422);
}

async fn an_account_of_an_earlier_version_keeps_its_name_and_password(database: Database) {
    let server =
        Server::with(database).env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "2").start().await;
    // Typed on a Mac and not normalised.
    let password = "fre\u{301}quent mot";
    let names = ["..", "_ann", "room", "deleted-ann"];
    in_the_database(&server, |backend| {
        for (n, name) in names.into_iter().enumerate() {
            let user = earlier_user(name, &format!("{n}@example.com"), password);
            backend.create_user(&user, None)?;
        }
        Ok(())
    });
    for name in names {
        assert_eq!(signs_in(&server, name, password).await, 200, "{name}");
        let (status, problem) = signs_up(&server, name, "new@example.com", PASSWORD).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("username")), "{name}");
    }
    for name in ["-", ".", "-_", "Everyone", "ALL", "here", "channel", "System", "Deleted-", "_."] {
        let (status, problem) = signs_up(&server, name, "new@example.com", PASSWORD).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("username")), "{name}");
    }
    // One sign-in counts as one attempt, although the server tries two forms of its password.
    let wrong = "fre\u{301}quent mots";
    for status in [401, 401, 429] {
        assert_eq!(signs_in(&server, "nobody", wrong).await, status);
    }
}

#[tokio::test]
async fn names_and_messages_without_visible_characters_are_refused() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let blames = async |root: &Client, path: &str, field: &str, text: &str, words: &str| {
        let mut body = json!({ "name": "fine" });
        body[field] = json!(text);
        if field == "content" {
            body = json!({ "content": text });
        }
        let problem = root.post(path, body).await.expect_problem(422, "invalid_field");
        let error = &problem["errors"][0];
        assert_eq!(error["field"], field, "{text:?}");
        assert!(error["message"].as_str().unwrap().contains(words), "{text:?}: {error}");
    };
    for (name, words) in [
        ("\u{200b}", "can be seen"),
        ("\u{2800}\u{3164}", "can be seen"),
        ("\u{202e}lareneg", "U+202E"),
        ("gen\u{200b}eral", "U+200B"),
        ("gen\u{200d}eral", "U+200D"),
        ("general\u{e0067}", "U+E0067"),
        ("a\u{2028}b", "control"),
    ] {
        blames(&root, "/rooms/", "name", name, words).await;
    }
    for text in ["a\u{1b}[31m", "\u{202e}x"] {
        blames(&root, "/rooms/", "description", text, "must not contain").await;
    }
    let team = "👩\u{200d}💻 می\u{200c}خواهم ❤\u{fe0f}";
    let room = root.post("/rooms/", json!({ "name": team, "description": "a\r\nb" })).await;
    let room = room.expect(201);
    assert_eq!((&room["name"], &room["description"]), (&json!(team), &json!("a\nb")));

    let path = format!("/rooms/{}/messages", room["id"]);
    let sent = root.post(&path, json!({ "content": "👩\u{200d}💻" })).await.expect(201);
    let path_of_sent = format!("{path}/{}", sent["id"]);
    for blank in [
        "\u{200b}",
        "\u{2060}\u{feff}",
        "\u{ad}",
        "\u{115f}",
        "\u{3164}\u{ffa0}",
        "\u{fe0f}",
        "\u{301}",
        "\u{2800}",
        "\u{e0067}",
        "\u{202e} \u{202c}",
    ] {
        blames(&root, &path, "content", blank, "blank").await;
        let edit = root.patch(&path_of_sent, json!({ "content": blank })).await;
        edit.expect_problem(422, "invalid_field");
    }
}
