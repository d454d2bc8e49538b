//! A process's ways to the database and to the doorbell.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::super::database::Database;
use super::gate::spawn;
use super::random::Random;
use super::tables::{ConnectionId, Tables};
use super::world::World;
use crate::model::{
    Audience, Event, Heartbeat, NewNode, Node, NodeId, RoomDifference, RoomHead, RoomId, UserId,
};
use crate::storage::backend::{Fleet, PresenceChange, Present, Roster};
use crate::storage::doorbell::{Doorbell, Hear, Heard};
use crate::storage::{Error, Result};

/// The longest time until a process notices that its database is not there.
const TIMEOUT_MS: u64 = 2_000;

/// The database as one process reaches it. A clone has the same times of calls: see [`Link::fork`].
#[derive(Clone)]
pub struct Link {
    inner: Arc<Inner>,
    random: Arc<Mutex<Random>>,
}

struct Inner {
    world: World,
    machine: usize,
    /// The connection of the maintenance, which holds the lock of the jobs.
    connection: AtomicU64,
}

impl Link {
    pub fn new(world: &World, machine: usize, random: Random) -> Self {
        let connection = world.lock().tables.connect();
        let inner = Inner { world: world.clone(), machine, connection: connection.into() };
        Self { inner: Arc::new(inner), random: Arc::new(Mutex::new(random)) }
    }

    /// The same link for another task, so that the times of its calls do not depend on the order in which the
    /// tasks run.
    pub fn fork(&self) -> Self {
        let random = self.random.lock().expect("no panic").fork();
        Self { inner: self.inner.clone(), random: Arc::new(Mutex::new(random)) }
    }

    fn millis(&self, most: u64) -> Duration {
        Duration::from_millis(self.random.lock().expect("no panic").below(most + 1))
    }

    /// One transaction. It may be done although the caller has ended, or gets an error.
    pub async fn call<R: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Tables) -> R + Send + 'static,
    ) -> Result<R> {
        // Now and then a call is slow.
        let is_slow = self.random.lock().expect("no panic").percent(3);
        let most = self.inner.world.lock().weather.database_ms * if is_slow { 20 } else { 1 };
        let (there, back) = (self.millis(most), self.millis(most));
        let late = self.millis(TIMEOUT_MS);
        let (done, reply) = oneshot::channel();
        let (world, machine) = (self.inner.world.clone(), self.inner.machine);
        let exchange = async move {
            let unavailable = || Error::Unavailable("the database is not there".to_owned());
            sleep(there).await;
            let mut result = Err(unavailable());
            if world.reaches_database(machine) {
                result = Ok(run(&mut world.lock().tables));
                sleep(back).await;
            }
            if !world.reaches_database(machine) {
                result = Err(unavailable());
                sleep(late).await;
            }
            // The caller may have ended.
            let _ = done.send(result);
        };
        drop(spawn(exchange));
        reply.await.unwrap_or_else(|_| Err(Error::Internal("the world has ended".to_owned())))
    }

    fn connection(&self) -> ConnectionId {
        self.inner.connection.load(Ordering::Relaxed)
    }

    /// Ends the connection, and opens another one.
    fn reconnect(&self) {
        self.inner.world.abandon(self.inner.machine, self.connection());
        let connection = self.inner.world.lock().tables.connect();
        self.inner.connection.store(connection, Ordering::Relaxed);
    }

    /// The process has ended: the system ends its connection.
    pub fn close(&self) {
        self.inner.world.abandon(self.inner.machine, self.connection());
    }
}

impl Database for Link {
    fn is_shared(&self) -> bool {
        true
    }

    async fn get_data_version(&self) -> Result<Option<i64>> {
        Ok(None)
    }

    async fn list_changed_rooms(
        &self,
        known: Vec<RoomHead>,
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>> {
        self.call(move |tables| tables.list_changed(&known, finds_new)).await
    }

    async fn list_new_events(
        &self,
        known: Vec<RoomHead>,
        limit: u32,
    ) -> Result<Vec<Result<Vec<Event>>>> {
        let list = move |tables: &mut Tables| {
            known.iter().map(|&room| Ok(tables.list_events(room, limit as usize))).collect()
        };
        self.call(list).await
    }

    async fn get_audiences(&self, rooms: Vec<RoomId>) -> Result<Vec<Audience>> {
        self.call(move |tables| rooms.iter().map(|&id| tables.audience(id)).collect()).await
    }

    async fn on_fleet<R: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Fleet) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let connection = self.connection();
        let name = name_of(self.inner.machine);
        let transaction = move |tables: &mut Tables| {
            if tables.is_ended(connection) {
                return Err(Error::Unavailable("the connection was ended".to_owned()));
            }
            let state = std::mem::replace(tables, Tables::new(0));
            let transaction = Transaction { tables: Mutex::new(state), connection, name };
            let result = call(&transaction);
            *tables = transaction.tables.into_inner().expect("no panic");
            result
        };
        let result = self.call(transaction).await.and_then(|result| result);
        if result.is_err() {
            self.reconnect();
        }
        result
    }
}

/// The name of the node on this machine.
pub fn name_of(machine: usize) -> String {
    format!("machine {machine}")
}

/// A call of the maintenance while it has the database.
struct Transaction {
    tables: Mutex<Tables>,
    connection: ConnectionId,
    name: String,
}

impl Transaction {
    fn run<R>(&self, what: &str, run: impl FnOnce(&mut Tables) -> R) -> Result<R> {
        let mut tables = self.tables.lock().expect("no panic");
        let result = run(&mut tables);
        tables.note(|| format!("{} {what}", self.name));
        Ok(result)
    }
}

impl Fleet for Transaction {
    fn doorbell(&self) -> Box<dyn Doorbell> {
        unreachable!("a process has its doorbell from the simulation")
    }

    fn add_node(&self, node: &NewNode) -> Result<NodeId> {
        self.run("add_node", |tables| tables.add_node(node))
    }

    fn beat(&self, id: NodeId, heartbeat: Heartbeat) -> Result<Option<Roster>> {
        self.run(&format!("beat {}", id.0), |tables| tables.beat(id, heartbeat, self.connection))
    }

    fn remove_node(&self, id: NodeId) -> Result<()> {
        self.run(&format!("remove_node {}", id.0), |tables| tables.remove_node(id, &self.name))
    }

    fn list_nodes(&self) -> Result<Vec<Node>> {
        self.run("list_nodes", |tables| tables.list_nodes())
    }

    fn change_presence(&self, id: NodeId, change: &PresenceChange) -> Result<Option<i64>> {
        self.run(&format!("changes presence of {}", id.0), |tables| {
            tables.change_presence(id, change)
        })
    }

    fn list_present(&self, rooms: &[RoomId], except: NodeId) -> Result<Vec<Present>> {
        self.run(&format!("list_present {rooms:?}"), |tables| tables.list_present(rooms, except))
    }

    fn count_present(&self, rooms: &[RoomId], _: Option<NodeId>) -> Result<Vec<usize>> {
        self.run("count_present", |tables| {
            rooms.iter().map(|&room| tables.people(room).len()).collect()
        })
    }

    fn list_connected(&self, _: &[UserId], _: Option<NodeId>) -> Result<Vec<(UserId, bool)>> {
        Ok(Vec::new())
    }
}

/// The doorbell as one process reaches it.
pub struct Ears {
    pub world: World,
    pub machine: usize,
}

impl Doorbell for Ears {
    fn run(
        self: Box<Self>,
        _channel: String,
        mut texts: mpsc::Receiver<String>,
        hear: Hear,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            loop {
                let Some(mut ears) = self.world.listen(self.machine) else {
                    // What is rung now is lost.
                    if let Ok(None) = timeout(Duration::from_millis(300), texts.recv()).await {
                        return;
                    }
                    continue;
                };
                hear(Heard::Connected);
                loop {
                    tokio::select! {
                        biased;
                        text = texts.recv() => match text {
                            Some(text) => self.world.ring(self.machine, text),
                            None => return,
                        },
                        heard = ears.recv() => match heard {
                            Some(text) => hear(Heard::Text(&text)),
                            None => break,
                        },
                    }
                }
                hear(Heard::Lost("it was cut".to_owned()));
            }
        })
    }
}
