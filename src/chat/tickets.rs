//! Tickets: a random text that opens one socket, once, within half a minute. A page of a browser
//! cannot send a header with a socket; what it puts into the URL instead may be written down on
//! the way, and a ticket is worth nothing by then.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Chat, Error, Result};
use crate::model::{Identity, NewTicket, TicketHash};

/// How long a ticket is good for.
const TICKET_SECONDS: u32 = 30;

/// A ticket has this many hexadecimal digits.
const TICKET_DIGITS: usize = 64;

/// A ticket that was made.
pub struct Ticket {
    pub ticket: String,
    pub expires_in_seconds: u32,
}

impl Chat {
    /// Makes a ticket for the caller's session. It dies with the session.
    pub async fn create_ticket(&self, caller: &Identity) -> Result<Ticket> {
        // Two version 4 UUIDs: 244 random bits from the system's generator.
        let ticket = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let expires_at = self.inner.clock.now().plus_seconds(TICKET_SECONDS.into());
        let stored = NewTicket { hash: hash(&ticket), session_id: caller.session_id, expires_at };
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
        if ticket.len() != TICKET_DIGITS {
            return Err(Error::TokenInvalid);
        }
        let (hash, now) = (hash(ticket), self.inner.clock.now());
        let taken = self.inner.store.write(move |backend| backend.take_ticket(&hash, now)).await?;
        self.find_session(taken.ok_or(Error::TokenInvalid)?, now).await
    }
}

fn hash(ticket: &str) -> TicketHash {
    Sha256::digest(ticket).into()
}
