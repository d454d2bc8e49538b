//! `[hooks]`: programs of the operator that take part in what the server does.

use serde::{Deserialize, Serialize};

use super::Config;

/// `[hooks]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// The URL that is asked about each message before it is stored. Empty: no program is asked.
    pub before_send: String,
    /// Signs the requests. Empty: they are not signed.
    pub before_send_secret: String,
    /// How long the program may take, from the connection to the end of its answer.
    pub before_send_timeout_ms: u64,
    /// What becomes of a message if the program gives no usable answer.
    pub before_send_failure: Failure,
    /// Rooms in which such a message is refused in any case.
    pub before_send_closed_rooms: Vec<i64>,
}

/// What becomes of a message about which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// It is sent.
    Open,
    /// It is refused; its sender may try again.
    Closed,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            before_send: String::new(),
            before_send_secret: String::new(),
            before_send_timeout_ms: 250,
            before_send_failure: Failure::Open,
            before_send_closed_rooms: Vec::new(),
        }
    }
}

/// Settings that do not fit together, as a sentence.
pub(super) fn fault(config: &Config) -> Option<String> {
    let hooks = &config.hooks;
    let has_effect = !hooks.before_send.is_empty() || hooks.before_send_secret.is_empty();
    (!has_effect).then(|| {
        "hooks.before_send_secret has no effect alone: set hooks.before_send too".to_owned()
    })
}
