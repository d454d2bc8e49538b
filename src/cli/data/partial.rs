//! An output file that is called `FILE.partial` until it is complete, so that an interrupted command
//! leaves no file that looks finished.

use std::fs::{self, File, Permissions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

/// Only the owner may read the file: it contains the hashes of passwords.
const MODE: u32 = 0o600;

/// The file in the making. Dropping it removes the file, unless [`Partial::finish`] was called.
pub(super) struct Partial {
    pub file: File,
    pub path: PathBuf,
    to: PathBuf,
    is_finished: bool,
}

impl Partial {
    /// # Errors
    /// If `to` exists and `force` is not set, or if another process is writing it at this moment.
    pub fn create(to: &Path, force: bool) -> anyhow::Result<Self> {
        ensure!(
            force || !to.exists(),
            "{} exists: name another file, or replace it with --force",
            to.display()
        );
        let mut path = to.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        let cannot = || format!("{} cannot be written", path.display());
        let file = File::options().create(true).append(true).mode(MODE).open(&path);
        let file = file.with_context(cannot)?;
        // A running command holds the lock; a file left by an interrupted command is not locked.
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another chatapp is writing {} at this moment", path.display())
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        // Another process may have finished between the open and the lock. Then this is its file.
        let now = fs::metadata(&path).with_context(cannot)?;
        ensure!(
            now.ino() == file.metadata().with_context(cannot)?.ino(),
            "another chatapp has just written {}",
            to.display()
        );
        file.set_len(0).with_context(cannot)?;
        file.set_permissions(Permissions::from_mode(MODE)).with_context(cannot)?;
        Ok(Self { file, path, to: to.to_owned(), is_finished: false })
    }

    /// Syncs the file and gives it its name. Returns its size in bytes.
    pub fn finish(mut self) -> anyhow::Result<u64> {
        let cannot = || format!("{} cannot be written", self.to.display());
        self.file.sync_all().with_context(cannot)?;
        fs::rename(&self.path, &self.to).with_context(cannot)?;
        // A rename is durable when the folder has been synced.
        let folder = self.to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).with_context(cannot)?;
        folder.sync_all().with_context(cannot)?;
        let bytes = self.file.metadata().with_context(cannot)?.len();
        self.is_finished = true;
        Ok(bytes)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_finished {
            // If this fails, the next command overwrites the file.
            let _ = fs::remove_file(&self.path);
        }
    }
}
