//! Bugs that a test puts in, to see that the simulation finds them.

use std::cell::Cell;

/// A bug. The first ones are in the program, the others in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A gap in a node's count of changes is not noticed.
    GapInPresenceIgnored,
    /// The people of a node that is gone are not read again.
    GoneNodeIgnored,
    /// The people of rooms are taken in another order than they were read in.
    AnswersInAnyOrder,
    /// An event beyond a gap continues the tail.
    TailOverGap,
    /// Somebody who may not read a room any more goes on.
    RemovedMemberGoesOn,
    /// Somebody who is no longer a member goes on hearing of the room.
    RemovedMemberHears,
    /// After a crash of the database, ids of nodes begin again.
    IdsGivenTwice,
    /// Polls find nothing: only rings are answered.
    PollFindsNothing,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 8] = [
        Self::GapInPresenceIgnored,
        Self::GoneNodeIgnored,
        Self::AnswersInAnyOrder,
        Self::TailOverGap,
        Self::RemovedMemberGoesOn,
        Self::RemovedMemberHears,
        Self::IdsGivenTwice,
        Self::PollFindsNothing,
    ];
}

thread_local! {
    // A simulation runs on one thread.
    static PRESENT: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Whether this bug is put in.
pub(crate) fn is_present(bug: Bug) -> bool {
    PRESENT.get() == Some(bug)
}

/// Runs `run` with a bug.
pub(super) fn with<R>(bug: Bug, run: impl FnOnce() -> R) -> R {
    PRESENT.set(Some(bug));
    let result = run();
    PRESENT.set(None);
    result
}
