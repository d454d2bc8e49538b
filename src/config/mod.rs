//! All settings with their defaults: one struct for each section of `chatapp.toml`.
//!
//! `load` reads the values, and `rules` says which values are accepted. A new setting needs a field
//! here, a line in `rules` and a line in `chatapp.toml.example`.

mod external;
mod file;
mod hooks;
mod kubernetes;
mod live;
mod load;
mod log_filter;
mod redact;
mod rules;
mod unknown;

pub use external::External;
pub use hooks::{Failure, Hooks};
pub(crate) use live::{changed, is_live};
pub use load::{Loaded, Problems, Sources, load};
pub(crate) use log_filter::log_filter;
pub(crate) use redact::database_url as redact_database_url;
pub use redact::setting as redact_setting;
pub use rules::keys;
pub(crate) use rules::{network, rgb, shared_secret};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// All settings, one field for each section. `Config::default()` is a server without a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The listener, and what it accepts.
    pub http: Http,
    /// The database, and the threads that use it.
    pub database: Database,
    /// Several servers on one database.
    pub fleet: Fleet,
    /// Accounts, passwords and tokens.
    pub auth: Auth,
    /// The accounts of a product that signs its own people in.
    pub external: External,
    /// Rights that concern rooms.
    pub rooms: Rooms,
    /// Limits of messages and of sockets.
    pub limits: Limits,
    /// Previews of links.
    pub previews: Previews,
    /// Requests to addresses that users name.
    pub outbound: Outbound,
    /// Programs of the operator that take part in what the server does.
    pub hooks: Hooks,
    /// How long events are kept.
    pub retention: Retention,
    /// The server's name and look on the page.
    pub branding: Branding,
    /// The log that the server writes to stderr.
    pub log: Log,
}

/// `[http]`: the listener and what it accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port to listen on; port 0 takes a free one.
    pub bind: String,
    /// A PEM file with the certificate and the intermediate certificates. Empty: no TLS.
    pub tls_certificate: String,
    /// The certificate's private key, as a PEM file.
    pub tls_key: String,
    /// Origins, besides the server's own, whose pages may use the API and the socket:
    /// `https://chat.example.com`.
    pub allowed_origins: Vec<String>,
    /// Proxies, by address or network, whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<String>,
    /// The time within which a request's head, or a TLS handshake, must be complete.
    pub header_timeout_ms: u64,
    /// The most connections at once, sockets included. One more connection waits to be accepted.
    pub max_connections: usize,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a stopping server waits for running requests.
    pub shutdown_timeout_ms: u64,
    /// The bearer token that gives access to the server's figures, from any machine. Empty: requests from
    /// this machine have access.
    pub metrics_token: String,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8000".into(),
            tls_certificate: String::new(),
            tls_key: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            header_timeout_ms: 10_000,
            max_connections: 20_000,
            max_body_bytes: 64 * 1024,
            shutdown_timeout_ms: 10_000,
            metrics_token: String::new(),
        }
    }
}

/// `[database]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://chat.db`, `sqlite:///absolute/path.db` or `postgres://user:password@host/name`.
    pub url: String,
    /// Reader threads, each with its own connection.
    pub read_threads: usize,
    /// How long to wait for a lock or a connection before the database counts as busy.
    pub busy_timeout_ms: u64,
    /// The most queued writes, and the most queued reads. One more is answered with 503.
    pub queue: usize,
    /// Whether SQLite's files are written through the server's own shim.
    pub gather_writes: Switch,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite://chatapp.db".into(),
            read_threads: 4,
            busy_timeout_ms: 5_000,
            queue: 8_192,
            gather_writes: Switch::On,
        }
    }
}

/// `[fleet]`: several servers on one PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// What tells the servers of each other's changes: `database`, or the URL of a NATS server.
    pub doorbell: String,
    /// This server's name in the list of nodes. Empty: the name of the machine.
    pub name: String,
}

impl Default for Fleet {
    fn default() -> Self {
        Self { doorbell: DOORBELL_OF_DATABASE.into(), name: String::new() }
    }
}

/// The doorbell of the database itself.
pub const DOORBELL_OF_DATABASE: &str = "database";

/// Who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signup {
    /// Everyone who can reach the server.
    Open,
    /// Everyone who has an invite, and admins.
    Invite,
    /// Only admins can create accounts; for the first admin `admin_signup` decides.
    Closed,
}

/// Who may ask for the role `admin` when signing up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminSignup {
    /// The first admin, from the server's own machine.
    First,
    /// No one: only `chatapp create-admin` creates the first admin.
    Off,
}

/// A setting that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// The feature is used.
    On,
    /// The feature is not used.
    Off,
}

/// `[auth]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Who may create an account.
    pub signup: Signup,
    /// Who may sign up with the role `admin`.
    pub admin_signup: AdminSignup,
    /// The secret that signs tokens, at least 32 bytes. Empty: a random secret is kept in the database.
    pub secret: String,
    /// The secret before `secret`. Its tokens are accepted until they expire, but new tokens are not
    /// signed with it. Empty: only `secret` is accepted.
    pub previous_secret: String,
    /// How long a token is valid, in seconds.
    pub token_seconds: u32,
    /// How long a password reset token is valid, in seconds.
    pub reset_seconds: u32,
    /// Whether a socket's token may be in its URL, which proxies may log. Tickets always may.
    pub query_token: Switch,
    /// The shortest password accepted, in characters.
    pub min_password_chars: usize,
    /// Failed sign-ins with one username or email in a window. After that only addresses from which the
    /// account's owner has signed in before may try. 0: no limit.
    pub login_failures_per_account: u32,
    /// Failed sign-ins from one address in a window. 0: no limit.
    pub login_failures_per_address: u32,
    /// The window in which failed sign-ins are counted, in seconds.
    pub login_window_seconds: u32,
    /// The work of checking a password (4 to 31); each step doubles it.
    pub bcrypt_cost: u32,
    /// Threads that check passwords. Further logins wait.
    pub bcrypt_threads: usize,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            signup: Signup::Open,
            admin_signup: AdminSignup::First,
            secret: String::new(),
            previous_secret: String::new(),
            token_seconds: 12 * 60 * 60,
            reset_seconds: 60 * 60,
            query_token: Switch::On,
            min_password_chars: 8,
            login_failures_per_account: 10,
            login_failures_per_address: 100,
            login_window_seconds: 15 * 60,
            bcrypt_cost: 12,
            bcrypt_threads: 1,
        }
    }
}

/// Who may create rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomCreators {
    /// Accounts with the role `admin`.
    Admins,
    /// Every account.
    Everyone,
}

/// `[rooms]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Who may create rooms.
    pub create: RoomCreators,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { create: RoomCreators::Admins }
    }
}

/// `[limits]`: limits of messages and of sockets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The longest message, in characters.
    pub message_chars: usize,
    /// The largest frame that a client may send, in bytes.
    pub frame_bytes: usize,
    /// Rooms that one socket may be in.
    pub rooms_per_socket: usize,
    /// Sockets that one user may have open. 0: no limit.
    pub sockets_per_user: usize,
    /// Sockets that may be open from one address. 0: no limit.
    pub sockets_per_address: usize,
    /// The rate at which one user may send, edit or delete messages, send `typing`, or change rooms, their members or
    /// the own view of a room. Ten times as many are accepted at once. 0: no limit.
    pub sends_per_second: u32,
    /// The rate at which one user may join rooms, with the same burst.
    pub joins_per_second: u32,
    /// The rate at which one user may search messages, with the same burst. 0: no limit.
    pub searches_per_second: u32,
    /// The rate at which one user may make the server fetch linked pages and their images, with the same burst. 0: no
    /// limit.
    pub previews_per_second: u32,
    /// Accounts that may be created from one address in an hour. 0: no limit.
    pub signups_per_hour: u32,
    /// A silent client is pinged after this time, and its connection is closed after twice this time.
    pub ping_seconds: u32,
    /// The connection of a client that reads nothing for this time is closed. The client can resume.
    pub stall_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_chars: 4_000,
            frame_bytes: 64 * 1024,
            rooms_per_socket: 1_000,
            sockets_per_user: 100,
            sockets_per_address: 1_000,
            sends_per_second: 10,
            joins_per_second: 100,
            searches_per_second: 5,
            previews_per_second: 3,
            signups_per_hour: 600,
            ping_seconds: 30,
            stall_seconds: 30,
        }
    }
}

/// `[previews]`: previews of links.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Previews {
    /// Whether the server fetches the pages to which messages link, and shows what they say of themselves.
    pub enabled: Switch,
}

impl Default for Previews {
    fn default() -> Self {
        Self { enabled: Switch::Off }
    }
}

/// `[outbound]`: requests of the server to addresses that users name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Addresses and networks that may be reached besides the public internet, on every port.
    pub allow: Vec<String>,
}

impl Outbound {
    /// The networks of `allow`, each of which the rules have accepted.
    pub fn networks(&self) -> Vec<IpNet> {
        self.allow.iter().filter_map(|text| network(text)).collect()
    }
}

/// `[retention]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// For how many days events are kept in rooms without a setting of their own. 0: for ever.
    pub days: u32,
}

/// `[branding]`: the server's name and look on the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// The name on the page, in its title, and as an installed app.
    pub name: String,
    /// An SVG or PNG file. Empty: the built-in icon.
    pub logo: String,
    /// The accent colour, `#rgb` or `#rrggbb`. Empty: the built-in one.
    pub color: String,
}

impl Default for Branding {
    fn default() -> Self {
        Self { name: "chatapp".into(), logo: String::new(), color: String::new() }
    }
}

/// The format of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line of text for people.
    Text,
    /// A JSON object on one line, for programs that collect logs.
    Json,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The format of each line.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace` or `off`, or a filter such as
    /// `info,chatapp::http=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}
