//! What was fetched is kept for a while, also that nothing was found. What several callers ask for at once is fetched
//! once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use url::Url;

use crate::chat::Result;
use crate::model::EventId;

/// How long something that was found is kept.
const FOUND: Duration = Duration::from_secs(3 * 60 * 60);

/// How long it is kept that nothing was found.
const NOT_FOUND: Duration = Duration::from_secs(5 * 60);

/// What an entry takes besides its texts and bytes, about.
const OVERHEAD: usize = 256;

/// A message, and an address in it. With the message in it, the time of an answer tells nobody whether the address was
/// fetched for a message that others see.
pub(super) type Key = (EventId, Url);

/// Values by message and address.
pub(super) struct Kept<T> {
    entries: Cache<Key, Entry<T>, Size>,
}

struct Entry<T> {
    value: Option<Arc<T>>,
    until: Instant,
    /// About how many bytes of memory the entry takes.
    bytes: u64,
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), until: self.until, bytes: self.bytes }
    }
}

#[derive(Clone)]
struct Size;

impl<T> Weighter<Key, Entry<T>> for Size {
    fn weight(&self, _: &Key, entry: &Entry<T>) -> u64 {
        entry.bytes
    }
}

/// What was fetched, and about how many bytes of memory it takes. `None`: there is nothing at the address.
pub(super) type Fetched<T> = Option<(T, usize)>;

impl<T> Kept<T> {
    /// Keeps at most about `bytes` bytes, which are those of about `entries` entries. With up to 32 entries, one value may
    /// take all of the room.
    pub fn new(entries: usize, bytes: u64) -> Self {
        Self { entries: Cache::with_weighter(entries, bytes, Size) }
    }

    /// Returns the value of a key. If it is not kept, this caller or another one fetches it now.
    ///
    /// # Errors
    /// Those of `fetch`; then the next caller tries.
    pub async fn get(
        &self,
        key: &Key,
        fetch: impl Future<Output = Result<Fetched<T>>>,
    ) -> Result<Option<Arc<T>>> {
        let now = Instant::now();
        let fresh = |_: &Key, entry: &mut Entry<T>| match entry.until > now {
            true => EntryAction::Retain(entry.value.clone()),
            false => EntryAction::ReplaceWithGuard,
        };
        let guard = match self.entries.entry_async(key, fresh).await {
            EntryResult::Retained(value) => return Ok(value),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => guard,
            // Neither is asked for above.
            EntryResult::Removed(..) | EntryResult::Timeout => return Ok(None),
        };
        // If this fails or is cancelled, the guard lets the next caller try.
        let (value, bytes) = fetch.await?.map(|(value, bytes)| (Arc::new(value), bytes)).unzip();
        let until = Instant::now() + if value.is_some() { FOUND } else { NOT_FOUND };
        let bytes = (key.1.as_str().len() + bytes.unwrap_or(0) + OVERHEAD) as u64;
        let _ = guard.insert(Entry { value: value.clone(), until, bytes });
        Ok(value)
    }
}
