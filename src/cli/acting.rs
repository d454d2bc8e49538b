//! `--as`: the account that a room shows as the author of a change.
//!
//! An operator at the command line has no account. A created room and a deleted message name one, as they do over
//! HTTP; a change of a room names user 0, `(server)`.

use anyhow::bail;

use super::database::Database;
use super::users::{find, label};
use crate::model::User;

/// `--as`, for every command whose change names an account.
#[derive(Debug, clap::Args)]
pub(super) struct Acting {
    /// The admin who is shown as the author: a name or a number; needed only if there are several
    /// admins
    #[arg(long = "as", value_name = "ADMIN")]
    admin: Option<String>,
}

impl Acting {
    /// # Errors
    /// If there is no such admin, or if `--as` is missing and there is not exactly one admin.
    pub fn find(&self, database: &Database) -> anyhow::Result<User> {
        if let Some(name) = &self.admin {
            let account = find(database, name)?;
            if !account.user.is_active_admin() {
                bail!("{} is not an active admin: name one with --as", label(&account.user));
            }
            return Ok(account.user);
        }
        let mut admins = database.run(|backend| backend.list_admins())?;
        match (admins.pop(), admins.len()) {
            (Some(only), 0) => Ok(only),
            (Some(_), others) => {
                bail!("there are {} admins: name one of them with --as", others + 1)
            }
            (None, _) => bail!("there is no active admin: `chatapp create-admin` creates one"),
        }
    }
}
