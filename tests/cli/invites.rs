//! `chatapp invites`.

use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

#[test]
fn invites_are_made_listed_and_revoked() {
    on_every_database(|shell| {
        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        shell.run(&["rooms", "create", "general"]).ok();
        let base = ["--url", "https://chat.example.com"];
        let link = shell.run(&[&["invites", "create"][..], &base[..]].concat()).ok();
        let token = link.trim_end().strip_prefix("https://chat.example.com/#/invite/").unwrap();
        assert_eq!(token.len(), 43, "{link}");
        let create = ["invites", "create", "--room", "general", "--uses", "3", "--expires", "2h"];
        let made = json_of(&shell, &[&create[..], &["--role", "moderator"]].concat());
        assert_eq!((&made["id"], &made["room_id"]), (&json!(2), &json!(1)));
        assert_eq!((&made["role"], &made["uses_allowed"]), (&json!("moderator"), &json!(3)));
        assert_eq!(
            (&made["created_by"], &made["invited_by"]),
            (&json!(1), &json!({ "username": "ann" }))
        );
        assert!(made["url"].as_str().unwrap().ends_with(made["token"].as_str().unwrap()));

        let ids = |arguments: &[&str]| -> Vec<i64> {
            let listed = json_of(&shell, arguments);
            listed.as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()).collect()
        };
        assert_eq!(ids(&["invites", "list"]), [2, 1]);
        assert_eq!(ids(&["invites", "list", "--room", "general"]), [2]);
        let list = shell.run(&["invites", "list"]).ok();
        assert!(list.contains("general (#1)") && list.contains("0 of 3") && !list.contains(token));
        assert_eq!(shell.run(&["invites", "revoke", "#2"]).ok(), "invite #2 was revoked\n");
        assert_eq!(ids(&["invites", "list"]), [1]);
        let audit = json_of(&shell, &["audit", "list"]);
        let acts: Vec<_> = (0..2).map(|n| (&audit[n]["action"], &audit[n]["target"])).collect();
        let [revoke, create, invite] =
            ["invite.revoke", "invite.create", "invite #2"].map(|it| json!(it));
        assert_eq!(acts, [(&revoke, &invite), (&create, &invite)]);

        assert_eq!(
            shell.run(&["invites", "revoke", "2"]).error(),
            "there is no open invite #2",
            "the rule's own text is for guests"
        );

        shell.run(&["rooms", "archive", "general"]).ok();
        for refused in [
            &["invites", "create", "--room", "general"][..],
            &["invites", "create", "--room", "nowhere"],
            &["invites", "create", "--uses", "0"],
            &["invites", "create", "--expires", "60w"],
        ] {
            shell.run(refused).error();
        }
        for misused in [
            &["invites", "revoke", "x"][..],
            &["invites", "create", "--expires", "7"],
            &["invites", "create", "--role", "moderator"],
        ] {
            shell.run(misused).usage();
        }
    });
}
