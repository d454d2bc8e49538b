//! What the accounts show of their people, and who has blocked whom.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RoomId, Timestamp, UserId};

/// What a person shows of themselves. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name that the person wants to be shown. Several people may have the same.
    pub display_name: Option<Arc<str>>,
    /// What the person does, such as the job.
    pub title: Option<String>,
    /// A name of the IANA time zone database.
    pub timezone: Option<String>,
    /// The status. Its end may be over.
    pub status: Option<Status>,
}

/// What a person does for a while. At least the text or the emoji is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// A short text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// One emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// The time from which the status is not shown any more; `None`: it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Status {
    /// Whether the status is shown at `now`.
    pub fn is_shown(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Whether a person is connected to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// The person has a connection.
    Online,
    /// All of the person's clients have said that the person is away.
    Away,
    /// The person has no connection.
    #[default]
    Offline,
}

/// In place of a room in the presence that the nodes tell each other: the person has a connection, in a room or not.
pub const CONNECTED: RoomId = RoomId(0);

/// As [`CONNECTED`]: all clients of the person on the node say that the person is away.
pub const AWAY: RoomId = RoomId(-1);

/// A user as the other users see the account: without the email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCard {
    /// The user's id.
    pub id: UserId,
    /// The unique name.
    pub username: Arc<str>,
    /// Whether the account is active.
    pub is_active: bool,
    /// Whether the account is a bot's.
    pub is_bot: bool,
    /// What the person shows.
    pub profile: Profile,
    /// The time at which the person's last connection to a server closed; `None`: it is not known.
    pub last_seen_at: Option<Timestamp>,
}

/// A change of a profile to be made. The rules have already been applied to every field. `None` leaves a field as it
/// is, and `Some(None)` removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// See [`Profile::display_name`].
    pub display_name: Option<Option<String>>,
    /// See [`Profile::title`].
    pub title: Option<Option<String>>,
    /// See [`Profile::timezone`].
    pub timezone: Option<Option<String>>,
    /// See [`Profile::status`]. The status is replaced as a whole.
    pub status: Option<Option<Status>>,
}

impl ProfileChange {
    /// The profile after the change.
    pub fn apply_to(&self, profile: &Profile) -> Profile {
        fn field<T>(change: Option<&Option<T>>, old: &Option<T>) -> Option<T>
        where
            T: Clone,
        {
            change.unwrap_or(old).clone()
        }
        let display_name = self.display_name.as_ref().map(|it| it.as_deref().map(Arc::from));
        Profile {
            display_name: field(display_name.as_ref(), &profile.display_name),
            title: field(self.title.as_ref(), &profile.title),
            timezone: field(self.timezone.as_ref(), &profile.timezone),
            status: field(self.status.as_ref(), &profile.status),
        }
    }
}

/// A search in the directory: the active accounts, in order of id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleQuery {
    /// Only people with this text in the username or the display name; case is ignored.
    pub text: Option<String>,
    /// Only people with a greater id: the last id of the page before.
    pub after: Option<UserId>,
    /// The most people that are returned.
    pub limit: u32,
}

/// A user whom another one does not want to hear from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedUser {
    /// The user.
    pub user: UserCard,
    /// The time of the block.
    pub created_at: Timestamp,
}
