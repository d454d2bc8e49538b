//! Databases have the same contents with the shim and with the system's VFS.

use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::ffi::{SQLITE_FCNTL_VFS_POINTER, sqlite3_file as File, sqlite3_file_control};

use super::super::checkpoint;
use super::super::open::open_writer;
use super::*;
use crate::storage::OpenOptions;

#[test]
fn the_bundled_sqlite_is_the_one_that_the_shim_was_compared_with() {
    let found = rusqlite::version();
    assert_eq!(found, COMPARED, "see the comment of COMPARED in src/storage/sqlite/vfs.rs");
}

/// The name of the VFS through which a connection uses its database.
fn vfs_of(db: &Connection) -> String {
    let mut vfs: *mut sqlite3_vfs = ptr::null_mut();
    // SAFETY: the connection is open, and SQLite stores a pointer to a VFS that lives for ever.
    unsafe {
        let operation = SQLITE_FCNTL_VFS_POINTER;
        let to = (&raw mut vfs).cast();
        assert_eq!(sqlite3_file_control(db.handle(), c"main".as_ptr(), operation, to), SQLITE_OK);
        CStr::from_ptr((*vfs).zName).to_str().unwrap().to_owned()
    }
}

#[test]
fn the_shim_is_used_unless_the_setting_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    for (gather_writes, name) in [(true, "chatapp"), (false, "unix")] {
        let options = OpenOptions { create: true, gather_writes, ..OpenOptions::default() };
        let writer = open_writer(&path, &options).unwrap();
        let checkpointer = checkpoint::open(&path, &options).unwrap();
        assert_eq!([vfs_of(&writer), vfs_of(&checkpointer)], [name, name]);
    }
}

/// Uses a small cache, so that SQLite reads pages back that it has just written.
const CHANGES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA cache_size = 10;
    CREATE TABLE numbers (n INTEGER PRIMARY KEY, digits TEXT);
    BEGIN;
    WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT 4000)
    INSERT INTO numbers SELECT n * 1999 % 4001, printf('%0200d', n) FROM counted;
    UPDATE numbers SET digits = printf('%0400d', n) WHERE n % 3 = 0;
";

fn open(path: &Path, vfs: &CStr) -> Connection {
    Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap()
}

fn contents(db: &Connection) -> Vec<(i64, String)> {
    let mut rows = db.prepare("SELECT n, digits FROM numbers ORDER BY n").unwrap();
    rows.query_map([], |row| row.try_into()).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_transaction_that_does_not_fit_the_cache_is_stored_as_by_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let [ours, plain] = ["ours.db", "plain.db"].map(|name| folder.path().join(name));
    let expected = open(&plain, c"unix");
    expected.execute_batch(CHANGES).unwrap();
    let db = open(&ours, name().unwrap());
    db.execute_batch(CHANGES).unwrap();
    assert_eq!(contents(&db), contents(&expected));
    let reader = open(&ours, c"unix");
    assert_eq!(contents(&reader), []);

    db.execute_batch("COMMIT").unwrap();
    assert_eq!(contents(&reader), contents(&expected));
    db.execute_batch("BEGIN; DELETE FROM numbers; ROLLBACK").unwrap();
    assert_eq!(contents(&db), contents(&expected));
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!(contents(&reader), contents(&expected));
    check(&reader);
}

/// A late write would overwrite what the other connection has committed at the same place.
#[test]
fn rolled_back_pages_are_not_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let db = open(&path, name().unwrap());
    db.execute_batch(CHANGES).unwrap();
    db.execute_batch("COMMIT").unwrap();
    let other = open(&path, c"unix");
    for last in 1..=50 {
        // The next read then finds everything in the database and does not read the WAL.
        other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        db.execute_batch("BEGIN; UPDATE numbers SET digits = 'gone' WHERE n < 250").unwrap();
        db.execute_batch("ROLLBACK").unwrap();
        other.execute("UPDATE numbers SET digits = 'other' WHERE n <= ?1", [last]).unwrap();
        other.execute("UPDATE numbers SET digits = 'far' WHERE n > 4000 - ?1", [last]).unwrap();
        db.execute("UPDATE numbers SET digits = 'ours' WHERE n = 1000 + ?1", [last]).unwrap();
    }
    let count = |digits: &str| {
        let sql = "SELECT count(*) FROM numbers WHERE digits = ?1";
        open(&path, c"unix").query_row(sql, [digits], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(["gone", "other", "far", "ours"].map(count), [0, 50, 50, 50]);
    check(&open(&path, c"unix"));
}

#[test]
fn a_checkpoint_is_synced_in_steps() {
    static SYNCS: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C" fn write(_: *mut File, _: *const c_void, _: c_int, _: i64) -> c_int {
        SQLITE_OK
    }
    unsafe extern "C" fn sync(_: *mut File, _: c_int) -> c_int {
        SYNCS.fetch_add(1, Ordering::Relaxed);
        SQLITE_OK
    }
    // SAFETY: every method is optional, so a null is valid for each.
    let missing = unsafe { std::mem::zeroed::<sqlite3_io_methods>() };
    let methods = sqlite3_io_methods { xWrite: Some(write), xSync: Some(sync), ..missing };
    let mut file = File { pMethods: ptr::null() };
    let mut open_file = OpenFile {
        methods,
        system_methods: &raw const methods,
        file: &raw mut file,
        other: ptr::null_mut(),
        gathered: Vec::new(),
        offset: 0,
        unsynced: 0,
    };
    file.pMethods = (&raw mut open_file).cast_const().cast();
    let page = [0_u8; 4096];
    for written in 1..=3 * STEP_BYTES / page.len() {
        let data = page.as_ptr().cast();
        // SAFETY: the file is open and used here only.
        let code = unsafe { write_to_database(&raw mut file, data, 4096, 0) };
        assert_eq!(code, SQLITE_OK);
        let syncs = SYNCS.load(Ordering::Relaxed) as usize;
        assert_eq!(syncs, written * page.len() / STEP_BYTES);
    }
}

fn check(db: &Connection) {
    let check = "PRAGMA integrity_check";
    assert_eq!(db.query_row(check, [], |row| row.get::<_, String>(0)).unwrap(), "ok");
}
