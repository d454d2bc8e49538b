//! `chatapp sessions`: lists the open sessions.

use clap::Subcommand;
use serde::Serialize;

use super::context::Context;
use super::database::Database;
use super::output::{Listing, Output, note};
use super::users;
use crate::chat::MAX_LISTED_SESSIONS;
use crate::model::{Session, Timestamp, UserId};

const EXAMPLES: &str = "\
Examples:
  chatapp sessions list
  chatapp sessions list --user ann --output json

`chatapp users revoke-sessions` ends the sessions of an account.";

/// See who is signed in
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

/// List the open sessions, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct ListArgs {
    /// Only the sessions of this account: its name, or its number (#7 or 7)
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::List(args) => list(args, context),
    }
}

/// One session, as `--output json` shows it.
#[derive(Serialize)]
struct Row {
    id: String,
    user_id: UserId,
    username: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

fn list(args: &ListArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let user = args.user.as_deref().map(|name| users::find(&database, name)).transpose()?;
    let user_id = user.as_ref().map(|account| account.user.id);
    let sessions = database.administer(|admin| admin.list_sessions(user_id))?;
    if sessions.len() == MAX_LISTED_SESSIONS as usize {
        note(&format!("these are the newest {MAX_LISTED_SESSIONS}; there may be more"));
    }
    let rows: Vec<_> = sessions.into_iter().map(Row::from).collect();
    let empty = match &user {
        Some(account) => format!("{} is not signed in", users::label(&account.user)),
        None => "nobody is signed in".to_owned(),
    };
    Ok(args.output.write(&Listing {
        rows: &rows,
        headers: &["id", "user id", "username", "created at", "expires at"],
        cells: &|row: &Row| {
            vec![
                row.id.clone(),
                row.user_id.to_string(),
                row.username.clone(),
                row.created_at.to_string(),
                row.expires_at.to_string(),
            ]
        },
        empty: &empty,
    })?)
}

impl From<Session> for Row {
    fn from(Session { id, user, created_at, expires_at, .. }: Session) -> Self {
        Self {
            id: id.to_string(),
            user_id: user.id,
            username: user.username,
            created_at,
            expires_at,
        }
    }
}
