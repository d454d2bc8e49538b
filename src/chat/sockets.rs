//! The number of open sockets of each user and of each address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::iter;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Chat, Error, Result};
use crate::model::{Identity, UserId};

/// Has an entry only for users and addresses with an open socket.
#[derive(Default)]
pub(super) struct Tally(Mutex<HashMap<Key, usize>>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    User(UserId),
    Address(IpAddr),
}

impl Tally {
    /// How many users have an open socket.
    pub fn user_count(&self) -> usize {
        self.lock().keys().filter(|key| matches!(key, Key::User(_))).count()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        // No holder can panic during a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The permit for one open socket, returned when it is dropped.
pub struct SocketPermit {
    chat: Chat,
    opener: Opener,
}

/// The user and the address that opened a socket.
#[derive(Clone, Copy)]
struct Opener {
    user_id: UserId,
    /// `None`: this machine, which is not counted. Behind a proxy on this machine that the settings
    /// do not name, every client has the loopback address.
    address: Option<IpAddr>,
}

impl Opener {
    fn keys(self) -> impl Iterator<Item = Key> {
        iter::once(Key::User(self.user_id)).chain(self.address.map(Key::Address))
    }
}

impl Chat {
    /// Counts one more open socket of the caller at this address.
    ///
    /// # Errors
    /// [`Error::TooManySockets`]; then nothing is counted.
    pub fn admit_socket(&self, caller: &Identity, address: IpAddr) -> Result<SocketPermit> {
        let address = Some(address).filter(|address| !address.is_loopback());
        let opener = Opener { user_id: caller.user_id, address };
        let settings = self.inner.settings.load();
        let mut tally = self.inner.sockets.lock();
        let is_full = |key: Key| {
            let limit = match key {
                Key::User(_) => settings.limits.sockets_per_user,
                Key::Address(_) => settings.limits.sockets_per_address,
            };
            limit > 0 && tally.get(&key).is_some_and(|open| *open >= limit)
        };
        if opener.keys().any(is_full) {
            return self.inner.counts.limited("sockets", Err(Error::TooManySockets));
        }
        for key in opener.keys() {
            *tally.entry(key).or_default() += 1;
        }
        Ok(SocketPermit { chat: self.clone(), opener })
    }
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        let mut tally = self.chat.inner.sockets.lock();
        for key in self.opener.keys() {
            if let Entry::Occupied(mut open) = tally.entry(key) {
                *open.get_mut() -= 1;
                if *open.get() == 0 {
                    open.remove();
                }
            }
        }
    }
}
