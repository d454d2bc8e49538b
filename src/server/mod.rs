//! The running server: connects its parts, starts the listener, and shuts down in order.
//!
//! It contains no rules. The blocking parts (storage, the hub) are created and ended here, outside the
//! async runtime, because the database's clients must not be dropped inside a runtime.

mod listener;
mod reload;
mod routes;
mod signals;
mod tasks;
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
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::{self, Chat, ChatParts};
use crate::config::{Config, Switch};
use crate::fleet::Fleet;
use crate::metrics;
use crate::model::Clock;
use crate::realtime::{Hub, HubConfig};
use crate::storage::{Backend, Store, StoreConfig};
use crate::web::Site;
use crate::ws::Sockets;

use reload::Live;
#[cfg(any(fuzzing, test))]
pub(crate) use routes::endpoint;
use tls::Certificate;
pub use tls::{check_certificate, is_certificate_valid, read_certificate};

/// How long a stopping server waits for its blocking parts after the deadline. A database that does not
/// answer would otherwise block the writer thread without limit.
const LAST_GRACE: Duration = Duration::from_secs(1);

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
    let external = chat::External::of(&config.external, config.outbound.networks())?;
    let facts = backend.get_server_facts()?;
    let secret = match config.auth.secret.as_str() {
        "" => backend.get_or_create_secret(&chat::random_bytes()?)?,
        configured => configured.as_bytes().to_vec(),
    };
    let (hub, hub_thread) = Hub::start(HubConfig {
        epoch: facts.epoch.as_str().into(),
        clock: Clock::System,
        is_shared: backend.fleet().is_some(),
        ping_seconds: config.limits.ping_seconds,
        stall_seconds: config.limits.stall_seconds,
        expiry_notice_seconds: expiry_notice_seconds(config.auth.token_seconds),
    })?;
    let sizes = StoreConfig {
        read_threads: config.database.read_threads,
        read_queue: config.database.queue,
        write_queue: config.database.queue,
    };
    let fleet = Fleet::new(hub.clone(), backend.fleet().is_some());
    let (store, writer) = Store::start(backend, sizes, fleet.listener(hub.publisher()))?;
    let chat = Chat::new(ChatParts {
        store: store.clone(),
        hub,
        fleet,
        clock: Clock::System,
        auth: config.auth.clone(),
        rooms: config.rooms.clone(),
        limits: config.limits.clone(),
        shows_previews: config.previews.enabled == Switch::On,
        outbound: config.outbound.networks(),
        external,
        hooks: config.hooks.clone(),
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
    let doorbell = tasks::doorbell(store, config)?;
    let mut end = signals::End::new()?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let tasks = TaskTracker::new();
    let stop = CancellationToken::new();

    let replaced = CancellationToken::new();
    let sockets = Sockets { chat: chat.clone(), hub: chat.hub().clone(), tasks: tasks.clone() };
    let mut live = Live::new(config.clone(), chat.clone(), sockets, site);
    let tls = certificate.map(|certificate| {
        let current = certificate.subscribe();
        tasks.spawn(certificate.renew(stop.clone()));
        current
    });
    let slots = Arc::new(Semaphore::new(config.http.max_connections));
    let connections = count_connections(&chat, &slots);
    tasks::spawn(tasks::Parts {
        tasks: &tasks,
        chat: &chat,
        store,
        config,
        doorbell,
        address,
        connections,
        stop: &stop,
        replaced: &replaced,
    });
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
        // An error is logged where it occurs.
        let _ = chat.note_last_seen().await;
        chat.fleet().leave(store).await;
        chat.fleet().close();
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
        "the database at database.url is not the one this server was started with, or PostgreSQL has \
         lost events in a failover: start the server again if that is intended"
    );
    Ok(())
}

/// Returns what counts the connections.
fn count_connections(
    chat: &Chat,
    slots: &Arc<Semaphore>,
) -> impl Fn() -> usize + Clone + Send + Sync + 'static {
    let (all, slots) = (slots.available_permits(), slots.clone());
    // The listener holds one slot for the next connection.
    let count = move || all.saturating_sub(slots.available_permits() + 1);
    chat.metrics().register(|registry| {
        let help = "Connections, sockets included";
        metrics::gauge(registry, "connections", help, count.clone());
        metrics::gauge(registry, "max_connections", "Maximum number of connections", move || all);
    });
    count
}

/// Notifies systemd of the server's state, if systemd has started the process (NOTIFY_SOCKET is set).
fn tell_systemd(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot notify systemd");
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
