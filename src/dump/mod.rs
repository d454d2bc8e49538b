//! Copies of a database: the export format, the checks of a copy, and filling one database from another.
//!
//! An export is JSON Lines: a header, a line for each row, and a footer with counts and a hash
//! (docs/EXPORT.md). This code works for every kind of database, and keeps only a few rows in memory.

mod check;
mod fill;
mod line;
mod read;
mod tally;
mod write;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::Timestamp;
use crate::storage::rows::{Row, Scope, Source, Table};

pub use check::Check;
pub(crate) use fill::{Fill, tallies};
pub use read::Reader;
pub(crate) use tally::{Tallies, Tally};
pub(crate) use write::write;

/// The `format` in the header of an export.
pub(crate) const FORMAT: &str = "chatapp-export";
/// The `format` in the header of a backup that is an SQLite file.
pub(crate) const BACKUP_FORMAT: &str = "chatapp-backup";
/// Increased when an older reader would misunderstand the format. New fields do not increase it.
pub(crate) const VERSION: u32 = 1;

/// The origin of a copy: the first line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub format: String,
    pub version: u32,
    /// The version of chatapp that made the copy.
    pub chatapp: String,
    /// The newest migration of the database.
    pub schema: i32,
    /// The epoch of the copied database. A database that is filled from the copy gets a new epoch.
    pub epoch: String,
    pub made_at: Timestamp,
    /// The room, if the copy holds only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<i64>,
}

impl Header {
    /// The header of a copy that this version makes at `made_at`.
    pub fn new(facts: &Facts, format: &str, scope: Scope, made_at: Timestamp) -> Self {
        Self {
            format: format.to_owned(),
            version: VERSION,
            chatapp: env!("CARGO_PKG_VERSION").to_owned(),
            schema: facts.schema,
            epoch: facts.epoch.clone(),
            made_at,
            room_id: match scope {
                Scope::Everything => None,
                Scope::Room(id) => Some(id.0),
            },
        }
    }

    /// # Errors
    /// If this chatapp does not understand the format or its version.
    pub(crate) fn check_format(
        expected: &str,
        format: &str,
        version: u64,
        chatapp: &str,
    ) -> anyhow::Result<()> {
        anyhow::ensure!(format == expected, "its format is {format:?} instead of {expected:?}");
        anyhow::ensure!(
            version == u64::from(VERSION),
            "its format has version {version}, but this chatapp reads only version {VERSION}: use \
             chatapp {chatapp}"
        );
        Ok(())
    }
}

/// The facts about a database that are in a header.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub schema: i32,
    pub epoch: String,
}

/// The description that is stored in a backup that is an SQLite file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub header: Header,
    pub tables: Vec<Tally>,
}

impl Description {
    /// Returns the description as text, and the SHA-256 of the text.
    pub fn write(&self) -> anyhow::Result<(String, String)> {
        let text = serde_json::to_string(self)?;
        let sha256 = tally::hex(&Sha256::digest(text.as_bytes()));
        Ok((text, sha256))
    }

    /// # Errors
    /// If the text does not have this SHA-256, or is of another version.
    pub fn read(text: &str, sha256: &str) -> anyhow::Result<Self> {
        let is_whole = tally::hex(&Sha256::digest(text.as_bytes())) == sha256;
        anyhow::ensure!(is_whole, "its description has been damaged");
        let parts: serde_json::Value = serde_json::from_str(text)?;
        let header = &parts["header"];
        let word = |key: &str| header[key].as_str().unwrap_or_default();
        let version = header["version"].as_u64().unwrap_or_default();
        Header::check_format(BACKUP_FORMAT, word("format"), version, word("chatapp"))?;
        Ok(serde_json::from_value(parts)?)
    }
}

/// Reads a source completely, and returns the tallies of its tables.
///
/// # Errors
/// The first problem that makes the source incomplete or inconsistent.
pub(crate) fn tally(
    source: &dyn Source,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Vec<Tally>> {
    each_line(source, Scope::Everything, progress, |_| Ok(()))
}

/// Calls `each` with the line of every row, and `progress` with the events done and their total.
fn each_line(
    source: &dyn Source,
    scope: Scope,
    progress: &mut dyn FnMut(u64, u64),
    mut each: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Tally>> {
    let (mut tallies, mut check) = (Tallies::new(), Check::default());
    let (mut events, mut expected) = (0, 0);
    each_row(source, scope, |table, row| {
        check.add(table, &row)?;
        match table.name {
            "rooms" => expected = check.expected_events(),
            "events" => {
                events += 1;
                progress(events, expected);
            }
            _ => {}
        }
        each(tallies.add(table, &row)?)
    })?;
    check.finish()?;
    Ok(tallies.finish())
}

/// Calls `each` with every row of a source. Stops at the first error of `each`, and returns it.
pub(crate) fn each_row(
    source: &dyn Source,
    scope: Scope,
    mut each: impl FnMut(&'static Table, Row) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    use std::ops::ControlFlow;
    let mut failure = None;
    source.read_rows(scope, &mut |table, row| match each(table, row) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failure.map_or(Ok(()), Err)
}
