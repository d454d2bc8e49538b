//! `chatapp bots token`, and the options of a token.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, note};
use super::super::rooms::find;
use super::super::until;
use super::find_bot;
use crate::chat::{MadeToken, TokenDraft};
use crate::model::{Scope, Timestamp};

const EXAMPLES: &str = "\
Examples:
  chatapp bots token deploys --scopes read
  chatapp bots token deploys --name laptop --scopes read,send --room general --expires 90d";

/// Make an API token for a bot, and print it
///
/// The token is shown only now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The bot: its name or its number
    #[arg(value_name = "BOT")]
    bot: String,

    #[command(flatten)]
    token: TokenArgs,

    #[command(flatten)]
    output: Output,
}

/// What a new token allows.
#[derive(Debug, clap::Args)]
pub(super) struct TokenArgs {
    /// What the token is for
    #[arg(long, value_name = "TEXT", default_value = "command line")]
    name: String,

    /// The parts of the API that the token allows
    #[arg(long, value_name = "SCOPES", required = true, value_delimiter = ',', value_parser = scope())]
    scopes: Vec<Scope>,

    /// A room that the token can be used for: its name, or its number (#7 or 7); may be repeated [default: all rooms]
    #[arg(long = "room", value_name = "ROOM")]
    rooms: Vec<String>,

    /// When it expires: a number of minutes, hours, days or weeks, or a time [default: never]
    #[arg(long, value_name = "TIME", value_parser = until::parse)]
    expires: Option<Timestamp>,
}

fn scope() -> impl TypedValueParser<Value = Scope> {
    let words = Scope::ALL.iter().map(|scope| scope.as_str());
    PossibleValuesParser::new(words)
        .try_map(|word| word.parse::<Scope>().map_err(|()| "is not a scope"))
}

impl TokenArgs {
    /// Looks up the rooms.
    pub fn draft(&self, database: &Database) -> anyhow::Result<TokenDraft> {
        let mut room_ids = Vec::new();
        for name in &self.rooms {
            room_ids.push(find(database, name)?.id);
        }
        Ok(TokenDraft {
            name: self.name.clone(),
            scopes: self.scopes.clone(),
            room_ids: (!room_ids.is_empty()).then_some(room_ids),
            expires_at: self.expires,
        })
    }
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bot = find_bot(&database, &args.bot)?;
    let draft = args.token.draft(&database)?;
    let made = database.administer(|admin| admin.create_api_token(bot.user.id, draft))?;
    announce(&bot.user.username, &made);
    Ok(args.output.write_one(&made, &made.token)?)
}

/// Says what the token is that is printed next.
pub(super) fn announce(bot: &str, made: &MadeToken) {
    let until = made.listed.expires_at.map(|at| format!(", until {at}")).unwrap_or_default();
    let (id, scopes) = (made.listed.id, made.listed.scopes);
    note(&format!("the API token {id} of {bot}, with the scopes {scopes}{until}; keep it secret:"));
}
