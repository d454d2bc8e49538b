//! The async handle over a [`Backend`]: reads run on a fixed number of threads, writes on one thread
//! that commits queued messages as one transaction.
//!
//! Group commit needs no timer: while one batch is being committed, the next one gathers. The writer
//! passes the outcomes to the listener in the order of commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use super::backend::Fleet;
use super::doorbell::Doorbell;
use super::{AppendError, Backend, Error, Result, StoreCounts};
use crate::executor::{Executor, ExecutorError};
use crate::model::{Appended, NewMessage};

/// The sizes of the store's queues and pools.
#[derive(Clone, Copy, Debug)]
pub struct StoreConfig {
    /// Threads that read, each with a connection of the backend's pool.
    pub read_threads: usize,
    /// The most queued reads. Further reads are refused as busy.
    pub read_queue: usize,
    /// The most queued writes. Further writes are refused as busy.
    pub write_queue: usize,
}

/// The most work that waits for one of the [`OwnThreads`].
const OWN_QUEUE: usize = 64;

/// The most messages in one transaction. A larger batch gains nothing, because hundreds of messages share
/// the sync already, and its first message waits longer.
const MAX_BATCH: usize = 512;

/// The most text in one transaction, in bytes: bounds the memory of a batch of long messages.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// The outcome of one append, with the tag of the append. The store's listener receives it.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The tag that the caller gave with the message.
    pub tag: T,
    /// The stored message, or the reason why it was not stored.
    pub result: Result<Appended, AppendError>,
}

/// Receives the outcomes of appends on the writer's thread. It may block, which delays the writer.
pub trait Listener<T>: Send {
    /// Called when messages are queued. Messages that arrive until this returns are committed with them.
    fn before_commit(&mut self) {}

    /// Called after a commit, with one outcome per append in the order of commit, and the time it took.
    fn committed(&mut self, outcomes: Vec<Outcome<T>>, took: Duration);
}

impl<T, F: FnMut(Vec<Outcome<T>>) + Send> Listener<T> for F {
    fn committed(&mut self, outcomes: Vec<Outcome<T>>, _: Duration) {
        self(outcomes);
    }
}

type Change = Box<dyn FnOnce(&dyn Backend) + Send>;

/// An entry of the write queue. The queue allocates memory for all its entries when it is made, so
/// entries are small.
enum Write<T> {
    Append(Box<(NewMessage, T)>),
    Run(Change),
    Stop,
}

/// Threads with a connection of their own each, so that their work delays no message.
#[derive(Clone)]
struct OwnThreads {
    /// Deletes what is not needed any more, and counts attempts.
    upkeep: (Arc<dyn Backend>, Executor),
    /// Heartbeats, presence, and the lock of the jobs.
    fleet: (Arc<dyn Backend>, Executor),
}

/// A handle that is cheap to clone. `T` is the tag that a caller attaches to an append, to recognise its
/// outcome.
pub struct Store<T> {
    backend: Arc<dyn Backend>,
    reads: Executor,
    /// Threads with a connection of their own. `None`: the writer does their work too.
    own: Option<OwnThreads>,
    writes: Sender<Write<T>>,
    counts: Arc<StoreCounts>,
}

impl<T> Clone for Store<T> {
    fn clone(&self) -> Self {
        Self {
            backend: self.backend.clone(),
            reads: self.reads.clone(),
            own: self.own.clone(),
            writes: self.writes.clone(),
            counts: self.counts.clone(),
        }
    }
}

/// The handle of the writer's thread, for shutdown.
pub struct Writer(JoinHandle<()>);

impl Writer {
    /// Waits until everything that was queued before [`Store::stop`] is committed.
    pub fn join(self) {
        // The writer catches the panics of its jobs. If it has died nevertheless, shutdown continues.
        let _ = self.0.join();
    }
}

impl<T: Send + 'static> Store<T> {
    /// Starts the threads.
    pub fn start(
        backend: Arc<dyn Backend>,
        config: StoreConfig,
        listener: impl Listener<T> + 'static,
    ) -> std::io::Result<(Self, Writer)> {
        let reads = Executor::start("chatapp-read", config.read_threads, config.read_queue)?;
        let own = match (backend.maintenance(), backend.maintenance()) {
            (Some(for_upkeep), Some(for_fleet)) => Some(OwnThreads {
                upkeep: (for_upkeep, Executor::start("chatapp-upkeep", 1, OWN_QUEUE)?),
                fleet: (for_fleet, Executor::start("chatapp-fleet", 1, OWN_QUEUE)?),
            }),
            _ => None,
        };
        let (writes, waiting) = bounded(config.write_queue);
        let counts = Arc::new(StoreCounts::new());
        let writer = thread::Builder::new().name("chatapp-write".to_owned()).spawn({
            let (backend, counts) = (backend.clone(), counts.clone());
            move || write_loop(&*backend, &waiting, &counts, listener)
        })?;
        Ok((Self { backend, reads, own, writes, counts }, Writer(writer)))
    }

    /// The store's figures, for the metrics.
    pub fn counts(&self) -> &Arc<StoreCounts> {
        &self.counts
    }

    /// `sqlite` or `postgres`.
    pub fn backend_name(&self) -> &'static str {
        self.backend.name()
    }

    /// Returns the reader threads.
    pub fn readers(&self) -> &Executor {
        &self.reads
    }

    /// Returns the number of queued writes.
    pub fn write_queue_len(&self) -> usize {
        self.writes.len()
    }

    /// Runs `query` on a reading thread.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many reads are waiting, else what `query` returns.
    pub async fn read<R: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Backend) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.run_on(&self.backend, &self.reads, query).await
    }

    /// Whether several servers can use the database.
    pub fn is_shared(&self) -> bool {
        self.backend.fleet().is_some()
    }

    /// A doorbell for the servers on this database. `None`: only one server can use it.
    pub fn doorbell(&self) -> Option<Box<dyn Doorbell>> {
        self.backend.fleet().map(Fleet::doorbell)
    }

    /// Runs work that can wait, so that it delays no message: on a thread and a connection of its own, or, if the
    /// database has one writer only, like a write.
    ///
    /// # Errors
    /// Those of [`Self::write`].
    pub async fn maintain<R: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Backend) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        match &self.own {
            Some(own) => self.run_on(&own.upkeep.0, &own.upkeep.1, work).await,
            None => self.write(work).await,
        }
    }

    /// Runs work of the fleet, such as a heartbeat. It has a thread and a connection of its own, because a node whose
    /// heartbeats waited for slow upkeep would be taken for dead.
    ///
    /// # Errors
    /// [`Error::Busy`] if too much work waits, else what `work` returns.
    pub async fn on_fleet<R: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fleet) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let not_shared = || Error::Internal("the database is not shared".to_owned());
        let own = self.own.as_ref().ok_or_else(not_shared)?;
        let work = move |backend: &dyn Backend| work(backend.fleet().ok_or_else(not_shared)?);
        self.run_on(&own.fleet.0, &own.fleet.1, work).await
    }

    async fn run_on<R: Send + 'static>(
        &self,
        backend: &Arc<dyn Backend>,
        threads: &Executor,
        work: impl FnOnce(&dyn Backend) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let backend = backend.clone();
        let result = match threads.run(move || work(&*backend)).await {
            Ok(result) => result,
            Err(ExecutorError::Full) => Err(Error::Busy("too much other work is waiting".into())),
            Err(ExecutorError::Panicked) => Err(Error::Internal("the work panicked".into())),
        };
        self.counts.ended(&result);
        result
    }

    /// Runs `change` on the writing thread, after every write queued before it.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many writes are waiting, else what `change` returns.
    pub async fn write<R: Send + 'static>(
        &self,
        change: impl FnOnce(&dyn Backend) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (done, result) = oneshot::channel();
        let counts = self.counts.clone();
        self.submit(move |backend| {
            let result = change(backend);
            counts.wrote(&result);
            // The caller may have been dropped. The change is made nevertheless.
            let _ = done.send(result);
        })?;
        result.await.unwrap_or_else(|_| Err(Error::Internal("a write panicked".into())))
    }

    /// Queues a change for the writing thread, after every write queued before it. Its outcome is not
    /// reported.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many writes are waiting.
    pub fn submit(&self, change: impl FnOnce(&dyn Backend) + Send + 'static) -> Result<()> {
        self.enqueue(Write::Run(Box::new(change))).map_err(|(error, _)| error)
    }

    /// Queues a message for the next batch. The listener of the store receives the outcome.
    ///
    /// # Errors
    /// [`Error::Busy`] and the tag, at once, if too many writes are waiting.
    pub fn append(&self, message: NewMessage, tag: T) -> Result<(), (Error, T)> {
        self.enqueue(Write::Append(Box::new((message, tag)))).map_err(
            |(error, write)| match write {
                Write::Append(append) => (error, append.1),
                Write::Run(_) | Write::Stop => unreachable!("the refused write is the append"),
            },
        )
    }

    /// Makes the writer end after everything that is queued already. Later writes are refused as
    /// unavailable. Blocks while the queue is full.
    pub fn stop(&self) {
        // Sending fails if the writer has ended already.
        let _ = self.writes.send(Write::Stop);
    }

    fn enqueue(&self, write: Write<T>) -> Result<(), (Error, Write<T>)> {
        self.writes.try_send(write).map_err(|error| {
            let (error, write) = match error {
                TrySendError::Full(write) => {
                    (Error::Busy("too many writes are waiting".into()), write)
                }
                TrySendError::Disconnected(write) => {
                    (Error::Unavailable("the server is stopping".into()), write)
                }
            };
            self.counts.ended::<()>(&Err(error.clone()));
            (error, write)
        })
    }
}

fn write_loop<T>(
    backend: &dyn Backend,
    waiting: &Receiver<Write<T>>,
    counts: &StoreCounts,
    mut listener: impl Listener<T>,
) {
    let mut messages = Vec::new();
    let mut tags = Vec::new();
    while let Ok(first) = waiting.recv() {
        if let Write::Append(..) = first {
            listener.before_commit();
        }
        let mut next = Some(first);
        let mut bytes = 0;
        // Gather appends until the queue is empty, the batch is full or another kind of write comes.
        while let Some(Write::Append(append)) = next {
            let (message, tag) = *append;
            bytes += message.content.len();
            messages.push(message);
            tags.push(tag);
            let full = messages.len() == MAX_BATCH || bytes >= MAX_BATCH_BYTES;
            next = if full { None } else { waiting.try_recv().ok() };
        }
        if !messages.is_empty() {
            let begun = Instant::now();
            let outcomes =
                append(backend, std::mem::take(&mut messages), std::mem::take(&mut tags));
            let took = begun.elapsed();
            counts.committed(outcomes.iter().map(|outcome| &outcome.result), took);
            listener.committed(outcomes, took);
        }
        match next {
            Some(Write::Run(job)) => {
                // The panic hook has logged the panic, and the caller sees its channel close.
                let _ = catch_unwind(AssertUnwindSafe(|| job(backend)));
            }
            Some(Write::Stop) => return,
            Some(Write::Append(..)) | None => {}
        }
    }
}

fn append<T>(backend: &dyn Backend, messages: Vec<NewMessage>, tags: Vec<T>) -> Vec<Outcome<T>> {
    let results = catch_unwind(AssertUnwindSafe(|| backend.append_messages(messages)))
        .unwrap_or_else(|_| Err(Error::Internal("an append panicked".into())));
    match results {
        Ok(results) => {
            tags.into_iter().zip(results).map(|(tag, result)| Outcome { tag, result }).collect()
        }
        Err(error) => tags
            .into_iter()
            .map(|tag| Outcome { tag, result: Err(AppendError::Storage(error.clone())) })
            .collect(),
    }
}
