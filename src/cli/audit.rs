//! `chatapp audit`: the log of administrative actions.

use clap::Subcommand;

use super::context::Context;
use super::database::Database;
use super::output::{Listing, Output};
use crate::chat::{DEFAULT_AUDIT_PAGE, MAX_AUDIT_PAGE};
use crate::model::{AuditEntry, AuditId};

const EXAMPLES: &str = "\
Examples:
  chatapp audit list
  chatapp audit list --limit 1000 --output json | jq -c '.[] | select(.target == \"user #7\")'";

/// Read the audit log
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(ListArgs),
}

/// List administrative actions, newest first
///
/// Actions over HTTP and at the command line are both listed. Entries cannot be changed. The log
/// refers to accounts by number; an admin who acted over HTTP is shown by the current name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct ListArgs {
    /// The most entries to list
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_AUDIT_PAGE,
          value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// Only entries older than the entry with this id
    #[arg(long, value_name = "ID")]
    before: Option<i64>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::List(args) => list(args, context),
    }
}

fn list(args: &ListArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let (mut entries, mut before, mut left) = (Vec::new(), args.before.map(AuditId), args.limit);
    while left > 0 {
        let limit = left.min(MAX_AUDIT_PAGE);
        let page = database.administer(|admin| admin.list_audit(before, limit))?;
        entries.extend(page.entries);
        left -= limit;
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    Ok(args.output.write(&Listing {
        rows: &entries,
        headers: &["id", "timestamp", "actor", "via", "action", "target", "detail"],
        cells: &|entry: &AuditEntry| {
            vec![
                entry.id.0.to_string(),
                entry.timestamp.to_string(),
                entry.actor.clone(),
                entry.via.as_str().to_owned(),
                entry.action.clone(),
                entry.target.clone(),
                entry.detail.to_string(),
            ]
        },
        empty: "nothing has been administered yet",
    })?)
}
