//! Read positions: how far each user has read each room.
//!
//! Clients send read positions often, and many at once: each new message is read by every member.
//! So positions are collected while the writer is busy, the furthest of each user in each room, and
//! are written to the database together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::permissions::RoomAction;
use super::{Chat, Error, Result};
use crate::model::{Identity, ReadPosition, RoomId, Seq, UserId};
use crate::realtime::{News, ReadAsker, ReadOutcome};
use crate::storage::{self, AppendError, Backend};

/// The most positions in one transaction. It keeps the writer busy for a few milliseconds.
const WRITTEN_AT_ONCE: usize = 512;

/// The most callers that may wait for an answer. A socket has few requests under way, but an HTTP
/// client can disconnect and ask again, any number of times while the database is stalled.
const MAX_ASKERS: usize = 100_000;

/// The positions that wait to be written.
#[derive(Default)]
pub(super) struct Marks(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    marks: HashMap<(UserId, RoomId), Mark>,
    /// The number of waiting callers, in all marks together.
    asker_count: usize,
    /// A write has been queued and has not begun yet.
    is_queued: bool,
}

#[derive(Default)]
struct Mark {
    seq: Seq,
    askers: Vec<ReadAsker>,
}

impl Chat {
    /// Stores that the caller has read up to a position, and returns the stored position: it never
    /// moves back, and never beyond the head.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::InvalidFields`], [`Error::Busy`].
    pub async fn mark_read(&self, caller: &Identity, room_id: RoomId, seq: Seq) -> Result<Seq> {
        let (reply, position) = oneshot::channel();
        self.post_read(caller, room_id, seq, ReadAsker::Task(reply)).await?;
        Ok(position.await.map_err(|_| Error::Unavailable)??)
    }

    /// The same, for a caller that the hub answers. After an error the hub answers nothing.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::RoomNotFound`], [`Error::Banned`], [`Error::Busy`],
    /// [`Error::Unavailable`] if the server is stopping.
    pub async fn post_read(
        &self,
        caller: &Identity,
        room_id: RoomId,
        seq: Seq,
        asker: ReadAsker,
    ) -> Result<()> {
        if seq < Seq(0) {
            return Err(Error::field("seq", "must not be negative"));
        }
        self.check(caller, room_id, RoomAction::Read).await?;
        let mut waiting = self.inner.marks.lock();
        waiting.check_space()?;
        // If positions already wait, a write has been queued.
        if !waiting.is_queued {
            self.submit_marks()?;
            waiting.is_queued = true;
        }
        waiting.add((caller.user_id, room_id), seq, asker);
        Ok(())
    }

    fn submit_marks(&self) -> storage::Result<()> {
        let chat = self.clone();
        self.inner.store.submit(move |backend| chat.write_marks(backend))
    }

    /// Runs on the writer thread.
    fn write_marks(&self, backend: &dyn Backend) {
        let (batch, rest) = self.inner.marks.take();
        let positions: Vec<ReadPosition> = batch.iter().map(|(position, _)| *position).collect();
        let outcomes = match backend.advance_read_positions(&positions) {
            Ok(advanced) => {
                let result = |place: Option<_>| place.ok_or(AppendError::RoomNotFound);
                advanced.into_iter().map(result).collect()
            }
            Err(error) => vec![Err(AppendError::Storage(error)); positions.len()],
        };
        let mut news: Vec<News> = batch
            .into_iter()
            .zip(outcomes)
            .map(|((position, askers), result)| read(position, askers, result))
            .collect();
        if rest && let Err(error) = self.submit_marks() {
            let refused = self.inner.marks.clear().into_iter();
            let refuse = |(position, askers)| {
                read(position, askers, Err(AppendError::Storage(error.clone())))
            };
            news.extend(refused.map(refuse));
        }
        self.inner.fleet.blocking_publish(news);
    }
}

fn read(
    position: ReadPosition,
    askers: Vec<ReadAsker>,
    result: Result<(Seq, bool), AppendError>,
) -> News {
    let ReadPosition { user_id, room_id, .. } = position;
    News::Read(ReadOutcome { user_id, room_id, result, askers })
}

type Taken = Vec<(ReadPosition, Vec<ReadAsker>)>;

impl Waiting {
    fn check_space(&self) -> Result<()> {
        if self.asker_count < MAX_ASKERS { Ok(()) } else { Err(Error::Busy) }
    }

    fn add(&mut self, whose: (UserId, RoomId), seq: Seq, asker: ReadAsker) {
        let mark = self.marks.entry(whose).or_default();
        mark.seq = mark.seq.max(seq);
        mark.askers.push(asker);
        self.asker_count += 1;
    }
}

impl Marks {
    /// Takes the positions of the next transaction, and returns whether more are left: then another
    /// write must be queued.
    fn take(&self) -> (Taken, bool) {
        let mut waiting = self.lock();
        let some: Vec<_> = waiting.marks.keys().take(WRITTEN_AT_ONCE).copied().collect();
        let taken: Taken = some
            .into_iter()
            .filter_map(|key| waiting.marks.remove_entry(&key))
            .map(entry)
            .collect();
        waiting.asker_count -= taken.iter().map(|(_, askers)| askers.len()).sum::<usize>();
        waiting.is_queued = !waiting.marks.is_empty();
        (taken, waiting.is_queued)
    }

    fn clear(&self) -> Taken {
        let mut waiting = self.lock();
        waiting.is_queued = false;
        waiting.asker_count = 0;
        waiting.marks.drain().map(entry).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Every change is complete before anything can panic, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(((user_id, room_id), mark): ((UserId, RoomId), Mark)) -> (ReadPosition, Vec<ReadAsker>) {
    (ReadPosition { user_id, room_id, seq: mark.seq }, mark.askers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_positions_are_bounded_and_taking_them_makes_room() {
        let marks = Marks::default();
        let ask = |user: usize| {
            let mut waiting = marks.lock();
            waiting.check_space()?;
            let (reply, _) = oneshot::channel();
            waiting.add((UserId(user as i64), RoomId(1)), Seq(1), ReadAsker::Task(reply));
            Ok::<_, Error>(())
        };
        for n in 0..MAX_ASKERS {
            ask(n % (2 * WRITTEN_AT_ONCE)).unwrap();
        }
        assert!(matches!(ask(0), Err(Error::Busy)));
        let (taken, rest) = marks.take();
        assert!(taken.len() == WRITTEN_AT_ONCE && rest);
        ask(0).unwrap();
        marks.clear();
        assert_eq!(marks.lock().asker_count, 0);
    }
}
