//! `chatapp rooms` and `chatapp messages`.

use chatapp::model::{Cursor, Event, NewMessage, RoomId, Seq, Timestamp, UserId, View};
use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

const NOW: Timestamp = Timestamp(1_738_319_400_000);

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

/// Creates the admin ann and the room general, #1, with three messages by ann.
fn with_room(shell: &Shell) {
    shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
    shell.run(&["rooms", "create", "general"]).ok();
    say(shell, &["one", "a secret", "three"]);
}

/// Stores messages by ann in the room general.
fn say(shell: &Shell, contents: &[&str]) {
    let message = |content: &&str| NewMessage {
        room_id: RoomId(1),
        user_id: UserId(1),
        username: "ann".into(),
        display_name: None,
        content: (*content).to_owned(),
        client_id: None,
        timestamp: NOW,
        joins: false,
        parts: None,
    };
    let batch = contents.iter().map(message).collect();
    for outcome in shell.backend().append_messages(batch).unwrap() {
        outcome.unwrap();
    }
}

fn audit(shell: &Shell) -> Vec<(String, String)> {
    let entries = json_of(shell, &["audit", "list"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |it: &Value| {
        assert_eq!(it["via"], "cli");
        (text(&it["action"]), text(&it["target"]))
    };
    entries.as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn a_room_is_created_changed_and_shown() {
    on_every_database(|shell| {
        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        let room = json_of(&shell, &["rooms", "create", " general ", "--description", "Talk"]);
        assert_eq!((&room["id"], &room["name"]), (&json!(1), &json!("general")));
        assert_eq!((&room["created_by"], &room["description"]), (&json!(1), &json!("Talk")));

        let done = shell.run(&["rooms", "rename", "GENERAL", "lobby"]).ok();
        assert_eq!(done, "general (#1) is now called lobby\n");
        let done = shell.run(&["rooms", "rename", "#1", "lobby"]).ok();
        assert_eq!(done, "lobby (#1) already has this name\n");
        shell.run(&["rooms", "describe", "1", "All and\nnothing"]).ok();
        assert_eq!(shell.run(&["rooms", "archive", "lobby"]).ok(), "lobby (#1) is archived now\n");
        let done = shell.run(&["rooms", "archive", "lobby"]).ok();
        assert_eq!(done, "lobby (#1) is archived already\n");
        let shown = json_of(&shell, &["rooms", "show", "lobby"]);
        assert_eq!(shown["description"], "All and\nnothing");
        assert!(shown["archived_at"].is_string());
        let mut listed = shown;
        listed.as_object_mut().unwrap().remove("owners");
        assert_eq!(json_of(&shell, &["rooms", "list"]), json!([listed]));
        assert_eq!(json_of(&shell, &["list-rooms"]), json!([listed]));
        let shown = shell.run(&["rooms", "show", "lobby"]).ok();
        assert!(shown.contains("created by   ann\n"), "{shown}");
        assert!(shown.contains("description  All and nothing\n"), "{shown}");
        shell.run(&["rooms", "unarchive", "lobby"]).ok();
        shell.run(&["rooms", "describe", "lobby", "--none"]).ok();
        let now = json_of(&shell, &["rooms", "show", "lobby"]);
        assert_eq!((&now["description"], now.get("archived_at")), (&json!(null), None));

        let update = ("room.update".to_owned(), "room #1".to_owned());
        let mut expected = vec![update; 5];
        expected.push(("room.create".to_owned(), "room #1".to_owned()));
        assert_eq!(audit(&shell)[..6], expected, "an entry for each change, none without a change");
    });
}

#[test]
fn errors_of_rooms_commands_say_what_to_do() {
    on_every_database(|shell| {
        shell.run(&["migrate"]).ok();
        let error = shell.run(&["rooms", "create", "general"]).error();
        assert!(error.contains("`chatapp create-admin` creates one"), "{error}");
        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        shell.run(&["rooms", "create", "general"]).ok();
        let error = shell.run(&["rooms", "create", "General"]).error();
        assert_eq!(error, "another public room has this name");
        let error = shell.run(&["rooms", "create", " "]).error();
        assert_eq!(error, "name must not be empty");
        let error = shell.run(&["rooms", "rename", "genral", "lobby"]).error();
        assert_eq!(error, "there is no room genral: did you mean general?");
        let error = shell.run(&["rooms", "show", "#2"]).error();
        assert_eq!(error, "there is no room #2: `chatapp rooms list` shows all rooms");
        // The number of one room is the name of another.
        shell.run(&["rooms", "create", "1"]).ok();
        let error = shell.run(&["rooms", "archive", "1"]).error();
        assert!(
            error.starts_with("1 is the name of #") && error.contains(" or general"),
            "{error}"
        );
        shell.run(&["rooms", "archive", "#1"]).ok();
        shell.run(&["rooms", "describe", "general"]).usage();

        shell.create_admin("bo", "bo@example.com", PASSWORD.as_bytes()).ok();
        let error = shell.run(&["rooms", "create", "plans"]).error();
        assert_eq!(error, "there are 2 admins: name one of them with --as");
        let room = json_of(&shell, &["rooms", "create", "plans", "--as", "bo"]);
        assert_eq!(room["created_by"], 2);
        shell.run(&["users", "set-role", "bo", "user", "--yes"]).ok();
        let error = shell.run(&["rooms", "create", "more", "--as", "bo"]).error();
        assert_eq!(error, "bo (#2) is not an active admin: name one with --as");
    });
}

#[test]
fn the_server_itself_says_something_in_a_room() {
    on_every_database(|shell| {
        with_room(&shell);
        let sent = ["rooms", "announce", "general", "Order 42 was sent", "--client-id", "42"];
        let done = shell.run(&sent).ok();
        assert_eq!(done, "the message was sent to general (#1)\n");
        let again = shell.run(&sent).ok();
        assert_eq!(again, "general (#1) has this message already\n");
        let message = json_of(&shell, &sent);
        assert_eq!((&message["user_id"], &message["seq"]), (&json!(0), &json!(4)));
        assert_eq!(audit(&shell)[0], ("room.announce".to_owned(), "room #1".to_owned()));
        let error = shell.run(&["rooms", "announce", "general", " "]).error();
        assert_eq!(error, "content must not be blank");
        shell.run(&["rooms", "archive", "general"]).ok();
        let error = shell.run(&["rooms", "announce", "general", "x"]).error();
        assert!(error.contains("this room is archived"), "{error}");
    });
}

#[test]
fn a_room_is_deleted_only_with_yes() {
    on_every_database(|shell| {
        with_room(&shell);
        let dry = shell.run(&["rooms", "delete", "general", "--dry-run"]).ok();
        assert_eq!(dry, "general (#1) and its 3 messages would be deleted\n");
        let error = shell.run(&["rooms", "delete", "general"]).error();
        assert!(error.contains("general (#1) and its 3 messages will be deleted"), "{error}");
        assert!(error.contains("--yes"), "{error}");
        assert!(shell.backend().get_room(RoomId(1)).unwrap().is_some());

        let deleted = json_of(&shell, &["rooms", "delete", "general", "--yes"]);
        assert_eq!(deleted, json!({ "id": 1, "name": "general", "messages": 3 }));
        assert_eq!(json_of(&shell, &["rooms", "list"]), json!([]));
        assert!(!shell.backend().purge_deleted_rooms(1).unwrap(), "rows of the room are left");
        assert_eq!(audit(&shell)[0].0, "room.delete");
        let error = shell.run(&["rooms", "delete", "general", "--yes"]).error();
        assert!(error.starts_with("there is no room general"), "{error}");
    });
}

#[test]
fn messages_sent_while_the_command_asks_are_counted_as_deleted() {
    on_every_database(|shell| {
        with_room(&shell);
        let question = shell.ask(&["rooms", "delete", "general"]);
        assert!(question.said.contains("its 3 messages will be deleted"), "{}", question.said);
        say(&shell, &["four"]);
        let answer = question.yes();
        assert!(answer.contains("general (#1) and its 4 messages are deleted"), "{answer}");
    });
}

#[test]
fn a_message_is_deleted_only_with_yes() {
    on_every_database(|shell| {
        with_room(&shell);
        let backend = shell.backend();
        let page = || {
            backend.list_messages(RoomId(1), Cursor::Newest, 10, View::default()).unwrap().unwrap()
        };
        let id = page().messages[1].id.to_string();
        let arguments = ["messages", "delete", "general", &id];
        let error = shell.run(&arguments).error();
        let what = format!("message {id} of ann in general (#1), sent 2025-01-31T10:30:00.000Z");
        assert!(error.contains(&what) && error.contains("--yes"), "{error}");
        assert_eq!(page().messages[1].content, "a secret");

        let done = shell.run(&[&arguments[..], &["--yes"]].concat()).ok();
        assert_eq!(done, format!("{what}, is deleted\n"));
        let deleted = page().messages.remove(1);
        assert_eq!(deleted.content, "");
        assert!(deleted.deleted_at.is_some());
        let log = backend.list_events(RoomId(1), Seq(3), 10).unwrap().unwrap().events;
        let [Event::MessageDeleted(event)] = &log[..] else { panic!("{log:?}") };
        assert_eq!((event.message_id, event.user_id), (deleted.id, UserId(1)));
        assert_eq!(audit(&shell)[0], ("message.delete".to_owned(), format!("message #{id}")));

        // The second time, the command neither asks nor changes anything.
        let done = shell.run(&arguments).ok();
        assert_eq!(done, format!("{what}, is deleted already\n"));
        let error = shell.run(&["messages", "delete", "general", "999", "--yes"]).error();
        assert_eq!(error, "there is no such message in this room");
        let event = event.id.to_string();
        let error = shell.run(&["messages", "delete", "general", &event, "--yes"]).error();
        assert_eq!(error, "there is no such message in this room");
        shell.run(&["messages", "delete", "general", "first"]).usage();
    });
}
