//! Power cuts on SQLite: acknowledged and delivered changes are still there afterwards.
//!
//! A server works, and the changes to its files are recorded in a journal. Then the power is cut at many
//! positions of the journal. Each cut chooses at random which of the unsynced changes are on the disk
//! (`disk.rs`), and the database is opened again.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::disk::{Disk, Journal, Random};
use super::load::{Log, Promise, Row, check, shown, talk};
use super::times;
use crate::support::faults::Faults;
use crate::support::{Client, Database, Server};

const SEED: u64 = 1;

/// The journal of a server, and the promises that it has made.
pub struct Recording {
    journal: Journal,
    promises: Vec<Promise>,
    rooms: Vec<i64>,
    token: String,
}

pub async fn start(faults: &Faults) -> (Server, Client, Vec<i64>) {
    let server = faults.record(Server::with(Database::Sqlite)).start().await;
    let ann = server.admin("ann").await;
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        rooms.push(ann.creates_room(name).await);
    }
    (server, ann, rooms)
}

pub fn stop(
    mut server: Server,
    faults: &Faults,
    promises: Vec<Promise>,
    ann: &Client,
) -> Recording {
    server.kill9();
    let mut rooms: Vec<i64> = promises.iter().map(|promise| promise.room).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let journal = Journal::read(&faults.journal());
    Recording { journal, promises, rooms, token: ann.token.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_changes_survive_a_power_cut_at_any_moment() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    let mut promises = talk(&ann, &rooms, &faults, "first", 20, 300).await;
    // A graceful stop copies the write-ahead log into the database and deletes it. After the kill below, the
    // next process finds a log and has to recover it.
    assert!(server.sigterm().await.success());
    server.restart().await;
    promises.extend(talk(&ann, &rooms, &faults, "second", 20, 300).await);
    server.kill9();
    server.restart().await;
    // These are enough messages for checkpoints while messages are stored, after which the log starts again at
    // its beginning.
    promises.extend(talk(&ann, &rooms, &faults, "third", 300, 4_000).await);
    let recording = stop(server, &faults, promises, &ann);

    let begun = recording.journal.beginnings("chatapp.db-wal");
    assert!(begun >= 3, "the log started {begun} times: send more messages");
    let writes = recording.journal.writes("chatapp.db-wal");
    assert!(!writes.contains(&24), "the header of a frame was written without its page");

    let cuts = times(200, 5_000);
    let failures = cut_often(&recording, cuts, |_, result| result.is_err());
    assert!(failures.is_empty(), "{} of {cuts} cuts: {:?}", failures.len(), failures.first());
    start_after_cuts(&recording, times(2, 20)).await;
}

/// The control experiment: it shows that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_a_power_cut_loses_acknowledged_changes() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    assert!(server.sigterm().await.success());
    faults.lose_syncs();
    server.restart().await;
    let promises = talk(&ann, &rooms, &faults, "lost", 20, 300).await;
    let recording = stop(server, &faults, promises, &ann);
    let lost = cut_often(&recording, 50, |_, result| {
        result.as_ref().is_err_and(|error| error.contains("was promised"))
    });
    assert!(lost.len() >= 25, "only {} of 50 cuts lost something", lost.len());
}

/// Cuts the power at random positions of the journal, in ascending order. Returns a description of each cut for
/// which `selects` is true.
pub fn cut_often(
    recording: &Recording,
    cuts: usize,
    selects: impl Fn(usize, &Result<(), String>) -> bool,
) -> Vec<String> {
    let mut selected = Vec::new();
    for_each_cut(recording, cuts, |cut, at, folder| {
        let result = open(folder, &recording.rooms).and_then(|log| {
            let promises = recording.promises.iter().filter(|promise| promise.mark <= at as u64);
            check(&log, promises)
        });
        if selects(cut, &result) {
            selected.push(format!("cut {cut} at {at} (seed {SEED}): {result:?}"));
        }
    });
    selected
}

fn for_each_cut(recording: &Recording, cuts: usize, mut run: impl FnMut(usize, usize, &Path)) {
    let journal = &recording.journal;
    let first = recording.promises.iter().map(|promise| promise.mark).min().expect("a promise");
    let ends: Vec<usize> = journal.ends().into_iter().filter(|&end| end as u64 >= first).collect();
    let mut random = Random(SEED);
    let mut moments: Vec<usize> = (0..cuts).map(|_| ends[random.below(ends.len())]).collect();
    moments.sort_unstable();
    let mut disk = Disk::default();
    for (cut, at) in moments.into_iter().enumerate() {
        disk.advance(journal, at, &mut random);
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.expect("a temporary folder");
        disk.cut(journal, folder.path(), &mut random);
        run(cut, at, folder.path());
    }
}

/// Opens the database with SQLite, checks its integrity, and reads the logs of the rooms.
fn open(folder: &Path, rooms: &[i64]) -> Result<Log, String> {
    let read = || -> rusqlite::Result<(String, Log)> {
        let db = Connection::open(folder.join("chatapp.db"))?;
        let health = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let mut statement = db.prepare(
            "SELECT seq, id, kind, target_id, client_id, content, deleted_at IS NOT NULL
             FROM events WHERE room_id = ?1 ORDER BY seq",
        )?;
        let mut log = Log::new();
        for &room in rooms {
            let rows = statement.query_map([room], |row| {
                Ok(Row {
                    seq: row.get(0)?,
                    id: row.get(1)?,
                    kind: row.get(2)?,
                    about: row.get(3)?,
                    client_id: row.get(4)?,
                    content: row.get(5)?,
                    is_deleted: row.get(6)?,
                })
            })?;
            log.insert(room, rows.collect::<rusqlite::Result<_>>()?);
        }
        Ok((health, log))
    };
    match read() {
        Ok((health, log)) if health == "ok" => Ok(log),
        Ok((health, _)) => Err(format!("integrity_check: {health}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Cuts the power like [`cut_often`], but opens the database with the server.
async fn start_after_cuts(recording: &Recording, cuts: usize) {
    let mut folders = Vec::new();
    for_each_cut(recording, cuts, |_, at, folder| {
        let copy = tempfile::tempdir().expect("a temporary folder");
        copy_files(folder, copy.path());
        folders.push((at, copy));
    });
    let mut server = Server::start(Database::Sqlite).await;
    for (at, folder) in folders {
        server.kill9();
        for file in fs::read_dir(server.folder()).expect("a folder").flatten() {
            fs::remove_file(file.path()).expect("a file");
        }
        copy_files(folder.path(), server.folder());
        server.restart().await;
        let ann = server.anonymous().with_token(&recording.token);
        let log = shown(&ann, &recording.rooms).await;
        let promises = recording.promises.iter().filter(|promise| promise.mark <= at as u64);
        check(&log, promises)
            .unwrap_or_else(|error| panic!("a server after a cut at {at}: {error}"));
    }
}

fn copy_files(from: &Path, to: &Path) {
    for file in fs::read_dir(from).expect("a folder").flatten() {
        fs::copy(file.path(), to.join(file.file_name())).expect("a file can be copied");
    }
}
