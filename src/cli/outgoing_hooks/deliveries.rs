//! `chatapp outgoing-hooks deliveries`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::parse_id;
use crate::chat::MAX_DELIVERIES_PAGE;
use crate::model::{Delivery, OutgoingHookId};

/// List the latest attempts to deliver events to a webhook, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The webhook's number, as `chatapp outgoing-hooks list` shows it
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: OutgoingHookId,

    /// The most attempts to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DELIVERIES_PAGE)))]
    limit: u32,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let deliveries =
        database.administer(|admin| admin.list_deliveries(args.id, None, args.limit))?;
    Ok(args.output.write(&Listing {
        rows: &deliveries,
        headers: &["attempted at", "room", "seq", "kind", "status", "ms", "failure"],
        cells: &|it: &Delivery| {
            vec![
                it.attempted_at.to_string(),
                format!("#{}", it.room_id),
                it.seq.to_string(),
                it.kind.clone(),
                it.status.map(|status| status.to_string()).unwrap_or_default(),
                it.duration_ms.to_string(),
                it.failure.clone().unwrap_or_default(),
            ]
        },
        empty: "nothing was delivered yet",
    })?)
}
