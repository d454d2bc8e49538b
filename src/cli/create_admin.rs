//! `chatapp create-admin`: an operator with access to the database creates an admin account.

use std::io::Write;

use anyhow::anyhow;

use super::administer::refusal;
use super::context::Context;
use super::database::{Database, Missing, schema_version};
use super::output::print;
use super::password;
use crate::chat::{self, Admin, Signup};
use crate::model::{Clock, NewUser, Role, User};

const EXAMPLES: &str = "\
Examples:
  chatapp create-admin --username ann --email ann@example.com
  pass show chat/ann | chatapp create-admin --username ann --email ann@example.com --password-stdin";

/// Create an admin account
///
/// Works while a server runs, and on a database that does not exist yet. The password is asked for
/// twice, or read from stdin. It is never an argument, because every user of the machine can see
/// arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The name to sign in with
    #[arg(long, value_name = "NAME")]
    username: String,

    /// The account's email address
    #[arg(long, value_name = "ADDRESS")]
    email: String,

    /// Read the password from stdin, without asking; a line end after it is ignored
    #[arg(long)]
    password_stdin: bool,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let password = if args.password_stdin { password::read()? } else { password::ask()? };
    let signup = Signup {
        username: args.username,
        email: args.email,
        password,
        role: Role::Admin,
        invite: None,
    };
    // Checked before the database is opened, so that an error leaves no new file behind.
    let user =
        chat::new_account(signup, &settings.config.auth, Clock::System.now()).map_err(refusal)?;
    let database = Database::open(&settings, 1, Missing::Create)?;
    let is_new = prepare(&database)?;
    let user = store(&database, &user)?;
    Ok(print(|out| {
        let place = if is_new { "the new database" } else { "the database" };
        writeln!(out, "{} is now an admin of {place} {}", user.username, database.url)
    })?)
}

/// Creates the schema in an empty database. Returns whether it was empty.
///
/// An older schema may be in use by an older server, so only `migrate` and `serve` change it.
fn prepare(database: &Database) -> anyhow::Result<bool> {
    let migrations = database.run(|backend| backend.list_migrations())?;
    let is_new = schema_version(&migrations) == 0;
    if is_new {
        database.run(|backend| backend.migrate())?;
    }
    database.check_schema()?;
    Ok(is_new)
}

fn store(database: &Database, user: &NewUser) -> anyhow::Result<User> {
    let create = |admin: &Admin<'_>| Ok(admin.create_user(user, None)?.0);
    database.administer(create).map_err(|error| match error.downcast_ref() {
        Some(chat::Error::UsernameTaken) => {
            anyhow!("the username {} is taken: choose another with --username", user.username)
        }
        Some(chat::Error::EmailTaken) => {
            anyhow!("the email {} is taken: choose another with --email", user.email)
        }
        _ => error,
    })
}
