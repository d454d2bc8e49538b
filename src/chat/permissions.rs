//! Who may do what: the one place where it is decided.

use super::{Error, Result};
use crate::config::RoomCreators;
use crate::model::{Identity, Role, UserId};

/// Everything an authenticated caller can ask for that not everybody may do for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Give a new account the role of an admin.
    MakeAdmin,
    /// Create an account where strangers may not.
    CreateAccount,
    /// See and change other accounts, and read the audit log.
    Administer,
    /// Whom the settings let create rooms.
    CreateRoom(RoomCreators),
    /// Rename, describe or archive a room.
    UpdateRoom,
    DeleteRoom,
    /// See a room, who is in it, and its log.
    ReadRoom,
    /// Send messages into a room.
    Post,
    /// See how the server does: its figures, never what anybody says.
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
        // Nobody puts words into another's mouth.
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
