//! `chatapp man`: the manual pages, one for each command.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory;

use super::output::note;

const EXAMPLES: &str = "\
Examples:
  chatapp man /usr/local/share/man/man1
  chatapp man . && man ./chatapp-serve.1";

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The folder; it is created if it does not exist
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = args.folder.display();
    std::fs::create_dir_all(&args.folder)
        .and_then(|()| clap_mangen::generate_to(super::Cli::command(), &args.folder))
        .with_context(|| format!("the manual pages cannot be written to {folder}"))?;
    note(&format!("wrote the manual pages to {folder}"));
    Ok(())
}
