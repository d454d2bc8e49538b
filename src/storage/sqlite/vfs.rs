//! How the connections that write use their files: SQLite's own VFS, but for two methods (a shim,
//! <https://sqlite.org/vfs.html#vfs_shims>). What that is worth is the reason for the only unsafe code of
//! ours: 13.2 → 11.0 µs of CPU a message for the first (`chatapp bench ingest`, medians of six pairs),
//! and p99.9 of deliveries while 280 MiB are copied 26 → 6 ms for the second (of three).
//!
//! *What is appended to the log is gathered*, and written when the log is synced. SQLite writes a page
//! with two calls of the system, one of them for the 24 bytes that precede it: 180 calls for a batch of
//! 112 messages to 32 rooms, where this makes three. Every commit is synced (synchronous=FULL), and
//! until that has succeeded the index of the log does not count its pages (`sqlite3WalFrames`), so
//! nobody looks for them in the file. The writer itself does, for those of a transaction that does
//! not fit its cache: they are written first. What could not be written is kept, and tried again
//! before anything else is done to the file. What is left when the write lock is given back was rolled
//! back: it goes, for another process may write in its place now.
//!
//! *What is copied into the database is synced step by step*, and not only at the end: a commit's own sync
//! waits for all that the disk has been given.

#![expect(unsafe_code, reason = "SQLite calls a VFS by pointers")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::sync::OnceLock;
use std::{ptr, slice};

use rusqlite::ffi::{
    Error, SQLITE_ERROR, SQLITE_IOERR, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL,
    SQLITE_SHM_EXCLUSIVE, SQLITE_SHM_UNLOCK, SQLITE_SYNC_NORMAL, sqlite3_database_file_object,
    sqlite3_file, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};
use rusqlite::{Connection, OpenFlags};

const NAME: &CStr = c"chatapp";

/// The bundled SQLite that the shim was compared with. A new version fails a test. Before
/// you change this constant, compare `sqlite3.c` (crate `libsqlite3-sys`) of both versions, or run
/// the new one with `database.gather_writes` off until somebody has. The shim relies on this:
///
/// 1. `walFrames` writes the header and the frames of the log by `sqlite3OsWrite` on `pWalFd` alone,
///    and with synchronous=FULL calls `sqlite3OsSync` on `pWalFd` after the last frame of a commit
///    and before `walIndexWriteHdr`: no reader uses a frame that is still gathered.
/// 2. The log is read back by `sqlite3OsRead` on `pWalFd` alone (`sqlite3WalReadFrame`,
///    `walRewriteChecksums`, checkpoint, recovery). It is never mapped: `xFetch` is only used for
///    the database.
/// 3. Its length is used only through `xFileSize` and `xTruncate`; no `xFileControl` writes to it.
/// 4. The write lock is lock 0 of the index (`WAL_WRITE_LOCK`) and is given back by
///    `xShmLock(db, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)` on the file of the database.
///    What is gathered at that moment belongs to a transaction that was rolled back.
/// 5. Each connection has file objects of its own, and uses them on one thread at a time.
/// 6. `sqlite3_database_file_object` accepts the name that `xOpen` got for a log.
/// 7. The methods of the VFS "unix" do not compare `pMethods` with their own tables, and its `xOpen`
///    uses only `szOsFile` bytes of the file object.
/// 8. A checkpoint writes to the database by `xWrite`; a sync more than it asks for does no harm.
#[cfg(test)]
const COMPARED: &str = "3.53.2";

/// What is gathered at most: of more, the system's VFS writes only a part at once (`seekAndWriteFd`).
const GATHERED_BYTES: usize = 0x1_ffff;

/// The write lock's place among those of the log (<https://sqlite.org/walformat.html#wal_locks>).
const WRITE_LOCK: c_int = 0;

/// What is copied into the database between two syncs. Less would not disturb less, but fall behind a
/// writer who syncs as often: the log would grow.
const STEP_BYTES: usize = 4 << 20;

/// Opens a connection that writes: through the shim, or with the setting `database.gather_writes` off
/// through SQLite's own VFS. Connections of both kinds may use a file at the same time.
pub(super) fn connect(
    path: &Path,
    flags: OpenFlags,
    gather_writes: bool,
) -> rusqlite::Result<Connection> {
    if gather_writes {
        Connection::open_with_flags_and_vfs(path, flags, name()?)
    } else {
        Connection::open_with_flags(path, flags)
    }
}

/// The name by which to open a connection.
///
/// # Errors
/// If SQLite has no VFS of the system, or no memory.
fn name() -> rusqlite::Result<&'static CStr> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    match *REGISTERED.get_or_init(register) {
        SQLITE_OK => Ok(NAME),
        code => Err(rusqlite::Error::SqliteFailure(Error::new(code), None)),
    }
}

fn register() -> c_int {
    // SAFETY: both live for ever. This one is a copy of the system's, of whose functions none but
    // `xOpen` looks at more of a VFS than what is copied.
    unsafe {
        let Some(system) = sqlite3_vfs_find(ptr::null()).as_ref() else { return SQLITE_ERROR };
        let vfs = Box::leak(Box::new(*system));
        vfs.zName = NAME.as_ptr();
        vfs.szOsFile += size_of::<OpenFile>() as c_int;
        vfs.xOpen = Some(open);
        sqlite3_vfs_register(vfs, 0)
    }
}

/// What is kept of an open file, behind the system's own part of it.
///
/// SQLite looks in the system's part for the address of the methods. It is the address of this, by
/// which the methods find it.
#[repr(C)]
struct OpenFile {
    methods: sqlite3_io_methods,
    system_methods: *const sqlite3_io_methods,
    file: *mut sqlite3_file,
    /// Of a database its log and of a log its database, if that is open.
    other: *mut sqlite3_file,
    /// Of the log: what is not written yet, and where it belongs.
    gathered: Vec<u8>,
    offset: i64,
    /// Of the database: bytes since the last step.
    unsynced: usize,
}

/// Calls the system's method.
macro_rules! system {
    ($open:expr, $method:ident $(, $argument:expr)*) => {
        // SAFETY: the methods live as long as SQLite, and the file is open.
        match unsafe { (*$open.system_methods).$method } {
            Some(method) => unsafe { method($open.file $(, $argument)*) },
            None => SQLITE_IOERR,
        }
    };
}

impl OpenFile {
    /// # Safety
    /// `file` was opened by [`open`] and given methods, and nobody else uses it now.
    unsafe fn of<'a>(file: *mut sqlite3_file) -> &'a mut Self {
        unsafe { &mut *(*file).pMethods.cast_mut().cast() }
    }

    /// Keeps it for later. Writes what was gathered first if this does not continue it, or if it
    /// would be too much.
    fn gather(&mut self, data: &[u8], offset: i64) -> c_int {
        let continues = offset == self.offset + self.gathered.len() as i64;
        if !continues || self.gathered.len() + data.len() > GATHERED_BYTES {
            let code = self.write_gathered();
            if code != SQLITE_OK {
                return code;
            }
            self.offset = offset;
        }
        self.gathered.extend_from_slice(data);
        SQLITE_OK
    }

    fn write_gathered(&mut self) -> c_int {
        if self.gathered.is_empty() {
            return SQLITE_OK;
        }
        let (data, length) = (self.gathered.as_ptr().cast(), self.gathered.len() as c_int);
        let code = system!(self, xWrite, data, length, self.offset);
        if code == SQLITE_OK {
            self.gathered.clear();
        }
        code
    }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: `file` is memory for the system's part and what `register` has added, both with the
    // alignment of pointers.
    unsafe {
        let vfs = sqlite3_vfs_find(ptr::null());
        let Some(open) = vfs.as_ref().and_then(|vfs| vfs.xOpen) else { return SQLITE_ERROR };
        let code = open(vfs, name, file, flags, flags_out);
        if code != SQLITE_OK || flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB) == 0 {
            return code;
        }
        let system_methods = (*file).pMethods;
        let methods = sqlite3_io_methods { xClose: Some(close), ..*system_methods };
        let methods = if flags & SQLITE_OPEN_WAL == 0 {
            sqlite3_io_methods {
                xWrite: Some(write_to_database),
                xShmLock: Some(lock_index),
                ..methods
            }
        } else {
            sqlite3_io_methods {
                xRead: Some(read_log),
                xWrite: Some(write_to_log),
                xTruncate: Some(truncate_log),
                xSync: Some(sync_log),
                xFileSize: Some(log_size),
                ..methods
            }
        };
        let open_file = file.byte_add((*vfs).szOsFile as usize).cast::<OpenFile>();
        let mut other = ptr::null_mut();
        if flags & SQLITE_OPEN_WAL != 0 {
            other = sqlite3_database_file_object(name);
            OpenFile::of(other).other = file;
        }
        open_file.write(OpenFile {
            methods,
            system_methods,
            file,
            other,
            gathered: Vec::new(),
            offset: 0,
            unsynced: 0,
        });
        (*file).pMethods = open_file.cast();
        SQLITE_OK
    }
}

// SAFETY of what follows: SQLite calls them with a file that `open` has opened, one at a time, and as
// <https://sqlite.org/c3ref/io_methods.html> says.

/// What is gathered still was never committed.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let open_file = unsafe { ptr::read(OpenFile::of(file)) };
    if !open_file.other.is_null() {
        unsafe { OpenFile::of(open_file.other).other = ptr::null_mut() };
    }
    system!(open_file, xClose)
}

unsafe extern "C" fn write_to_database(
    file: *mut sqlite3_file,
    data: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let open_file = unsafe { OpenFile::of(file) };
    let code = system!(open_file, xWrite, data, length, offset);
    open_file.unsynced += length as usize;
    if code != SQLITE_OK || open_file.unsynced < STEP_BYTES {
        return code;
    }
    open_file.unsynced = 0;
    system!(open_file, xSync, SQLITE_SYNC_NORMAL)
}

unsafe extern "C" fn lock_index(
    file: *mut sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let open_file = unsafe { OpenFile::of(file) };
    let is_end = first == WRITE_LOCK && flags == SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE;
    if is_end && !open_file.other.is_null() {
        unsafe { OpenFile::of(open_file.other).gathered.clear() };
    }
    system!(open_file, xShmLock, first, count, flags)
}

unsafe extern "C" fn write_to_log(
    file: *mut sqlite3_file,
    data: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    unsafe {
        let data = slice::from_raw_parts(data.cast(), length as usize);
        OpenFile::of(file).gather(data, offset)
    }
}

macro_rules! after_writing {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let open_file = unsafe { OpenFile::of($file) };
        match open_file.write_gathered() {
            SQLITE_OK => system!(open_file, $method $(, $argument)*),
            code => code,
        }
    }};
}

unsafe extern "C" fn sync_log(file: *mut sqlite3_file, flags: c_int) -> c_int {
    after_writing!(file, xSync, flags)
}

unsafe extern "C" fn read_log(
    file: *mut sqlite3_file,
    to: *mut c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    after_writing!(file, xRead, to, length, offset)
}

unsafe extern "C" fn truncate_log(file: *mut sqlite3_file, length: i64) -> c_int {
    after_writing!(file, xTruncate, length)
}

unsafe extern "C" fn log_size(file: *mut sqlite3_file, length: *mut i64) -> c_int {
    after_writing!(file, xFileSize, length)
}

#[cfg(test)]
mod tests;
