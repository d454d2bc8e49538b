//! The running server: its parts put together, its listener, its end.
//!
//! Owns no rule. What blocks (storage, the hub) is made and ended here, outside the async
//! runtime, because the database's clients must not be dropped inside one.

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

/// How often revocations made by other processes are looked for.
const SWEEP_REVOKED: Duration = Duration::from_millis(500);

/// How often it is looked for what other processes have done to rooms.
const LOOK_AT_ROOMS: Duration = Duration::from_millis(500);

/// How often rooms are looked for that another process deleted, or did not live to delete.
const PURGE_ROOMS: Duration = Duration::from_secs(60);

/// How often it is looked for events that have been kept for long enough.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// How often those are forgotten whose pace was counted and who have been quiet since.
const SWEEP_QUIET: Duration = Duration::from_secs(60);

/// What the parts that block get after the deadline of a stop: a database that does not answer
/// would hold up the writer's thread for as long as it likes.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// How often sessions long ended are deleted.
const SWEEP_ENDED: Duration = Duration::from_secs(60 * 60);

/// What a server has before it has a database, so that nothing is made if it cannot be had.
pub struct Entrance {
    runtime: Runtime,
    listener: std::net::TcpListener,
    certificate: Option<Certificate>,
    site: Site,
    hangup: Signal,
}

impl Entrance {
    /// Listens. Connections that come from now on wait until [`serve`] accepts them, or are reset if the
    /// process ends before. Signals that a server does not know are ignored from now on.
    ///
    /// # Errors
    /// For the operator: the address, the certificate or the logo cannot be used.
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

/// Serves until SIGTERM, SIGINT or SIGQUIT. On SIGHUP the settings are read again, by `read_config`. At the
/// end ends in order: no new connections; what is queued is
/// committed; every socket is told to come back; requests under way are finished, or cut off at
/// the deadline. A second signal ends the process at once. systemd is told of each of these.
///
/// `on_ready` is called with the address once connections are accepted. The schema must be
/// up to date.
///
/// # Errors
/// For the operator: the database cannot be read.
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
    // Every task, and with it every handle to the hub but the writer's, is gone after this.
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
    // Each may be broken off wherever it waits.
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
                // A clock that cannot be read is no reason to end.
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
        // Whatever was queued so far is committed, and its answers are on their way, when an
        // empty write has had its turn.
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
        "another database answers at database.url than the one this server was started with: \
         start it again if that is meant to be"
    );
    Ok(())
}

fn count_connections(chat: &Chat, slots: &Arc<Semaphore>) {
    let (all, slots) = (slots.available_permits(), slots.clone());
    // The next one to come has its place already.
    let count = move || all.saturating_sub(slots.available_permits() + 1);
    chat.metrics().register(|registry| {
        let help = "Connections, those of sockets among them";
        metrics::gauge(registry, "connections", help, count);
        metrics::gauge(registry, "max_connections", "As many as there may be", move || all);
    });
}

/// Ends the sockets of sessions that another process revoked, and forgets sessions long ended.
/// What goes wrong is in the log; the next round covers this one's time.
///
/// `replaced` is for a database that is not the one the server has read: what it keeps in memory
/// (epoch, secret, sessions, heads of rooms) belongs to the other, so it must start anew.
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

/// Tells sockets what other processes do to rooms. What goes wrong is in the log, and is made good by
/// the next look.
async fn answer_doorbell(mut doorbell: Doorbell) {
    let mut due = tokio::time::interval(LOOK_AT_ROOMS);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let _ = doorbell.look().await;
    }
}

/// Deletes what deleted rooms leave behind, also those of an earlier life of the server.
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

/// If it was systemd that started the process: it says so in NOTIFY_SOCKET.
fn tell_systemd(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell systemd how the server is");
    }
}

/// Deletes what is older than it is to be kept. What goes wrong is in the log, and done the next time.
async fn prune(chat: Chat, days: u32) {
    let mut due = tokio::time::interval(PRUNE);
    loop {
        due.tick().await;
        let _ = chat.prune(days).await;
    }
}

/// A tenth of a token's life, at most a minute; at least two, because the hub looks once a second.
fn expiry_notice_seconds(token_seconds: u32) -> u32 {
    (token_seconds / 10).clamp(2, 60)
}

/// Ends the process if it has not ended by then. Nothing that was acknowledged is lost with it: that
/// is committed.
fn end_after(limit: Duration) -> std::io::Result<()> {
    let end = move || {
        thread::sleep(limit);
        tracing::error!("the database did not answer in time: ended without it");
        std::process::exit(1)
    };
    thread::Builder::new().name("chatapp-end".to_owned()).spawn(end).map(drop)
}
