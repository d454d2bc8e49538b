//! API tokens: from the token to its session, and the time of its last use.

use super::{Chat, Result, secret};
use crate::model::{Session, SessionId, Timestamp};
use crate::storage::Backend;

/// The beginning of every API token, by which people and programs recognise one that was published by mistake.
const PREFIX: &str = "cb_";

/// How old the stored time of use of a token becomes, in seconds, before it is stored again.
const USE_SECONDS: i64 = 60;

/// Makes a token.
///
/// # Errors
/// As [`secret::token`].
pub(super) fn new_token() -> Result<String> {
    Ok(format!("{PREFIX}{}", secret::token()?))
}

/// The session of an API token. `None`: this is no API token.
pub(super) fn session_of(token: &str) -> Option<SessionId> {
    let secret = token.strip_prefix(PREFIX)?;
    (secret.len() == secret::TOKEN_CHARS).then(|| id_of(token))
}

/// The first half of the hash: nobody can find a token for a given id.
pub(super) fn id_of(token: &str) -> SessionId {
    let hash = secret::hash(token);
    let (half, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    SessionId(u128::from_be_bytes(*half))
}

impl Chat {
    /// Stores that an API token is used now, at most once a minute. A failure has been logged, and does no harm.
    pub(super) async fn note_use(&self, session: &Session, now: Timestamp) {
        let before = now.plus_seconds(-USE_SECONDS);
        let is_recent = session.last_used_at.is_some_and(|at| at >= before);
        if session.grant.is_none() || session.revoked_at.is_some() || is_recent {
            return;
        }
        let id = session.id;
        let touch = move |backend: &dyn Backend| backend.touch_api_token(id, now, before);
        let _ = self.inner.store.write(touch).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_of_the_form_of_a_token_has_a_session() {
        let secret = "x".repeat(secret::TOKEN_CHARS);
        assert_eq!(session_of(&format!("cb_{secret}")), session_of(&format!("cb_{secret}")));
        assert!(session_of(&format!("cb_{secret}")).is_some());
        for other in
            [secret.clone(), format!("cb_{secret}x"), format!("CB_{secret}"), String::new()]
        {
            assert_eq!(session_of(&other), None, "{other}");
        }
    }
}
