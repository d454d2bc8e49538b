//! Tickets: a random text that opens one socket, once, within half a minute. A page in a browser
//! cannot send a header with a socket. The URL, which it uses instead, may be logged on the way; a
//! ticket is not valid any more by then.

use super::{Chat, Error, Result, secret};
use crate::model::{Identity, NewTicket};

/// How long a ticket is valid.
const TICKET_SECONDS: u32 = 30;

/// A ticket and its lifetime.
pub struct Ticket {
    pub ticket: String,
    pub expires_in_seconds: u32,
}

impl Chat {
    /// Makes a ticket for the caller's session. It is valid only as long as the session.
    pub async fn create_ticket(&self, caller: &Identity) -> Result<Ticket> {
        let ticket = secret::token()?;
        let expires_at = self.inner.clock.now().plus_seconds(TICKET_SECONDS.into());
        let hash = secret::hash(&ticket);
        let stored = NewTicket { hash, session_id: caller.session_id, expires_at };
        self.inner.store.write(move |backend| backend.create_ticket(&stored)).await?;
        Ok(Ticket { ticket, expires_in_seconds: TICKET_SECONDS })
    }

    /// Returns the identity of the ticket's holder, until the end of the session. The ticket is
    /// deleted.
    ///
    /// # Errors
    /// [`Error::TokenInvalid`] for a ticket that is unknown, expired or used;
    /// [`Error::SessionRevoked`], [`Error::TokenExpired`] if its session has ended; or those of a
    /// database that cannot be used.
    pub async fn authenticate_by_ticket(&self, ticket: &str) -> Result<Identity> {
        if ticket.len() != secret::TOKEN_CHARS {
            return Err(Error::TokenInvalid);
        }
        let (hash, now) = (secret::hash(ticket), self.inner.clock.now());
        let taken = self.inner.store.write(move |backend| backend.take_ticket(&hash, now)).await?;
        self.find_session(taken.ok_or(Error::TokenInvalid)?, now).await
    }
}
