//! The file of the database is deleted, moved or replaced while a server has it open.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Done, beside};
use crate::support::{Answer, Client, DEADLINE, Database, PASSWORD, Server};

struct Case {
    server: Server,
    ann: Client,
    room: i64,
    sent: i64,
}

impl Case {
    /// Starts a server and stores some messages.
    async fn new() -> Self {
        Self::of(Server::start(Database::Sqlite).await).await
    }

    async fn of(server: Server) -> Self {
        let ann = server.admin("ann").await;
        let room = ann.creates_room("general").await;
        let mut case = Self { server, ann, room, sent: 0 };
        for _ in 0..5 {
            case.sends().await.expect(201);
            case.sent += 1;
        }
        case
    }

    async fn sends(&self) -> Answer {
        let path = format!("/rooms/{}/messages", self.room);
        self.ann.post(&path, json!({ "content": "hello" })).await
    }

    /// Checks that the server refuses writes and reports that it is not ready, and that the stored messages
    /// can be read.
    async fn expect_refusal(&mut self) {
        self.sends().await.expect_problem(503, "unavailable");
        self.server.anonymous().get("/ready").await.expect_problem(503, "unavailable");
        self.server.anonymous().get("/health").await.expect(200);
        self.expect_history().await;
    }

    async fn expect_history(&self) {
        assert_eq!(self.ann.history(self.room).await.len() as i64, self.sent);
    }

    /// Checks that all stored messages are there, and that the server stores new ones.
    async fn expect_all(&mut self) {
        self.ann = self.server.anonymous().signs_in("ann", PASSWORD).await;
        self.server.anonymous().get("/ready").await.expect(200);
        self.expect_history().await;
        self.sends().await.expect(201);
        self.sent += 1;
        self.expect_history().await;
    }

    fn file(&self, name: &str) -> PathBuf {
        self.server.folder().join(name)
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.file(from), self.file(to)).unwrap();
    }

    async fn doctor(&self) -> String {
        Done::of(beside(&self.server, &["doctor"])).await.stdout
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_database_is_saved_and_works_again_when_it_is_renamed() {
    let mut case = Case::new().await;
    for name in ["chatapp.db", "chatapp.db-wal", "chatapp.db-shm"] {
        fs::remove_file(case.file(name)).unwrap();
    }
    case.expect_refusal().await;
    case.server.says("was deleted while it is open").await;
    let said = case.server.says("is saved as").await;
    assert!(case.doctor().await.contains("a server runs with these settings"));
    case.expect_refusal().await;

    // The operator follows the line in the log. The saved file is complete even if the server is killed.
    let saved = said.split_once("is saved as ").unwrap().1.split_once(':').unwrap().0;
    case.server.kill9();
    fs::rename(saved, case.file("chatapp.db")).unwrap();
    case.server.restart().await;
    case.expect_all().await;
    let report = case.doctor().await;
    assert!(!report.contains("PROBLEM"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_database_is_also_saved_when_the_server_stops() {
    let mut case = Case::new().await;
    fs::remove_file(case.file("chatapp.db")).unwrap();
    assert_eq!(case.server.sigterm().await.code(), Some(0));
    case.rename("chatapp.db.saved", "chatapp.db");
    case.server.restart().await;
    case.expect_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_creates_an_empty_database_beside_a_saved_one() {
    let mut case = Case::new().await;
    fs::remove_file(case.file("chatapp.db")).unwrap();
    assert_eq!(case.server.sigterm().await.code(), Some(0));
    let folder = case.server.folder().canonicalize().unwrap();
    let place = folder.join("chatapp.db").display().to_string();
    for (from, saved) in [(".saved", ".saved-12"), (".saved-12", ".saved")] {
        case.rename(&format!("chatapp.db{from}"), &format!("chatapp.db{saved}"));
        for command in ["serve", "migrate", "list-rooms", "doctor"] {
            let done = Done::of(beside(&case.server, &[command])).await;
            assert_eq!(done.code, 1, "{command}: {done:?}");
            let said = format!("{}{}", done.stdout, done.stderr);
            for part in [
                format!("but there is {place}{saved}, "),
                format!(": rename it to {place} to continue with it, or move it away"),
            ] {
                assert!(said.contains(&part), "{command}, {part}: {said}");
            }
            assert!(!case.file("chatapp.db").exists(), "{command}");
        }
    }
    case.rename("chatapp.db.saved", "chatapp.db");
    case.server.restart().await;
    case.expect_all().await;

    // If there is another database under the name already, the doctor mentions the saved one.
    fs::write(case.file("chatapp.db.saved"), "").unwrap();
    assert!(case.doctor().await.contains("was saved when the database was deleted"));
    fs::remove_file(case.file("chatapp.db.saved")).unwrap();

    // A saved file that was moved away, or has a name that no server chooses, does not stop a command.
    assert_eq!(case.server.sigterm().await.code(), Some(0));
    case.rename("chatapp.db", "chatapp.db.saved-copy");
    let done = Done::of(beside(&case.server, &["migrate"])).await;
    assert_eq!(done.code, 0, "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_database_works_again_when_it_is_moved_back() {
    let mut case = Case::new().await;
    case.rename("chatapp.db", "elsewhere.db");
    case.expect_refusal().await;
    case.server.says("was moved or replaced while it is open").await;
    case.expect_refusal().await;
    // The write-ahead log is still there without its database. If it were not emptied, SQLite would apply it to
    // the next database of that name.
    let begun = Instant::now();
    while fs::metadata(case.file("chatapp.db-wal")).unwrap().len() > 0 {
        assert!(begun.elapsed() < DEADLINE, "the log is not emptied");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    case.rename("elsewhere.db", "chatapp.db");
    case.server.says("in its place again").await;
    case.expect_all().await;
    assert!(!case.file("chatapp.db.saved").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_replaces_the_open_one_is_not_written_to() {
    let mut case = Case::new().await;
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_chatapp"));
    migrate.args(["migrate", "--database", "sqlite://new.db"]).current_dir(case.server.folder());
    assert_eq!(Done::of(migrate).await.code, 0);
    for suffix in ["", "-wal", "-shm"] {
        case.rename(&format!("chatapp.db{suffix}"), &format!("old.db{suffix}"));
    }
    case.rename("new.db", "chatapp.db");
    fs::write(case.file("chatapp.db-wal"), "of the new one").unwrap();
    let new = fs::read(case.file("chatapp.db")).unwrap();
    case.expect_refusal().await;
    case.server.says("was moved or replaced while it is open").await;
    assert_eq!(case.server.sigterm().await.code(), Some(0));
    assert!(fs::read(case.file("chatapp.db")).unwrap() == new, "the new file was written to");
    assert_eq!(fs::read(case.file("chatapp.db-wal")).unwrap(), b"of the new one");

    // The old database is complete.
    for suffix in ["", "-wal", "-shm"] {
        fs::rename(
            case.file(&format!("old.db{suffix}")),
            case.file(&format!("chatapp.db{suffix}")),
        )
        .unwrap();
    }
    case.server.restart().await;
    case.expect_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_lost_if_the_write_ahead_log_is_deleted() {
    for name in ["chatapp.db-wal", "chatapp.db-shm"] {
        let mut case = Case::new().await;
        fs::remove_file(case.file(name)).unwrap();
        case.expect_refusal().await;
        case.server.says("restart the server").await;
        assert_eq!(case.server.sigterm().await.code(), Some(0));
        case.server.restart().await;
        case.expect_all().await;
    }
}

/// The database cannot be saved as long as its folder is missing. Meanwhile the file can be read through
/// /proc. The server makes the last attempt when it stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_folder_was_deleted_is_saved_when_the_folder_exists_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let url = format!("sqlite://{}", data.join("chatapp.db").display());
    let mut case = Case::of(Server::with(Database::Sqlite).at(&url).start().await).await;
    fs::remove_dir_all(&data).unwrap();
    case.expect_refusal().await;
    case.server.says("cannot be saved beside").await;

    let files = fs::read_dir(format!("/proc/{}/fd", case.server.pid())).unwrap();
    let is_database = |file: &PathBuf| {
        fs::read_link(file).is_ok_and(|name| name.ends_with("data/chatapp.db (deleted)"))
    };
    let file = files.map(|file| file.unwrap().path()).find(is_database).unwrap();
    let copy = folder.path().join("copy.db");
    fs::copy(file, &copy).unwrap();
    let copy = rusqlite::Connection::open(copy).unwrap();
    let count = |sql| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM events"), case.sent);

    fs::create_dir(&data).unwrap();
    assert_eq!(case.server.sigterm().await.code(), Some(0));
    fs::rename(data.join("chatapp.db.saved"), data.join("chatapp.db")).unwrap();
    case.server.restart().await;
    case.expect_all().await;
}
