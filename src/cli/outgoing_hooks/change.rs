//! `chatapp outgoing-hooks pause`, `resume`, `rotate-secret` and `delete`.

use serde_json::json;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, note};
use super::parse_id;
use crate::chat::OutgoingHookDraft;
use crate::model::OutgoingHookId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The webhook's number, as `chatapp outgoing-hooks list` shows it
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: OutgoingHookId,

    #[command(flatten)]
    output: Output,
}

pub(super) fn pause(args: &Args, context: &Context, is_paused: bool) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let draft = OutgoingHookDraft { is_paused: Some(is_paused), ..OutgoingHookDraft::default() };
    let hook = database.administer(|admin| admin.change_outgoing_hook(args.id, draft))?;
    let what = if is_paused { "is paused" } else { "goes on" };
    Ok(args.output.write_one(&hook, &format!("outgoing webhook #{} {what}", hook.id))?)
}

pub(super) fn rotate_secret(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let made = database.administer(|admin| admin.rotate_hook_secret(args.id))?;
    note(&format!(
        "the new secret of outgoing webhook #{}; the old one is valid for a day:",
        made.hook.id
    ));
    Ok(args.output.write_one(&made, &made.secret)?)
}

pub(super) fn delete(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let id = args.id;
    database.administer(|admin| admin.delete_outgoing_hook(id))?;
    let text = format!("outgoing webhook #{id} was deleted");
    Ok(args.output.write_one(&json!({ "id": id }), &text)?)
}
