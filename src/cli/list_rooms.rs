//! `chatapp list-rooms`: every room of the database.

use super::context::Context;
use super::output::Output;
use super::rooms::write_list;

const EXAMPLES: &str = "\
Examples:
  chatapp list-rooms
  chatapp list-rooms --output json | jq -r '.[].name'";

/// List the rooms: the same as `chatapp rooms list`
///
/// Works beside a running server. `head_seq` is the number of a room's newest event.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    write_list(&args.output, context)
}
