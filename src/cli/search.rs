//! `chatapp search`: finds messages.

use clap::ValueEnum;

use super::context::Context;
use super::database::Database;
use super::output::{Listing, Output, note};
use super::users;
use crate::chat::{DEFAULT_SEARCH_PAGE, FoundMessage, SearchRequest};
use crate::model::SearchOrder;

const EXAMPLES: &str = "\
Examples:
  chatapp search 'release notes'
  chatapp search '\"red wine\" from:ann after:2026-01-31' --order best
  chatapp search 'in:plans budget' --as ann --output json";

/// Find messages
///
/// Finds messages of public rooms. With --as, finds what this account may read, also in private and direct rooms; the
/// audit log records that, without the query. README.md describes the queries.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What to look for
    query: String,

    /// Search with the rights of this account: a name, an email or a number
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,

    /// The order of the messages
    #[arg(long, value_enum, default_value_t = Order::Newest)]
    order: Order,

    /// The most messages to show
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_SEARCH_PAGE)]
    limit: u32,

    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The newest first
    Newest,
    /// Those that fit best first
    Best,
}

impl From<Order> for SearchOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Self::Newest,
            Order::Best => Self::Best,
        }
    }
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = args.user.as_ref().map(|name| users::find(&database, name)).transpose()?;
    let request = SearchRequest {
        query: args.query.clone(),
        order: args.order.into(),
        limit: args.limit,
        cursor: None,
    };
    let user = account.as_ref().map(|account| &account.user);
    let page = database.administer(|admin| admin.search_messages(user, request))?;
    if !page.is_complete {
        note(
            "the newest messages may be missing: they are not in the index yet, see `chatapp index status`",
        );
    }
    Ok(args.output.write(&Listing {
        rows: &page.found,
        headers: &["time", "room", "user", "message"],
        cells: &|FoundMessage { message, snippet }| {
            vec![
                message.timestamp.to_string(),
                format!("#{}", message.room_id),
                message.username.to_string(),
                snippet.text.clone(),
            ]
        },
        empty: "no message was found",
    })?)
}
