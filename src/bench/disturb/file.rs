//! What happens to an SQLite file beside the server, done from a second connection: it is kept
//! from being checkpointed and then let go, or backed up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OpenFlags};

use super::{Figures, LOOK, wait};

/// How often there is a backup.
const INTERVAL: Duration = Duration::from_secs(1);

/// A file whose log can only grow: a reader holds on to its beginning, so that no checkpoint may
/// move anything (<https://sqlite.org/wal.html#avoiding_excessively_large_wal_files>).
pub struct Pinned {
    path: PathBuf,
    reader: Connection,
}

impl Pinned {
    pub fn new(path: PathBuf) -> anyhow::Result<Self> {
        let reader = open(&path)?;
        begin_reading(&reader)?;
        Ok(Self { path, reader })
    }

    /// Lets go: the server's next commit checkpoints all that has gathered, later ones what comes.
    pub fn release(self, is_over: &AtomicBool) -> anyhow::Result<Figures> {
        let mut log = self.path.into_os_string();
        log.push("-wal");
        let bytes = fs::metadata(log).context("there is no log to be checkpointed")?.len();
        self.reader.execute_batch("COMMIT")?;
        drop(self.reader);
        wait(is_over);
        Ok(vec![("log_at_checkpoint", bytes as f64 / f64::from(1 << 20), "MiB")])
    }
}

/// `chatapp backup` every second, each into a file of its own. They are thrown away together at the
/// end: what a file system does to give back a deleted file is no part of a backup.
pub fn back_up_every_second(path: &Path, is_over: &AtomicBool) -> anyhow::Result<Figures> {
    let program = std::env::current_exe().context("this program has no file")?;
    let database = format!("sqlite://{}", std::path::absolute(path)?.display());
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (mut backups, mut bytes, mut copying) = (0_u32, 0, Duration::ZERO);
    let mut next_at = Instant::now();
    while backups == 0 || !is_over.load(Ordering::Relaxed) {
        if Instant::now() < next_at {
            thread::sleep(LOOK);
            continue;
        }
        next_at += INTERVAL;
        let started_at = Instant::now();
        let name = format!("backup-{backups}.db");
        // In an empty folder: the settings of the one this runs in are not for it.
        let done = Command::new(&program)
            .args(["backup", &name, "--database", &database])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .context("cannot run this program again")?;
        ensure!(
            done.status.success(),
            "the backup failed: {}",
            String::from_utf8_lossy(&done.stderr).trim_end()
        );
        bytes = fs::metadata(folder.path().join(&name))?.len();
        copying += started_at.elapsed();
        backups += 1;
    }
    Ok(vec![
        ("backups", f64::from(backups), ""),
        ("backup_mean", copying.as_secs_f64() * 1e3 / f64::from(backups), "ms"),
        ("last_backup", bytes as f64 / f64::from(1 << 20), "MiB"),
    ])
}

fn open(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .with_context(|| format!("cannot open {} beside the server", path.display()))
}

fn begin_reading(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN; SELECT count(*) FROM server")
}
