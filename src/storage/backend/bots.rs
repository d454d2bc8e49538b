//! Bots: their API tokens, and their cursors.

use crate::model::{
    Account, ApiToken, NewApiToken, NewAuditEntry, RoomId, Seq, SessionId, Timestamp, UserId,
};
use crate::storage::Result;

/// The number of tokens that a bot may have.
pub const MAX_API_TOKENS: u32 = 100;

/// The number of rooms in all cursors of a bot.
pub const MAX_CURSOR_ROOMS: u32 = 10_000;

/// A position in the log of a room, which a program has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorPosition {
    /// The room.
    pub room_id: RoomId,
    /// The `seq` of the last event that the program has handled.
    pub seq: Seq,
    /// When the position was last moved.
    pub updated_at: Timestamp,
}

/// Whether a token was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOutcome {
    /// It was.
    Stored,
    /// There is no such bot, or it is not active.
    NoBot,
    /// The bot has as many tokens as it may have.
    TooMany,
}

/// Bots are accounts; [`Users::create_user`](super::Users::create_user) stores them.
pub trait Bots {
    /// Lists the bots that are not deleted, in order of id.
    fn list_bots(&self, now: Timestamp) -> Result<Vec<Account>>;

    /// Stores a token and its session. If the account is deactivated or deleted at the same time, there is no token, or it
    /// is revoked.
    fn create_api_token(&self, token: &NewApiToken, entry: &NewAuditEntry) -> Result<TokenOutcome>;
    /// Lists the tokens of a bot that are not revoked and have not expired at `now`, the newest first.
    fn list_api_tokens(&self, user_id: UserId, now: Timestamp) -> Result<Vec<ApiToken>>;
    /// Revokes a token of the bot. False: there is none with this id, or it was revoked before.
    fn revoke_api_token(
        &self,
        user_id: UserId,
        id: SessionId,
        entry: &NewAuditEntry,
    ) -> Result<bool>;
    /// Stores that a token is used at `now`, if its last stored use was before `before`.
    fn touch_api_token(&self, id: SessionId, now: Timestamp, before: Timestamp) -> Result<()>;

    /// Moves positions of a cursor forward, at most to the end of each log. A position that would move backward stays.
    /// Rooms that do not exist are passed over. False: the user would have more than [`MAX_CURSOR_ROOMS`] positions, and
    /// nothing was moved.
    fn move_cursor(
        &self,
        user_id: UserId,
        name: &str,
        positions: &[(RoomId, Seq)],
        now: Timestamp,
    ) -> Result<bool>;
    /// The positions of a cursor, in order of room. Empty: there is no such cursor.
    fn get_cursor(&self, user_id: UserId, name: &str) -> Result<Vec<CursorPosition>>;
    /// The names of the user's cursors, in order.
    fn list_cursors(&self, user_id: UserId) -> Result<Vec<String>>;
    /// Deletes a cursor. False: there is none.
    fn delete_cursor(&self, user_id: UserId, name: &str) -> Result<bool>;
}
