//! The interface of a doorbell: it carries short texts between the processes that use one database.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

/// The longest text, in bytes. PostgreSQL carries less than 8,000.
pub const MAX_TEXT_BYTES: usize = 7_900;

/// What a process learns from its doorbell.
#[derive(Debug)]
pub enum Heard<'a> {
    /// A text from any process, also from this one.
    Text(&'a str),
    /// The doorbell works from now on.
    Connected,
    /// The doorbell does not work, for this reason. It connects again by itself.
    Lost(String),
}

/// Receives what is heard. It is called often and must not block.
pub type Hear = Arc<dyn Fn(Heard<'_>) + Send + Sync>;

/// Carries short texts to every process on the database, also back to the sender.
///
/// It may lose texts, and deliver them late, twice or in another order: a text says that there is something
/// to read, and never is the only copy of anything.
pub trait Doorbell: Send {
    /// Carries `texts` to all processes that use the same `channel`, until the sender of `texts` is dropped.
    /// Texts that come while there is no connection are dropped.
    fn run(
        self: Box<Self>,
        channel: String,
        texts: mpsc::Receiver<String>,
        hear: Hear,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
