//! Administration at the command line: the actor, and errors as sentences for the operator.

use anyhow::anyhow;

use super::database::Database;
use crate::chat::{self, Admin, AdminError};
use crate::model::{Actor, Clock};

impl Database {
    /// Runs `act` by the same rules as over HTTP. The error is a sentence for the operator.
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

/// An error of a rule as text: one line for each field that is wrong.
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

/// The user who runs this process: the name in the operating system, or the uid if there is no name.
fn operator() -> Actor {
    let number = || format!("uid {}", rustix::process::geteuid().as_raw());
    let name = whoami::username().ok().filter(|name| !name.is_empty() && !name.contains('\0'));
    Actor::Operator(name.unwrap_or_else(number))
}
