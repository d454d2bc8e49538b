//! Setting a new password with a token that an admin made: see [`Admin::create_password_reset`].
//!
//! [`Admin::create_password_reset`]: super::admin::Admin::create_password_reset

use std::net::IpAddr;

use super::{Chat, Error, Result, accounts, secret};

impl Chat {
    /// Sets the password that the token is for, ends every session of the account and closes its
    /// sockets. The token is deleted. A password that is not acceptable is refused before that, and
    /// the token stays valid.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`]; [`Error::InvalidResetToken`] for a token that is unknown, used
    /// or expired, which counts as a failed attempt to sign in from this address;
    /// [`Error::InvalidFields`]; [`Error::Busy`].
    pub async fn reset_password(&self, token: &str, new: String, address: IpAddr) -> Result<()> {
        let attempt = self.begin_attempt(None, address).await?;
        let result = self.redeem(token, new).await;
        match result {
            // The attempt stays counted.
            Err(Error::InvalidResetToken) => drop(attempt),
            _ => self.take_back(attempt, None).await,
        }
        result
    }

    async fn redeem(&self, token: &str, new: String) -> Result<()> {
        if token.len() != secret::TOKEN_CHARS {
            return Err(Error::InvalidResetToken);
        }
        let (hash, now) = (secret::hash(token), self.inner.clock.now());
        let found =
            self.inner.store.read(move |backend| backend.get_password_reset(&hash, now)).await?;
        let user = found.ok_or(Error::InvalidResetToken)?;
        let min_chars = self.inner.settings.load().min_password_chars;
        accounts::check_password(&user, "new_password", &new, min_chars)?;
        let password_hash = self.inner.passwords.hash(new).await?;
        // Hashing took a while: the token is taken only now, and the sessions end at this time.
        let now = self.inner.clock.now();
        let taken = self
            .inner
            .store
            .write(move |backend| backend.take_password_reset(&hash, &password_hash, now))
            .await?;
        let user_id = taken.ok_or(Error::InvalidResetToken)?;
        tracing::info!(%user_id, "a password was reset by a token");
        // A failure has been logged; the next sweep finds the sessions.
        self.sessions_ended().await;
        Ok(())
    }
}
