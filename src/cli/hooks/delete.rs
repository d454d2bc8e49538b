//! `chatapp hooks delete`.

use anyhow::bail;
use serde_json::json;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use crate::model::UserId;

const EXAMPLES: &str = "\
Examples:
  chatapp hooks delete 9";

/// Delete a webhook, so that its URL is refused
///
/// Its messages stay under its name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The webhook's number, as `chatapp hooks list` shows it (#9 or 9)
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: UserId,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let id = args.id;
    let Some(room_id) = database.run(|backend| backend.get_hook_room(id))? else {
        bail!("there is no webhook #{id}: `chatapp hooks list` lists them");
    };
    database.administer(|admin| admin.delete_hook(room_id, id))?;
    let text = format!("webhook #{id} was deleted");
    Ok(args.output.write_one(&json!({ "id": id }), &text)?)
}

fn parse_id(text: &str) -> Result<UserId, String> {
    let number = text.strip_prefix('#').unwrap_or(text);
    number.parse().map(UserId).map_err(|_| "give the number of a webhook".to_owned())
}
