//! `chatapp rooms rules`.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label};
use crate::model::{AllowedTo, RoomChange, RoomRules, VisibleHistory};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms rules news --posting moderators
  chatapp rooms rules general --auto-join on
  chatapp rooms rules plans --inviting everyone --history joined";

const WHO: [&str; 2] = ["everyone", "moderators"];

/// Change the rules of a room
///
/// Rules that are not named stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[group(required = true, multiple = true, args = ["posting", "inviting", "history", "auto_join"])]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The members who may send
    #[arg(long, value_name = "WHO", value_parser = PossibleValuesParser::new(WHO)
        .map(|word| word.parse::<AllowedTo>().unwrap_or_default()))]
    posting: Option<AllowedTo>,

    /// The members who may add people and make invites
    #[arg(long, value_name = "WHO", value_parser = PossibleValuesParser::new(WHO)
        .map(|word| word.parse::<AllowedTo>().unwrap_or_default()))]
    inviting: Option<AllowedTo>,

    /// What members of a private room read: all messages, or those since they joined
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(["all", "joined"])
        .map(|word| word.parse::<VisibleHistory>().unwrap_or_default()))]
    history: Option<VisibleHistory>,

    /// Whether new accounts become members of a public room
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(["on", "off"])
        .map(|word| word == "on"))]
    auto_join: Option<bool>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let &Args { posting, inviting, history, auto_join, .. } = args;
    let change = RoomChange { posting, inviting, history, auto_join, ..RoomChange::default() };
    let now = database.administer(|admin| admin.update_room(room.id, change))?.room;
    Ok(args.output.write_one(&now, &format!("{}: {}", label(&now), shown(now.rules)))?)
}

/// `posting everyone, inviting moderators, history all, auto-join off`.
pub(super) fn shown(rules: RoomRules) -> String {
    let RoomRules { posting, inviting, history, auto_join } = rules;
    format!(
        "posting {}, inviting {}, history {}, auto-join {}",
        posting.as_str(),
        inviting.as_str(),
        history.as_str(),
        if auto_join { "on" } else { "off" }
    )
}
