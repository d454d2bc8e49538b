//! `chatapp completions`: completion scripts for shells.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::output::print;

const EXAMPLES: &str = "\
Examples:
  chatapp completions bash > /etc/bash_completion.d/chatapp
  chatapp completions zsh > ~/.zfunc/_chatapp
  chatapp completions fish > ~/.config/fish/completions/chatapp.fish";

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    shell: Shell,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "chatapp", &mut script);
    Ok(print(|out| out.write_all(&script))?)
}
