//! Runs blocking work on a fixed number of threads with a bounded queue: reads of the database, password
//! hashing. Each kind of work has its own executor, so that one cannot starve another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use crate::metrics::{self, Histogram};

type Job = Box<dyn FnOnce() + Send>;

/// Why work was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutorError {
    #[error("too much work is waiting")]
    Full,
    #[error("the work panicked")]
    Panicked,
}

/// A fixed set of threads. When the last handle is dropped, they end after the queue is empty.
#[derive(Clone)]
pub struct Executor {
    jobs: Sender<Job>,
    times: Arc<Times>,
}

/// How long the work of an [`Executor`] took, in seconds.
#[derive(Debug)]
pub struct Times {
    /// From the request to the start of the work.
    pub wait: Histogram,
    /// From the start to the end of the work.
    pub run: Histogram,
}

impl Executor {
    /// Starts `threads` threads with this name in the operating system; at most `queue` jobs wait.
    pub fn start(name: &str, threads: usize, queue: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = bounded::<Job>(queue);
        for _ in 0..threads {
            let waiting = waiting.clone();
            thread::Builder::new().name(name.to_owned()).spawn(move || run(&waiting))?;
        }
        let times = Times { wait: metrics::seconds(), run: metrics::seconds() };
        Ok(Self { jobs, times: Arc::new(times) })
    }

    pub fn times(&self) -> &Times {
        &self.times
    }

    /// How many jobs wait for a thread.
    pub fn queue_len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether one more job would be refused.
    pub fn is_full(&self) -> bool {
        self.jobs.is_full()
    }

    /// Runs `work` on one of the threads. Queued work runs even if the caller drops the future.
    pub async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, ExecutorError> {
        let (done, result) = oneshot::channel();
        let (times, asked) = (self.times.clone(), Instant::now());
        let job = Box::new(move || {
            let begun = Instant::now();
            times.wait.observe((begun - asked).as_secs_f64());
            let outcome = work();
            times.run.observe(begun.elapsed().as_secs_f64());
            // This fails if the caller has dropped the future, which is not an error.
            let _ = done.send(outcome);
        });
        match self.jobs.try_send(job) {
            Ok(()) => result.await.map_err(|_| ExecutorError::Panicked),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(ExecutorError::Full),
        }
    }
}

fn run(waiting: &Receiver<Job>) {
    for job in waiting {
        // The panic hook has already logged a panic; the thread continues with the next job.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_panic_harms_only_its_own_job() {
        let executor = Executor::start("test", 1, 1).unwrap();
        let (release, gate) = bounded::<()>(0);
        let (started, running) = bounded::<()>(1);
        let busy = executor.run(move || {
            started.send(()).unwrap();
            gate.recv().unwrap();
            1
        });
        let waiting = executor.run(|| -> i32 { panic!("on purpose") });
        let (mut busy, mut waiting) = (Box::pin(busy), Box::pin(waiting));
        assert!(futures_util::poll!(&mut busy).is_pending());
        running.recv().unwrap();
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(executor.run(|| 3).await, Err(ExecutorError::Full));
        release.send(()).unwrap();
        assert_eq!(busy.await, Ok(1));
        assert_eq!(waiting.await, Err(ExecutorError::Panicked));
        assert_eq!(executor.run(|| 4).await, Ok(4));
    }
}
