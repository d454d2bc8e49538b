//! `chatapp rooms kind`.

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::administer::refusal;
use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, counted};
use super::{Named, find, label, members};
use crate::chat;
use crate::model::{Room, RoomChange, RoomKind, RoomRole};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms kind general private
  chatapp rooms kind '#4503599627370497' public --yes";

/// Make a public room private, or a private room public
///
/// Only its members see a private room. Before anything changes, the command shows how many people will see the
/// room.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The new kind
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(["public", "private"])
        .map(|word| word.parse::<RoomKind>().unwrap_or_default()))]
    kind: RoomKind,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let kind = args.kind.as_str();
    if room.kind == RoomKind::Direct {
        return Err(refusal(chat::Error::RoomKind));
    }
    if room.kind == args.kind {
        return Ok(args.output.write_one(&room, &format!("{} is {kind} already", label(&room)))?);
    }
    args.confirm.ask(&consequence(&database, &room, args.kind)?)?;
    // Nobody joins a private room by creating an account.
    let auto_join = (args.kind == RoomKind::Private && room.rules.auto_join).then_some(false);
    let change = RoomChange { kind: Some(args.kind), auto_join, ..RoomChange::default() };
    let now = database.administer(|admin| admin.update_room(room.id, change))?.room;
    Ok(args.output.write_one(&now, &format!("{} is {kind} now", label(&now)))?)
}

/// Who will see the room, and what.
fn consequence(database: &Database, room: &Room, kind: RoomKind) -> anyhow::Result<String> {
    let label = label(room);
    let messages = counted(database.run(|backend| backend.count_messages(room.id))?, "message");
    if kind == RoomKind::Public {
        let accounts = counted(database.run(|backend| backend.get_status())?.users, "account");
        return Ok(format!(
            "{label} will be public: everybody ({accounts}) will see it and its {messages}, also those from \
             when it was private"
        ));
    }
    let members = members::read(database, room.id, None)?;
    if !members.iter().any(|member| member.membership.role == RoomRole::Owner) {
        bail!(
            "{label} has no owner, and only an owner administers a private room: appoint one first with \
             `chatapp rooms owner`"
        );
    }
    let members = counted(members.len(), "member");
    Ok(format!("{label} will be private: only its {members} will see it and its {messages}"))
}
