//! The fleet: several servers, the nodes, on one database, which behave as one.
//!
//! After a commit a node *rings*: the doorbell tells the other nodes where there is something to read, and they
//! read it from the database. A ring is never the only copy of anything, and may be lost: each node also polls.
//! On a database that only one server can use there are no rings, and the polls find what the command line has
//! written.

mod catch_up;
mod counts;
mod database;
mod follow;
mod health;
mod mailbox;
mod member;
mod nats;
mod nodes;
mod ring;
mod roster;

use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::counts::Counts;
use self::health::Health;
use self::mailbox::Mailbox;
pub use self::nats::NatsDoorbell;
use self::nodes::Alone;
use self::ring::Ring;
use crate::model::{Appended, Event, Identity, NodeId, ReadMove, RoomHead, RoomId};
use crate::realtime::{Hub, News, Publisher, ReadOutcome, ReplyTo};
use crate::storage::doorbell::{Doorbell, Hear, Heard};
use crate::storage::{Listener, Outcome};

/// The shortest time between two rings is this for each node: what is committed meanwhile is told together. Every
/// ring wakes every node, so that the cost of the doorbell would grow with the square of their number.
const GATHER_FOR_EACH: Duration = Duration::from_micros(500);

/// Or, if it is longer, this for each room that the last ring named: a node that is busy in many rooms rings seldom
/// and tells much, so that rings take little of its time.
const GATHER_FOR_ROOM: Duration = Duration::from_micros(250);

/// The longest pause between two rings.
const MAX_GATHER: Duration = Duration::from_millis(20);

/// How long the last ring may take when the server stops.
const LAST_RING: Duration = Duration::from_millis(500);

/// How often a node polls while it hears the doorbell, and while it does not.
const POLL_WITH_DOORBELL: Duration = Duration::from_secs(1);
const POLL_WITHOUT: Duration = Duration::from_millis(500);

/// This node's part in the fleet. Cheap to clone.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    hub: Hub,
    /// What this node tells the others. `None`: there are no others.
    outgoing: Option<Mailbox>,
    /// What the others have told about logs.
    incoming: Mailbox,
    /// What the others have told about nodes and people.
    told: Mailbox,
    /// This node's id; 0 while it has none.
    node: AtomicI64,
    /// What this server tells of itself.
    alone: OnceLock<Alone>,
    /// Whether this node runs the jobs that one node does for all.
    has_jobs: watch::Sender<bool>,
    /// Wakes the task that looks for revoked sessions.
    revoked: Notify,
    /// Wakes the task that looks for changes of who may do what in a room.
    access: Notify,
    /// Wakes the job that brings new events into the index.
    grown: watch::Sender<()>,
    health: Health,
    counts: Counts,
    /// The server has left the fleet.
    closed: CancellationToken,
}

impl Fleet {
    /// `is_shared`: several servers can use the database.
    pub fn new(hub: Hub, is_shared: bool) -> Self {
        Self(Arc::new(Inner {
            hub,
            outgoing: is_shared.then(Mailbox::default),
            incoming: Mailbox::default(),
            told: Mailbox::default(),
            node: AtomicI64::new(0),
            alone: OnceLock::new(),
            has_jobs: watch::Sender::new(!is_shared),
            revoked: Notify::new(),
            access: Notify::new(),
            grown: watch::Sender::new(()),
            health: Health::default(),
            counts: Counts::new(is_shared),
            closed: CancellationToken::new(),
        }))
    }

    /// The writer's listener: tells the other nodes of commits, and gives them to this node's hub.
    pub fn listener(&self, hub: Publisher) -> impl Listener<ReplyTo> + 'static {
        Ringing { fleet: self.clone(), hub }
    }

    /// Publishes a change that the writer's thread has committed, to the sockets of this node and to the other
    /// nodes. Only the writer's thread may call it.
    pub fn blocking_publish(&self, news: Vec<News>) {
        self.tell(|ring| news.iter().for_each(|news| tell_news(ring, news)));
        if news.iter().any(|news| matches!(news, News::Events(_))) {
            self.0.grown.send_replace(());
        }
        self.0.hub.blocking_announce(news);
    }

    fn tell_committed(&self, outcomes: &[Outcome<ReplyTo>]) {
        self.tell(|ring| {
            for Outcome { result, .. } in outcomes {
                if let Ok(Appended { message, .. }) = result {
                    ring.add_head(RoomHead { id: message.room_id, head_seq: message.seq });
                }
            }
        });
    }

    /// Tells the other nodes that a user is typing.
    pub fn tell_typing(&self, identity: &Identity, room_id: RoomId) {
        self.tell(|ring| ring.add_typing(room_id, identity.user_id));
    }

    /// Tells the other nodes that sessions were revoked.
    pub fn tell_revoked(&self) {
        self.tell(|ring| ring.sessions = true);
    }

    /// Returns when another node has revoked sessions, or when it is time to look without having been told.
    pub async fn sessions_may_be_revoked(&self) {
        let _ = tokio::time::timeout(self.poll_interval(), self.0.revoked.notified()).await;
    }

    /// Returns when another node has changed who may do what in a room, or when it is time to look without having
    /// been told.
    pub async fn access_may_have_changed(&self) {
        let _ = tokio::time::timeout(self.poll_interval(), self.0.access.notified()).await;
    }

    /// Tells one follower of the logs when to look.
    pub fn growth(&self) -> Growth {
        Growth { fleet: self.clone(), grown: self.0.grown.subscribe() }
    }

    fn poll_interval(&self) -> Duration {
        match self.0.health.round_trip() {
            Some(_) => POLL_WITH_DOORBELL,
            None => POLL_WITHOUT,
        }
    }

    /// Adds to what the other nodes are told next. A node that is the only one tells nothing: one that joins reads
    /// everything, and what it misses until this node knows of it, a poll or the next heartbeat finds.
    fn tell(&self, add: impl FnOnce(&mut Ring)) {
        if self.0.counts.nodes.get() > 1 {
            self.tell_any(add);
        }
    }

    /// The same, although this node may be the only one.
    fn tell_any(&self, add: impl FnOnce(&mut Ring)) {
        if let Some(outgoing) = &self.0.outgoing {
            outgoing.put(add);
        }
    }

    /// Rings the doorbell and listens to it, until [`Self::close`]. `channel` is the same for all nodes of the fleet.
    pub async fn ring(&self, doorbell: Box<dyn Doorbell>, channel: String) {
        let Some(outgoing) = &self.0.outgoing else { return };
        let (to_doorbell, texts) = mpsc::channel(1);
        let fleet = self.clone();
        let hear: Hear = Arc::new(move |heard| fleet.hear(heard));
        let gather = async move {
            loop {
                let ring = tokio::select! {
                    // What waits is rung first.
                    biased;
                    ring = outgoing.take() => ring,
                    () = self.0.closed.cancelled() => return,
                };
                let next = Instant::now() + self.gather(ring.heads.len());
                for text in (Ring { node: self.node(), ..ring }).into_texts() {
                    self.0.counts.rung.inc();
                    if to_doorbell.send(text).await.is_err() {
                        return;
                    }
                }
                sleep_until(next).await;
            }
        };
        // A doorbell that is just connecting, perhaps to a server that does not answer, is not waited for.
        let too_late = async {
            self.0.closed.cancelled().await;
            tokio::time::sleep(LAST_RING).await;
        };
        tokio::select! {
            _ = async { tokio::join!(doorbell.run(channel, texts, hear), gather) } => {}
            () = too_late => {}
        }
    }

    /// The pause after a ring that named this number of rooms.
    fn gather(&self, rooms: usize) -> Duration {
        let nodes = u32::try_from(self.0.counts.nodes.get()).unwrap_or(1).max(2);
        let rooms = u32::try_from(rooms).unwrap_or(u32::MAX).min(1_000);
        (GATHER_FOR_EACH * nodes).max(GATHER_FOR_ROOM * rooms).min(MAX_GATHER)
    }

    /// Rings what waits, and nothing after it.
    pub fn close(&self) {
        self.0.closed.cancel();
    }

    /// This node's id. `None`: it has not joined the fleet yet.
    pub fn node(&self) -> Option<NodeId> {
        let id = self.0.node.load(Ordering::Relaxed);
        (id != 0).then_some(NodeId(id))
    }

    /// How long a change by another node takes to be known here.
    fn lag(&self) -> Duration {
        self.0.health.round_trip().unwrap_or(POLL_WITHOUT)
    }

    /// Returns whether that is new.
    fn set_jobs(&self, has_jobs: bool) -> bool {
        self.0.has_jobs.send_if_modified(|had| std::mem::replace(had, has_jobs) != has_jobs)
    }

    /// Runs the jobs that one node does for all, while this node is the one. `jobs` is called each time that
    /// it becomes the one, and its future is dropped when it is not any more.
    pub async fn while_chosen<F: Future<Output = ()>>(&self, jobs: impl Fn() -> F) {
        let mut chosen = self.0.has_jobs.subscribe();
        // The sender lives as long as `self`, so that there is no error.
        while chosen.wait_for(|chosen| *chosen).await.is_ok() {
            tokio::select! {
                () = jobs() => return,
                _ = chosen.wait_for(|chosen| !*chosen) => {}
            }
        }
    }

    fn hear(&self, heard: Heard<'_>) {
        let inner = &self.0;
        match heard {
            Heard::Text(text) => {
                inner.counts.heard.inc();
                let Some(mut ring) = Ring::parse(text) else { return };
                if ring.node.is_some() && ring.node == self.node() {
                    ring.beat.into_iter().for_each(|beat| inner.health.heard(beat));
                    return;
                }
                let (nodes, presence) = (ring.nodes, std::mem::take(&mut ring.presence));
                if nodes || !presence.is_empty() {
                    inner.told.put(|told| {
                        told.nodes |= nodes;
                        presence.into_iter().for_each(|change| told.add_presence(change));
                    });
                }
                inner.incoming.put(|waiting| waiting.merge(Ring { nodes: false, ..ring }));
            }
            // Rings were lost until now.
            Heard::Connected => {
                if inner.health.connected() {
                    tracing::info!("the doorbell is heard again");
                }
                inner.incoming.put(|waiting| {
                    waiting.look = true;
                    waiting.sessions = true;
                    waiting.access = true;
                });
                inner.told.put(|told| told.nodes = true);
            }
            // It was closed.
            Heard::Lost(_) if inner.closed.is_cancelled() => {}
            Heard::Lost(reason) => {
                // A doorbell that cannot connect tries again, for ever: one line for all attempts.
                if inner.health.lost() {
                    tracing::warn!(
                        reason,
                        "the doorbell is lost: this server looks for changes twice a second until it is \
                         heard again"
                    );
                }
            }
        }
    }
}

fn tell_news(ring: &mut Ring, news: &News) {
    match news {
        News::Events(events) => {
            for event in events {
                ring.add_head(RoomHead { id: event.room_id(), head_seq: event.seq() });
                ring.access |= changes_access(event);
            }
        }
        News::RoomCreated(..) | News::RoomDeleted(_) => ring.look = true,
        News::Read(ReadOutcome { user_id, room_id, result, .. }) => match result {
            Ok((seq, ReadMove::On)) => ring.add_read(*user_id, *room_id, *seq),
            Ok((seq, ReadMove::Back)) => ring.add_unread(*user_id, *room_id, *seq),
            Ok((_, ReadMove::None)) | Err(_) => {}
        },
        News::Membership(user_id, room_id) => ring.add_membership(*user_id, *room_id),
        News::Own(user_id, change) => ring.add_own(*user_id, *change),
        // The other nodes read it.
        News::Audience(_) => {}
        // These come from the database, not from the writer.
        News::Skipped(..)
        | News::Pruned(..)
        | News::TypingElsewhere(..)
        | News::ReadElsewhere(..)
        | News::Elsewhere(..) => {}
    }
}

/// Whether an event may change who may do what in its room.
fn changes_access(event: &Event) -> bool {
    match event {
        Event::RoomChanged(_)
        | Event::MemberJoined(_)
        | Event::MemberLeft(_)
        | Event::MemberChanged(_) => true,
        Event::Message(_)
        | Event::Reply(_)
        | Event::MessageEdited { .. }
        | Event::MessageDeleted(_)
        | Event::ReactionAdded(_)
        | Event::ReactionRemoved(_)
        | Event::MessagePinned(_)
        | Event::MessageUnpinned(_)
        | Event::Unknown(_) => false,
    }
}

/// Tells a follower of the logs that there may be new events.
pub struct Growth {
    fleet: Fleet,
    grown: watch::Receiver<()>,
}

impl Growth {
    /// Returns when a log may have grown since the last call, here or on another node, or when it is time to look
    /// without having been told.
    pub async fn changed(&mut self) {
        let _ = tokio::time::timeout(self.fleet.poll_interval(), self.grown.changed()).await;
    }
}

/// Tells the other nodes what was committed, then the hub.
struct Ringing {
    fleet: Fleet,
    hub: Publisher,
}

impl Listener<ReplyTo> for Ringing {
    fn before_commit(&mut self) {
        self.hub.before_commit();
    }

    fn committed(&mut self, outcomes: Vec<Outcome<ReplyTo>>, took: Duration) {
        self.fleet.tell_committed(&outcomes);
        self.fleet.0.grown.send_replace(());
        self.hub.committed(outcomes, took);
    }
}

#[cfg(test)]
pub(crate) mod simulation;
