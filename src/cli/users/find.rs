//! Finds the account that an operator named, by name, email or number.

use anyhow::{anyhow, bail};

use super::super::database::Database;
use super::super::nearest::suggest;
use crate::chat::{self, Admin, AdminError};
use crate::model::{Account, User, UserId};

/// The most accounts that are searched for a similar name, so that the search takes no noticeable time.
const MAX_SUGGESTED_FROM: usize = 20_000;

/// The account that a command is for.
#[derive(Debug, clap::Args)]
// A command that also names a room has the group of that argument, which has the same name.
#[group(skip)]
pub(in crate::cli) struct Named {
    /// The account: its name, its email, or its number (#7 or 7)
    #[arg(value_name = "USER")]
    pub user: String,
}

/// # Errors
/// If there is no such account (the error suggests similar names), or if the text is the name of one
/// account and the number of another.
pub(in crate::cli) fn find(database: &Database, name: &str) -> anyhow::Result<Account> {
    let (digits, is_number) = match name.strip_prefix('#') {
        Some(digits) => (digits, true),
        None => (name, false),
    };
    let by_number = match digits.parse().map(UserId) {
        Ok(id) => found(database, |admin| admin.get_user(id))?,
        Err(_) => None,
    };
    let by_name = match is_number {
        true => None,
        false => found(database, |admin| admin.get_user_by_name(name))?,
    };
    match (by_name, by_number) {
        (Some(named), Some(numbered)) if named.user.id != numbered.user.id => bail!(
            "{name} is the name of #{} and the number of {}: write #{} or #{name}",
            named.user.id,
            numbered.user.username,
            named.user.id,
        ),
        (Some(account), _) | (None, Some(account)) => Ok(account),
        (None, None) => Err(no_such_user(database, name)?),
    }
}

/// `ann (#7)`.
pub(in crate::cli) fn label(user: &User) -> String {
    format!("{} (#{})", user.username, user.id)
}

fn found(
    database: &Database,
    look: impl FnOnce(&Admin<'_>) -> Result<Account, AdminError>,
) -> anyhow::Result<Option<Account>> {
    database.administer(|admin| match look(admin) {
        Ok(account) => Ok(Some(account)),
        Err(AdminError::Rule(chat::Error::UserNotFound)) => Ok(None),
        Err(error) => Err(error),
    })
}

fn no_such_user(database: &Database, name: &str) -> anyhow::Result<anyhow::Error> {
    let known = database.administer(|admin| admin.list_all_users(None, MAX_SUGGESTED_FROM))?;
    let names = known.iter().map(|account| account.user.username.as_str());
    let hint = suggest(name, names, "`chatapp users list` shows who there is");
    Ok(anyhow!("there is no user {name}: {hint}"))
}
