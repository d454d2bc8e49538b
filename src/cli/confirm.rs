//! Asks the operator before a change that cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::bail;

/// `--yes`, for every command that asks for confirmation.
#[derive(Debug, clap::Args)]
pub(super) struct Confirm {
    /// Do not ask for confirmation: for scripts
    #[arg(long, short)]
    yes: bool,
}

impl Confirm {
    /// Shows `what` will happen (`the room plans will be deleted`) and asks whether to go on.
    ///
    /// # Errors
    /// If the answer is no, or there is no terminal to ask on.
    pub fn ask(&self, what: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            bail!("{what}, and there is no terminal to ask on: add --yes if that is meant");
        }
        let mut stderr = io::stderr().lock();
        write!(stderr, "{what}. Go on? [y/N] ")?;
        stderr.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => bail!("nothing was done"),
        }
    }
}
