//! Tickets: a random text that opens one socket, once, within half a minute. A page of a browser
//! cannot send a header with a socket; what it puts into the URL instead may be written down on
//! the way, and a ticket is worth nothing by then.

use super::{Chat, Error, Result, secret};
use crate::model::{Identity, NewTicket};

/// How long a ticket is good for.
const TICKET_SECONDS: u32 = 30;

/// A ticket that was made.
pub struct Ticket {
    pub ticket: String,
    pub expires_in_seconds: u32,
}

impl Chat {
    /// Makes a ticket for the caller's session. It dies with the session.
    pub async fn create_ticket(&self, caller: &Identity) -> Result<Ticket> {
        let ticket = secret::token()?;
        let expires_at = self.inner.clock.now().plus_seconds(TICKET_SECONDS.into());
        let hash = secret::hash(&ticket);
        let stored = NewTicket { hash, session_id: caller.session_id, expires_at };
        self.inner.store.write(move |backend| backend.create_ticket(&stored)).await?;
        Ok(Ticket { ticket, expires_in_seconds: TICKET_SECONDS })
    }

    /// Who the holder of this ticket is, until the end of the session. The ticket is used up.
    ///
    /// # Errors
    /// [`Error::TokenInvalid`] for one that is unknown, expired or used;
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
