//! Tasks of a simulated process: they stand still while it is frozen, and end when it is killed.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::task::AbortHandle;

/// Starts a task of the simulated world.
#[expect(
    clippy::disallowed_methods,
    reason = "the runtime of a simulation ends with all its tasks"
)]
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    tokio::spawn(task).abort_handle()
}

/// The tasks of one process.
#[derive(Default)]
pub struct Gate(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    is_closed: bool,
    waiting: Vec<Waker>,
    tasks: Vec<AbortHandle>,
}

impl Gate {
    /// Starts a task of the process.
    pub fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let task = spawn(Gated { gate: self.clone(), task: Box::pin(task) });
        self.0.lock().expect("no panic").tasks.push(task);
    }

    /// Freezes the process, as SIGSTOP does.
    pub fn close(&self) {
        self.0.lock().expect("no panic").is_closed = true;
    }

    /// Lets the process go on.
    pub fn open(&self) {
        let mut inner = self.0.lock().expect("no panic");
        inner.is_closed = false;
        inner.waiting.drain(..).for_each(Waker::wake);
    }

    /// Ends the process at once.
    pub fn kill(&self) {
        let mut inner = self.0.lock().expect("no panic");
        inner.tasks.drain(..).for_each(|task| task.abort());
    }

    pub fn is_closed(&self) -> bool {
        self.0.lock().expect("no panic").is_closed
    }
}

struct Gated {
    gate: Arc<Gate>,
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Future for Gated {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        {
            let mut gate = self.gate.0.lock().expect("no panic");
            if gate.is_closed {
                gate.waiting.push(cx.waker().clone());
                return Poll::Pending;
            }
        }
        self.task.as_mut().poll(cx)
    }
}
