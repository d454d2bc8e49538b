//! `chatapp rooms` for private rooms and their members.

use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

/// Private rooms have numbers from here on.
const FIRST_CLOSED: i64 = 1 << 52;

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

/// Creates the admin ann, #1, and the accounts bo, #2, and cy, #3.
fn with_people(shell: &Shell) {
    for name in ["ann", "bo", "cy"] {
        let email = if name == "ann" { EMAIL.to_owned() } else { format!("{name}@example.com") };
        shell.create_admin(name, &email, PASSWORD.as_bytes()).ok();
    }
    for name in ["bo", "cy"] {
        shell.run(&["users", "set-role", name, "user", "--yes"]).ok();
    }
}

/// The username and the role of each member.
fn members(shell: &Shell, room: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = json_of(shell, &["rooms", "members", room]);
    let pair = |row: &Value| (text(&row["username"]), text(&row["role"]));
    rows.as_array().unwrap().iter().map(pair).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, role)| ((*name).to_owned(), (*role).to_owned())).collect()
}

#[test]
fn members_come_change_and_go_and_the_audit_log_has_it() {
    on_every_database(|shell| {
        with_people(&shell);
        shell.run(&["rooms", "create", "plans", "--private"]).ok();
        let added = shell.run(&["rooms", "add", "plans", "bo", "cy@example.com"]).ok();
        assert!(added.starts_with("new members of plans (#"), "{added}");
        assert!(added.ends_with("): bo (#2), cy (#3)\n"), "{added}");
        let again = shell.run(&["rooms", "add", "plans", "bo"]).ok();
        assert!(again.starts_with("all are members of plans (#"), "{again}");
        shell.run(&["rooms", "role", "plans", "bo", "moderator"]).ok();
        let all = pairs(&[("ann", "owner"), ("bo", "moderator"), ("cy", "member")]);
        assert_eq!(members(&shell, "plans"), all);
        let found = json_of(&shell, &["rooms", "members", "plans", "--query", "B"]);
        assert_eq!(found.as_array().unwrap().len(), 1);

        // The events are those of the log; their author is the server.
        let muted = json_of(&shell, &["rooms", "mute", "plans", "cy", "--until", "2d"]);
        assert_eq!(
            (&muted[0]["type"], &muted[0]["user_id"]),
            (&json!("member_changed"), &json!(0))
        );
        let row = &json_of(&shell, &["rooms", "members", "plans", "--query", "cy"])[0];
        assert!(row["muted_until"].is_string(), "{row}");
        shell.run(&["rooms", "unmute", "plans", "cy"]).ok();
        let row = &json_of(&shell, &["rooms", "members", "plans", "--query", "cy"])[0];
        assert_eq!(row.get("muted_until"), None);

        let end = "2100-01-31T10:30:00Z";
        let banned = shell
            .run(&["rooms", "ban", "plans", "cy", "--until", end, "--reason", "advertising"])
            .ok();
        assert!(banned.ends_with("until 2100-01-31T10:30:00.000Z\n"), "{banned}");
        let list = shell.run(&["rooms", "bans", "plans"]).ok();
        assert!(list.contains("an operator"), "{list}");
        let bans = json_of(&shell, &["rooms", "bans", "plans"]);
        assert_eq!((&bans[0]["username"], &bans[0]["banned_by"]), (&json!("cy"), &json!(0)));
        assert_eq!(bans[0]["reason"], "advertising");
        let error = shell.run(&["rooms", "add", "plans", "cy"]).error();
        assert!(error.contains("`chatapp rooms unban`"), "{error}");
        shell.run(&["rooms", "unban", "plans", "cy"]).ok();
        assert_eq!(json_of(&shell, &["rooms", "bans", "plans"]), json!([]));
        let again = shell.run(&["rooms", "unban", "plans", "cy"]).ok();
        assert!(again.contains("is not banned"), "{again}");

        shell.run(&["rooms", "owner", "plans", "cy"]).ok();
        let arguments = ["invites", "create", "--room", "plans", "--role", "moderator"];
        let error = shell.run(&[&arguments[..], &["--as", "ann"]].concat()).error();
        assert_eq!(error, "this needs an owner of the room");
        shell.run(&["rooms", "remove", "plans", "bo", "--reason", "moved"]).ok();
        assert_eq!(members(&shell, "plans"), pairs(&[("ann", "moderator"), ("cy", "owner")]));
        let error = shell.run(&["rooms", "remove", "plans", "cy"]).error();
        assert!(error.starts_with("this is the only owner"), "{error}");
        let error = shell.run(&["rooms", "remove", "plans", "bo"]).error();
        assert_eq!(error, "this user is not a member of the room");

        let actions: Vec<Value> = json_of(&shell, &["audit", "list"])
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["action"].as_str().unwrap().starts_with("room."))
            .map(|entry| entry["action"].clone())
            .collect();
        let expected = [
            "room.members.remove",
            "room.owner",
            "room.members.unban",
            "room.members.ban",
            "room.members.unmute",
            "room.members.mute",
            "room.members.role",
            "room.members.add",
            "room.create",
        ];
        assert_eq!(actions, expected);

        // An entry cannot be erased, so it does not have a text of the room.
        shell.run(&["rooms", "describe", "plans", "hush"]).ok();
        let audit = json_of(&shell, &["audit", "list"]);
        let detail = |action: &str| {
            let entries = audit.as_array().unwrap().iter();
            let mut details = entries.filter(|it| it["action"] == action).map(|it| &it["detail"]);
            details.next().unwrap().clone()
        };
        assert_eq!(detail("room.update"), json!({ "description_changed": true }));
        assert_eq!(detail("room.members.ban")["reason"], "advertising");
        assert_eq!(detail("room.members.unmute"), json!({ "user_id": 3 }));
        let tail = shell.run(&["tail", "plans", "--lines", "20"]).ok();
        for text in [
            "(new members: bo, cy, member)",
            "no longer muted)",
            "(no longer members: cy, banned until 2100-01-31T10:30:00.000Z, “advertising”)",
            "(changed members: cy, no longer banned)",
            "(no longer members: bo, removed, “moved”)",
        ] {
            assert!(tail.contains(text), "{text} is not in {tail}");
        }
        for arguments in [
            &["rooms", "mute", "plans", "cy"][..],
            &["rooms", "mute", "plans", "cy", "--until", "2001-01-31T10:30:00Z"],
            &["rooms", "ban", "plans", "cy", "--until", "soon"],
            &["rooms", "role", "plans", "cy", "admin"],
            &["rooms", "rules", "plans"],
        ] {
            shell.run(arguments).usage();
        }
    });
}

#[test]
fn a_room_becomes_private_or_public_only_with_yes() {
    on_every_database(|shell| {
        with_people(&shell);
        shell.run(&["rooms", "create", "general"]).ok();
        shell.run(&["rooms", "add", "general", "bo"]).ok();
        let done = shell.run(&["rooms", "rules", "general", "--auto-join", "on"]).ok();
        let rules = "posting everyone, inviting moderators, history all, auto-join on";
        assert_eq!(done, format!("general (#1): {rules}\n"));
        let error = shell.run(&["rooms", "kind", "general", "private"]).error();
        let what =
            "general (#1) will be private: only its 2 members will see it and its 0 messages";
        assert!(error.contains(what) && error.contains("--yes"), "{error}");
        assert_eq!(json_of(&shell, &["rooms", "show", "general"])["kind"], "public");
        let now = json_of(&shell, &["rooms", "kind", "general", "private", "--yes"]);
        assert_eq!((&now["kind"], &now["auto_join"]), (&json!("private"), &json!(false)));
        let again = shell.run(&["rooms", "kind", "general", "private"]).ok();
        assert_eq!(again, "general (#1) is private already\n");
        let error = shell.run(&["rooms", "rules", "general", "--auto-join", "on"]).error();
        assert_eq!(error, "auto_join is for public rooms only");
        shell
            .run(&["rooms", "rules", "general", "--history", "joined", "--posting", "moderators"])
            .ok();
        let shown = shell.run(&["rooms", "show", "general"]).ok();
        for line in [
            "kind         private\n",
            "rules        posting moderators, inviting moderators, history joined, auto-join off\n",
            "owner        ann (#1)\n",
            "members      2\n",
        ] {
            assert!(shown.contains(line), "{shown}");
        }
        let error = shell.run(&["rooms", "kind", "general", "public"]).error();
        assert!(error.contains("everybody (3 accounts) will see it"), "{error}");
        shell.run(&["rooms", "kind", "general", "public", "--yes"]).ok();

        // A room of an earlier version has no owner.
        shell.execute("DELETE FROM members");
        let error = shell.run(&["rooms", "kind", "general", "private", "--yes"]).error();
        assert!(error.contains("`chatapp rooms owner`"), "{error}");
        shell.run(&["rooms", "owner", "general", "bo"]).ok();
        assert_eq!(members(&shell, "general"), pairs(&[("bo", "owner")]));
        shell.run(&["rooms", "kind", "general", "private", "--yes"]).ok();
        let ok = |shell: &Shell| json_of(shell, &["doctor"]);
        let finding = |found: Value| {
            let found = found.as_array().unwrap().clone();
            found.into_iter().find(|finding| finding["check"] == "members").unwrap()
        };
        assert_eq!(finding(ok(&shell))["state"], "ok");
        shell.execute("DELETE FROM members");
        let warning = finding(ok(&shell));
        assert_eq!(warning["state"], "warning");
        assert!(warning["detail"].as_str().unwrap().ends_with(": #1"), "{warning}");
    });
}

#[test]
fn a_name_finds_the_public_room_or_the_only_private_one() {
    on_every_database(|shell| {
        with_people(&shell);
        shell.run(&["users", "set-role", "bo", "admin"]).ok();
        let create = |name: &str, creator: &str| {
            let arguments = ["rooms", "create", name, "--private", "--as", creator];
            json_of(&shell, &arguments)["id"].as_i64().unwrap()
        };
        let one = create("plans", "ann");
        assert!(one > FIRST_CLOSED, "{one}");
        let show = |name: &str| json_of(&shell, &["rooms", "show", name])["id"].as_i64().unwrap();
        assert_eq!((show("Plans"), show(&format!("#{one}"))), (one, one));
        let two = create("plans", "bo");
        let error = shell.run(&["rooms", "show", "plans"]).error();
        let expected = "2 private rooms are called plans: write the number of one of them, ";
        assert_eq!(error, format!("{expected}#{one} or #{two}"));
        let three = create("PLANS", "ann");
        let error = shell.run(&["rooms", "delete", "plans", "--yes"]).error();
        let expected = "3 private rooms are called plans: write the number of one of them, ";
        assert_eq!(error, format!("{expected}#{one} or #{two} or #{three}"));
        shell.run(&["rooms", "create", "plans", "--as", "ann"]).ok();
        assert_eq!(show("plans"), 1, "the public room");
        // A private room cannot hide the number of another room.
        create("1", "ann");
        create("#1", "ann");
        assert_eq!((show("1"), show("#1")), (1, 1));
        let listed = json_of(&shell, &["rooms", "list"]);
        let counts: Vec<&Value> =
            listed.as_array().unwrap().iter().map(|room| &room["member_count"]).collect();
        assert_eq!(counts, [1; 6]);
    });
}

#[test]
fn a_direct_room_has_a_number_and_its_people_are_fixed() {
    on_every_database(|shell| {
        with_people(&shell);
        let id = direct_room(&shell);
        let number = format!("#{id}");
        let shown = json_of(&shell, &["rooms", "show", &number]);
        assert_eq!(
            shown["people"],
            json!([{"user_id": 2, "username": "bo"}, {"user_id": 3, "username": "cy"}])
        );
        let listed = json_of(&shell, &["rooms", "list"]);
        assert_eq!(listed[0]["people"], shown["people"]);
        let list = shell.run(&["rooms", "list"]).ok();
        assert!(list.contains("bo (#2), cy (#3)"), "{list}");
        for arguments in [
            &["invites", "create", "--room", &number, "--as", "ann"][..],
            &["rooms", "add", &number, "ann"],
            &["rooms", "remove", &number, "bo"],
            &["rooms", "owner", &number, "bo"],
            &["rooms", "archive", &number],
            &["rooms", "rename", &number, "plans"],
            &["rooms", "kind", &number, "public", "--yes"],
            &["rooms", "rules", &number, "--posting", "moderators"],
        ] {
            let error = shell.run(arguments).error();
            assert_eq!(error, "this is not possible in a room of this kind", "{arguments:?}");
        }
        let done = shell.run(&["rooms", "retention", &number, "30"]).ok();
        assert_eq!(done, format!("messages of the direct room {number} are kept for 30 days\n"));
        let error = shell.run(&["rooms", "show", "x"]).error();
        assert_eq!(error, "there is no room x: `chatapp rooms list` shows all rooms");
        shell.run(&["rooms", "delete", &number, "--yes"]).ok();
        assert_eq!(json_of(&shell, &["rooms", "list"]), json!([]));
    });
}

/// Creates a direct room of bo and cy.
fn direct_room(shell: &Shell) -> i64 {
    use chatapp::model::{NewRoom, RoomKind, Timestamp, UserId};
    let (people, timestamp) = ([UserId(2), UserId(3)], Timestamp(1_738_319_400_000));
    let room = NewRoom {
        kind: RoomKind::Direct,
        direct_key: Some("2,3".to_owned()),
        ..NewRoom::public("", people[0], timestamp)
    };
    let (room, is_new) = shell.backend().open_direct_room(&room, &people).unwrap();
    assert!(is_new);
    room.id.0
}
