//! `chatapp restore`: replaces the database by a backup.

use std::path::PathBuf;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::output::Output;
use super::examine::{self, examine};
use super::progress::Bar;
use super::{Report, claim};
use crate::dump::{self, Check, Fill};
use crate::storage::rows::Scope;
use crate::storage::sqlite::Archive;
use crate::storage::{Contents, CopyTarget, Filling};

const EXAMPLES: &str = "\
Examples:
  chatapp restore /backups/chat-2025-01-31.db
  chatapp restore /backups/chat-2025-01-31.db --database postgres://chat@localhost/chat --yes

Users sign in again, and clients load their data again, because the database has a new epoch.";

/// Replace the database by a backup, while no server runs
///
/// Checks first that the backup is whole. The database is replaced in the last step; if the command is
/// interrupted before, the database stays as it was. Takes a backup of SQLite, a backup of PostgreSQL,
/// or an export.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Args {
    /// The backup
    file: PathBuf,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(in super::super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let found = examine(&args.file)?;
    let (mut target, url, _) = claim(context, &args.confirm)?;
    match &found.archive {
        Some(archive) => {
            let bar = Bar::new("bytes");
            if !target.take_file(&args.file, &mut |done, all| bar.set(done, all))? {
                drop(bar);
                fill_from(archive, target)?;
            }
        }
        None => {
            super::fill(target, dump::Reader::new(examine::open(&args.file)?)?)?;
        }
    }
    let report = Report { name: &url, header: &found.header, bytes: None, tables: &found.tables };
    let text = format!("{url} is as it was at {}: {}", found.header.made_at, report.amounts());
    Ok(args.output.write_one(&report, &text)?)
}

/// Fills a database of another kind from a backup of SQLite.
fn fill_from(archive: &Archive, mut target: Box<dyn CopyTarget>) -> anyhow::Result<()> {
    let bar = Bar::new("events");
    target.begin(Filling::AtOnce, Contents::Data)?;
    let mut fill = Fill::new(&mut *target);
    let (mut rows, mut check) = (0, Check::default());
    dump::each_row(archive, Scope::Everything, |table, row| {
        check.add(table, &row)?;
        rows += 1;
        bar.set(rows, check.expected_events().max(rows));
        fill.add(table, row, rows)
    })?;
    fill.flush()?;
    Ok(target.finish()?)
}
