//! `chatapp hooks`.

use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

#[test]
fn webhooks_are_made_listed_and_deleted() {
    on_every_database(|shell| {
        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        shell.run(&["rooms", "create", "alerts"]).ok();
        shell.run(&["rooms", "create", "plans"]).ok();
        let empty = shell.run(&["hooks", "list"]).ok();
        assert!(empty.contains("there are no webhooks") || empty.is_empty(), "{empty}");
        let url = shell.run(&["hooks", "create", "alerts", "Night build"]).ok();
        let token = url.trim_end().strip_prefix("http://localhost:8000/hooks/").expect(&url);
        assert!(token.starts_with("cb_") && token.len() == 46, "{token}");
        let create = ["hooks", "create", "plans", "CI", "--url", "https://chat.example.com/"];
        let made = json_of(&shell, &create);
        assert!(made["url"].as_str().unwrap().starts_with("https://chat.example.com/hooks/cb_"));
        assert_eq!(made["created_by"], json!({ "user_id": 0, "username": "(server)" }));

        let list = json_of(&shell, &["hooks", "list"]);
        assert_eq!((&list[0]["name"], &list[1]["name"]), (&json!("Night build"), &json!("CI")));
        let list = shell.run(&["hooks", "list", "--room", "alerts"]).ok();
        assert!(list.contains("Night build") && list.contains("(server)"), "{list}");
        assert!(!list.contains("CI") && !list.contains("cb_"), "{list}");
        let id = made["id"].to_string();
        let deleted = shell.run(&["hooks", "delete", &id]).ok();
        assert_eq!(deleted, format!("webhook #{id} was deleted\n"));
        let again = shell.run(&["hooks", "delete", &format!("#{id}")]).error();
        assert!(again.contains("there is no such webhook"), "{again}");
        let unknown = shell.run(&["hooks", "delete", "1"]).error();
        assert!(unknown.contains("there is no webhook #1"), "{unknown}");
        assert_eq!(json_of(&shell, &["hooks", "list"]).as_array().unwrap().len(), 1);
        let audit = json_of(&shell, &["audit", "list"]);
        assert_eq!((&audit[0]["action"], &audit[0]["via"]), (&json!("hook.delete"), &json!("cli")));
        assert_eq!(audit[1]["action"], "hook.create");

        let wrong = shell.run(&["hooks", "create", "alerts", "a\nb"]).error();
        assert!(wrong.contains("name"), "{wrong}");
        shell.run(&["hooks", "create", "nowhere", "x"]).error();
        shell.run(&["hooks", "create", "alerts"]).usage();
        shell.run(&["hooks", "delete", "x"]).usage();
    });
}
