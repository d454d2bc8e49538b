//! Cursors: how far a program has come in the logs of rooms. The server keeps them, so that a program that starts again
//! continues where it was.

use super::permissions::RoomAction;
use super::{Chat, Error, FieldError, Result};
use crate::model::{Identity, RoomId, Seq};
use crate::storage::Backend;
use crate::storage::backend::CursorPosition;

const MAX_CURSOR_NAME_CHARS: usize = 64;

/// The most rooms of one change of a cursor.
const MAX_ROOMS_AT_ONCE: usize = 1_000;

impl Chat {
    /// Moves positions of the caller's cursor forward, and returns the cursor. Positions that would move backward stay;
    /// rooms that the caller does not see are passed over.
    ///
    /// # Errors
    /// [`Error::BotRequired`], [`Error::InvalidFields`], [`Error::TooManyCursors`], [`Error::TooManyRequests`].
    pub async fn move_cursor(
        &self,
        caller: &Identity,
        name: String,
        positions: Vec<(RoomId, Seq)>,
    ) -> Result<Vec<CursorPosition>> {
        check_bot(caller)?;
        check(&name, &positions)?;
        self.check_pace(caller)?;
        let mut seen = Vec::with_capacity(positions.len());
        for (room_id, seq) in positions {
            match self.check(caller, room_id, RoomAction::See).await {
                Ok(_) => seen.push((room_id, seq)),
                Err(Error::RoomNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        // In order, so that two moves do not wait for each other's rows; one position for a room.
        seen.sort_unstable_by_key(|&(room_id, seq)| (room_id, std::cmp::Reverse(seq)));
        seen.dedup_by_key(|(room_id, _)| *room_id);
        let (user_id, now) = (caller.user_id, self.inner.clock.now());
        let write = move |backend: &dyn Backend| {
            if !backend.move_cursor(user_id, &name, &seen, now)? {
                return Ok(None);
            }
            backend.get_cursor(user_id, &name).map(Some)
        };
        self.inner.store.write(write).await?.ok_or(Error::TooManyCursors)
    }

    /// The positions of the caller's cursor, in order of room.
    ///
    /// # Errors
    /// [`Error::BotRequired`], [`Error::CursorNotFound`].
    pub async fn get_cursor(&self, caller: &Identity, name: String) -> Result<Vec<CursorPosition>> {
        check_bot(caller)?;
        let user_id = caller.user_id;
        let get = move |backend: &dyn Backend| backend.get_cursor(user_id, &name);
        let positions = self.inner.store.read(get).await?;
        if positions.is_empty() { Err(Error::CursorNotFound) } else { Ok(positions) }
    }

    /// The names of the caller's cursors, in order.
    ///
    /// # Errors
    /// [`Error::BotRequired`].
    pub async fn list_cursors(&self, caller: &Identity) -> Result<Vec<String>> {
        check_bot(caller)?;
        let user_id = caller.user_id;
        Ok(self.inner.store.read(move |backend| backend.list_cursors(user_id)).await?)
    }

    /// Deletes the caller's cursor.
    ///
    /// # Errors
    /// [`Error::BotRequired`], [`Error::CursorNotFound`].
    pub async fn delete_cursor(&self, caller: &Identity, name: String) -> Result<()> {
        check_bot(caller)?;
        let user_id = caller.user_id;
        let delete = move |backend: &dyn Backend| backend.delete_cursor(user_id, &name);
        match self.inner.store.write(delete).await? {
            true => Ok(()),
            false => Err(Error::CursorNotFound),
        }
    }
}

fn check_bot(caller: &Identity) -> Result<()> {
    if caller.is_bot { Ok(()) } else { Err(Error::BotRequired) }
}

fn check(name: &str, positions: &[(RoomId, Seq)]) -> Result<()> {
    let mut errors = Vec::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !(1..=MAX_CURSOR_NAME_CHARS).contains(&name.len()) || !name.chars().all(is_word) {
        let message = format!(
            "must have 1 to {MAX_CURSOR_NAME_CHARS} characters: letters, digits, full stops, hyphens and underscores"
        );
        errors.push(FieldError::new("name", message));
    }
    if !(1..=MAX_ROOMS_AT_ONCE).contains(&positions.len()) {
        let message = format!("must have 1 to {MAX_ROOMS_AT_ONCE} rooms");
        errors.push(FieldError::new("positions", message));
    }
    if positions.iter().any(|(_, seq)| seq.0 < 0) {
        errors.push(FieldError::new("seq", "must not be negative"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}
