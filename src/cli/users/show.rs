//! `chatapp users show`.

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find};
use crate::model::{Account, Clock, Status, Timestamp, UserCard};

const EXAMPLES: &str = "\
Examples:
  chatapp users show ann
  chatapp users show '#7' --output json";

/// Show an account
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

/// The account, and what its person shows.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    account: &'a Account,
    #[serde(flatten)]
    profile: Option<Profile>,
}

#[derive(Serialize)]
struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<Timestamp>,
}

impl From<UserCard> for Profile {
    fn from(UserCard { profile, last_seen_at, .. }: UserCard) -> Self {
        let now = Clock::System.now();
        Self {
            title: profile.title,
            timezone: profile.timezone,
            status: profile.status.filter(|status| status.is_shown(now)),
            last_seen_at,
        }
    }
}

impl Profile {
    /// The names and the values of the fields that are set.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let status = self.status.as_ref().map(|Status { text, emoji, until }| {
            let until = until.map(|until| format!("(until {until})"));
            [emoji.clone(), text.clone(), until].into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        let fields = [
            ("title", self.title.clone()),
            ("timezone", self.timezone.clone()),
            ("status", status),
            ("last seen", self.last_seen_at.map(|at| at.to_string())),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let Account { user, display_name, sessions, metadata } = &account;
    let cards = database.administer(|admin| admin.list_cards(&[account.user.id]))?;
    let shown = Shown { account: &account, profile: cards.into_iter().next().map(Profile::from) };
    let mut text = format!(
        "id          {}\nusername    {}\nemail       {}\nrole        {}\nactive      {}\n\
         sessions    {sessions}\ncreated at  {}",
        user.id,
        user.username,
        user.email,
        user.role.as_str(),
        if user.is_active { "yes" } else { "no" },
        user.created_at
    );
    if let Some(name) = display_name {
        text.push_str(&format!("\nname        {name}"));
    }
    if let Some(metadata) = metadata {
        text.push_str(&format!("\nmetadata    {}", metadata.to_stored()));
    }
    for (name, value) in shown.profile.iter().flat_map(Profile::lines) {
        text.push_str(&format!("\n{name:<12}{value}"));
    }
    Ok(args.output.write_one(&shown, &text)?)
}
