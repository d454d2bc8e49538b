//! `chatapp hooks create`.

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, note};
use super::super::rooms::{Named, find, label};
use super::super::users::link;
use crate::chat::MadeHook;
use crate::model::{Person, UserId};

const EXAMPLES: &str = "\
Examples:
  chatapp hooks create alerts Grafana --url https://chat.example.com
  curl -d text=hi $(chatapp hooks create general 'Nightly build')";

/// Make a webhook of a room, and print its URL
///
/// Whoever has the URL can send to the room, until the webhook is deleted. The URL is shown only now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The name under which its messages are shown
    #[arg(value_name = "NAME")]
    name: String,

    /// The server's URL, for that of the webhook [default: http:// and the address of http.bind]
    #[arg(long, value_name = "URL", value_parser = link::parse_base)]
    url: Option<url::Url>,

    #[command(flatten)]
    output: Output,
}

/// A webhook and its URL, as `--output json` shows it.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    made: MadeHook,
    url: String,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let database = Database::open_current(&settings)?;
    let room = find(&database, &args.named.room)?;
    let operator =
        Person { user_id: UserId::SERVER, username: "(server)".into(), display_name: None };
    let name = args.name.clone();
    let made = database.administer(|admin| admin.create_hook(room.id, name, operator))?;
    let base = match &args.url {
        Some(url) => url.to_string(),
        None => link::default_base(&settings.config.http),
    };
    let url = format!("{}{}", base.trim_end_matches('/'), made.path);
    let id = made.hook.id;
    note(&format!("the URL of webhook #{id}, which sends to {}; keep it secret:", label(&room)));
    let made = Made { made, url };
    Ok(args.output.write_one(&made, &made.url)?)
}
