//! The rules: who may do what, and what is acceptable. The rules use storage and the hub, and never
//! name HTTP.
//!
//! [`Chat`] is one cheap handle with a file of methods per area. Every method that acts for a
//! caller takes the [`Identity`](crate::model::Identity) that `authenticate` returned;
//! `permissions` alone decides what the caller may do. Administration, over HTTP or at the command
//! line, goes through [`Admin`].

mod accounts;
mod admin;
mod api_tokens;
mod before_send;
mod changes;
mod compose;
mod counts;
mod cursors;
mod direct;
mod drafts;
mod error;
mod external;
mod guessable;
mod hooks;
mod hs256;
mod index;
mod invites;
mod members;
mod messages;
mod metadata;
mod names;
mod nodes;
mod outgoing;
mod own;
mod pace;
mod passwords;
mod people;
mod permissions;
mod previews;
mod public_keys;
mod reactions;
mod reading;
mod refusals;
mod resets;
mod retention;
mod rooms;
mod scheduled;
mod search;
mod secret;
mod sessions;
mod settings;
mod sockets;
mod standard_webhooks;
mod standings;
mod stats;
mod text;
mod threads;
mod throttle;
mod tickets;
mod tokens;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use tokio::sync::Notify;

use crate::config::{Auth, Hooks, Limits, Rooms, Switch};
use crate::fleet::Fleet;
use crate::metrics::Metrics;
use crate::model::Clock;
use crate::realtime::{Hub, ReplyTo};
use crate::storage::{ServerFacts, Store};

pub(crate) use accounts::{Login, Setup, new_account, new_password};
pub use accounts::{Signup, SignupCaller};
pub(crate) use admin::{
    AccountDraft, Admin, BotDraft, DEFAULT_AUDIT_PAGE, DEFAULT_DELIVERIES_PAGE, DEFAULT_ROOMS_PAGE,
    DEFAULT_USERS_PAGE, Error as AdminError, FilterDraft, MAX_AUDIT_PAGE, MAX_DELIVERIES_PAGE,
    MAX_LISTED_SESSIONS, MAX_TOKEN_SECONDS, MAX_USERS_PAGE, MIN_TOKEN_SECONDS, MadeHook,
    MadeOutgoingHook, MadeToken, MemberChange, OutgoingHookDraft, TokenDraft, UserSearch,
};
pub(crate) use compose::Extras;
#[cfg(test)]
pub(crate) use error::sample as sample_error;
pub(crate) use error::{Error, FieldError, Result};
pub use external::External;
#[cfg(any(fuzzing, test))]
pub(crate) use external::fuzzed as external_fuzzed;
pub(crate) use invites::{InviteDraft, MAX_USES, MadeInvite};
pub(crate) use members::{DEFAULT_MEMBERS_PAGE, MAX_MEMBERS_PAGE};
pub(crate) use messages::{
    Admission, DEFAULT_PAGE, Draft, MAX_CLIENT_ID_BYTES, MAX_PAGE, Prepared,
};
pub(crate) use names::{MAX_EMAIL_BYTES, MAX_USERNAME_CHARS, MIN_USERNAME_CHARS};
pub(crate) use passwords::MAX_PASSWORD_BYTES;
pub(crate) use people::{PeoplePage, PersonView};
pub(crate) use permissions::{Access, require_access};
#[cfg(any(fuzzing, test))]
pub(crate) use previews::fuzzed as previews_fuzzed;
pub(crate) use previews::{Preview, PreviewImage};
pub(crate) use retention::{days_before, expires_before};
pub(crate) use rooms::{
    Entry, MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, MAX_ROOMS_PAGE, PURGE_PAUSES, RoomDraft, RoomView,
};
#[cfg(any(fuzzing, test))]
pub(crate) use search::fuzzed as search_fuzzed;
pub(crate) use search::{
    DEFAULT_SEARCH_PAGE, FoundMessage, MAX_SEARCH_PAGE, SearchPage, SearchRequest,
};
pub(crate) use secret::random_bytes;
pub(crate) use sockets::SocketPermit;
pub(crate) use stats::{SAMPLE_EVERY, Stats};
pub(crate) use threads::ThreadPage;
pub(crate) use tickets::Ticket;

/// The parts that the rules are built from.
pub struct ChatParts {
    /// The database. Its answers to sends go to the hub or to a waiting task.
    pub store: Store<ReplyTo>,
    /// Delivers the stored events to sockets.
    pub hub: Hub,
    /// Tells the other servers on the database what this one has stored.
    pub fleet: Fleet,
    /// The time for every rule.
    pub clock: Clock,
    /// The settings of accounts, passwords and tokens.
    pub auth: Auth,
    /// The settings of rooms.
    pub rooms: Rooms,
    /// The settings of limits.
    pub limits: Limits,
    /// Whether messages show previews of the pages to which they link.
    pub shows_previews: bool,
    /// The networks that may be reached besides the public internet, at addresses that users name.
    pub outbound: Vec<IpNet>,
    /// The product whose tokens open sessions. `None`: the settings name no product.
    pub external: Option<External>,
    /// The settings of the operator's programs.
    pub hooks: Hooks,
    /// The facts about the database, read when it was opened.
    pub facts: ServerFacts,
    /// Signs the tokens: at least 32 bytes.
    pub secret: Vec<u8>,
}

/// Why the rules cannot be built. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The bytes of a secret that signs tokens are too few.
    #[error("a secret of tokens has {0} bytes; it needs at least {min}", min = tokens::MIN_SECRET_BYTES)]
    SecretTooShort(usize),
    /// bcrypt does not work with this cost.
    #[error("auth.bcrypt_cost is {0}; it must be from 4 to 31")]
    BcryptCost(u32),
    /// The shortest accepted password would be longer than the longest one.
    #[error("auth.min_password_chars is {0}; no password can be longer than {MAX_PASSWORD_BYTES}")]
    MinPasswordChars(usize),
    /// The key of a product's tokens cannot be used.
    #[error("{0}")]
    ExternalKey(String),
    /// The system did not start a thread.
    #[error("cannot start the threads that check passwords: {0}")]
    Threads(#[from] std::io::Error),
}

/// The rules. Cheap to clone.
#[derive(Clone)]
pub struct Chat {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store<ReplyTo>,
    hub: Hub,
    fleet: Fleet,
    clock: Clock,
    settings: ArcSwap<settings::Settings>,
    epoch: Arc<str>,
    passwords: passwords::Passwords,
    tokens: tokens::Tokens,
    throttle: throttle::Throttle,
    sessions: sessions::Cache,
    standings: standings::Standings,
    sockets: sockets::Tally,
    marks: reading::Marks,
    reactions: reactions::Gathered,
    /// `None`: this server shows no previews.
    previews: Option<previews::Previews>,
    /// `None`: no product signs its people in.
    external: Option<External>,
    /// `None`: no program is asked about messages.
    before_send: Option<before_send::BeforeSend>,
    /// The networks that webhooks may be in, besides the public internet.
    outbound: Vec<IpNet>,
    /// Wakes the job that delivers to webhooks.
    hooks_changed: Notify,
    /// Wakes the task that purges deleted rooms.
    has_deleted_rooms: Notify,
    /// The time up to which revocations have been read, in milliseconds since 1970.
    swept_until: AtomicI64,
    metrics: Metrics,
    counts: counts::Counts,
    status: stats::LastStatus,
    pulse: stats::Pulse,
    /// Of the secret that signs tokens.
    fingerprint: String,
}

impl Chat {
    /// Starts the threads that check passwords.
    ///
    /// # Errors
    /// [`StartError`] if a setting cannot work or a thread cannot be started.
    pub fn new(parts: ChatParts) -> std::result::Result<Self, StartError> {
        let ChatParts { store, hub, fleet, clock, auth, rooms, limits, .. } = parts;
        let ChatParts { shows_previews, outbound, external, hooks, facts, secret, .. } = parts;
        let metrics = Metrics::new();
        let chat = Self {
            inner: Arc::new(Inner {
                passwords: passwords::Passwords::start(&auth)?,
                tokens: tokens::Tokens::new(
                    &secret,
                    auth.previous_secret.as_bytes(),
                    auth.token_seconds,
                )?,
                throttle: throttle::Throttle::new(&secret)?,
                sessions: sessions::Cache::default(),
                standings: standings::Standings::default(),
                reactions: reactions::Gathered::default(),
                previews: shows_previews.then(|| previews::Previews::new(outbound.clone())),
                external,
                before_send: before_send::BeforeSend::of(&hooks),
                outbound,
                hooks_changed: Notify::new(),
                marks: reading::Marks::default(),
                has_deleted_rooms: Notify::new(),
                sockets: sockets::Tally::default(),
                swept_until: AtomicI64::new(clock.now().0),
                settings: ArcSwap::from_pointee(settings::Settings::new(&auth, &rooms, &limits)),
                metrics: metrics.clone(),
                counts: counts::Counts::new(),
                status: stats::LastStatus::default(),
                pulse: stats::Pulse::new(clock.now()),
                fingerprint: secret::fingerprint(&secret)?,
                epoch: facts.epoch.into(),
                store,
                hub,
                fleet,
                clock,
            }),
        };
        chat.register(&metrics);
        Ok(chat)
    }

    /// The epoch of the database. A cursor from another epoch is refused.
    pub fn epoch(&self) -> &Arc<str> {
        &self.inner.epoch
    }

    /// The fingerprint of the secret that signs tokens.
    pub fn secret_fingerprint(&self) -> &str {
        &self.inner.fingerprint
    }

    /// The source of the time for the rules.
    pub fn clock(&self) -> Clock {
        self.inner.clock
    }

    /// The limits now: a reload of the settings may change them.
    pub fn limits(&self) -> Limits {
        self.inner.settings.load().limits.clone()
    }

    /// Whether the URL of a socket may contain a token.
    pub fn takes_query_token(&self) -> bool {
        self.inner.settings.load().query_token == Switch::On
    }

    /// How long a token that sets a new password is valid.
    pub fn reset_seconds(&self) -> u32 {
        self.inner.settings.load().reset_seconds
    }

    /// The hub that delivers this server's events.
    pub fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// This server's part in the fleet.
    pub fn fleet(&self) -> &Fleet {
        &self.inner.fleet
    }

    /// Removes the counters of users and addresses that have been quiet. To be called every few
    /// minutes.
    pub fn forget_quiet(&self) {
        let settings = self.inner.settings.load();
        settings.sends.forget_quiet();
        settings.joins.forget_quiet();
        settings.searches.forget_quiet();
        settings.previews.forget_quiet();
        self.inner.throttle.forget_quiet(self.inner.clock.now());
    }

    /// Whether the database can be used: it answers, this binary can use its schema, and, if the last
    /// write failed, another one succeeds.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many reads wait, [`Error::Unavailable`] for every other failure.
    pub async fn check_ready(&self) -> Result<()> {
        let store = &self.inner.store;
        let mut checked = store.read(|backend| backend.check_schema()).await;
        if checked.is_ok() && store.counts().is_failing() {
            checked = store.write(|backend| backend.check_write()).await;
            if checked.is_ok() {
                store.counts().recovered();
            }
        }
        checked.map_err(|error| match error.into() {
            Error::Busy => Error::Busy,
            _ => Error::Unavailable,
        })
    }
}
