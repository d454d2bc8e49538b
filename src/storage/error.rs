//! How storage fails, in the words of neither driver.

/// A uniqueness rule of the database that a write would have broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another account has the username; ASCII case is ignored.
    #[error("this username is taken")]
    UsernameTaken,
    /// Another account has the email address; ASCII case is ignored.
    #[error("this email is taken")]
    EmailTaken,
    /// Another room has the name; ASCII case is ignored.
    #[error("this room name is taken")]
    RoomNameTaken,
    /// The account was to be the first admin.
    #[error("an admin exists already")]
    AdminExists,
    /// The change would leave no active admin.
    #[error("this is the last active admin")]
    LastAdmin,
}

/// Why storage did not do what it was asked. The texts are for the log and the operator,
/// never for a client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A uniqueness rule would have been broken. Nothing was stored.
    #[error("{0}")]
    Conflict(Conflict),
    /// More work than can be taken now; trying again soon will do.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database cannot be reached or written: connection lost, disk full, read-only.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost while a write was being committed: it may have been stored.
    #[error("it is not known whether the database stored it: {0}")]
    InDoubt(String),
    /// Another database answers at this address: its epoch is not the one that was read before.
    #[error("another database answers at this address than the one that was opened")]
    OtherDatabase,
    /// The database answers, and what it holds is broken.
    #[error(
        "the database is damaged ({0}): stop chatapp and put a backup in its place; for SQLite, \
         `sqlite3 FILE .recover` saves what can be read"
    )]
    Damaged(String),
    /// The schema is newer than this binary knows.
    #[error(
        "the database has schema version {found}, and this chatapp knows only up to {known}: \
         use the newer chatapp that migrated it"
    )]
    SchemaTooNew {
        /// The newest migration of the database.
        found: i32,
        /// The newest migration of this binary.
        known: i32,
    },
    /// The schema is older than this binary needs.
    #[error("the database needs migrating: run `chatapp migrate`")]
    SchemaTooOld,
    /// It cannot be had together with what others do with it.
    #[error("the database is in use: {0}")]
    InUse(String),
    /// It is a backup, or has not all of its rows yet.
    #[error("the database cannot be used: {0}")]
    Sealed(String),
    /// The URL of the database cannot be used as it is.
    #[error("{0}")]
    BadUrl(String),
    /// A defect, of the database file or of this program.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Names the database that cannot be used.
    #[must_use]
    pub(super) fn of(self, database: &str) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(format!("{database}: {text}")),
            Self::InDoubt(text) => Self::InDoubt(format!("{database}: {text}")),
            error @ (Self::Conflict(_)
            | Self::Busy(_)
            | Self::OtherDatabase
            | Self::Damaged(_)
            | Self::SchemaTooNew { .. }
            | Self::SchemaTooOld
            | Self::InUse(_)
            | Self::Sealed(_)
            | Self::BadUrl(_)
            | Self::Internal(_)) => error,
        }
    }
}

/// The result of a method of storage.
pub type Result<T, E = Error> = std::result::Result<T, E>;
