//! Reads a backup from beginning to end, and checks that it is whole.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, ensure};

use super::progress::Bar;
use crate::dump::{self, Description, Header, Tally};
use crate::storage::Error;
use crate::storage::sqlite::Archive;

/// A backup that has been read completely and found whole.
pub(super) struct Examined {
    pub header: Header,
    pub tables: Vec<Tally>,
    pub bytes: u64,
    /// The SQLite file. `None` if the backup is an export.
    pub archive: Option<Archive>,
}

/// # Errors
/// The first problem that was found.
pub(super) fn examine(path: &Path) -> anyhow::Result<Examined> {
    look_at(path).with_context(|| format!("{} is not a usable backup", path.display()))
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
        "it is a database, not a backup: `chatapp backup` makes a backup of it, also while a server \
         runs",
    )?;
    let Description { header, tables } = Description::read(&written.0, &written.1)?;
    archive.check().map_err(damaged)?;
    let bar = Bar::new("events");
    let known = archive.check_known_schema().map_err(Into::into);
    let found = known.and_then(|()| dump::tally(&archive, &mut |done, all| bar.set(done, all)));
    drop(bar);
    let found = found.map_err(|error| match error.downcast_ref::<Error>() {
        Some(Error::SchemaTooOld | Error::SchemaExtended { .. }) => error.context(format!(
            "it has schema {}: verify it with the chatapp that made it, {}",
            header.schema, header.chatapp
        )),
        _ => error,
    })?;
    for (expected, found) in tables.iter().zip(&found) {
        ensure!(
            expected == found,
            "its {} differ from those that were backed up: it has been damaged",
            expected.table
        );
    }
    ensure!(tables.len() == found.len(), "its tables differ from those that were backed up");
    Ok(Examined { header, tables, bytes, archive: Some(archive) })
}

/// Opens an export to read it from its beginning.
pub(super) fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// Replaces the text of [`Error::Damaged`], whose advice is to restore a backup: here the backup itself is
/// damaged.
fn damaged(error: Error) -> anyhow::Error {
    match error {
        Error::Damaged(text) => anyhow::anyhow!("it has been damaged: {text}"),
        error => error.into(),
    }
}
