//! How many sockets each user has open.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Chat, Error, Result};
use crate::model::{Identity, UserId};

/// Only those who have one are in it.
#[derive(Default)]
pub(super) struct Tally(Mutex<HashMap<UserId, usize>>);

impl Tally {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        // No holder can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one open socket, given back when it is dropped.
pub struct SocketPermit {
    chat: Chat,
    user_id: UserId,
}

impl Chat {
    /// Counts one more open socket of the caller.
    ///
    /// # Errors
    /// [`Error::TooManySockets`].
    pub fn admit_socket(&self, caller: &Identity) -> Result<SocketPermit> {
        let (user_id, limit) = (caller.user_id, self.inner.limits.sockets_per_user);
        let mut tally = self.inner.sockets.lock();
        let open = tally.entry(user_id).or_default();
        // If there is an entry it is of one at least: none is left behind by a refusal.
        if limit > 0 && *open >= limit {
            return Err(Error::TooManySockets);
        }
        *open += 1;
        Ok(SocketPermit { chat: self.clone(), user_id })
    }
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        let mut tally = self.chat.inner.sockets.lock();
        if let Some(open) = tally.get_mut(&self.user_id) {
            *open -= 1;
            if *open == 0 {
                tally.remove(&self.user_id);
            }
        }
    }
}
