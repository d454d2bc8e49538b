//! `chatapp copy`: one database into another, of either kind.

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
use crate::storage::{Contents, Filling, Target};

const EXAMPLES: &str = "\
Examples:
  chatapp copy --from sqlite://chatapp.db --to postgres://chat@localhost/chat
  chatapp copy --from postgres://chat@localhost/chat --to sqlite://chat.db --output json

Stop the server first, if what is sent meanwhile is to come along: the copy is of the moment at
which it begins. Everybody signs in again on the copy, and clients reload what they show.";

/// Copy one database into another, of either kind
///
/// Ends by comparing the two, table by table. Interrupted, it goes on when the same command is given
/// again; until it has ended the target cannot be served.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Args {
    /// The database to copy, which may be in use
    #[arg(long, value_name = "URL")]
    from: String,

    /// The database to fill, which must not be
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
    source.check_schema()?;
    let (mut target, url) = claim_url(&args.to)?;
    ask(&*target, &url, &args.confirm)?;
    let contents = target.contents();
    if contents == Contents::Unfinished {
        note("going on with what was interrupted");
    }
    let tables = match copy(&source, &mut *target, contents)? {
        Some(tables) => tables,
        None => {
            note("what was copied before has changed in the source since: beginning anew");
            let tables = copy(&source, &mut *target, Contents::Data)?;
            tables.context("the target is not empty where it should be")?
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
    ensure!(is_equal, "{url} is not equal to {}, and cannot be served", source.url);
    Ok(())
}

/// One table in both databases.
#[derive(Serialize)]
struct Comparison {
    table: String,
    rows: u64,
    copied: u64,
    /// Of the source's rows, as an export has them.
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

/// Returns what the source has; `None` if what the target has is not what the source begins with.
fn copy(
    source: &Database,
    target: &mut dyn Target,
    contents: Contents,
) -> anyhow::Result<Option<Vec<Tally>>> {
    target.begin(Filling::InSteps, contents)?;
    let mut there = dump::tallies(target)?;
    // They are in an empty database too, and are written once more.
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
            // Nothing more is written to what is to be taken away.
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
