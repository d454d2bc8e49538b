//! Outgoing webhooks: what they are told, and how far they have come.

use crate::model::{
    Delivery, FailingRoom, HookFilter, HookSecrets, NewAuditEntry, NewOutgoingHook, OutgoingHook,
    OutgoingHookChange, OutgoingHookId, Replay, RoomId, Seq, Timestamp, UserId,
};
use crate::storage::Result;

/// The number of outgoing webhooks that a server may have.
pub const MAX_OUTGOING_HOOKS: u32 = 100;

/// The number of attempts that are kept for a webhook.
pub const KEPT_DELIVERIES: u32 = 1_000;

/// Whether a webhook was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookOutcome {
    /// It was.
    Stored(OutgoingHook),
    /// There is no such bot, or it is not active.
    NoBot,
    /// The server has [`MAX_OUTGOING_HOOKS`] webhooks.
    TooMany,
}

/// A webhook that is not paused and whose bot is active, for the job that delivers.
#[derive(Clone)]
pub struct RunningHook {
    /// The webhook's id.
    pub id: OutgoingHookId,
    /// The bot.
    pub user_id: UserId,
    /// Where the events are sent.
    pub url: String,
    /// What is sent.
    pub filter: HookFilter,
    /// Sign the requests.
    pub secrets: HookSecrets,
}

/// A room with an event that is to be delivered, or tried again, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRoom {
    /// The room.
    pub room_id: RoomId,
    /// The stored position.
    pub stored: Seq,
    /// The next event is after this one, which is the stored position or a later one: what was said in a closed room
    /// before the bot became a member is passed over.
    pub after: Seq,
    /// How often the next event could not be delivered so far.
    pub failures: u32,
}

/// How far a webhook has come in a room.
#[derive(Clone, Debug)]
pub struct HookProgress {
    /// The webhook.
    pub hook_id: OutgoingHookId,
    /// The room.
    pub room_id: RoomId,
    /// The position from which it began. If another one is stored by now, somebody has moved it, and the new one stays.
    pub from: Seq,
    /// The position of the last event that was delivered or passed over.
    pub to: Seq,
    /// How often the next event could not be delivered. 0: it was not tried.
    pub failures: u32,
    /// When it is tried again. `None`: at once if `failures` is 0, otherwise not by itself.
    pub retry_at: Option<Timestamp>,
    /// The attempts, in order.
    pub deliveries: Vec<Delivery>,
}

/// Outgoing webhooks. There is no queue: the log of each room is the queue, and a position in it is kept.
pub trait OutgoingHooks {
    /// Stores a webhook, which is told what happens from now on.
    fn create_outgoing_hook(
        &self,
        hook: &NewOutgoingHook,
        entry: &NewAuditEntry,
    ) -> Result<HookOutcome>;
    /// Lists the webhooks of a bot, or all, in order of id.
    fn list_outgoing_hooks(&self, user_id: Option<UserId>) -> Result<Vec<OutgoingHook>>;
    /// Changes a webhook, and returns it. `None`: there is none with this id.
    fn change_outgoing_hook(
        &self,
        id: OutgoingHookId,
        change: &OutgoingHookChange,
        entry: &NewAuditEntry,
    ) -> Result<Option<OutgoingHook>>;
    /// Moves positions of a webhook, so that events are delivered again, or not at all. A position is at most the end of
    /// the log. False: there is no such webhook, or no such room.
    fn replay_outgoing_hook(
        &self,
        id: OutgoingHookId,
        replay: Replay,
        entry: &NewAuditEntry,
    ) -> Result<bool>;
    /// Deletes a webhook. False: there is none with this id.
    fn delete_outgoing_hook(&self, id: OutgoingHookId, entry: &NewAuditEntry) -> Result<bool>;
    /// Lists at most `limit` of the attempts that are kept, the newest first: those before `before`.
    fn list_deliveries(
        &self,
        id: OutgoingHookId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>>;
    /// Lists at most `limit` rooms whose next event could not be delivered, in order of id.
    fn list_failing_rooms(&self, id: OutgoingHookId, limit: u32) -> Result<Vec<FailingRoom>>;

    /// The webhooks to which events are delivered now, in order of id.
    fn list_running_hooks(&self) -> Result<Vec<RunningHook>>;
    /// Lists at most `limit` rooms with events for the webhook: those that do not fail before the others, and each in order
    /// of id, first those after `last`.
    fn list_due_rooms(
        &self,
        hook: &RunningHook,
        last: RoomId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueRoom>>;
    /// Stores how far a webhook has come, and what was attempted.
    fn record_progress(&self, progress: &HookProgress) -> Result<()>;
    /// Pauses a webhook whose URL says that there is nothing any more (410), if it is still this URL.
    fn mark_hook_gone(&self, id: OutgoingHookId, url: &str, now: Timestamp) -> Result<()>;
}
