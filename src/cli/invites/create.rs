//! `chatapp invites create`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use super::super::acting::Acting;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, note};
use super::super::rooms::{find, label};
use super::super::until;
use super::super::users::link;
use crate::chat::{InviteDraft, MadeInvite};
use crate::model::{Clock, RoomRole};

const EXAMPLES: &str = "\
Examples:
  chatapp invites create --uses 1
  chatapp invites create --expires 30d --url https://chat.example.com
  chatapp invites create --room plans --role moderator --as ann --output json";

/// Make an invite to the server or to a room, and print its link
///
/// Whoever has the link can use it, until it expires or is used up. It also ends when the admin who made it may not
/// invite any more. The link is shown only now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The room that people enter: its name, or its number (#7 or 7) [default: they only sign up]
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    /// How many people can use it, 1 to 10000 [default: any number]
    #[arg(long, value_name = "N")]
    uses: Option<i64>,

    /// How long it is valid, as a number of minutes, hours, days or weeks; at most a year
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = until::parse_seconds)]
    expires: i64,

    /// The role of the new members of the room
    #[arg(long, value_name = "ROLE", requires = "room", default_value = "member",
        value_parser = PossibleValuesParser::new(["member", "moderator"])
            .map(|word| if word == "moderator" { RoomRole::Moderator } else { RoomRole::Member }))]
    role: RoomRole,

    /// The server's URL, for the link [default: http:// and the address of http.bind]
    #[arg(long, value_name = "URL", value_parser = link::parse_base)]
    url: Option<url::Url>,

    #[command(flatten)]
    acting: Acting,

    #[command(flatten)]
    output: Output,
}

/// An invite and its link, as `--output json` shows it.
#[derive(Serialize)]
struct Link {
    #[serde(flatten)]
    made: MadeInvite,
    url: String,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let database = Database::open_current(&settings)?;
    let by = args.acting.find(&database)?;
    let room = args.room.as_deref().map(|name| find(&database, name)).transpose()?;
    let draft = InviteDraft {
        uses_allowed: args.uses,
        expires_at: Some(Clock::System.now().plus_seconds(args.expires)),
        role: args.role,
    };
    let room_id = room.as_ref().map(|room| room.id);
    let made = database.administer(|admin| admin.create_invite(room_id, draft, &by))?;
    let base = match &args.url {
        Some(url) => url.to_string(),
        None => link::default_base(&settings.config.http),
    };
    let url = link::of_invite(&base, &made.token);
    let into = room.map_or("this server".to_owned(), |room| label(&room));
    let until = made.invite.expires_at.map(|at| format!(", until {at}")).unwrap_or_default();
    note(&format!("this link, invite #{}, lets people into {into}{until}:", made.invite.id));
    let link = Link { made, url };
    Ok(args.output.write_one(&link, &link.url)?)
}
