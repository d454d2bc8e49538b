//! The people who have connections to this node, in rooms or not, and whether they are away.

use std::collections::HashMap;

use super::presence_log::PresenceLog;
use super::state::State;
use crate::model::{AWAY, CONNECTED, Presence, UserId};

/// The most people whose last connection has closed that wait for [`State::take_gone`]. The others keep an
/// earlier time.
const MAX_GONE: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Connected {
    people: HashMap<UserId, Count>,
    /// The people whose last connection has closed.
    gone: Vec<UserId>,
}

/// The connections of one person.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: usize,
    /// Those whose client has said that the person is away.
    away: usize,
}

impl Count {
    /// A person is away if all of the person's clients say so.
    fn presence(self) -> Presence {
        match self {
            Self { all: 0, .. } => Presence::Offline,
            Self { all, away } if all == away => Presence::Away,
            Self { .. } => Presence::Online,
        }
    }
}

impl Connected {
    /// Changes the count of a person, and notes for the other nodes what that changes.
    fn change(
        &mut self,
        user_id: UserId,
        log: Option<&mut PresenceLog>,
        change: impl FnOnce(&mut Count),
    ) {
        let count = self.people.entry(user_id).or_default();
        let before = count.presence();
        change(count);
        let after = count.presence();
        if after == Presence::Offline {
            self.people.remove(&user_id);
            if self.gone.len() < MAX_GONE {
                self.gone.push(user_id);
            }
        }
        let Some(log) = log else { return };
        let differs = |is: fn(Presence) -> bool| (is(before) != is(after)).then_some(is(after));
        if let Some(is_connected) = differs(|it| it != Presence::Offline) {
            log.note(CONNECTED, user_id, is_connected);
        }
        if let Some(is_away) = differs(|it| it == Presence::Away) {
            log.note(AWAY, user_id, is_away);
        }
    }

    fn presence(&self, user_id: UserId) -> Presence {
        self.people.get(&user_id).copied().unwrap_or_default().presence()
    }

    /// Everybody who is connected, as the rows for the other nodes.
    pub fn rows(&self) -> impl Iterator<Item = (crate::model::RoomId, UserId)> {
        self.people.iter().flat_map(|(&user_id, count)| {
            let away = (count.presence() == Presence::Away).then_some((AWAY, user_id));
            std::iter::once((CONNECTED, user_id)).chain(away)
        })
    }
}

impl State {
    /// Counts a connection that has opened.
    pub(super) fn count_in(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        client.is_counted = true;
        let user_id = client.connection.identity().user_id;
        self.connected.change(user_id, self.presence_log.as_mut(), |count| count.all += 1);
    }

    /// Counts a connection that closes, once.
    pub(super) fn count_out(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        if !std::mem::take(&mut client.is_counted) {
            return;
        }
        let was_away = usize::from(client.is_away);
        let user_id = client.connection.identity().user_id;
        self.connected.change(user_id, self.presence_log.as_mut(), |count| {
            count.all -= 1;
            count.away -= was_away;
        });
    }

    /// Notes what the client says of its person.
    pub(super) fn set_away(&mut self, slot: usize, is_away: bool) {
        let client = &mut self.clients[slot];
        if !client.is_counted || client.is_away == is_away {
            return;
        }
        client.is_away = is_away;
        let user_id = client.connection.identity().user_id;
        self.connected.change(user_id, self.presence_log.as_mut(), |count| match is_away {
            true => count.away += 1,
            false => count.away -= 1,
        });
    }

    pub(super) fn list_presence(&self, ids: &[UserId]) -> Vec<Presence> {
        ids.iter().map(|&id| self.connected.presence(id)).collect()
    }

    /// Takes the people whose last connection to this node has closed, and who have not come back.
    pub(super) fn take_gone(&mut self) -> Vec<UserId> {
        let mut gone = std::mem::take(&mut self.connected.gone);
        gone.retain(|&id| self.connected.presence(id) == Presence::Offline);
        gone.sort_unstable();
        gone.dedup();
        gone
    }
}
