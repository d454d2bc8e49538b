//! What `rate` can be disturbed by: each is work on a thread of its own, from the end of the quiet
//! stretch to the end of the run.

mod file;
mod logins;
mod stalled;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;

use super::Target;

/// How often a thread that waits looks whether it is over.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Disturb {
    /// 200 connections sign in with a wrong password, again and again
    LoginFlood,
    /// A tenth more connections join the room and never read
    StalledReaders,
    /// The SQLite file is checkpointed, which it was kept from before; more is written all the time
    Checkpoint,
    /// The SQLite file is backed up every second by `chatapp backup`; more is written all the time
    Backup,
}

/// What a disturbance did, for the report: name, value, unit.
pub type Figures = Vec<(&'static str, f64, &'static str)>;

type Work = Box<dyn FnOnce(&AtomicBool) -> anyhow::Result<Figures> + Send>;

/// A disturbance: made ready, begun, ended.
pub struct Disturbance {
    work: Option<Work>,
    thread: Option<JoinHandle<anyhow::Result<Figures>>>,
    is_over: Arc<AtomicBool>,
}

impl Disturb {
    /// Connections it has open at once.
    pub fn connections(self, receivers: usize) -> usize {
        match self {
            Self::LoginFlood => logins::CONNECTIONS,
            Self::StalledReaders => stalled::count(receivers),
            Self::Checkpoint | Self::Backup => 0,
        }
    }

    /// Whether something else must be written to the database, before it begins too.
    pub fn needs_load(self) -> bool {
        matches!(self, Self::Checkpoint | Self::Backup)
    }

    /// # Errors
    /// It is not possible on this server.
    pub fn prepare(
        self,
        target: &Target,
        room_id: i64,
        receivers: usize,
    ) -> anyhow::Result<Disturbance> {
        let server = target.server().clone();
        let work: Work = match self {
            Self::LoginFlood => Box::new(move |is_over| logins::flood(&server, is_over)),
            Self::StalledReaders => {
                let tokens = target.tokens().to_vec();
                let count = stalled::count(receivers);
                Box::new(move |is_over| stalled::join(&server, room_id, &tokens, count, is_over))
            }
            Self::Checkpoint => {
                let pinned = file::Pinned::new(target.sqlite_file()?)?;
                Box::new(move |is_over| pinned.release(is_over))
            }
            Self::Backup => {
                let path = target.sqlite_file()?;
                Box::new(move |is_over| file::back_up_every_second(&path, is_over))
            }
        };
        Ok(Disturbance { work: Some(work), thread: None, is_over: Arc::default() })
    }
}

impl Disturbance {
    pub fn begin(&mut self) {
        let Some(work) = self.work.take() else { return };
        let is_over = self.is_over.clone();
        self.thread = Some(thread::spawn(move || work(&is_over)));
    }

    /// # Errors
    /// What went wrong on its thread.
    pub fn end(mut self) -> anyhow::Result<Figures> {
        self.is_over.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return Ok(Figures::new()) };
        thread.join().expect("a disturbance does not panic").context("the disturbance failed")
    }
}

impl Drop for Disturbance {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn wait(is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(LOOK);
    }
}
