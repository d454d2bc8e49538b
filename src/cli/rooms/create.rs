//! `chatapp rooms create`.

use super::super::acting::Acting;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::label;
use crate::chat::RoomDraft;
use crate::model::RoomKind;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms create general
  chatapp rooms create plans --description 'What comes next' --as ann --output json
  chatapp rooms create board --private --as ann";

/// Create a room
///
/// The admin who is shown as its creator becomes its owner.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The name: 1 to 64 characters, unique among the public rooms, or among the private ones of the
    /// creator; case is ignored
    #[arg(value_name = "NAME")]
    name: String,

    /// The description: at most 500 characters
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Make the room private: only its members see it, at first its creator
    #[arg(long)]
    private: bool,

    #[command(flatten)]
    acting: Acting,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let creator = args.acting.find(&database)?;
    let draft = RoomDraft {
        name: args.name.clone(),
        description: args.description.clone(),
        kind: if args.private { RoomKind::Private } else { RoomKind::Public },
        ..RoomDraft::default()
    };
    let room = database.administer(|admin| admin.create_room(draft, creator.id))?;
    Ok(args.output.write_one(&room, &format!("the room {} was created", label(&room)))?)
}
