//! `chatapp bots`.

use serde_json::{Value, json};

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

fn json_of(shell: &Shell, arguments: &[&str]) -> Value {
    shell.run(&[arguments, &["--output", "json"]].concat()).json()
}

#[test]
fn bots_are_made_listed_and_their_tokens_revoked() {
    on_every_database(|shell| {
        shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
        shell.run(&["rooms", "create", "general"]).ok();
        let token = shell.run(&["bots", "create", "deploys", "--scopes", "read,send"]).ok();
        let token = token.trim_end();
        assert!(token.starts_with("cb_") && token.len() == 46, "{token}");
        let create = ["bots", "token", "deploys", "--name", "laptop", "--scopes", "send"];
        let made =
            json_of(&shell, &[&create[..], &["--room", "general", "--expires", "90d"]].concat());
        assert_eq!((&made["name"], &made["scopes"]), (&json!("laptop"), &json!(["send"])));
        assert_eq!(made["room_ids"], json!([1]));
        assert!(
            made["expires_at"].is_string() && made["token"].as_str().unwrap().starts_with("cb_")
        );

        let list = json_of(&shell, &["bots", "list"]);
        assert_eq!((&list[0]["username"], &list[0]["sessions"]), (&json!("deploys"), &json!(2)));
        let tokens = shell.run(&["bots", "tokens", "deploys"]).ok();
        assert!(
            tokens.contains("laptop") && tokens.contains("#1") && !tokens.contains("cb_"),
            "{tokens}"
        );
        let id = made["id"].as_str().unwrap();
        let revoked = shell.run(&["bots", "revoke", "deploys", id]).ok();
        assert_eq!(revoked, format!("the API token {id} of deploys was revoked\n"));
        assert_eq!(json_of(&shell, &["bots", "tokens", "deploys"]).as_array().unwrap().len(), 1);
        let again = shell.run(&["bots", "revoke", "deploys", id]).error();
        assert!(again.contains("no such API token"), "{again}");
        let audit = json_of(&shell, &["audit", "list"]);
        assert_eq!(audit[0]["action"], "bot.revoke_token");
        assert_eq!(audit[0]["detail"]["token"], id);

        let person = shell.run(&["bots", "token", "ann", "--scopes", "read"]).error();
        assert!(person.contains("ann is not a bot"), "{person}");
        let taken = shell.run(&["bots", "create", "ann", "--scopes", "read"]).error();
        assert!(taken.contains("taken"), "{taken}");
        let password = shell.run(&["users", "reset-password", "deploys", "--link"]).error();
        assert!(password.contains("has no password"), "{password}");
        for misused in [
            &["bots", "create", "x1"][..],
            &["bots", "create", "x1", "--scopes", "write"],
            &["bots", "create", "x1", "--scopes", "read", "--expires", "7"],
            &["bots", "revoke", "deploys", "7"],
        ] {
            shell.run(misused).usage();
        }
    });
}
