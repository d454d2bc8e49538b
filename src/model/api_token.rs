//! API tokens: what programs sign in with, and what each of them allows.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::words::words;
use super::{RoomId, SessionId, SessionTerms, Timestamp, UserId};

/// A part of the API. A token allows some of them; a login of a person allows all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Reading: rooms, messages, people; receiving events on the socket.
    Read,
    /// Sending, editing and deleting messages; reactions, pins and typing.
    Send,
    /// Creating and changing rooms, members and invites.
    Rooms,
    /// Administration. The account must be an admin too.
    Admin,
}

words!(Scope { Read = "read", Send = "send", Rooms = "rooms", Admin = "admin" });

/// A set of scopes. Its text is the words in the order of [`Scope::ALL`], with spaces between: RFC 6749 §3.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether the set has the scope.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// Whether the set has no scope.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |&scope| self.contains(scope))
    }
}

fn bit(scope: Scope) -> u8 {
    1 << scope as u8
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | bit(scope)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.split(' ').filter(|word| !word.is_empty()).map(Scope::from_str).collect()
    }
}

/// What a token allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The parts of the API.
    pub scopes: Scopes,
    /// The only rooms that the token can be used for. `None`: all rooms that the account may use.
    pub room_ids: Option<Vec<RoomId>>,
}

impl Grant {
    /// Whether the token can be used for the room.
    pub fn allows_room(&self, room_id: RoomId) -> bool {
        self.room_ids.as_ref().is_none_or(|ids| ids.contains(&room_id))
    }
}

/// A token to be stored: a session that a program holds. The session's id is made of the token's hash, so that the token
/// finds its session, and nobody who reads the database finds the token.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// The bot.
    pub user_id: UserId,
    /// The session; it expires with the token.
    pub session: SessionTerms,
    /// What the token is for, in its owner's words.
    pub name: String,
    /// What the token allows.
    pub grant: Grant,
}

/// A token, as it is listed. The token itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// The token's id.
    #[serde(serialize_with = "as_text")]
    pub id: SessionId,
    /// What the token is for, in its owner's words.
    pub name: String,
    /// The parts of the API that the token allows.
    #[serde(serialize_with = "as_words")]
    pub scopes: Scopes,
    /// The only rooms that the token can be used for; absent if it can be used for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_ids: Option<Vec<RoomId>>,
    /// The time at which the token was made.
    pub created_at: Timestamp,
    /// The time from which the token is refused; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// A time of use, at most a minute before the last one; absent if the token has not been used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    /// The end of the session of a token that does not expire: the last hour that every time zone can write with four
    /// digits for the year, so that an export can have it.
    pub const NEVER: Timestamp = Timestamp(253_402_207_200_000);

    /// The time at which a token expires whose session has this end.
    pub fn expiry(session_ends: Timestamp) -> Option<Timestamp> {
        (session_ends < Self::NEVER).then_some(session_ends)
    }
}

fn as_text<S: Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn as_words<S: Serializer>(scopes: &Scopes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(scopes.iter().map(Scope::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_that_does_not_expire_is_a_time_that_reads_back() {
        let json = serde_json::to_string(&ApiToken::NEVER).unwrap();
        assert_eq!(json, "\"9999-12-30T22:00:00.000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), ApiToken::NEVER);
    }

    #[test]
    fn the_text_of_a_set_of_scopes_reads_back() {
        for text in ["", "read", "read send", "read send rooms admin"] {
            assert_eq!(text.parse::<Scopes>().unwrap().to_string(), text);
        }
        assert_eq!("send  read".parse::<Scopes>().unwrap().to_string(), "read send");
        assert!("read write".parse::<Scopes>().is_err());
    }
}
