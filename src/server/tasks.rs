//! The tasks of a running server besides its listener: its part in the fleet, and upkeep.
//!
//! Errors are logged where they occur, and the next round of a task covers the time of a failed one.

use std::net::SocketAddr;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::{Chat, SAMPLE_EVERY};
use crate::config::{Config, DOORBELL_OF_DATABASE};
use crate::fleet::{Fleet, NatsDoorbell};
use crate::model::NewNode;
use crate::realtime::ReplyTo;
use crate::storage::doorbell::Doorbell;
use crate::storage::{Error, Store};

/// How often the server looks for deleted rooms whose events another process did not delete.
const PURGE_ROOMS: Duration = Duration::from_secs(60);

/// How often it is looked for messages whose time has come.
const SEND_SCHEDULED: Duration = Duration::from_secs(2);

/// How often old events are pruned.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// How often sessions that ended long ago are deleted.
const SWEEP_ENDED: Duration = Duration::from_secs(60 * 60);

/// How often the rate limits forget users and addresses that have been quiet.
const SWEEP_QUIET: Duration = Duration::from_secs(60);

/// How often it is stored when the people whose connections have closed were seen last.
const NOTE_SEEN: Duration = Duration::from_secs(5);

/// What the tasks use.
pub(super) struct Parts<'a, C> {
    pub tasks: &'a TaskTracker,
    pub chat: &'a Chat,
    pub store: &'a Store<ReplyTo>,
    pub config: &'a Config,
    /// `None`: there are no other nodes.
    pub doorbell: Option<Box<dyn Doorbell>>,
    /// The address that the server listens at.
    pub address: SocketAddr,
    /// Counts the connections.
    pub connections: C,
    /// Cancelled when the server begins to stop.
    pub stop: &'a CancellationToken,
    /// Cancelled by a task that finds another database than at the start.
    pub replaced: &'a CancellationToken,
}

/// Starts the tasks. Each of them may be cancelled at any await.
pub(super) fn spawn<C>(parts: Parts<'_, C>)
where
    C: Fn() -> usize + Clone + Send + Sync + 'static,
{
    let Parts { tasks, chat, store, config, doorbell, address, connections, stop, replaced } =
        parts;
    let fleet = chat.fleet();
    tasks.spawn(stop.clone().run_until_cancelled_owned(sweep(
        chat.clone(),
        store.clone(),
        replaced.clone(),
    )));
    tasks.spawn({
        let chat = chat.clone();
        let follow = async move { chat.follow_access().await };
        stop.clone().run_until_cancelled_owned(follow)
    });
    tasks.spawn({
        let chat = chat.clone();
        let follow = async move { chat.follow_external_keys().await };
        stop.clone().run_until_cancelled_owned(follow)
    });
    tasks.spawn({
        let (fleet, store) = (fleet.clone(), store.clone());
        let follow = async move { fleet.follow(store).await };
        stop.clone().run_until_cancelled_owned(follow)
    });
    tasks.spawn({
        let (fleet, store, about) = (fleet.clone(), store.clone(), about(chat, config, address));
        let connections = move || connections() as i64;
        fleet.introduce(about.clone(), connections.clone());
        let live = async move { fleet.live(store, about, connections).await };
        stop.clone().run_until_cancelled_owned(live)
    });
    tasks.spawn({
        let (fleet, chat, days) = (fleet.clone(), chat.clone(), config.retention.days);
        let jobs = async move { fleet.while_chosen(|| jobs(&chat, days)).await };
        stop.clone().run_until_cancelled_owned(jobs)
    });
    // It ends by itself when this node has left: the others are told of that too.
    if let Some(doorbell) = doorbell {
        let (fleet, channel): (Fleet, _) = (fleet.clone(), format!("chatapp_{}", chat.epoch()));
        let ring = async move { fleet.ring(doorbell, channel).await };
        tasks.spawn(ring);
    }
}

/// Returns the doorbell that the settings name. `None`: only one server can use the database.
///
/// # Errors
/// A sentence for the operator: the URL of NATS is not understood.
pub(super) fn doorbell(
    store: &Store<ReplyTo>,
    config: &Config,
) -> anyhow::Result<Option<Box<dyn Doorbell>>> {
    match config.fleet.doorbell.as_str() {
        DOORBELL_OF_DATABASE => Ok(store.doorbell()),
        _ if !store.is_shared() => Ok(None),
        url => Ok(Some(Box::new(NatsDoorbell::new(url).map_err(anyhow::Error::msg)?))),
    }
}

/// What the other nodes are told of this one.
fn about(chat: &Chat, config: &Config, address: SocketAddr) -> NewNode {
    let name = match config.fleet.name.as_str() {
        "" => whoami::hostname().unwrap_or_else(|_| "unknown".to_owned()),
        name => name.to_owned(),
    };
    NewNode {
        name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        address: address.to_string(),
        // The page finds the server of `/admin/stats` in the list of nodes by this time.
        started_at: chat.started_at(),
        doorbell: doorbell_name(&config.fleet.doorbell),
        secret: chat.secret_fingerprint().to_owned(),
    }
}

/// The doorbell without a user and a password, and with the port also if it is that of every NATS.
fn doorbell_name(doorbell: &str) -> String {
    if doorbell == DOORBELL_OF_DATABASE {
        return doorbell.to_owned();
    }
    let url = url::Url::parse(doorbell).ok();
    let name = url.as_ref().and_then(|url| {
        Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port().unwrap_or(4222)))
    });
    name.unwrap_or_else(|| "nats".to_owned())
}

/// Closes the sockets of sessions that another process revoked, and keeps this server's own figures.
///
/// Cancels `replaced` if the database is not the one that the server has read at its start. The data in
/// memory (epoch, secret, sessions, heads of rooms) belongs to that one, so the server must be restarted.
async fn sweep(chat: Chat, store: Store<ReplyTo>, replaced: CancellationToken) {
    let mut quiet = tokio::time::interval(SWEEP_QUIET);
    let mut sample = tokio::time::interval(SAMPLE_EVERY);
    let mut seen = tokio::time::interval(NOTE_SEEN);
    loop {
        tokio::select! {
            () = chat.fleet().sessions_may_be_revoked() => {
                if chat.sweep_revoked().await.is_err()
                    && let Err(Error::OtherDatabase) =
                        store.read(|backend| backend.get_server_facts()).await
                {
                    replaced.cancel();
                    return;
                }
            }
            _ = quiet.tick() => chat.forget_quiet(),
            _ = sample.tick() => chat.sample(),
            // An error is logged where it occurs.
            _ = seen.tick() => drop(chat.note_last_seen().await),
        }
    }
}

/// The jobs that one node does for all: it deletes what is not needed any more, brings new messages into the index,
/// sends messages whose time has come, and tells webhooks what happened.
async fn jobs(chat: &Chat, days: u32) {
    tokio::join!(
        purge_rooms(chat),
        prune(chat, days),
        forget_sessions(chat),
        chat.index_logs(),
        send_scheduled(chat),
        chat.deliver_to_hooks()
    );
}

/// Deletes the events of deleted rooms, also of rooms that were deleted before this server started.
async fn purge_rooms(chat: &Chat) {
    let mut due = tokio::time::interval(PURGE_ROOMS);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = chat.room_deleted() => {}
        }
        let _ = chat.purge_deleted_rooms().await;
    }
}

async fn prune(chat: &Chat, days: u32) {
    let mut due = tokio::time::interval(PRUNE);
    loop {
        due.tick().await;
        let _ = chat.prune(days).await;
    }
}

async fn send_scheduled(chat: &Chat) {
    let mut due = tokio::time::interval(SEND_SCHEDULED);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let _ = chat.send_scheduled().await;
    }
}

async fn forget_sessions(chat: &Chat) {
    let mut due = tokio::time::interval(SWEEP_ENDED);
    loop {
        due.tick().await;
        let _ = chat.forget_ended_sessions().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_doorbell_has_no_password() {
        for (doorbell, name) in [
            ("database", "database"),
            ("nats://ann:secret@10.0.0.9", "nats://10.0.0.9:4222"),
            ("nats://token@nats.example.com:4333/", "nats://nats.example.com:4333"),
            ("tls://[fd00::1]:4222", "tls://[fd00::1]:4222"),
        ] {
            assert_eq!(doorbell_name(doorbell), name);
        }
    }
}
