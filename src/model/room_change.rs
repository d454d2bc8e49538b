//! Changes of rooms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metadata::only_that_it_changed;
use super::words::words;
use super::{AllowedTo, Event, Metadata, Room, RoomKind, RoomRules, Timestamp, VisibleHistory};

/// A change of a room to be made. The rules have already been applied to every field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoomChange {
    /// The new name; `None` leaves the name as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Some(None)` removes the description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
    /// Whether the room is to be archived; `None` leaves that as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    /// `Some(None)`: the settings decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<Option<u32>>,
    /// The new kind: public or private.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<RoomKind>,
    /// The members who may send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posting: Option<AllowedTo>,
    /// The members who may add people and make invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviting: Option<AllowedTo>,
    /// The part of the log that the members see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<VisibleHistory>,
    /// Whether new accounts become members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_join: Option<bool>,
    /// `Some(None)` removes the data of a product.
    #[serde(
        rename = "metadata_changed",
        serialize_with = "only_that_it_changed",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Option<Metadata>>,
}

impl RoomChange {
    /// The room after the change. `None`: the change would alter nothing.
    ///
    /// The revision grows if a client can see the difference. How long events are kept is an operator's
    /// affair, and no event reports it.
    pub fn apply_to(&self, room: &Room, now: Timestamp) -> Option<Room> {
        let mut changed = room.clone();
        if let Some(name) = &self.name {
            changed.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            changed.description.clone_from(description);
        }
        changed.archived_at = match self.is_archived {
            Some(true) => room.archived_at.or(Some(now)),
            Some(false) => None,
            None => room.archived_at,
        };
        changed.kind = self.kind.unwrap_or(room.kind);
        changed.rules = RoomRules {
            posting: self.posting.unwrap_or(room.rules.posting),
            inviting: self.inviting.unwrap_or(room.rules.inviting),
            history: self.history.unwrap_or(room.rules.history),
            auto_join: self.auto_join.unwrap_or(room.rules.auto_join),
        };
        if let Some(metadata) = &self.metadata {
            changed.metadata.clone_from(metadata);
        }
        if changed != *room {
            changed.revision += 1;
        }
        if let Some(retention_days) = self.retention_days {
            changed.retention_days = retention_days;
        }
        (changed != *room).then_some(changed)
    }
}

/// A room after an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatedRoom {
    /// The room as it is now.
    pub room: Room,
    /// The `room_changed` event that was added to the log. `None`: clients see no difference.
    pub event: Option<Event>,
}

/// A field of a room that its `room_changed` events report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomField {
    /// The name.
    Name,
    /// The description.
    Description,
    /// The room was archived, or is no longer archived.
    ArchivedAt,
    /// Who sees the room.
    Kind,
    /// The members who may send.
    Posting,
    /// The members who may add people and make invites.
    Inviting,
    /// The part of the log that the members see.
    History,
    /// Whether new accounts become members.
    AutoJoin,
    /// The data of a product.
    Metadata,
}

words!(RoomField {
    Name = "name",
    Description = "description",
    ArchivedAt = "archived_at",
    Kind = "kind",
    Posting = "posting",
    Inviting = "inviting",
    History = "history",
    AutoJoin = "auto_join",
    Metadata = "metadata",
});

impl RoomField {
    /// The fields in which two states of a room differ.
    pub fn differing(before: &Room, after: &Room) -> Vec<Self> {
        let differs = |field: &Self| match field {
            Self::Name => before.name != after.name,
            Self::Description => before.description != after.description,
            Self::ArchivedAt => before.archived_at != after.archived_at,
            Self::Kind => before.kind != after.kind,
            Self::Posting => before.rules.posting != after.rules.posting,
            Self::Inviting => before.rules.inviting != after.rules.inviting,
            Self::History => before.rules.history != after.rules.history,
            Self::AutoJoin => before.rules.auto_join != after.rules.auto_join,
            Self::Metadata => before.metadata != after.metadata,
        };
        Self::ALL.iter().copied().filter(differs).collect()
    }
}
