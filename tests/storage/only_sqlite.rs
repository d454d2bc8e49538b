//! Tests that need SQLite.

use std::fs;

use chatapp::storage::{self, Error, OpenOptions};

use crate::harness::{self, message, room, user};

const CREATE: OpenOptions =
    OpenOptions { read_connections: 1, busy_timeout_ms: 1_000, create: true, gather_writes: true };
const DO_NOT_CREATE: OpenOptions = OpenOptions { create: false, ..CREATE };

fn refusal(url: &str, options: OpenOptions) -> String {
    match storage::open(url, options) {
        Err(Error::BadUrl(text)) => text,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("{url} was opened"),
    }
}

#[test]
fn a_missing_file_is_created_only_if_the_option_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat.db");
    let url = format!("sqlite://{}", file.display());
    let text = refusal(&url, DO_NOT_CREATE);
    assert!(text.contains("no database at") && text.contains("chat.db"), "{text}");
    assert!(text.contains("chatapp migrate"), "{text}");
    assert!(!file.exists());
    storage::open(&url, CREATE).unwrap();
    assert!(file.exists());
    storage::open(&url, DO_NOT_CREATE).unwrap();
}

#[test]
fn a_file_that_is_not_a_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let text = refusal(&format!("sqlite://{path}/missing/chat.db"), CREATE);
    assert!(text.contains("no folder") && text.contains("missing"), "{text}");
    let text = refusal(&format!("sqlite://{path}"), CREATE);
    assert!(text.contains("is a folder"), "{text}");
    fs::write(folder.path().join("notes.txt"), "this is no database\n".repeat(100)).unwrap();
    let text = refusal(&format!("sqlite://{path}/notes.txt"), CREATE);
    assert!(text.contains("notes.txt is not an SQLite database"), "{text}");
}

#[test]
fn the_file_is_in_wal_mode() {
    let database = harness::sqlite();
    let backend = database.backend();
    let harness::Raw::Sqlite(raw) = database.raw() else { panic!("not SQLite") };
    let mode: String = raw.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    drop(backend);
}

/// Freeing much space at once would delay a commit.
#[test]
fn a_long_wal_file_is_shortened_in_steps() {
    const MIB: u64 = 1 << 20;
    let database = harness::sqlite();
    let backend = database.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let text = "x".repeat(4_000);
    let append = || {
        let batch = (0..500).map(|_| message(&room, &ann, &text)).collect();
        assert!(backend.append_messages(batch).unwrap().iter().all(Result::is_ok));
        backend.get_status().unwrap().wal_bytes.unwrap()
    };
    let mut reader = database.raw();
    reader.execute("BEGIN; SELECT count(*) FROM server");
    let mut bytes = 0;
    while bytes < 80 * MIB {
        bytes = append();
    }
    reader.execute("COMMIT");
    // The file is shortened by one step each time that the WAL starts again, after 16 MiB.
    let mut longest = bytes;
    for _ in 0..500 {
        let next = append();
        assert!(next + 8 * MIB >= bytes, "{bytes} bytes became {next}");
        bytes = next;
        longest = longest.max(bytes);
        if bytes + 12 * MIB <= longest {
            return;
        }
    }
    panic!("of {longest} bytes the log still has {bytes}");
}
