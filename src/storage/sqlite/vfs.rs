//! The VFS of the connections that write: a shim over SQLite's own VFS
//! (<https://sqlite.org/vfs.html#vfs_shims>) that changes two behaviours. This is the project's only
//! unsafe code. Its gain: the first change reduces CPU from 13.2 to 11.0 µs a message (`chatapp bench
//! ingest`, medians of six pairs), the second reduces p99.9 of deliveries during a checkpoint of 280 MiB
//! from 26 to 6 ms (medians of three pairs).
//!
//! *Writes to the WAL are gathered*, and written when the WAL is synced. SQLite writes each page with two
//! system calls, one of them for the 24 bytes of the frame's header: 180 calls for a batch of 112
//! messages to 32 rooms. The shim makes three. Every commit is synced (synchronous=FULL), and until that
//! sync has succeeded the WAL's index does not count the new pages (`sqlite3WalFrames`), so no reader
//! looks for them in the file. The writer reads back pages of a transaction that does not fit its cache;
//! the shim writes the gathered bytes before that. If writing fails, the bytes are kept and written again
//! before any other operation on the file. Bytes that are left when the write lock is released belong to
//! a transaction that was rolled back. They are dropped, because another process may now write at their
//! place.
//!
//! *A checkpoint is synced in steps* instead of once at its end, because the sync of a commit waits for
//! everything that the disk has been given.

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

/// The version of the bundled SQLite that the shim was compared with. A new version fails a test. Before
/// you change this constant, compare `sqlite3.c` (crate `libsqlite3-sys`) of both versions, or run the
/// new version with `database.gather_writes` off until that is done. The shim relies on these facts:
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
///    Bytes that are still gathered at that moment belong to a transaction that was rolled back.
/// 5. Each connection has file objects of its own, and uses them on one thread at a time.
/// 6. `sqlite3_database_file_object` accepts the name that `xOpen` got for a log.
/// 7. The methods of the VFS "unix" do not compare `pMethods` with their own tables, and its `xOpen`
///    uses only `szOsFile` bytes of the file object.
/// 8. A checkpoint writes to the database by `xWrite`, and an additional sync does no harm.
#[cfg(test)]
const COMPARED: &str = "3.53.2";

/// The most bytes that are gathered. The system's VFS writes no more than this in one call
/// (`seekAndWriteFd`).
const GATHERED_BYTES: usize = 0x1_ffff;

/// The number of the write lock among the locks of the WAL
/// (<https://sqlite.org/walformat.html#wal_locks>).
const WRITE_LOCK: c_int = 0;

/// Bytes that a checkpoint copies between two syncs. A smaller step does not shorten the waiting of
/// commits further, but makes the checkpoint slower than the writer: the WAL would grow.
const STEP_BYTES: usize = 4 << 20;

/// Opens a connection that writes: through the shim, or through SQLite's own VFS if the setting
/// `database.gather_writes` is off. Connections of both kinds may use a file at the same time.
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

/// Registers the shim at the first call, and returns its name.
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
    // SAFETY: both VFS objects live for ever. The shim is a copy of the system's object. Of the system's
    // functions only `xOpen` reads more of a VFS object than the copied fields, and the shim calls it with
    // the system's object.
    unsafe {
        let Some(system) = sqlite3_vfs_find(ptr::null()).as_ref() else { return SQLITE_ERROR };
        let vfs = Box::leak(Box::new(*system));
        vfs.zName = NAME.as_ptr();
        vfs.szOsFile += size_of::<OpenFile>() as c_int;
        vfs.xOpen = Some(open);
        sqlite3_vfs_register(vfs, 0)
    }
}

/// The shim's state of an open file, in memory behind the system's part of the file object.
///
/// The system's part has the address of the table of methods. That table is the first field here, so the
/// same address leads the methods to this state.
#[repr(C)]
struct OpenFile {
    methods: sqlite3_io_methods,
    system_methods: *const sqlite3_io_methods,
    file: *mut sqlite3_file,
    /// For a database its WAL, and for a WAL its database, if that is open.
    other: *mut sqlite3_file,
    /// For a WAL: the bytes that are not written yet, and their position in the file.
    gathered: Vec<u8>,
    offset: i64,
    /// For a database: bytes written since the last sync.
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
    /// `file` was opened by [`open`] and has the shim's methods, and no other reference to its state is
    /// in use.
    unsafe fn of<'a>(file: *mut sqlite3_file) -> &'a mut Self {
        unsafe { &mut *(*file).pMethods.cast_mut().cast() }
    }

    /// Keeps `data` for later. First writes the gathered bytes if `data` does not continue them, or if
    /// they would become too many.
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
    // SAFETY: `file` is memory for the system's part and for the `OpenFile` that `register` has added to
    // its size, both with the alignment of pointers.
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

// SAFETY of the functions below: SQLite calls them with a file that `open` has opened, one call at a
// time, and as <https://sqlite.org/c3ref/io_methods.html> documents.

/// Drops the gathered bytes: they were never committed.
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
