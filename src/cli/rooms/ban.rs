//! `chatapp rooms ban`, `chatapp rooms unban` and `chatapp rooms bans`.

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::super::{until, users};
use super::change::{change, report};
use super::{Named, find, label};
use crate::model::{BannedUser, MemberAct, Person, Timestamp, UserId};

const BAN_EXAMPLES: &str = "\
Examples:
  chatapp rooms ban general bo
  chatapp rooms ban general bo --until 7d --reason 'advertising'
  chatapp rooms ban general bo --until 2030-01-31T10:30:00Z";

const UNBAN_EXAMPLES: &str = "\
Examples:
  chatapp rooms unban general bo";

const BANS_EXAMPLES: &str = "\
Examples:
  chatapp rooms bans general";

/// Keep an account out of a room
///
/// Ends the membership. In a public room the account cannot read, join or send until the ban ends. Replaces an
/// earlier ban.
#[derive(Debug, clap::Args)]
#[command(after_help = BAN_EXAMPLES)]
pub(super) struct BanArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    /// The end of the ban: 30m, 12h, 7d, or a time; without it the ban does not end
    #[arg(long, value_name = "TIME", value_parser = until::parse)]
    until: Option<Timestamp>,

    /// The reason, which the members of the room can read
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    output: Output,
}

/// Lift a ban
///
/// The account does not become a member again by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = UNBAN_EXAMPLES)]
pub(super) struct UnbanArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    #[command(flatten)]
    output: Output,
}

/// List the bans of a room
///
/// Sorted by the number of the account; with bans that have ended.
#[derive(Debug, clap::Args)]
#[command(after_help = BANS_EXAMPLES)]
pub(super) struct BansArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn ban(args: &BanArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let user = users::find(&database, &args.user.user)?.user;
    let act = MemberAct::Ban { user_id: user.id, until: args.until };
    let events = change(&database, &room, args.reason.as_ref(), act)?;
    let end = match args.until {
        Some(until) => format!("until {until}"),
        None => "without an end".to_owned(),
    };
    let done = format!("{} is banned from {} {end}", users::label(&user), label(&room));
    report(&args.output, &events, &done, &done)
}

pub(super) fn unban(args: &UnbanArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let user = users::find(&database, &args.user.user)?.user;
    let events = change(&database, &room, None, MemberAct::Unban { user_id: user.id })?;
    let (who, room) = (users::label(&user), label(&room));
    let done = format!("{who} is no longer banned from {room}");
    report(&args.output, &events, &done, &format!("{who} is not banned from {room}"))
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    person: Person,
    banned_by: UserId,
    created_at: Timestamp,
    reason: Option<String>,
    until: Option<Timestamp>,
}

pub(super) fn list(args: &BansArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let rows: Vec<Row> = database
        .administer(|admin| admin.list_bans(room.id))?
        .into_iter()
        .map(|BannedUser { user, display_name, ban }| Row {
            person: Person {
                user_id: user.id,
                username: user.username.into(),
                display_name: display_name.map(Into::into),
            },
            banned_by: ban.banned_by,
            created_at: ban.created_at,
            until: ban.until,
            reason: ban.reason,
        })
        .collect();
    Ok(args.output.write(&Listing {
        rows: &rows,
        headers: &["id", "username", "display name", "banned by", "created at", "until", "reason"],
        cells: &|row: &Row| {
            vec![
                row.person.user_id.to_string(),
                row.person.username.to_string(),
                row.person.display_name.as_deref().unwrap_or_default().to_owned(),
                match row.banned_by {
                    UserId::SERVER => "an operator".to_owned(),
                    id => format!("#{id}"),
                },
                row.created_at.to_string(),
                row.until.map(|at| at.to_string()).unwrap_or_default(),
                row.reason.clone().unwrap_or_default(),
            ]
        },
        empty: &format!("nobody is banned from {}", label(&room)),
    })?)
}
