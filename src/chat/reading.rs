//! Up to where people have read.
//!
//! Whoever reads says so again and again, and many at once: when a message comes, everybody has read
//! it. So positions gather while the writer is busy, the furthest of each person in each room, and
//! go into the database together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::permissions::{self, Action};
use super::{Chat, Error, Result};
use crate::model::{Identity, ReadPosition, RoomId, Seq, UserId};
use crate::realtime::{News, ReadAsker, ReadOutcome};
use crate::storage::{self, AppendError, Backend};

/// The most positions in one transaction: some milliseconds of the writer.
const WRITTEN_AT_ONCE: usize = 512;

/// What waits to be written. It is bounded by what every asker may have under way.
#[derive(Default)]
pub(super) struct Marks(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    marks: HashMap<(UserId, RoomId), Mark>,
    /// The writer has been asked to take them, and has not yet.
    is_queued: bool,
}

#[derive(Default)]
struct Mark {
    seq: Seq,
    askers: Vec<ReadAsker>,
}

impl Chat {
    /// Notes that the caller has read up to a position, and gives where that is now: never before
    /// where it was, never beyond the head.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::InvalidFields`], [`Error::Busy`].
    pub async fn mark_read(&self, caller: &Identity, room_id: RoomId, seq: Seq) -> Result<Seq> {
        let (reply, position) = oneshot::channel();
        self.post_read(caller, room_id, seq, ReadAsker::Task(reply))?;
        Ok(position.await.map_err(|_| Error::Unavailable)??)
    }

    /// The same, for one who is told by the hub. After an error nobody is told.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::Busy`], [`Error::Unavailable`] if the server is stopping.
    pub fn post_read(
        &self,
        caller: &Identity,
        room_id: RoomId,
        seq: Seq,
        asker: ReadAsker,
    ) -> Result<()> {
        permissions::require(caller, Action::ReadRoom)?;
        if seq < Seq(0) {
            return Err(Error::field("seq", "must not be negative"));
        }
        let mut waiting = self.inner.marks.lock();
        // While something waits, the writer has been asked.
        if !waiting.is_queued {
            self.submit_marks()?;
            waiting.is_queued = true;
        }
        let mark = waiting.marks.entry((caller.user_id, room_id)).or_default();
        mark.seq = mark.seq.max(seq);
        mark.askers.push(asker);
        Ok(())
    }

    fn submit_marks(&self) -> storage::Result<()> {
        let chat = self.clone();
        self.inner.store.submit(move |backend| chat.write_marks(backend))
    }

    /// On the writer's thread.
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
        self.inner.hub.blocking_announce(news);
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

impl Marks {
    /// What is to be written now, and whether there is more: then the writer must be asked again.
    fn take(&self) -> (Taken, bool) {
        let mut waiting = self.lock();
        let some: Vec<_> = waiting.marks.keys().take(WRITTEN_AT_ONCE).copied().collect();
        let taken = some
            .into_iter()
            .filter_map(|key| waiting.marks.remove_entry(&key))
            .map(entry)
            .collect();
        waiting.is_queued = !waiting.marks.is_empty();
        (taken, waiting.is_queued)
    }

    fn clear(&self) -> Taken {
        let mut waiting = self.lock();
        waiting.is_queued = false;
        waiting.marks.drain().map(entry).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Every change is complete before anything can panic: a poisoned one is as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(((user_id, room_id), mark): ((UserId, RoomId), Mark)) -> (ReadPosition, Vec<ReadAsker>) {
    (ReadPosition { user_id, room_id, seq: mark.seq }, mark.askers)
}
