//! The running server: connects its parts, starts the listener, and shuts down in order.
//!
//! It contains no rules. The blocking parts (storage, the hub) are created and ended here, outside the
//! async runtime, because the database's clients must not be dropped inside a runtime.

mod listener;
mod reload;
mod routes;
mod signals;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::{self, Chat, ChatParts, Doorbell, SAMPLE_EVERY};
use crate::config::Config;
use crate::metrics;
use crate::model::Clock;
use crate::realtime::{Hub, HubConfig};
use crate::storage::{Backend, Error, Store, StoreConfig};
use crate::web::Site;
use crate::ws::Sockets;

use reload::Live;
#[cfg(any(fuzzing, test))]
pub(crate) use routes::endpoint;
use tls::Certificate;
pub use tls::{check_certificate, is_certificate_valid, read_certificate};

/// How often the server looks for sessions that other processes have revoked.
const SWEEP_REVOKED: Duration = Duration::from_millis(500);

/// How often the doorbell looks for changes that other processes have made to rooms.
const LOOK_AT_ROOMS: Duration = Duration::from_millis(500);

/// How often the server looks for deleted rooms whose events another process did not delete.
const PURGE_ROOMS: Duration = Duration::from_secs(60);

/// How often old events are pruned.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// How often the rate limits forget users and addresses that have been quiet.
const SWEEP_QUIET: Duration = Duration::from_secs(60);

/// How long a stopping server waits for its blocking parts after the deadline. A database that does not
/// answer would otherwise block the writer thread without limit.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// How often sessions that ended long ago are deleted.
const SWEEP_ENDED: Duration = Duration::from_secs(60 * 60);

/// The parts of a server that need no database. They are opened first, so that a server that cannot listen
/// creates no database.
pub struct Entrance {
    runtime: Runtime,
    listener: std::net::TcpListener,
    certificate: Option<Certificate>,
    site: Site,
    hangup: Signal,
}

impl Entrance {
    /// Starts to listen. New connections wait until [`serve`] accepts them, or are reset if the process
    /// ends before that. From now on the process ignores signals that a server does not use.
    ///
    /// # Errors
    /// A sentence for the operator: the address, the certificate or the logo cannot be used.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let certificate = Certificate::of(&config.http)?;
        let site = Site::load(&config.branding)?;
        let listener = listener::listen(&config.http.bind)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let hangup = {
            let _inside = runtime.enter();
            signals::ignore()?;
            signal(SignalKind::hangup())?
        };
        Ok(Self { runtime, listener, certificate, site, hangup })
    }
}

/// Serves until SIGTERM, SIGINT or SIGQUIT. On SIGHUP it reads the settings again, with `read_config`.
///
/// Order of shutdown: no new connections are accepted; queued writes are committed; every socket is closed
/// with a code that tells the client to reconnect; running requests are finished, or cut off at the
/// deadline. A second signal ends the process at once. systemd is notified of each state.
///
/// `on_ready` is called with the address when connections are accepted. The schema must be up to date.
///
/// # Errors
/// A sentence for the operator: the database cannot be read.
pub fn serve(
    entrance: Entrance,
    config: &Config,
    read_config: impl Fn() -> anyhow::Result<Config>,
    backend: Arc<dyn Backend>,
    on_ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let facts = backend.get_server_facts()?;
    let secret = match config.auth.secret.as_str() {
        "" => backend.get_or_create_secret(&chat::random_bytes()?)?,
        configured => configured.as_bytes().to_vec(),
    };
    let (hub, hub_thread) = Hub::start(HubConfig {
        epoch: facts.epoch.as_str().into(),
        clock: Clock::System,
        ping_seconds: config.limits.ping_seconds,
        stall_seconds: config.limits.stall_seconds,
        expiry_notice_seconds: expiry_notice_seconds(config.auth.token_seconds),
    })?;
    let sizes = StoreConfig {
        read_threads: config.database.read_threads,
        read_queue: config.database.queue,
        write_queue: config.database.queue,
    };
    let (store, writer) = Store::start(backend, sizes, hub.publisher())?;
    let chat = Chat::new(ChatParts {
        store: store.clone(),
        hub,
        clock: Clock::System,
        auth: config.auth.clone(),
        rooms: config.rooms.clone(),
        limits: config.limits.clone(),
        facts,
        secret,
    })?;

    let Entrance { runtime, listener, certificate, site, hangup } = entrance;
    let parts = (listener, certificate, site, hangup);
    let result = runtime.block_on(run(parts, config, read_config, chat, &store, on_ready));
    // This drops every task, and with them every handle to the hub except the writer's.
    drop(runtime);
    store.stop();
    writer.join();
    drop(store);
    hub_thread.join();
    result
}

async fn run(
    (listener, certificate, site, mut hangup): (
        std::net::TcpListener,
        Option<Certificate>,
        Site,
        Signal,
    ),
    config: &Config,
    read_config: impl Fn() -> anyhow::Result<Config>,
    chat: Chat,
    store: &Store<crate::realtime::ReplyTo>,
    on_ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let mut end = signals::End::new()?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let tasks = TaskTracker::new();
    let stop = CancellationToken::new();

    let replaced = CancellationToken::new();
    tasks.spawn(sweep(chat.clone(), store.clone(), stop.clone(), replaced.clone()));
    // These tasks may be cancelled at any await.
    let doorbell = answer_doorbell(Doorbell::new(chat.clone()));
    tasks.spawn(stop.clone().run_until_cancelled_owned(doorbell));
    tasks.spawn(stop.clone().run_until_cancelled_owned(purge_rooms(chat.clone())));
    let prune = prune(chat.clone(), config.retention.days);
    tasks.spawn(stop.clone().run_until_cancelled_owned(prune));
    let sockets = Sockets { chat: chat.clone(), hub: chat.hub().clone(), tasks: tasks.clone() };
    let mut live = Live::new(config.clone(), chat.clone(), sockets, site);
    let tls = certificate.map(|certificate| {
        let current = certificate.subscribe();
        tasks.spawn(certificate.renew(stop.clone()));
        current
    });
    let slots = Arc::new(Semaphore::new(config.http.max_connections));
    count_connections(&chat, &slots);
    let accepting = tasks.spawn(listener::accept(
        listener,
        live.endpoint(),
        config.http.clone(),
        tls,
        slots,
        tasks.clone(),
        stop.clone(),
    ));
    on_ready(address);
    tell_systemd(&[NotifyState::Ready]);

    loop {
        tokio::select! {
            _ = hangup.recv() => {
                // If the clock cannot be read, the notification is sent without the time.
                let began = NotifyState::monotonic_usec_now().ok();
                let reloading = [Some(NotifyState::Reloading), began];
                tell_systemd(&reloading.into_iter().flatten().collect::<Vec<_>>());
                live.reload(read_config());
                tell_systemd(&[NotifyState::Ready]);
            }
            () = end.asked() => break,
            () = replaced.cancelled() => break,
        }
    }
    tracing::info!("stopping");
    tell_systemd(&[NotifyState::Stopping]);
    stop.cancel();
    let drain = async {
        let _ = accepting.await;
        // An empty write: when it has run, all writes that were queued before are committed and their
        // answers have been handed on.
        let _ = store.write(|_| Ok(())).await;
        chat.hub().close_all().await;
        tasks.close();
        tasks.wait().await;
    };
    let deadline = Duration::from_millis(config.http.shutdown_timeout_ms);
    end_after(deadline + LAST_GRACE)?;
    tokio::select! {
        done = tokio::time::timeout(deadline, drain) => {
            if done.is_err() {
                tracing::warn!("some connections did not end in time and were cut off");
            }
        }
        () = end.asked() => std::process::exit(1),
    }
    anyhow::ensure!(
        !replaced.is_cancelled(),
        "the database at database.url is not the one this server was started with: start the server \
         again if that is intended"
    );
    Ok(())
}

fn count_connections(chat: &Chat, slots: &Arc<Semaphore>) {
    let (all, slots) = (slots.available_permits(), slots.clone());
    // The listener holds one slot for the next connection.
    let count = move || all.saturating_sub(slots.available_permits() + 1);
    chat.metrics().register(|registry| {
        let help = "Connections, sockets included";
        metrics::gauge(registry, "connections", help, count);
        metrics::gauge(registry, "max_connections", "Maximum number of connections", move || all);
    });
}

/// Closes the sockets of sessions that another process revoked, and deletes sessions that ended long ago.
/// Errors are logged where they occur; the next round also covers the time of a failed one.
///
/// Cancels `replaced` if the database is not the one that the server has read at its start. The data in
/// memory (epoch, secret, sessions, heads of rooms) belongs to that one, so the server must be restarted.
async fn sweep(
    chat: Chat,
    store: Store<crate::realtime::ReplyTo>,
    stop: CancellationToken,
    replaced: CancellationToken,
) {
    let mut revoked = tokio::time::interval(SWEEP_REVOKED);
    let mut ended = tokio::time::interval(SWEEP_ENDED);
    let mut quiet = tokio::time::interval(SWEEP_QUIET);
    let mut sample = tokio::time::interval(SAMPLE_EVERY);
    loop {
        tokio::select! {
            _ = revoked.tick() => {
                if chat.sweep_revoked().await.is_err()
                    && let Err(Error::OtherDatabase) =
                        store.read(|backend| backend.get_server_facts()).await
                {
                    replaced.cancel();
                    return;
                }
            }
            _ = ended.tick() => { let _ = chat.forget_ended_sessions().await; }
            _ = quiet.tick() => chat.forget_quiet(),
            _ = sample.tick() => chat.sample(),
            () = stop.cancelled() => return,
        }
    }
}

/// Sends changes that other processes make to rooms to the sockets. Errors are logged where they occur, and
/// the next round catches up.
async fn answer_doorbell(mut doorbell: Doorbell) {
    let mut due = tokio::time::interval(LOOK_AT_ROOMS);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let _ = doorbell.look().await;
    }
}

/// Deletes the events of deleted rooms, also of rooms that were deleted before this server started.
async fn purge_rooms(chat: Chat) {
    let mut due = tokio::time::interval(PURGE_ROOMS);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = chat.room_deleted() => {}
        }
        let _ = chat.purge_deleted_rooms().await;
    }
}

/// Notifies systemd of the server's state, if systemd has started the process (NOTIFY_SOCKET is set).
fn tell_systemd(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot notify systemd");
    }
}

/// Prunes old events. Errors are logged where they occur, and the next round catches up.
async fn prune(chat: Chat, days: u32) {
    let mut due = tokio::time::interval(PRUNE);
    loop {
        due.tick().await;
        let _ = chat.prune(days).await;
    }
}

/// How long before a token expires its client is notified: a tenth of the token's life, at most a minute.
/// At least two seconds, because the hub checks once a second.
fn expiry_notice_seconds(token_seconds: u32) -> u32 {
    (token_seconds / 10).clamp(2, 60)
}

/// Ends the process if it still runs after `limit`. No acknowledged message is lost, because messages are
/// committed before they are acknowledged.
fn end_after(limit: Duration) -> std::io::Result<()> {
    let end = move || {
        thread::sleep(limit);
        tracing::error!(
            "the database did not answer in time: the server ends without waiting for it"
        );
        std::process::exit(1)
    };
    thread::Builder::new().name("chatapp-end".to_owned()).spawn(end).map(drop)
}
