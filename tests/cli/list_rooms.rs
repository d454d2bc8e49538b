//! `chatapp list-rooms`.

use chatapp::model::{Actor, NewAuditEntry, NewRoom, Timestamp, UserId};
use chatapp::storage::Backend;
use serde_json::json;

use super::shell::{EMAIL, PASSWORD, on_every_database};

fn room(backend: &dyn Backend, name: &str, description: Option<&str>) {
    let room = NewRoom {
        description: description.map(ToOwned::to_owned),
        ..NewRoom::public(name, UserId(1), Timestamp(1_738_319_400_000))
    };
    let actor = Actor::Account(UserId(1));
    let (timestamp, detail) = (room.created_at, json!({}));
    let entry =
        NewAuditEntry { timestamp, actor, action: "room.create", detail, is_recorded: true };
    backend.create_room(&room, &entry).unwrap();
}

#[test]
fn rooms_are_listed() {
    on_every_database(|shell| {
        shell.write("chatapp.db", "");
        let error = shell.run(&["list-rooms"]).error();
        assert!(error.contains("run `chatapp migrate`"), "{error}");

        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        let empty = shell.run(&["list-rooms"]);
        assert!(empty.stderr.contains("no rooms yet"), "{empty:?}");
        assert_eq!(empty.ok(), "");
        assert_eq!(shell.run(&["list-rooms", "--output", "json"]).json(), json!([]));

        let server = shell.backend();
        room(&*server, "general", Some("for \u{1b}[2J everybody"));
        room(&*server, "plans", None);
        assert_eq!(
            shell.run(&["list-rooms", "--output", "json"]).json(),
            json!([
                {
                    "id": 1, "name": "general", "description": "for \u{1b}[2J everybody",
                    "created_by": 1, "created_at": "2025-01-31T10:30:00.000Z", "head_seq": 0,
                    "kind": "public", "posting": "everyone", "inviting": "moderators",
                    "history": "all", "auto_join": false, "member_count": 1,
                },
                {
                    "id": 2, "name": "plans", "description": null,
                    "created_by": 1, "created_at": "2025-01-31T10:30:00.000Z", "head_seq": 0,
                    "kind": "public", "posting": "everyone", "inviting": "moderators",
                    "history": "all", "auto_join": false, "member_count": 1,
                },
            ])
        );
        assert_eq!(
            shell.run(&["list-rooms"]).ok(),
            "ID  NAME     KIND    MEMBERS  DESCRIPTION              HEAD SEQ  CREATED BY  CREATED AT                ARCHIVED AT\n \
         1  general  public        1  for \\u{1b}[2J everybody         0  ann         2025-01-31T10:30:00.000Z  -\n \
         2  plans    public        1  -                               0  ann         2025-01-31T10:30:00.000Z  -\n"
        );
    });
}
