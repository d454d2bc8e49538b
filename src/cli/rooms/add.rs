//! `chatapp rooms add`.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::super::users;
use super::change::{change, report};
use super::{Named, ROLES, find, label};
use crate::model::{Event, MemberAct, RoomRole, UserId};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms add plans ann bo
  chatapp rooms add '#4503599627370497' ann --role moderator";

/// Make accounts members of a room
///
/// Those who are members already stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The accounts: names, emails or numbers
    #[arg(value_name = "USER", required = true)]
    users: Vec<String>,

    /// Their role in the room
    #[arg(long, value_name = "ROLE", default_value = "member",
          value_parser = PossibleValuesParser::new(ROLES)
              .map(|word| word.parse::<RoomRole>().unwrap_or_default()))]
    role: RoomRole,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let user_ids = args
        .users
        .iter()
        .map(|name| Ok(users::find(&database, name)?.user.id))
        .collect::<anyhow::Result<Vec<UserId>>>()?;
    let act = MemberAct::Join { user_ids, role: args.role };
    let events = change(&database, &room, None, act)?;
    let mut added = Vec::new();
    for event in &events {
        if let Event::MemberJoined(event) = event {
            added.extend(
                event.members.iter().map(|new| format!("{} (#{})", new.username, new.user_id)),
            );
        }
    }
    let done = format!("new members of {}: {}", label(&room), added.join(", "));
    report(&args.output, &events, &done, &format!("all are members of {} already", label(&room)))
}
