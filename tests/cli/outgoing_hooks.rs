//! `chatapp outgoing-hooks`.

use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[&["outgoing-hooks"], arguments, &["--output", "json"]].concat()).json()
}

#[test]
fn outgoing_webhooks_are_made_changed_and_deleted() {
    on_every_database(|shell| {
        let url = "https://shop.example.com/chat-events";
        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        shell.run(&["rooms", "create", "support"]).ok();
        shell.run(&["bots", "create", "shop", "--scopes", "read"]).ok();
        let empty = shell.run(&["outgoing-hooks", "list"]).ok();
        assert!(empty.contains("there are no outgoing webhooks") || empty.is_empty(), "{empty}");
        let secret = shell.run(&["outgoing-hooks", "create", "shop", url]).ok();
        assert!(secret.starts_with("whsec_") && secret.trim_end().len() == 50, "{secret}");
        let made = ["create", "shop", url, "--kind", "message", "--room", "support"];
        let made = json_of(&shell, &made);
        assert_eq!((&made["id"], &made["kinds"]), (&json!(2), &json!(["message"])));
        let list = json_of(&shell, &["list", "--bot", "shop"]);
        assert_eq!((&list[0]["kinds"], &list[0]["room_ids"]), (&Value::Null, &Value::Null));
        assert_eq!((&list[1]["url"], &list[1]["room_ids"]), (&json!(url), &json!([1])));
        assert!(!list.to_string().contains("whsec_"), "{list}");

        let paused = shell.run(&["outgoing-hooks", "pause", "#2"]).ok();
        assert_eq!(paused, "outgoing webhook #2 is paused\n");
        let list = shell.run(&["outgoing-hooks", "list"]).ok();
        assert!(list.contains("active") && list.contains("paused"), "{list}");
        shell.run(&["outgoing-hooks", "resume", "2"]).ok();
        assert_ne!(json_of(&shell, &["rotate-secret", "2"])["secret"], made["secret"]);
        let none = shell.run(&["outgoing-hooks", "deliveries", "2"]).ok();
        assert!(none.contains("nothing was delivered yet") || none.is_empty(), "{none}");
        shell.run(&["outgoing-hooks", "replay", "2"]).ok();
        shell.run(&["outgoing-hooks", "replay", "2", "--room", "support", "--after", "0"]).ok();
        shell.run(&["outgoing-hooks", "replay", "2", "--after", "0"]).usage();
        shell.run(&["outgoing-hooks", "delete", "2"]).ok();
        let again = shell.run(&["outgoing-hooks", "delete", "2"]).error();
        assert!(again.contains("there is no such webhook"), "{again}");
        let audit = shell.run(&["audit", "list", "--output", "json"]).json();
        assert_eq!(audit[0]["action"], "outgoing_hook.delete");

        let wrong = shell.run(&["outgoing-hooks", "create", "shop", "shop.example.com"]).error();
        assert!(wrong.contains("url") && wrong.contains("https://"), "{wrong}");
        let wrong = shell.run(&["outgoing-hooks", "create", "shop", url, "--kind", "rain"]).error();
        assert!(wrong.contains("message_edited"), "{wrong}");
        let wrong = shell.run(&["outgoing-hooks", "create", "ann", url]).error();
        assert!(wrong.contains("ann is not a bot"), "{wrong}");
    });
}
