//! `chatapp create-admin`: an admin account, made by whoever can read the database.

use std::io::Read;

use anyhow::{Context as _, bail};

use super::context::Context;
use super::database::{Database, Missing, schema_version};
use super::output::print;

const EXAMPLES: &str = "\
Examples:
  chatapp create-admin --username ann --email ann@example.com
  pass show chat/ann | chatapp create-admin --username ann --email ann@example.com --password-stdin";

/// Create an admin account
///
/// Works beside a running server, and on a database that does not exist yet. The password is
/// asked for twice, or read from stdin; it is never an argument, which every user of the machine
/// could see.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The name to sign in with
    #[arg(long, value_name = "NAME")]
    username: String,

    /// The account's email address
    #[arg(long, value_name = "ADDRESS")]
    email: String,

    /// Read the password from stdin, without asking; a line end after it is left out
    #[arg(long)]
    password_stdin: bool,
}

/// Far more than any password may have.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<()> {
    let _ = (args, context, MAX_INPUT_BYTES);
    bail!("todo")
}
