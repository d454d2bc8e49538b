//! Decisions of changes that depend on the present rows. They are written once for both databases, and
//! run inside the change's transaction.
//!
//! A decision calls the primitives of a transaction, each of them one statement or two. Every database
//! implements them beside its other statements. The primitives named `lock_…` keep the read row from
//! changing until the transaction ends. On SQLite the write transaction is that lock.

mod append;
mod attempts;
mod bots;
mod external_accounts;
mod hooks;
mod invites;
mod members;
mod messages;
mod outgoing_hooks;
mod people;
mod reactions;
mod refusal;
mod rooms;
mod users;

pub(super) use append::{AppendTransaction, ThreadPlace, announce, append_message};
pub(super) use attempts::{AttemptTransaction, begin_attempt, take_back_attempt};
pub(super) use bots::{
    BotTransaction, create_api_token, revoke_api_token, rooms_text, stored_grant, stored_rooms,
};
pub(super) use external_accounts::{
    ExternalTransaction, Known, create_account, create_user_session, sign_in_external,
};
pub(super) use hooks::{HookTransaction, create_hook, delete_hook};
pub(super) use invites::{
    InviteTransaction, accept_invite, create_invite, create_invited_user, revoke_invite,
};
pub(super) use members::{MemberTransaction, change_members, open_direct_room};
pub(super) use messages::{MessageTransaction, delete_message, edit_message, pin_message};
pub(super) use outgoing_hooks::{
    OutgoingHookTransaction, change_outgoing_hook, create_outgoing_hook, delete_outgoing_hook,
    filter_texts, replay_outgoing_hook, stored_filter,
};
pub(super) use people::{PeopleTransaction, add_block, remove_block, update_profile};
pub(super) use reactions::{ReactionTransaction, change_reactions};
pub(super) use refusal::Refusal;
pub(super) use rooms::{
    NewEvent, RoomTransaction, create_room, delete_room, prune_events, purge_deleted_rooms,
    update_room,
};
pub(super) use users::{
    PasswordResetTransaction, SessionTransaction, UserTransaction, change_password,
    create_password_reset, create_user, delete_user, revoke_sessions, take_password_reset,
    update_password, update_user,
};

use super::Result;
use crate::model::{AuditTarget, NewAuditEntry};

pub(super) trait AuditTransaction {
    fn insert_audit(&mut self, entry: &NewAuditEntry, target: AuditTarget) -> Result<()>;

    /// Records an act on `target`, in the transaction that does it, if it is one that the log records.
    fn record_audit(&mut self, entry: &NewAuditEntry, target: AuditTarget) -> Result<()> {
        if entry.is_recorded { self.insert_audit(entry, target) } else { Ok(()) }
    }
}
