//! What the index has of one message: its words, and the facets that a search narrows down by.
//!
//! A facet is a word that begins with [`MARK`]. With the room, the author and the day as words, the database walks
//! only the messages that have them: a search for a common word in a small room reads no message of other rooms.

use super::tokens::tokens;
use super::{Feature, MARK};
use crate::model::{RoomId, Timestamp, UserId};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days are grouped by 32, and these groups by 32 again, so that a long time is a few dozen words.
const GROUP: i64 = 32;

/// The facets of days, groups of days, and groups of groups.
const LEVELS: [char; 3] = ['d', 'e', 'f'];

/// How far the clocks of servers may be ahead, in days: later messages are not found by their time.
const AHEAD: i64 = 366;

/// The facet of the messages of a room.
pub(crate) fn room_facet(id: RoomId) -> String {
    format!("{MARK}r{id}")
}

/// The facet of the messages of a user.
pub(crate) fn user_facet(id: UserId) -> String {
    format!("{MARK}u{id}")
}

/// Returns the words of a message in order, and its facets.
pub(crate) fn document(
    room_id: RoomId,
    user_id: UserId,
    timestamp: Timestamp,
    content: &str,
) -> (Vec<String>, Vec<String>) {
    let words = tokens(content).into_iter().map(|token| token.word).collect();
    let mut facets = vec![room_facet(room_id), user_facet(user_id)];
    let mut number = day(timestamp);
    for level in LEVELS {
        facets.push(format!("{MARK}{level}{number}"));
        number /= GROUP;
    }
    let features = Feature::ALL.iter().filter(|feature| feature.is_of(content));
    facets.extend(features.filter_map(|feature| feature.facet()).map(str::to_owned));
    (words, facets)
}

impl Feature {
    /// The facet of messages that have the property. `None`: the index does not know it.
    pub(crate) fn facet(self) -> Option<&'static str> {
        match self {
            Self::Link => Some("§l"),
            Self::File | Self::Reaction | Self::Thread | Self::Pinned => None,
        }
    }

    /// Whether a message with this text has the property, if it is a facet.
    fn is_of(self, content: &str) -> bool {
        match self {
            Self::Link => has_link(content),
            Self::File | Self::Reaction | Self::Thread | Self::Pinned => false,
        }
    }
}

fn has_link(content: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        content.match_indices(scheme).any(|(at, _)| {
            content[at + scheme.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '[')
        })
    })
}

fn day(timestamp: Timestamp) -> i64 {
    timestamp.0.div_euclid(DAY_MS).max(0)
}

/// Returns the facets of which a message between the two times has one. Also messages of the same days may have one
/// that are a little earlier or later.
pub(crate) fn days(
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    now: Timestamp,
) -> Vec<String> {
    let mut from = after.map_or(0, day);
    // The day of the last millisecond before the end.
    let last = |before: Timestamp| before.0.saturating_sub(1).div_euclid(DAY_MS);
    let mut to = before.map_or(i64::MAX, last).min(day(now) + AHEAD);
    let mut facets = Vec::new();
    for (depth, level) in LEVELS.into_iter().enumerate() {
        let is_last = depth + 1 == LEVELS.len();
        let mut add = |number: i64| facets.push(format!("{MARK}{level}{number}"));
        // Whole groups are left to the next level.
        while from <= to && (is_last || from % GROUP != 0) {
            add(from);
            from += 1;
        }
        while from <= to && (to + 1) % GROUP != 0 {
            add(to);
            to -= 1;
        }
        if from > to {
            break;
        }
        (from, to) = (from / GROUP, to / GROUP);
    }
    facets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facets_at(timestamp: Timestamp) -> Vec<String> {
        document(RoomId(1), UserId(2), timestamp, "").1
    }

    #[test]
    fn a_document_has_words_and_facets() {
        let at = Timestamp(33 * DAY_MS);
        let (words, facets) = document(RoomId(7), UserId(8), at, "See HTTPS and https://a.b");
        assert_eq!(words, ["see", "https", "and", "https", "a", "b"]);
        assert_eq!(facets, ["§r7", "§u8", "§d33", "§e1", "§f0", "§l"]);
        assert!(!has_link("http:// no") && !has_link("https") && has_link("x http://[::1]"));
    }

    #[test]
    fn a_long_time_has_few_facets() {
        let now = Timestamp(20_000 * DAY_MS);
        assert!(days(None, Some(now), now).len() < 100);
        assert!(days(Some(Timestamp(5_000 * DAY_MS)), None, now).len() < 150);
        assert!(days(Some(Timestamp(2 * DAY_MS)), Some(Timestamp(DAY_MS)), now).is_empty());
        assert!(days(None, Some(Timestamp(0)), now).is_empty());
    }

    proptest! {
        #[test]
        fn exactly_the_days_between_have_a_facet(
            from in 0i64..3_000, length in 0i64..3_000, day in 0i64..6_000
        ) {
            let at = |day: i64| Timestamp(day * DAY_MS);
            let asked = days(Some(at(from)), Some(at(from + length)), at(7_000));
            let facets = facets_at(Timestamp(day * DAY_MS + 5));
            let has = facets.iter().filter(|facet| asked.contains(facet)).count();
            prop_assert_eq!(has, usize::from((from..from + length).contains(&day)));
        }
    }
}
