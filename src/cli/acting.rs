//! Who is said to act where a room shows it: an account, which the command line has none of.

use anyhow::bail;

use super::database::Database;
use super::users::{find, label};
use crate::model::User;

/// `--as`, for every command whose act bears an account's name.
#[derive(Debug, clap::Args)]
pub(super) struct Acting {
    /// The admin who is shown to have done it: a name or a number; may be left out if there is only
    /// one
    #[arg(long = "as", value_name = "ADMIN")]
    admin: Option<String>,
}

impl Acting {
    /// # Errors
    /// If there is no such admin, or it is not clear which one.
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
                bail!("there are {} admins: say with --as which of them does this", others + 1)
            }
            (None, _) => bail!("there is no active admin: `chatapp create-admin` makes one"),
        }
    }
}
