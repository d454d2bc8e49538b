//! The values that each setting accepts, one line per key, and the text that describes them in errors.
//!
//! The source of a value does not matter here.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use config::{Value, ValueKind};
use ipnet::IpNet;

use super::DOORBELL_OF_DATABASE;
use super::external::is_web_url;
use super::log_filter::{self, log_filter};

/// The values that a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// `ADDRESS:PORT`, or `localhost:PORT`.
    Address,
    /// The path of a file, or empty. Whether the file exists is checked when it is used.
    File,
    /// A list of origins, in the form that a browser sends.
    Origins,
    /// A list of addresses, or of networks such as `10.0.0.0/8`.
    Networks,
    /// A list of the numbers of rooms.
    RoomIds,
    /// Any text except the empty one; `storage` checks the URL. It may hold a password.
    DatabaseUrl,
    /// `database`, or a URL of NATS, which may hold a password.
    Doorbell,
    /// Empty, or a short text on one line.
    Name,
    /// Empty, or a text on one line.
    Line,
    /// Empty, or the URL of a web server.
    WebUrl,
    /// Empty, or long enough for HS256 (RFC 7518 §3.2).
    Secret,
    /// Empty, or a secret in the form of the Standard Webhooks specification.
    SharedSecret,
    Number {
        min: i64,
        max: i64,
    },
    Word(&'static [&'static str]),
    LogFilter,
    /// A short text on one line, for people.
    Title,
    /// `#rgb` or `#rrggbb`, or empty.
    Color,
}

use Rule::{
    Address, Color, DatabaseUrl, Doorbell, File, Line, LogFilter, Name, Networks, Number, Origins,
    RoomIds, Secret, SharedSecret, Title, WebUrl, Word,
};

const SECRET_BYTES: usize = 32;
/// Longer names do not fit beside the list of rooms, or under the icon on a phone.
const TITLE_CHARS: usize = 32;
/// The longest name of a host in DNS has 253 characters; the name is one column of a table.
const NAME_CHARS: usize = 64;
const LINE_CHARS: usize = 255;
const SECOND_MS: i64 = 1_000;
const DAY_S: i64 = 24 * 60 * 60;
const MIB: i64 = 1024 * 1024;

/// Every key of [`Config`](super::Config). The upper limits prevent overflows in sums of times and sizes,
/// and prevent a typing error from using all memory.
const RULES: &[(&str, Rule)] = &[
    ("http.bind", Address),
    ("http.tls_certificate", File),
    ("http.tls_key", File),
    ("http.allowed_origins", Origins),
    ("http.trusted_proxies", Networks),
    ("http.header_timeout_ms", Number { min: 1, max: DAY_S * SECOND_MS }),
    ("http.max_connections", Number { min: 1, max: 10_000_000 }),
    ("http.max_body_bytes", Number { min: 1, max: 1024 * MIB }),
    ("http.shutdown_timeout_ms", Number { min: 1, max: DAY_S * SECOND_MS }),
    ("http.metrics_token", Secret),
    ("database.url", DatabaseUrl),
    ("database.read_threads", Number { min: 1, max: 1_024 }),
    ("database.busy_timeout_ms", Number { min: 1, max: DAY_S * SECOND_MS }),
    ("database.queue", Number { min: 1, max: 1_000_000 }),
    ("database.gather_writes", Word(&["on", "off"])),
    ("fleet.doorbell", Doorbell),
    ("fleet.name", Name),
    ("auth.signup", Word(&["open", "invite", "closed"])),
    ("auth.admin_signup", Word(&["first", "off"])),
    ("auth.secret", Secret),
    ("auth.previous_secret", Secret),
    ("auth.token_seconds", Number { min: 1, max: 3_650 * DAY_S }),
    ("auth.reset_seconds", Number { min: 1, max: 30 * DAY_S }),
    ("auth.query_token", Word(&["on", "off"])),
    // The longest password has 71 bytes, see `chat`.
    ("auth.min_password_chars", Number { min: 1, max: 71 }),
    ("auth.login_failures_per_account", Number { min: 0, max: 1_000_000 }),
    ("auth.login_failures_per_address", Number { min: 0, max: 1_000_000 }),
    ("auth.login_window_seconds", Number { min: 1, max: DAY_S }),
    ("auth.bcrypt_cost", Number { min: 4, max: 31 }),
    ("auth.bcrypt_threads", Number { min: 1, max: 1_024 }),
    ("external.jwks_url", WebUrl),
    ("external.public_key", File),
    ("external.secret", Secret),
    ("external.issuer", Line),
    ("external.audience", Line),
    ("external.claim_subject", Line),
    ("external.claim_username", Line),
    ("external.claim_name", Line),
    ("external.claim_email", Line),
    ("external.claim_disabled", Line),
    ("rooms.create", Word(&["admins", "everyone"])),
    ("limits.message_chars", Number { min: 1, max: MIB }),
    ("limits.frame_bytes", Number { min: 1, max: 64 * MIB }),
    ("limits.rooms_per_socket", Number { min: 1, max: 1_000_000 }),
    ("limits.sockets_per_user", Number { min: 0, max: 1_000_000 }),
    ("limits.sockets_per_address", Number { min: 0, max: 1_000_000 }),
    ("limits.sends_per_second", Number { min: 0, max: 1_000_000 }),
    ("limits.joins_per_second", Number { min: 0, max: 1_000_000 }),
    ("limits.searches_per_second", Number { min: 0, max: 1_000_000 }),
    ("limits.previews_per_second", Number { min: 0, max: 1_000_000 }),
    ("limits.signups_per_hour", Number { min: 0, max: 1_000_000 }),
    ("limits.ping_seconds", Number { min: 1, max: DAY_S }),
    ("limits.stall_seconds", Number { min: 1, max: DAY_S }),
    ("previews.enabled", Word(&["on", "off"])),
    ("outbound.allow", Networks),
    ("hooks.before_send", WebUrl),
    ("hooks.before_send_secret", SharedSecret),
    ("hooks.before_send_timeout_ms", Number { min: 1, max: 10 * SECOND_MS }),
    ("hooks.before_send_failure", Word(&["open", "closed"])),
    ("hooks.before_send_closed_rooms", RoomIds),
    ("retention.days", Number { min: 0, max: 36_500 }),
    ("branding.name", Title),
    ("branding.logo", File),
    ("branding.color", Color),
    ("log.format", Word(&["text", "json"])),
    ("log.level", LogFilter),
];

/// Every key, `section.name`, in the order of the sections.
pub fn keys() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(key, _)| *key)
}

/// The key with its static lifetime, and its rule.
pub(super) fn find(key: &str) -> Option<(&'static str, Rule)> {
    RULES.iter().find(|(known, _)| *known == key).copied()
}

impl Rule {
    /// Converts the text of a variable or flag to a value of this kind. A text that cannot be converted is
    /// returned unchanged, and [`Rule::check`] rejects it.
    pub(super) fn read(self, text: String) -> ValueKind {
        match self {
            Number { .. } => match text.trim().parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => text.into(),
            },
            Origins | Networks => {
                let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
                origins.map(ToOwned::to_owned).collect::<Vec<String>>().into()
            }
            RoomIds => {
                let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
                match ids.map(str::parse).collect::<Result<Vec<i64>, _>>() {
                    Ok(ids) => ids.into(),
                    Err(_) => text.into(),
                }
            }
            Address | File | DatabaseUrl | Doorbell | Name | Line | WebUrl | Secret
            | SharedSecret | Word(_) | LogFilter | Title | Color => text.into(),
        }
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self, Origins | Networks | RoomIds)
    }

    /// Whether the value must be hidden in errors and in the list of settings.
    pub(super) fn is_secret(self) -> bool {
        match self {
            DatabaseUrl | Doorbell | Secret | SharedSecret => true,
            Address
            | File
            | Origins
            | Networks
            | RoomIds
            | Number { .. }
            | Name
            | Line
            | WebUrl
            | Word(_)
            | LogFilter
            | Title
            | Color => false,
        }
    }

    /// # Errors
    /// The accepted values, as the end of a sentence that begins with "it takes".
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        let accepted = match (self, &value.kind) {
            (Address, ValueKind::String(text)) => is_address(text),
            (File, ValueKind::String(_)) => true,
            (Origins, ValueKind::Array(origins)) => return check_origins(origins),
            (Networks, ValueKind::Array(networks)) => networks.iter().all(
                |value| matches!(&value.kind, ValueKind::String(text) if network(text).is_some()),
            ),
            (RoomIds, ValueKind::Array(ids)) => ids.iter().all(|value| is_room_id(&value.kind)),
            (SharedSecret, ValueKind::String(text)) => {
                text.is_empty() || shared_secret(text).is_some()
            }
            (DatabaseUrl, ValueKind::String(text)) => !text.is_empty(),
            (Secret, ValueKind::String(text)) => text.is_empty() || text.len() >= SECRET_BYTES,
            (Number { min, max }, ValueKind::I64(number)) => (min..=max).contains(number),
            // The form in which the defaults are serialised.
            (Number { min, max }, ValueKind::U64(number)) => {
                i64::try_from(*number).is_ok_and(|number| (min..=max).contains(&number))
            }
            (Word(words), ValueKind::String(text)) => words.contains(&text.as_str()),
            (LogFilter, ValueKind::String(text)) => return log_filter(text).map(drop),
            (Title, ValueKind::String(text)) => {
                text.trim() == text
                    && (1..=TITLE_CHARS).contains(&text.chars().count())
                    && !text.chars().any(char::is_control)
            }
            (Name, ValueKind::String(text)) => is_line(text, NAME_CHARS),
            (Line, ValueKind::String(text)) => is_line(text, LINE_CHARS),
            (WebUrl, ValueKind::String(text)) => text.is_empty() || is_web_url(text),
            (Doorbell, ValueKind::String(text)) => {
                text == DOORBELL_OF_DATABASE
                    || ["nats://", "tls://"].iter().any(|scheme| {
                        text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())
                    })
            }
            (Color, ValueKind::String(text)) => text.is_empty() || rgb(text).is_some(),
            _ => false,
        };
        if accepted { Ok(()) } else { Err(self.accepts()) }
    }

    fn accepts(self) -> String {
        match self {
            Address => "an address and a port, such as \"127.0.0.1:8000\", \"[::1]:8000\" or \
                        \"localhost:8000\""
                .to_owned(),
            File => "the path of a file, or \"\"".to_owned(),
            Origins => "a list of origins, such as [\"https://chat.example.com\"]".to_owned(),
            Networks => "a list of addresses and networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]"
                .to_owned(),
            DatabaseUrl => "a URL, such as \"sqlite://chat.db\" or \
                            \"postgres://user:password@host/database\""
                .to_owned(),
            RoomIds => "a list of the numbers of rooms, such as [1, 7]".to_owned(),
            Secret => format!("a text of at least {SECRET_BYTES} bytes, or \"\""),
            SharedSecret => "24 to 64 bytes in base64, such as the output of \
                             `openssl rand -base64 32`, or \"\""
                .to_owned(),
            Number { min, max } => format!("a whole number from {min} to {max}"),
            Word(words) => format!("\"{}\"", words.join("\" or \"")),
            LogFilter => log_filter::ACCEPTS.to_owned(),
            Title => format!("a name of 1 to {TITLE_CHARS} characters, without spaces around it"),
            Name => format!("a name of at most {NAME_CHARS} characters, or \"\""),
            Line => format!(
                "a text of at most {LINE_CHARS} characters, without spaces around it, or \"\""
            ),
            WebUrl => "a URL that begins with https:// or http://, without a user and a password, \
                       such as \"https://id.example.com/keys\", or \"\""
                .to_owned(),
            Doorbell => "\"database\", or the URL of a NATS server, such as \
                         \"nats://user:password@host:4222\""
                .to_owned(),
            Color => "a colour, such as \"#0d6b5f\", or \"\"".to_owned(),
        }
    }
}

/// Returns red, green and blue of `#rgb` or `#rrggbb`.
pub fn rgb(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#')?.chars().map(|digit| digit.to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| u8::try_from(digit?).ok()).collect::<Option<_>>()?;
    match *digits.as_slice() {
        [r, g, b] => Some([r * 17, g * 17, b * 17]),
        [r1, r2, g1, g2, b1, b2] => Some([r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2]),
        _ => None,
    }
}

/// Parses a network, or an address as a network of one address.
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))
}

/// The bytes of a secret of the Standard Webhooks specification: base64, with or without `whsec_` before it.
pub fn shared_secret(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

fn is_room_id(value: &ValueKind) -> bool {
    match value {
        ValueKind::I64(id) => *id > 0,
        // The form in which the defaults are serialised.
        ValueKind::U64(id) => i64::try_from(*id).is_ok_and(|id| id > 0),
        _ => false,
    }
}

fn is_line(text: &str, max: usize) -> bool {
    text.trim() == text && text.chars().count() <= max && !text.chars().any(char::is_control)
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok()
        || text.strip_prefix("localhost:").is_some_and(|port| port.parse::<u16>().is_ok())
}

fn check_origins(origins: &[Value]) -> Result<(), String> {
    for origin in origins {
        let ValueKind::String(text) = &origin.kind else { return Err(Origins.accepts()) };
        if let Some(reason) = never_sent(text) {
            return Err(reason);
        }
        match canonical_origin(text) {
            Some(canonical) if canonical == *text => {}
            // An origin in another form never equals the browser's header, so it would have no effect.
            Some(canonical) => {
                return Err(format!("origins as a browser sends them: write \"{canonical}\""));
            }
            None => return Err(Origins.accepts()),
        }
    }
    Ok(())
}

/// Why no browser sends this origin, if the text looks like an origin at all.
fn never_sent(text: &str) -> Option<String> {
    let (scheme, host) = text.split_once("://")?;
    if host.contains('*') {
        return Some("each origin in full: * has no special meaning".to_owned());
    }
    let meant = ["https", "http"].into_iter().find(|known| {
        scheme != "http" && scheme != "https" && strsim::damerau_levenshtein(scheme, known) == 1
    })?;
    Some(format!("origins as a browser sends them: write \"{meant}://{host}\""))
}

/// `scheme://host[:port]` in lower case, without the default port of the scheme (RFC 6454 §6.1).
fn canonical_origin(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}", url.scheme()))
}
