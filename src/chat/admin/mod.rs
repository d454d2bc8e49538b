//! Administration: the same rules for an admin over HTTP and for an operator at the command line.
//! Both use [`Admin`]: plain blocking code, with a file of methods per area.
//!
//! Whether the caller may administer is decided before: over HTTP by `permissions`; at the command
//! line every operator who can write the database may.

mod accounts;
mod announcements;
mod audit;
mod bots;
mod hooks;
mod invites;
mod members;
mod outgoing_hooks;
mod rooms;
mod search;
mod users;

use serde::Serialize;

use super::permissions::{self, Action};
use super::{Chat, Error as RuleError, FieldError, Result as RuleResult};
use crate::model::{Actor, Identity, NewAuditEntry, RoomKind, Timestamp};
use crate::storage::backend::Guard;
use crate::storage::{self, Backend};

pub use accounts::{AccountDraft, MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS};
pub use audit::{DEFAULT_AUDIT_PAGE, MAX_AUDIT_PAGE};
pub use bots::{BotDraft, MadeToken, TokenDraft};
pub use hooks::MadeHook;
pub use members::MemberChange;
pub use outgoing_hooks::{
    DEFAULT_DELIVERIES_PAGE, FilterDraft, MAX_DELIVERIES_PAGE, MadeOutgoingHook, OutgoingHookDraft,
};
pub use rooms::DEFAULT_ROOMS_PAGE;
pub use users::{DEFAULT_USERS_PAGE, MAX_LISTED_SESSIONS, MAX_USERS_PAGE, UserSearch};

/// One actor who administers a database, and the time of the act. Its methods block: they are not
/// for async code.
pub struct Admin<'a> {
    backend: &'a dyn Backend,
    actor: Actor,
    now: Timestamp,
    /// For a member of a room, who may lose the right to the act before it.
    guard: Option<&'a Guard<'a>>,
}

/// Why an administrative action failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule refused it. The text is for the caller.
    #[error(transparent)]
    Rule(RuleError),
    /// Storage failed. The text is for the operator.
    #[error(transparent)]
    Storage(storage::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl<'a> Admin<'a> {
    pub fn new(backend: &'a dyn Backend, actor: Actor, now: Timestamp) -> Self {
        Self { backend, actor, now, guard: None }
    }

    /// The same, but what it does in a room is done only if the guard allows it.
    pub(in crate::chat) fn guarded(&'a self, guard: &'a Guard<'a>) -> Self {
        Self { guard: Some(guard), actor: self.actor.clone(), ..*self }
    }

    /// Whether the audit log records what the actor does in a room of this kind. What members do in private and
    /// direct rooms concerns only the members, whom the log of the room tells of it.
    fn records(&self, kind: RoomKind) -> bool {
        match self.actor {
            Actor::Account(_) => !kind.is_closed(),
            Actor::Operator(_) => true,
        }
    }

    /// The audit entry of an act, to be stored together with it. `detail` serialises to a JSON
    /// object.
    fn entry(&self, action: &'static str, detail: impl Serialize) -> Result<NewAuditEntry> {
        let detail = serde_json::to_value(detail).map_err(|error| {
            Error::Storage(storage::Error::Internal(format!("{action} for the log: {error}")))
        })?;
        let (timestamp, actor) = (self.now, self.actor.clone());
        Ok(NewAuditEntry { timestamp, actor, action, detail, is_recorded: true })
    }
}

/// Checks the parameters of a page: the name and the value of its cursor, and its length.
fn check_page(cursor: (&str, Option<i64>), limit: u32, max: u32) -> Result<()> {
    let mut errors = Vec::new();
    if !(1..=max).contains(&limit) {
        errors.push(FieldError::new("limit", format!("must be from 1 to {max}")));
    }
    if cursor.1.is_some_and(|cursor| cursor < 0) {
        errors.push(FieldError::new(cursor.0, "must not be negative"));
    }
    if errors.is_empty() { Ok(()) } else { Err(RuleError::InvalidFields(errors).into()) }
}

impl Chat {
    /// Runs an administrative action on the writer thread. The sockets of sessions that it ends are
    /// closed.
    ///
    /// # Errors
    /// [`RuleError::AdminRequired`], and the errors of `act`.
    pub async fn administer<T: Send + 'static>(
        &self,
        caller: &Identity,
        act: impl FnOnce(&Admin<'_>) -> Result<T> + Send + 'static,
    ) -> RuleResult<T> {
        let result = self.act(caller, Action::Administer, act).await?;
        // A failure has been logged; the next sweep finds the sessions.
        self.sessions_ended().await;
        Ok(result)
    }

    /// Runs `act` on the writer thread, if the caller may do `action`.
    pub(super) async fn act<T: Send + 'static>(
        &self,
        caller: &Identity,
        action: Action,
        act: impl FnOnce(&Admin<'_>) -> Result<T> + Send + 'static,
    ) -> RuleResult<T> {
        permissions::require(caller, action)?;
        self.write_as(caller, act).await
    }

    /// Runs `act` on the writer thread. Whether the caller may do it has been decided.
    pub(super) async fn write_as<T: Send + 'static>(
        &self,
        caller: &Identity,
        act: impl FnOnce(&Admin<'_>) -> Result<T> + Send + 'static,
    ) -> RuleResult<T> {
        let (actor, now) = (Actor::Account(caller.user_id), self.inner.clock.now());
        let result =
            self.inner.store.write(move |backend| Ok(act(&Admin::new(backend, actor, now))));
        Ok(result.await??)
    }

    /// Runs a read of administration.
    ///
    /// # Errors
    /// As for [`Chat::administer`].
    pub async fn inspect<T: Send + 'static>(
        &self,
        caller: &Identity,
        look: impl FnOnce(&Admin<'_>) -> Result<T> + Send + 'static,
    ) -> RuleResult<T> {
        permissions::require(caller, Action::Administer)?;
        let (actor, now) = (Actor::Account(caller.user_id), self.inner.clock.now());
        let found = self
            .inner
            .store
            .read(move |backend| Ok(look(&Admin::new(backend, actor, now))))
            .await??;
        Ok(found)
    }
}

impl From<RuleError> for Error {
    fn from(error: RuleError) -> Self {
        Self::Rule(error)
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Conflict(conflict) => Self::Rule(conflict.into()),
            other => Self::Storage(other),
        }
    }
}

impl From<storage::AppendError> for Error {
    fn from(error: storage::AppendError) -> Self {
        match error {
            storage::AppendError::Storage(error) => error.into(),
            refusal => Self::Rule(refusal.into()),
        }
    }
}

impl From<storage::MemberError> for Error {
    fn from(error: storage::MemberError) -> Self {
        match error {
            storage::MemberError::Storage(error) => error.into(),
            refusal => Self::Rule(refusal.into()),
        }
    }
}

impl From<storage::ChangeError> for Error {
    fn from(error: storage::ChangeError) -> Self {
        match error {
            storage::ChangeError::RoomNotFound => Self::Rule(RuleError::RoomNotFound),
            storage::ChangeError::MessageNotFound => Self::Rule(RuleError::MessageNotFound),
            storage::ChangeError::RoomArchived => Self::Rule(RuleError::RoomArchived),
            storage::ChangeError::MessageDeleted => Self::Rule(RuleError::MessageDeleted),
            storage::ChangeError::TooManyPins => Self::Rule(RuleError::TooManyPins),
            storage::ChangeError::Storage(error) => error.into(),
        }
    }
}

impl From<Error> for RuleError {
    fn from(error: Error) -> Self {
        match error {
            Error::Rule(error) => error,
            Error::Storage(error) => error.into(),
        }
    }
}
