//! Copies of a database: the export format, what makes a copy whole, and filling one from another.
//!
//! An export is JSON Lines: a header, a line for each row, a footer that says what was before it
//! (docs/EXPORT.md). Nothing here knows a database's kind, nor holds more than a few rows.

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
pub use fill::{Fill, tallies};
pub use read::Reader;
pub use tally::{Tallies, Tally};
pub use write::write;

/// What every export calls itself.
pub const FORMAT: &str = "chatapp-export";
/// What every backup that is a file of SQLite calls itself.
pub const BACKUP_FORMAT: &str = "chatapp-backup";
/// Raised when a reader of the version before would misunderstand; new fields alone do not.
pub const VERSION: u32 = 1;

/// What a copy is of: the first line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub format: String,
    pub version: u32,
    /// The chatapp that made it.
    pub chatapp: String,
    /// The newest migration of the database.
    pub schema: i32,
    /// That of the database it was made of. What is made of it has another.
    pub epoch: String,
    pub made_at: Timestamp,
    /// The room it is of, if it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<i64>,
}

impl Header {
    /// Of an export that is made now.
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
    /// If it is not of a format that is understood.
    pub(crate) fn check_format(
        expected: &str,
        format: &str,
        version: u64,
        chatapp: &str,
    ) -> anyhow::Result<()> {
        anyhow::ensure!(format == expected, "it says of itself that it is a {format:?}");
        anyhow::ensure!(
            version == u64::from(VERSION),
            "it has version {version} of its format, and this chatapp knows only {VERSION}: use \
             chatapp {chatapp}"
        );
        Ok(())
    }
}

/// What a header says of a database.
#[derive(Clone, Debug)]
pub struct Facts {
    pub schema: i32,
    pub epoch: String,
}

/// What is written into a backup that is a file of SQLite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    pub header: Header,
    pub tables: Vec<Tally>,
}

impl Description {
    /// As text, and its SHA-256.
    pub fn write(&self) -> anyhow::Result<(String, String)> {
        let text = serde_json::to_string(self)?;
        let sha256 = tally::hex(&Sha256::digest(text.as_bytes()));
        Ok((text, sha256))
    }

    /// # Errors
    /// If it is not as it was written, or of another version.
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

/// What a source has in it.
///
/// # Errors
/// What is wrong with it.
pub fn tally(
    source: &dyn Source,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Vec<Tally>> {
    each_line(source, Scope::Everything, progress, |_| Ok(()))
}

/// Gives the line of every row; tells how many events are done, and of how many.
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

/// Gives every row of a source; stops at the first error of `each`, and returns it.
pub fn each_row(
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
