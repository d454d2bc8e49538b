//! `chatapp search` and `chatapp index`.

use chatapp::model::{NewMessage, NewRoom, RoomKind, Timestamp, UserId};
use chatapp::storage::Backend;
use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

const NOW: Timestamp = Timestamp(1_738_319_400_000);

/// Creates the admin ann, who says the same in the public room general and in a private room.
fn with_messages(shell: &Shell) {
    shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
    shell.run(&["rooms", "create", "general"]).ok();
    let backend = shell.backend();
    let quiet = NewRoom { kind: RoomKind::Private, ..NewRoom::public("quiet", UserId(1), NOW) };
    let audit = chatapp::model::NewAuditEntry {
        timestamp: NOW,
        actor: chatapp::model::Actor::Operator("root".to_owned()),
        action: "room.create",
        detail: json!({}),
        is_recorded: true,
    };
    backend.create_room(&quiet, &audit).unwrap();
    let rooms: Vec<_> = backend.list_rooms().unwrap().into_iter().map(|room| room.id).collect();
    let message = |room_id| NewMessage {
        room_id,
        user_id: UserId(1),
        username: "ann".into(),
        display_name: None,
        content: "red tea".to_owned(),
        client_id: None,
        timestamp: NOW,
        joins: false,
        parts: None,
    };
    for outcome in backend.append_messages(rooms.into_iter().map(message).collect()).unwrap() {
        outcome.unwrap();
    }
}

fn index(backend: &dyn Backend) {
    let rooms = backend.list_unindexed_rooms(10).unwrap();
    backend.index_events(&rooms, 100).unwrap();
}

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

#[test]
fn an_operator_searches_public_rooms_or_with_the_rights_of_a_user() {
    on_every_database(|shell| {
        with_messages(&shell);
        let count = |arguments: &[&str]| json_of(&shell, arguments).as_array().unwrap().len();
        assert_eq!(count(&["search", "tea"]), 0);
        index(&*shell.backend());
        let found = json_of(&shell, &["search", "red tea"]);
        assert_eq!(found[0]["snippet"]["hits"][1], json!({ "start": 4, "end": 7 }));
        assert_eq!(
            (found.as_array().unwrap().len(), &found[0]["message"]["room_id"]),
            (1, &json!(1))
        );
        let before = count(&["audit", "list"]);
        assert_eq!(count(&["search", "tea", "--as", "ann", "--order", "best"]), 2);
        let audit = json_of(&shell, &["audit", "list"]);
        assert_eq!(audit.as_array().unwrap().len(), before + 1);
        assert_eq!(
            (&audit[0]["action"], &audit[0]["target"]),
            (&json!("user.search"), &json!("user #1"))
        );
        assert!(!audit[0].to_string().contains("tea"));
        let text = shell.run(&["search", "tea"]).ok();
        assert!(text.contains("MESSAGE") && text.contains("red tea"), "{text}");
        let error = shell.run(&["search", "in:quiet tea"]).error();
        assert!(error.contains("you see no room"), "{error}");
        shell.run(&["search", "tea", "--as", "nobody"]).error();
        shell.run(&["search", "?"]).error();
    });
}

#[test]
fn the_index_is_emptied_to_be_made_again() {
    on_every_database(|shell| {
        with_messages(&shell);
        let status = || json_of(&shell, &["index", "status"]);
        let behind = status();
        assert_eq!((&behind["messages"], &behind["rooms_behind"]), (&json!(0), &json!(2)));
        index(&*shell.backend());
        let done = status();
        assert_eq!((&done["messages"], &done["events_behind"]), (&json!(2), &json!(0)));
        let text = shell.run(&["index", "status"]).ok();
        assert!(text.starts_with("messages       2\n"), "{text}");
        shell.run(&["index", "rebuild", "--yes"]).ok();
        assert_eq!(status()["rooms_behind"], behind["rooms_behind"]);
        index(&*shell.backend());
        assert_eq!(status()["messages"], 2);
    });
}
