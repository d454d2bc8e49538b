//! What a user may read, as conditions of statements over several rooms. One room is decided by `chat/permissions.rs`.

/// Whether the user ?1 may read the room at the time ?2: the same rule as `RoomAction::Read` in `chat/permissions.rs`.
macro_rules! is_readable {
    () => {
        "rooms.deleted_at IS NULL
         AND (rooms.kind = 'public' OR EXISTS (
             SELECT 1 FROM members WHERE members.room_id = rooms.id AND members.user_id = ?1))
         AND NOT EXISTS (
             SELECT 1 FROM bans WHERE bans.room_id = rooms.id AND bans.user_id = ?1
                                  AND (bans.until IS NULL OR bans.until > ?2))"
    };
}

/// The seq after which the user ?1 sees the events of the room: `visible_from` in `model/member.rs`.
macro_rules! visible_from {
    () => {
        "coalesce((SELECT joined_seq FROM members
                   WHERE members.room_id = rooms.id AND members.user_id = ?1
                     AND rooms.kind = 'private' AND rooms.history = 'joined'), 0)"
    };
}

pub(super) use {is_readable, visible_from};
