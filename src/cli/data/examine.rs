//! What a backup is, and whether it is whole.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, ensure};

use super::progress::Bar;
use crate::dump::{self, Description, Header, Tally};
use crate::storage::Error;
use crate::storage::sqlite::Archive;

/// A backup that has been read from beginning to end.
pub(super) struct Examined {
    pub header: Header,
    pub tables: Vec<Tally>,
    pub bytes: u64,
    /// A file of SQLite, or else an export.
    pub archive: Option<Archive>,
}

/// # Errors
/// The first thing that is wrong with it.
pub(super) fn examine(path: &Path) -> anyhow::Result<Examined> {
    look_at(path).with_context(|| format!("{} is no backup to rely on", path.display()))
}

fn look_at(path: &Path) -> anyhow::Result<Examined> {
    let bytes = path.metadata()?.len();
    let Some(archive) = Archive::open(path).map_err(damaged)? else {
        let reader = dump::Reader::new(open(path)?)?;
        let (bar, header) = (Bar::new("events"), reader.header().clone());
        let mut events = 0;
        let tables = reader.read(|table, _, _, expected| {
            events += u64::from(table.name == "events");
            bar.set(events, expected);
            Ok(())
        })?;
        return Ok(Examined { header, tables, bytes, archive: None });
    };
    let written = archive.description().map_err(damaged)?.context(
        "it is a database, and no backup: `chatapp backup` makes one of it, also while a server \
         runs",
    )?;
    let Description { header, tables } = Description::read(&written.0, &written.1)?;
    archive.check().map_err(damaged)?;
    let bar = Bar::new("events");
    let found = dump::tally(&archive, &mut |done, all| bar.set(done, all));
    drop(bar);
    let found = found.map_err(|error| match error.downcast_ref::<Error>() {
        Some(Error::SchemaTooOld) => error.context(format!(
            "it has schema {}: verify it with the chatapp that made it, {}",
            header.schema, header.chatapp
        )),
        _ => error,
    })?;
    for (expected, found) in tables.iter().zip(&found) {
        ensure!(
            expected == found,
            "its {} are not those that were backed up: it has been damaged",
            expected.table
        );
    }
    ensure!(tables.len() == found.len(), "it has other tables than were backed up");
    Ok(Examined { header, tables, bytes, archive: Some(archive) })
}

/// An export, to be read from its beginning.
pub(super) fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// The advice for a damaged database is to put a backup in its place.
fn damaged(error: Error) -> anyhow::Error {
    match error {
        Error::Damaged(text) => anyhow::anyhow!("it has been damaged: {text}"),
        error => error.into(),
    }
}
