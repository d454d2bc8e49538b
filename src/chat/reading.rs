//! Read positions: how far each user has read each room.
//!
//! Clients send read positions often, and many at once: each new message is read by every member.
//! So positions are collected while the writer is busy, the furthest of each user in each room, and
//! are written to the database together. Marking messages as unread waits among them, so that it is
//! written in its turn.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::permissions::RoomAction;
use super::{Chat, Error, Result};
use crate::model::{Identity, ReadMove, ReadPosition, RoomId, Seq, UserId};
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
    marks: HashMap<Whose, Mark>,
    /// The number of waiting callers, in all marks together.
    asker_count: usize,
    /// A write has been queued and has not begun yet.
    is_queued: bool,
}

/// Moves of one position that wait, as one: first back to `back`, then on to `seq`.
#[derive(Default)]
struct Mark {
    back: Option<Seq>,
    seq: Seq,
    askers: Vec<ReadAsker>,
}

/// What a caller asks for.
#[derive(Clone, Copy)]
enum Wanted {
    /// A position at `Seq` or after it.
    Read(Seq),
    /// A position at `Seq` or before it.
    Unread(Seq),
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

    /// Marks the event at `seq` and everything after it as unread for the caller, and returns the stored position: it
    /// never moves on.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::InvalidFields`], [`Error::Busy`].
    pub async fn mark_unread(&self, caller: &Identity, room_id: RoomId, seq: Seq) -> Result<Seq> {
        let (reply, position) = oneshot::channel();
        let before = Seq(seq.0.saturating_sub(1).max(0));
        self.check_position(caller, room_id, seq).await?;
        self.wait_to_move(caller, room_id, Wanted::Unread(before), ReadAsker::Task(reply))?;
        Ok(position.await.map_err(|_| Error::Unavailable)??)
    }

    /// Like [`Self::mark_read`], for a caller that the hub answers. After an error the hub answers nothing.
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
        self.check_position(caller, room_id, seq).await?;
        self.wait_to_move(caller, room_id, Wanted::Read(seq), asker)
    }

    async fn check_position(&self, caller: &Identity, room_id: RoomId, seq: Seq) -> Result<()> {
        if seq < Seq(0) {
            return Err(Error::field("seq", "must not be negative"));
        }
        self.check(caller, room_id, RoomAction::Read).await?;
        Ok(())
    }

    fn wait_to_move(
        &self,
        caller: &Identity,
        room_id: RoomId,
        wanted: Wanted,
        asker: ReadAsker,
    ) -> Result<()> {
        let mut waiting = self.inner.marks.lock();
        waiting.check_space()?;
        // If positions already wait, a write has been queued.
        if !waiting.is_queued {
            self.submit_marks()?;
            waiting.is_queued = true;
        }
        waiting.add((caller.user_id, room_id), wanted, asker);
        Ok(())
    }

    fn submit_marks(&self) -> storage::Result<()> {
        let chat = self.clone();
        self.inner.store.submit(move |backend| chat.write_marks(backend))
    }

    /// Runs on the writer thread.
    fn write_marks(&self, backend: &dyn Backend) {
        let (batch, rest) = self.inner.marks.take();
        let outcomes = match move_positions(backend, &batch) {
            Ok(moved) => {
                let result = |place: Option<_>| place.ok_or(AppendError::RoomNotFound);
                moved.into_iter().map(result).collect()
            }
            Err(error) => vec![Err(AppendError::Storage(error)); batch.len()],
        };
        let mut news: Vec<News> =
            batch.into_iter().zip(outcomes).map(|(moves, result)| read(moves, result)).collect();
        if rest && let Err(error) = self.submit_marks() {
            let refused = self.inner.marks.clear().into_iter();
            let refuse = |moves| read(moves, Err(AppendError::Storage(error.clone())));
            news.extend(refused.map(refuse));
        }
        self.inner.fleet.blocking_publish(news);
    }
}

/// Positions are moved back first, and then on, as [`Mark`] says.
fn move_positions(
    backend: &dyn Backend,
    batch: &Taken,
) -> storage::Result<Vec<Option<(Seq, ReadMove)>>> {
    let at = |whose: &Whose, seq| ReadPosition { user_id: whose.0, room_id: whose.1, seq };
    let back: Vec<ReadPosition> =
        batch.iter().filter_map(|(whose, mark)| mark.back.map(|seq| at(whose, seq))).collect();
    let mut moved_back = HashSet::new();
    if !back.is_empty() {
        let moved = back.iter().zip(backend.move_back_read_positions(&back)?);
        moved_back.extend(
            moved
                .filter(|(_, place)| place.is_some_and(|(_, has_moved)| has_moved))
                .map(|(position, _)| (position.user_id, position.room_id)),
        );
    }
    let on: Vec<ReadPosition> = batch.iter().map(|(whose, mark)| at(whose, mark.seq)).collect();
    let how = |(whose, _): &(Whose, Mark), has_moved| match has_moved {
        _ if moved_back.contains(whose) => ReadMove::Back,
        true => ReadMove::On,
        false => ReadMove::None,
    };
    let places = batch.iter().zip(backend.advance_read_positions(&on)?);
    Ok(places
        .map(|(moves, place)| place.map(|(seq, has_moved)| (seq, how(moves, has_moved))))
        .collect())
}

fn read(moves: (Whose, Mark), result: Result<(Seq, ReadMove), AppendError>) -> News {
    let ((user_id, room_id), Mark { askers, .. }) = moves;
    News::Read(ReadOutcome { user_id, room_id, result, askers })
}

type Whose = (UserId, RoomId);
type Taken = Vec<(Whose, Mark)>;

impl Waiting {
    fn check_space(&self) -> Result<()> {
        if self.asker_count < MAX_ASKERS { Ok(()) } else { Err(Error::Busy) }
    }

    fn add(&mut self, whose: Whose, wanted: Wanted, asker: ReadAsker) {
        let mark = self.marks.entry(whose).or_default();
        match wanted {
            Wanted::Read(seq) => mark.seq = mark.seq.max(seq),
            Wanted::Unread(seq) => {
                mark.back = Some(mark.back.map_or(seq, |back| back.min(seq)));
                mark.seq = mark.seq.min(seq);
            }
        }
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
        let taken: Taken =
            some.into_iter().filter_map(|key| waiting.marks.remove_entry(&key)).collect();
        waiting.asker_count -= taken.iter().map(|(_, mark)| mark.askers.len()).sum::<usize>();
        waiting.is_queued = !waiting.marks.is_empty();
        (taken, waiting.is_queued)
    }

    fn clear(&self) -> Taken {
        let mut waiting = self.lock();
        waiting.is_queued = false;
        waiting.asker_count = 0;
        waiting.marks.drain().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Every change is complete before anything can panic, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            let whose = (UserId(user as i64), RoomId(1));
            waiting.add(whose, Wanted::Read(Seq(1)), ReadAsker::Task(reply));
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

    /// A position after each move, and after all of them together.
    #[test]
    fn moves_that_wait_together_end_where_they_would_end_one_by_one() {
        let wants = [
            Wanted::Read(Seq(2)),
            Wanted::Read(Seq(5)),
            Wanted::Unread(Seq(1)),
            Wanted::Unread(Seq(4)),
        ];
        for choice in 0..4_usize.pow(4) {
            let chosen: Vec<Wanted> = (0..4).map(|n| wants[choice / 4_usize.pow(n) % 4]).collect();
            for start in 0..7 {
                let marks = Marks::default();
                let mut expected = Seq(start);
                for &wanted in &chosen {
                    let (reply, _) = oneshot::channel();
                    marks.lock().add((UserId(1), RoomId(1)), wanted, ReadAsker::Task(reply));
                    expected = match wanted {
                        Wanted::Read(seq) => expected.max(seq),
                        Wanted::Unread(seq) => expected.min(seq),
                    };
                }
                let (_, mark) = marks.take().0.remove(0);
                let back = mark.back.map_or(Seq(start), |back| back.min(Seq(start)));
                assert_eq!(back.max(mark.seq), expected, "{choice} {start}");
            }
        }
    }
}
