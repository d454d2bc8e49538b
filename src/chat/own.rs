//! What one person alone has: the person's devices are told when it changes.

use super::Chat;
use crate::model::{EventId, OwnChange, OwnSubject, RoomId, UserId};
use crate::realtime::News;

impl Chat {
    /// Tells a user's devices, on every node, that something of the user's own has changed. Only the writer's thread may
    /// call it.
    pub(super) fn tell_own(
        &self,
        user_id: UserId,
        subject: OwnSubject,
        room_id: RoomId,
        thread_id: Option<EventId>,
    ) {
        let change = OwnChange { subject, room_id, thread_id };
        self.inner.fleet.blocking_publish(vec![News::Own(user_id, change)]);
    }
}
