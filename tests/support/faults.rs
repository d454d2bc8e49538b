//! Makes a server's file operations fail and its clock jump: compiles `faults.c` and loads it into the
//! server's process.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::DEADLINE;
use super::server::ServerBuilder;

/// An operation that a test can make fail. The numbers are indexes into `fault` of `struct control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Write = 0,
    Sync = 1,
    Read = 2,
    /// Opening a file for writing.
    Open = 3,
}

/// The files on which the operation fails. `Log` is SQLite's write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Everywhere = 0,
    Log = 1,
    NotLog = 2,
}

pub const EIO: i32 = 5;
pub const ENOSPC: i32 = 28;
pub const EROFS: i32 = 30;

/// Controls the faults of one server from the test's process.
pub struct Faults {
    folder: TempDir,
    control: File,
}

impl Faults {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("control");
        let control = File::options().read(true).write(true).create_new(true).open(&path);
        let control = control.expect("a file can be made");
        control.set_len(4096).expect("a file can grow");
        Self { folder, control }
    }

    /// Loads `faults.c` into the server, also after each restart. Nothing fails yet.
    pub fn load(&self, server: ServerBuilder) -> ServerBuilder {
        server
            .env("LD_PRELOAD", library().to_str().expect("UTF-8"))
            .env("FAULTS_CONTROL", self.folder.path().join("control").to_str().expect("UTF-8"))
    }

    /// Like [`Faults::load`]; in addition, every change of the server's files is recorded in the journal.
    pub fn record(&self, server: ServerBuilder) -> ServerBuilder {
        self.load(server).env("FAULTS_JOURNAL", self.journal().to_str().expect("UTF-8"))
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    /// Returns the present length of the journal; 0 if there is no journal.
    pub fn mark(&self) -> u64 {
        fs::metadata(self.journal()).map_or(0, |journal| journal.len())
    }

    /// From now on the operation fails with this error: `times` times or, with `None`, until
    /// [`Faults::heal`].
    pub fn fail(&self, fault: Fault, place: Where, error: i32, times: Option<i32>) {
        let at = fault as u64 * 16;
        self.put(at + 12, place as i32);
        self.put(at + 4, times.unwrap_or(-1));
        self.put(at, error);
    }

    pub fn heal(&self) {
        for fault in [Fault::Write, Fault::Sync, Fault::Read, Fault::Open] {
            self.put(fault as u64 * 16, 0);
        }
    }

    /// Makes the operation fail once, and waits until it has failed.
    pub async fn fail_once(&self, fault: Fault, place: Where, error: i32) {
        let before = self.hits(fault);
        self.fail(fault, place, error, Some(1));
        let hit = async {
            while self.hits(fault) == before {
                // Polled, because the control is a file.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(DEADLINE, hit).await.expect("the server runs the operation that must fail");
    }

    /// Returns how often this fault has occurred in the server.
    pub fn hits(&self, fault: Fault) -> i32 {
        let mut bytes = [0; 4];
        self.control.read_exact_at(&mut bytes, fault as u64 * 16 + 8).expect("control is read");
        i32::from_ne_bytes(bytes)
    }

    /// From now on every sync reports success and does nothing.
    pub fn lose_syncs(&self) {
        self.put(64, 1);
    }

    /// Sets the server's wall clock this many milliseconds ahead of the machine's.
    pub fn shift_clock(&self, ms: i64) {
        self.control.write_all_at(&ms.to_ne_bytes(), 72).expect("control is written");
    }

    fn put(&self, at: u64, value: i32) {
        self.control.write_all_at(&value.to_ne_bytes(), at).expect("control is written");
    }
}

/// Compiles the library once per process. A rename puts it in place, as tests run in several processes.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/faults.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let new = folder.join(format!("faults-{}.so", std::process::id()));
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&new, &source])
            .arg("-ldl")
            .output()
            .expect("`cc` can be run (SQLite is compiled with it too): install a C compiler");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "faults.c does not compile:\n{said}");
        let library = folder.join("faults.so");
        fs::rename(new, &library).expect("the target folder can be written");
        library
    })
}
