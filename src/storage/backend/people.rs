//! What people show of themselves, and who has blocked whom.

use crate::model::{BlockedUser, PeopleQuery, Profile, ProfileChange, Timestamp, UserCard, UserId};
use crate::storage::Result;

/// A profile before and after a change of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatedProfile {
    /// The profile before the change.
    pub before: Profile,
    /// The user with the profile after the change.
    pub card: UserCard,
}

/// The directory, profiles and blocks. These methods treat deleted users as missing.
pub trait People {
    /// Lists at most `query.limit` active accounts, in order of id. The bots of webhooks are left out, because those of
    /// private rooms are not for everybody.
    fn list_people(&self, query: &PeopleQuery) -> Result<Vec<UserCard>>;
    /// The cards of these users, in order of id. Missing users are left out.
    fn list_cards(&self, ids: &[UserId]) -> Result<Vec<UserCard>>;
    /// Changes the profile of a user. `None`: no such user.
    fn update_profile(
        &self,
        id: UserId,
        change: &ProfileChange,
        now: Timestamp,
    ) -> Result<Option<UpdatedProfile>>;
    /// Notes that the last connections of these users were open at `at`. An earlier time changes nothing.
    fn note_last_seen(&self, ids: &[UserId], at: Timestamp) -> Result<()>;

    /// Lists the users whom a user has blocked, in order of id.
    fn list_blocks(&self, user_id: UserId) -> Result<Vec<BlockedUser>>;
    /// Blocks a user; a second time changes nothing. False: one of the two users does not exist.
    fn add_block(&self, user_id: UserId, blocked_id: UserId, now: Timestamp) -> Result<bool>;
    /// Lifts a block. False: there is none.
    fn remove_block(&self, user_id: UserId, blocked_id: UserId) -> Result<bool>;
}
