//! Damaged backups and exports are recognised.

use chatapp::dump::Reader;
use chatapp::model::Timestamp;

use super::load::store;
use super::{elsewhere, run, whole_url};
use crate::support::{Database, Server};

fn read(export: &[u8]) -> Result<(), String> {
    let reader = Reader::new(export).map_err(|error| format!("{error:#}"))?;
    reader.read(|_, _, _, _| Ok(())).map(drop).map_err(|error| format!("{error:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flipped_bit_and_every_cut_of_an_export_is_found() {
    let server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    ann.joins(room).await.says(room, "hello \u{1f600}", "c-1").await;
    let export = run(&server, &["export"]).await.ok().stdout.into_bytes();
    read(&export).unwrap();
    for index in 0..export.len() {
        let mut flipped = export.clone();
        flipped[index] ^= 1 << (index % 8);
        assert!(read(&flipped).is_err(), "a changed bit in byte {index} was not found");
        assert!(read(&export[..index]).is_err(), "a cut at byte {index} was not found");
    }
    let doubled = [&export[..], &export[..]].concat();
    assert!(read(&doubled).unwrap_err().contains("after its footer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_export_is_refused_with_the_number_of_the_line() {
    let server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    ann.joins(room).await.says(room, "hello", "c-1").await;
    let export = run(&server, &["export"]).await.ok().stdout;
    for (from, to, sentence) in [
        ("\"version\":1", "\"version\":2", "its format has version 2"),
        ("\"chatapp-export\"", "\"other\"", "its format is \"other\""),
        ("\"type\":\"room\"", "\"type\":\"den\"", "line 3: there is no type \"den\""),
        ("\"head_seq\":1", "\"head_seq\":\"1\"", "line 3: \"head_seq\" must be a whole number"),
        ("\"head_seq\":1", "\"head\":1", "line 3: room has no \"head_seq\""),
        ("\"head_seq\":1", "\"head_seq\":1,\"x\":1", "line 3: room has no field \"x\""),
        ("\"seq\":1", "\"seq\":2", "line 4: room 1 has event 2 where 1 was expected"),
        ("\"user_id\":1", "\"user_id\":2", "event 1 of room 1 refers to user 2, who is missing"),
        ("\"kind\":\"message\"", "\"kind\":\"a hymn\"", "event 1 of room 1 has no valid kind"),
        ("\"content\":\"hello\"", "\"content\":\"\\u0000\"", "must be a text without NUL"),
        ("\"username\":\"ann\"", "\"username\":ann", "line 2 is not a JSON object"),
        ("\"username\":\"ann\"", "\"username\":\"bob\"", "does not match the lines before it"),
    ] {
        assert!(export.contains(from), "{from}");
        let refused = read(export.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(refused.contains(sentence), "{to}: {refused}");
    }
    // The command refuses it too, and creates no files.
    std::fs::write(server.folder().join("odd"), export.replacen("\"room\"", "\"den\"", 1)).unwrap();
    let refused = elsewhere(&server, "sqlite://new.db", &["import", "odd"]).await.error();
    assert!(refused.contains("odd cannot be imported: line 3"), "{refused}");
    assert!(!server.folder().join("new.db").exists());
    assert!(!server.folder().join("new.db.partial").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_or_a_cut_of_an_sqlite_backup_is_found() {
    let server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    ann.joins(room).await.says(room, "a needle in a haystack", "c-1").await;
    store(&whole_url(&server), room, ann.user_id, 500, Timestamp(0)).await;
    run(&server, &["backup", "backup"]).await.ok();
    let file = server.folder().join("backup");
    let backup = std::fs::read(&file).unwrap();
    let needle = |text: &str| {
        let found = backup.windows(text.len()).position(|window| window == text.as_bytes());
        found.unwrap_or_else(|| panic!("{text} is in the backup"))
    };
    // A letter of a message, of a password hash, of the backup's description; and a page outside every table.
    let odd = [needle("a needle"), needle("$2b$"), needle("chatapp-backup"), 5 * 4096];
    for (index, place) in odd.into_iter().enumerate() {
        let mut flipped = backup.clone();
        flipped[place] ^= 4;
        std::fs::write(&file, flipped).unwrap();
        let refused = run(&server, &["backup", "verify", "backup"]).await.error();
        assert!(refused.contains("is not a usable backup"), "{index}: {refused}");
        let elsewhere = ["restore", "backup"];
        let refused = run(&server, &elsewhere).await.error();
        assert!(refused.contains("is not a usable backup"), "{index}: {refused}");
    }
    for length in [0, 10, 4096, backup.len() / 2, backup.len() - 1] {
        std::fs::write(&file, &backup[..length]).unwrap();
        let refused = run(&server, &["backup", "verify", "backup"]).await.error();
        assert!(refused.contains("is not a usable backup"), "{length}: {refused}");
    }
    std::fs::write(&file, &backup).unwrap();
    run(&server, &["backup", "verify", "backup"]).await.ok();
    // A server refuses to serve the backup, and the attempt does not change the file.
    let served = ["serve", "--bind", "127.0.0.1:0"];
    let refused = elsewhere(&server, "sqlite://backup", &served).await.error();
    assert!(refused.contains("this is a backup"), "{refused}");
    assert!(std::fs::read(&file).unwrap() == backup, "the backup was changed");
    // A database that is not a backup gets another error.
    let refused = run(&server, &["backup", "verify", "chatapp.db"]).await.error();
    assert!(refused.contains("a database, not a backup"), "{refused}");
    // Only the owner may read the backup.
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}
