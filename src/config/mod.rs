//! Every setting, with its default: one struct per section of `chatapp.toml`.
//!
//! Where a value comes from is [`load`]'s business, what it may be is in `rules`: a new setting is
//! a field here, a line there and a line in `chatapp.toml.example`.

mod file;
mod kubernetes;
mod live;
mod load;
mod log_filter;
mod redact;
mod rules;
mod unknown;

pub use live::{changed, is_live};
pub use load::{Loaded, Problems, Sources, load};
pub use log_filter::log_filter;
pub use redact::{database_url as redact_database_url, setting as redact_setting};
pub use rules::{keys, network, rgb};

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub http: Http,
    pub database: Database,
    pub auth: Auth,
    pub rooms: Rooms,
    pub limits: Limits,
    pub retention: Retention,
    pub branding: Branding,
    pub log: Log,
}

/// `[http]`: the listener and what it accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port to listen on; port 0 takes a free one.
    pub bind: String,
    /// The certificate, with those between it and the authority, as a PEM file; empty: no TLS.
    pub tls_certificate: String,
    /// The certificate's private key, as a PEM file.
    pub tls_key: String,
    /// Origins of browsers, besides the server's own, that may use the API and the socket:
    /// `https://chat.example.com`.
    pub allowed_origins: Vec<String>,
    /// Proxies, by address or network, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// A request's head, and a handshake, must be complete in this time.
    pub header_timeout_ms: u64,
    /// Connections at once, sockets included; one more waits to be accepted.
    pub max_connections: usize,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a stopping server waits for what is under way.
    pub shutdown_timeout_ms: u64,
    /// Who sends this as a bearer's token may read the server's figures, from anywhere. Empty: whoever
    /// asks from this machine may.
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
    /// Threads that read, each with a connection of its own.
    pub read_threads: usize,
    /// How long to wait for a lock or a connection before answering that the database is busy.
    pub busy_timeout_ms: u64,
    /// Writes, and reads, that may wait; one more is answered with 503.
    pub queue: usize,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite://chatapp.db".into(),
            read_threads: 4,
            busy_timeout_ms: 5_000,
            queue: 8_192,
        }
    }
}

/// Who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signup {
    /// Everybody who reaches the server.
    Open,
    /// Admins, and the first admin as `admin_signup` allows.
    Closed,
}

/// Who may ask for the role `admin` when signing up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminSignup {
    /// The first account, from the machine itself.
    First,
    /// Nobody: `chatapp create-admin` makes them.
    Off,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

/// `[auth]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    pub signup: Signup,
    pub admin_signup: AdminSignup,
    /// The secret that signs tokens, at least 32 bytes. Empty: one is made and kept in the database.
    pub secret: String,
    /// The secret before this one: its tokens are good until they expire, new ones are not signed
    /// with it. Empty: there is none.
    pub previous_secret: String,
    /// How long a token is valid, in seconds.
    pub token_seconds: u32,
    /// How long a token that sets a new password is good, in seconds.
    pub reset_seconds: u32,
    /// Whether a socket's token may be in its URL, which proxies write down. Tickets always may.
    pub query_token: Switch,
    /// The shortest password accepted, in characters.
    pub min_password_chars: usize,
    /// Failed sign-ins for one account in a window; then only addresses at which its owner has
    /// signed in before may try. 0: no limit.
    pub login_failures_per_account: u32,
    /// Failed sign-ins from one address in a window. 0: no limit.
    pub login_failures_per_address: u32,
    pub login_window_seconds: u32,
    /// Each step doubles the work of checking a password (4 to 31).
    pub bcrypt_cost: u32,
    /// Threads that check passwords; more logins than these at once wait.
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
    Admins,
    /// Every account.
    Everyone,
}

/// `[rooms]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    pub create: RoomCreators,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { create: RoomCreators::Admins }
    }
}

/// `[limits]`: of messages and of sockets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The longest message, in characters.
    pub message_chars: usize,
    /// The largest frame a socket's client may send, in bytes.
    pub frame_bytes: usize,
    /// Rooms that one socket may be in.
    pub rooms_per_socket: usize,
    /// Sockets that one user may have open. 0: any number.
    pub sockets_per_user: usize,
    /// Sockets that may be open from one address. 0: any number.
    pub sockets_per_address: usize,
    /// Messages that one user may send, change, or say to be typing, in the long run; ten times as
    /// many at once. 0: any number.
    pub sends_per_second: u32,
    /// Rooms that one user may enter, in the same way.
    pub joins_per_second: u32,
    /// Accounts that may be made from one address, in the same way.
    pub signups_per_hour: u32,
    /// A silent client is pinged after this time, and closed after twice this time.
    pub ping_seconds: u32,
    /// A client that takes nothing for this time is closed; it resumes where it was.
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
            signups_per_hour: 60,
            ping_seconds: 30,
            stall_seconds: 30,
        }
    }
}

/// `[retention]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// For how many days events are kept in rooms that have no rule of their own. 0: for ever.
    pub days: u32,
}

/// `[branding]`: how the page presents the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// Shown in the page, in its title and where the browser installs it.
    pub name: String,
    /// An SVG or PNG file. Empty: the built-in icon.
    pub logo: String,
    /// The accent, `#rgb` or `#rrggbb`. Empty: the built-in one.
    pub color: String,
}

impl Default for Branding {
    fn default() -> Self {
        Self { name: "chatapp".into(), logo: String::new(), color: String::new() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,chatapp::http=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}
