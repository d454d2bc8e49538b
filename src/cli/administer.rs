//! Administering at the command line: who acts, and how a refusal is told.

use anyhow::anyhow;

use super::database::Database;
use crate::chat::{self, Admin, AdminError};
use crate::model::{Actor, Clock};

impl Database {
    /// Does something by the rules that hold over HTTP too. Its failure is a sentence for the
    /// operator.
    pub fn administer<T>(
        &self,
        act: impl FnOnce(&Admin<'_>) -> Result<T, AdminError>,
    ) -> anyhow::Result<T> {
        let admin = Admin::new(&*self.backend, operator(), Clock::System.now());
        match act(&admin) {
            Ok(done) => Ok(done),
            Err(AdminError::Rule(error)) => Err(refusal(error)),
            Err(AdminError::Storage(error)) => self.run(|_| Err(error)),
        }
    }
}

/// What a rule refuses, a line for each field that is to blame.
pub(super) fn refusal(error: chat::Error) -> anyhow::Error {
    match error {
        chat::Error::InvalidFields(fields) => {
            let lines: Vec<_> =
                fields.iter().map(|field| format!("{} {}", field.field, field.message)).collect();
            anyhow!(lines.join("\n"))
        }
        other => other.into(),
    }
}

/// Who runs this process: the operating system's name for them, or their number if it has none.
fn operator() -> Actor {
    let number = || format!("uid {}", rustix::process::geteuid().as_raw());
    let name = whoami::username().ok().filter(|name| !name.is_empty() && !name.contains('\0'));
    Actor::Operator(name.unwrap_or_else(number))
}
