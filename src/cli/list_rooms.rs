//! `chatapp list-rooms`: the same as `chatapp rooms list`.

use super::context::Context;
use super::output::Output;
use super::rooms::write_list;

const EXAMPLES: &str = "\
Examples:
  chatapp list-rooms
  chatapp list-rooms --output json | jq -r '.[].name'";

/// List the rooms: the same as `chatapp rooms list`
///
/// Works while a server runs. `head_seq` is the `seq` of a room's newest event.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    write_list(&args.output, context)
}
