//! Decides which caller may do what. Nothing else decides it.

use super::{Error, Result};
use crate::config::RoomCreators;
use crate::model::{Identity, Role, UserId};

/// The actions of an authenticated caller that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Give a new account the role of an admin.
    MakeAdmin,
    /// Create an account while sign-up is closed.
    CreateAccount,
    /// See and change other accounts, and read the audit log.
    Administer,
    /// Create a room; the settings say who may.
    CreateRoom(RoomCreators),
    /// Rename, describe or archive a room.
    UpdateRoom,
    DeleteRoom,
    /// See a room, who is in it, and its log.
    ReadRoom,
    /// Send messages into a room.
    Post,
    /// Read the figures of the server. They contain nothing that users wrote.
    Watch,
    EditMessage {
        author: UserId,
    },
    DeleteMessage {
        author: UserId,
    },
}

/// # Errors
/// [`Error::AdminRequired`], [`Error::AuthorRequired`].
pub(super) fn require(caller: &Identity, action: Action) -> Result<()> {
    match action {
        Action::MakeAdmin
        | Action::Administer
        | Action::CreateAccount
        | Action::UpdateRoom
        | Action::DeleteRoom
        | Action::Watch => require_admin(caller),
        Action::CreateRoom(creators) => match creators {
            RoomCreators::Admins => require_admin(caller),
            RoomCreators::Everyone => Ok(()),
        },
        // Every room is open to every account.
        Action::ReadRoom | Action::Post => Ok(()),
        // Only the author may edit a message.
        Action::EditMessage { author } => require_author(caller, author),
        Action::DeleteMessage { author } => {
            require_admin(caller).or_else(|_| require_author(caller, author))
        }
    }
}

fn require_author(caller: &Identity, author: UserId) -> Result<()> {
    if caller.user_id == author { Ok(()) } else { Err(Error::AuthorRequired) }
}

fn require_admin(caller: &Identity) -> Result<()> {
    match caller.role {
        Role::Admin => Ok(()),
        Role::User => Err(Error::AdminRequired),
    }
}
