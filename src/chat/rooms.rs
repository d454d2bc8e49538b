//! Rooms: creating, seeing, deleting.

use tokio::runtime::Handle;

use super::permissions::{self, Action};
use super::{Chat, Error, FieldError, Result};
use crate::model::{Identity, NewRoom, Room, RoomId};

pub const MAX_NAME_CHARS: usize = 64;
pub const MAX_DESCRIPTION_CHARS: usize = 500;

/// A room that somebody wants.
#[derive(Clone, Debug)]
pub struct RoomDraft {
    /// Spaces around it are taken off.
    pub name: String,
    pub description: Option<String>,
}

/// A room and how many people are in it now.
#[derive(Clone, Debug)]
pub struct RoomView {
    pub room: Room,
    pub active_users: usize,
}

impl Chat {
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::InvalidFields`], [`Error::RoomNameTaken`].
    pub async fn create_room(&self, caller: &Identity, draft: RoomDraft) -> Result<RoomView> {
        permissions::require(caller, Action::CreateRoom)?;
        let name = draft.name.trim().to_owned();
        check(&name, draft.description.as_deref())?;
        let room = NewRoom {
            name,
            description: draft.description,
            created_by: caller.user_id,
            created_at: self.inner.clock.now(),
        };
        let room = self.inner.store.write(move |backend| backend.create_room(&room)).await?;
        Ok(RoomView { room, active_users: 0 })
    }

    /// Every room, in order of id.
    pub async fn list_rooms(&self, caller: &Identity) -> Result<Vec<RoomView>> {
        permissions::require(caller, Action::ReadRoom)?;
        let rooms = self.inner.store.read(|backend| backend.list_rooms()).await?;
        Ok(self.with_active_users(rooms).await)
    }

    /// # Errors
    /// [`Error::RoomNotFound`].
    pub async fn get_room(&self, caller: &Identity, id: RoomId) -> Result<RoomView> {
        let room = self.open_room(caller, id).await?;
        self.with_active_users(vec![room]).await.pop().ok_or(Error::Internal)
    }

    /// The room, if the caller may enter it: what a socket asks before it joins.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`]; [`Error::TooManyRequests`] if the caller enters rooms too fast.
    pub async fn enter_room(&self, caller: &Identity, id: RoomId) -> Result<Room> {
        let checked = self.inner.settings.load().joins.check(&caller.user_id);
        self.inner.counts.limited("joins", checked)?;
        self.open_room(caller, id).await
    }

    /// The room, if the caller may be in it.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`].
    pub async fn open_room(&self, caller: &Identity, id: RoomId) -> Result<Room> {
        permissions::require(caller, Action::ReadRoom)?;
        let room = self.inner.store.read(move |backend| backend.get_room(id)).await?;
        room.ok_or(Error::RoomNotFound)
    }

    /// Deletes the room and its history, and closes the sockets in it.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::RoomNotFound`].
    pub async fn delete_room(&self, caller: &Identity, id: RoomId) -> Result<()> {
        permissions::require(caller, Action::DeleteRoom)?;
        let (hub, runtime) = (self.inner.hub.clone(), Handle::current());
        let deleted = self
            .inner
            .store
            .write(move |backend| {
                let deleted = backend.delete_room(id)?;
                if deleted {
                    // From the writer's thread, as commits are told: after the last of the room's
                    // events, and also if the caller has gone away meanwhile.
                    runtime.block_on(hub.close_room(id));
                }
                Ok(deleted)
            })
            .await?;
        if deleted { Ok(()) } else { Err(Error::RoomNotFound) }
    }

    async fn with_active_users(&self, rooms: Vec<Room>) -> Vec<RoomView> {
        let ids = rooms.iter().map(|room| room.id).collect();
        let mut counts = self.inner.hub.count_active(ids).await.into_iter();
        rooms
            .into_iter()
            .map(|room| RoomView { room, active_users: counts.next().unwrap_or(0) })
            .collect()
    }
}

fn check(name: &str, description: Option<&str>) -> Result<()> {
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push(FieldError::new("name", "must not be empty"));
    } else if name.chars().count() > MAX_NAME_CHARS {
        let message = format!("must have at most {MAX_NAME_CHARS} characters");
        errors.push(FieldError::new("name", message));
    } else if name.chars().any(char::is_control) {
        errors.push(FieldError::new("name", "must not contain control characters"));
    }
    let description = description.unwrap_or_default();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        let message = format!("must have at most {MAX_DESCRIPTION_CHARS} characters");
        errors.push(FieldError::new("description", message));
    } else if description.contains('\0') {
        errors.push(FieldError::new("description", "must not contain the character NUL"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_descriptions() {
        assert_eq!(check("general", None), Ok(()));
        assert_eq!(check(&"ä".repeat(64), Some(&"ä".repeat(500))), Ok(()));
        for bad in ["", &"x".repeat(65), "a\nb", "a\0b", "a\u{85}b"] {
            assert!(check(bad, None).is_err(), "{bad:?}");
        }
        assert_eq!(check("x", Some("two\nlines")), Ok(()));
        for bad in [&"x".repeat(501), "a\0b"] {
            assert!(check("x", Some(bad)).is_err(), "{bad:?}");
        }
        let Err(Error::InvalidFields(both)) = check("", Some("\0")) else { panic!() };
        assert_eq!(both.len(), 2);
    }
}
