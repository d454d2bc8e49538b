//! What both databases do alike when they search for messages.

mod expression;
mod merge;
mod streams;

pub(super) use expression::Expression;
pub(super) use merge::merge;
pub(super) use streams::{Readable, Scope, Stream, streams};

use crate::model::Feature;

/// The condition of one phrase in the query language of SQLite.
#[cfg(any(fuzzing, test))]
pub fn fts5_of(phrase: crate::model::Phrase) -> String {
    Expression::default().phrase(phrase).to_fts5()
}

/// The properties that messages gain and lose, as bits of a parameter of the statements that read the messages.
pub(super) fn conditions(features: &[Feature]) -> i64 {
    let bit = |feature: &Feature| match feature {
        Feature::Reaction => 1,
        Feature::Thread => 2,
        Feature::Pinned => 4,
        // These are words of the index, or not available.
        Feature::Link | Feature::File => 0,
    };
    features.iter().map(bit).fold(0, |all, bit| all | bit)
}

/// The bit of `rooms.indexed_ids` for messages with an id of a public room, and for those with an id of a closed room.
pub(super) const HAS_OPEN_IDS: i64 = 1;
pub(super) const HAS_CLOSED_IDS: i64 = 2;

/// The kinds of events that are messages to the index, for `IN` in SQL.
macro_rules! indexed_kinds {
    () => {
        "('message', 'reply')"
    };
}

pub(super) use indexed_kinds;
