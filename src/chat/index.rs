//! The job that brings new messages into the index.
//!
//! It reads the logs, so it needs no word from those who send: nothing is lost if it is late, or ends in the middle.

use std::time::{Duration, Instant};

use super::Chat;
use crate::model::RoomId;
use crate::storage::{Backend, Error, Result};

/// The rooms that are looked at together.
const ROOMS_AT_ONCE: u32 = 256;

/// The most events of one transaction. It keeps the writer of SQLite busy for a few milliseconds, and on PostgreSQL the
/// rooms of the events locked.
const EVENTS_AT_ONCE: u32 = 128;

/// What is committed in this time is indexed together: each transaction costs a sync.
const GATHER: Duration = Duration::from_millis(200);

/// The pause after a transaction while messages are sent, as a multiple of the time that it took: the index costs the
/// senders at most a twentieth.
const PAUSES_WHILE_BUSY: u32 = 19;

/// The same while nobody sends anything.
const PAUSES: u32 = 1;

/// How long the same rooms are worked on, before it is looked where else something is missing.
const TURN: Duration = Duration::from_secs(1);

/// The pause after a failure.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Chat {
    /// Brings new messages into the index, as long as this future is polled.
    pub async fn index_logs(&self) {
        let mut growth = self.inner.fleet.growth();
        loop {
            match self.index_once().await {
                Ok(true) => {}
                Ok(false) => growth.changed().await,
                Err(Error::Busy(_)) => tokio::time::sleep(GATHER).await,
                Err(error) => {
                    tracing::warn!(%error, "new messages cannot be brought into the index");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    /// Indexes what is new in the next rooms that have new events. Returns whether there were any.
    async fn index_once(&self) -> Result<bool> {
        let store = &self.inner.store;
        let began = Instant::now();
        let list = |backend: &dyn Backend| backend.list_unindexed_rooms(ROOMS_AT_ONCE);
        let rooms = store.read(list).await?;
        // With very many rooms it takes a while to find these.
        tokio::time::sleep(GATHER.max(began.elapsed() * PAUSES_WHILE_BUSY)).await;
        if rooms.is_empty() {
            return Ok(false);
        }
        for rooms in rooms.chunks(EVENTS_AT_ONCE as usize) {
            self.index_rooms(rooms).await?;
        }
        Ok(true)
    }

    /// Brings these rooms as far as it gets in a while.
    async fn index_rooms(&self, rooms: &[RoomId]) -> Result<()> {
        let store = &self.inner.store;
        let until = Instant::now() + TURN;
        loop {
            let rooms = rooms.to_vec();
            let sent_before = store.counts().messages.get();
            // The time in the queue of the writer is not the work of this job.
            let index = move |backend: &dyn Backend| {
                let began = Instant::now();
                let events = backend.index_events(&rooms, EVENTS_AT_ONCE)?;
                Ok((events, began.elapsed()))
            };
            let (events, took) = store.maintain(index).await?;
            tokio::time::sleep(took * PAUSES).await;
            if store.counts().messages.get() > sent_before {
                tokio::time::sleep(took * (PAUSES_WHILE_BUSY - PAUSES)).await;
            }
            // The rooms with more events come again, after those where less is missing.
            if events < EVENTS_AT_ONCE.into() || Instant::now() > until {
                return Ok(());
            }
        }
    }
}
