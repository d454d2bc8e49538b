//! `chatapp users reset-password`.

use serde::Serialize;

use super::super::administer::refusal;
use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, note};
use super::super::password;
use super::{Named, find, label, link, sessions};
use crate::chat;
use crate::model::Timestamp;

const EXAMPLES: &str = "\
Examples:
  chatapp users reset-password ann                # asks for the new password
  pass show chat/ann | chatapp users reset-password ann --password-stdin --yes
  chatapp users reset-password ann --link --url https://chat.example.com";

/// Set an account's password, or make a link with which its owner sets it
///
/// The password is asked for twice, or read from stdin. It is never an argument, because every user of
/// the machine can see arguments. The account's sessions end. With --link nothing changes until the owner
/// uses the link. The link works once, within `auth.reset_seconds` (by default an hour); a newer link
/// replaces it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// Print a link that sets a new password, once
    #[arg(long, conflicts_with = "password_stdin")]
    link: bool,

    /// The server's URL, for the link [default: http:// and the address of http.bind]
    #[arg(long, value_name = "URL", requires = "link", value_parser = link::parse_base)]
    url: Option<url::Url>,

    /// Read the password from stdin, without asking; a line end after it is ignored
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

/// A link, as `--output json` shows it.
#[derive(Serialize)]
struct Link {
    token: String,
    expires_at: Timestamp,
    url: String,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let config = &settings.config;
    let database = Database::open_current(&settings)?;
    let account = find(&database, &args.named.user)?;
    let (id, who) = (account.user.id, label(&account.user));
    if args.link {
        let base = match &args.url {
            Some(url) => url.to_string(),
            None => link::default_base(&config.http),
        };
        let seconds = config.auth.reset_seconds;
        let reset = database.administer(|admin| admin.create_password_reset(id, seconds))?;
        let url = link::of(&base, &reset.token);
        note(&format!(
            "this link sets a new password for {who}; it works once, until {}:",
            reset.expires_at
        ));
        let link = Link { token: reset.token, expires_at: reset.expires_at, url };
        return Ok(args.output.write_one(&link, &link.url)?);
    }
    let open = sessions(account.sessions);
    args.confirm.ask(&format!("{who} will get a new password and be signed out ({open})"))?;
    let password = if args.password_stdin { password::read()? } else { password::ask()? };
    let hash = chat::new_password(&account.user, password, &config.auth).map_err(refusal)?;
    let (now, ended) = database.administer(|admin| admin.set_password(id, &hash))?;
    let text = format!("{who} has a new password; {} ended", sessions(ended));
    Ok(args.output.write_one(&now, &text)?)
}
