//! `chatapp copy`: copies one database into another, of either kind.

use anyhow::{Context as _, ensure};
use serde::Serialize;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::{Database, claim_url};
use super::super::output::{Listing, Output, note};
use super::ask;
use super::progress::Bar;
use crate::dump::{self, Check, Fill, Tallies, Tally};
use crate::storage::rows::Scope;
use crate::storage::{Contents, CopyTarget, Filling};

const EXAMPLES: &str = "\
Examples:
  chatapp copy --from sqlite://chatapp.db --to postgres://chat@localhost/chat
  chatapp copy --from postgres://chat@localhost/chat --to sqlite://chat.db --output json

Stop the server first if no message may be missing: the copy is the database at the moment when the
command begins. Users sign in again on the copy, and clients load their data again.";

/// Copy one database into another, of either kind
///
/// At the end it compares the two databases, table by table. If the command is interrupted, run it again
/// to go on. Until the copy is complete, the target cannot be served.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Args {
    /// The database to copy; it may be in use
    #[arg(long, value_name = "URL")]
    from: String,

    /// The database to fill; it must not be in use
    #[arg(long, value_name = "URL")]
    to: String,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(in super::super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    ensure!(args.from != args.to, "--from and --to are the same database");
    let source = Database::open_url(&args.from, &settings)?;
    source.run(|backend| backend.check_known_schema())?;
    let (mut target, url) = claim_url(&args.to)?;
    ask(&*target, &url, &args.confirm)?;
    let contents = target.contents();
    if contents == Contents::Unfinished {
        note("going on with the interrupted copy");
    }
    let tables = match copy(&source, &mut *target, contents)? {
        Some(tables) => tables,
        None => {
            note("the source has changed since the interrupted copy: starting again");
            let tables = copy(&source, &mut *target, Contents::Data)?;
            tables.context("the target is not empty although it was cleared")?
        }
    };
    let copied = dump::tallies(&mut *target)?;
    let rows: Vec<_> = tables.into_iter().zip(copied).map(Comparison::of).collect();
    let is_equal = rows.iter().all(|row| row.is_equal);
    if is_equal {
        target.finish()?;
    }
    args.output.write(&Listing {
        rows: &rows,
        headers: &["table", "rows", "copied", "sha256", "equal"],
        cells: &|row: &Comparison| {
            let equal = if row.is_equal { "yes" } else { "NO" };
            let [rows, copied] = [row.rows, row.copied].map(|count| count.to_string());
            vec![row.table.clone(), rows, copied, row.sha256.clone(), equal.to_owned()]
        },
        empty: "there are no tables",
    })?;
    ensure!(is_equal, "{url} differs from {}, so it cannot be served", source.url);
    Ok(())
}

/// One table in both databases.
#[derive(Serialize)]
struct Comparison {
    table: String,
    rows: u64,
    copied: u64,
    /// Hash of the source's rows, in the form of an export.
    sha256: String,
    is_equal: bool,
}

impl Comparison {
    fn of((source, target): (Tally, Tally)) -> Self {
        Self {
            is_equal: source == target,
            table: source.table,
            rows: source.rows,
            copied: target.rows,
            sha256: source.sha256,
        }
    }
}

/// Returns the tallies of the source's tables. Returns `None` if the rows that are already in the target
/// differ from the first rows of the source.
fn copy(
    source: &Database,
    target: &mut dyn CopyTarget,
    contents: Contents,
) -> anyhow::Result<Option<Vec<Tally>>> {
    target.begin(Filling::InSteps, contents)?;
    let mut there = dump::tallies(target)?;
    // An empty database has counters too; they are written again.
    there.retain(|tally| tally.table != "counters");
    let bar = Bar::new("events");
    let (mut tallies, mut check) = (Tallies::new(), Check::default());
    let (mut events, mut expected, mut rows, mut differs) = (0, 0, 0, false);
    let mut fill = Fill::new(target);
    dump::each_row(&*source.backend, Scope::Everything, |table, row| {
        check.add(table, &row)?;
        match table.name {
            "rooms" => expected = check.expected_events(),
            "events" => {
                events += 1;
                bar.set(events, expected);
            }
            _ => {}
        }
        tallies.add(table, &row)?;
        rows += 1;
        let there = there.iter().find(|tally| tally.table == table.name);
        let count = tallies.rows(table);
        match there {
            Some(there) if count < there.rows => Ok(()),
            Some(there) if count == there.rows => {
                differs |= tallies.of(table) != *there;
                Ok(())
            }
            // The target will be cleared, so nothing more is written to it.
            _ if differs => Ok(()),
            _ => fill.add(table, row, rows),
        }
    })?;
    check.finish()?;
    fill.flush()?;
    let tallies = tallies.finish();
    let shrank = tallies.iter().zip(&there).any(|(source, there)| source.rows < there.rows);
    Ok(if differs || shrank { None } else { Some(tallies) })
}
