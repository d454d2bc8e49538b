//! The errors of storage, independent of the database driver.

/// A uniqueness rule of the database that a write would have broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another account has the username; ASCII case is ignored.
    #[error("this username is taken")]
    UsernameTaken,
    /// Another account has the email address; ASCII case is ignored.
    #[error("this email is taken")]
    EmailTaken,
    /// The room is public, and another public room has the name; ASCII case is ignored.
    #[error("another public room has this name")]
    RoomNameTaken,
    /// The account was to be the first admin.
    #[error("an admin exists already")]
    AdminExists,
    /// The change would leave no active admin.
    #[error("this is the last active admin")]
    LastAdmin,
    /// Another account belongs to this person of the product.
    #[error("another account belongs to this external subject")]
    SubjectTaken,
}

/// An error of storage. The texts are for the log and the operator, never for a client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A uniqueness rule would have been broken. Nothing was stored.
    #[error("{0}")]
    Conflict(Conflict),
    /// The condition of a [`Guard`](super::backend::Guard) does not hold. Nothing was stored.
    #[error("the right to do this has ended")]
    Refused,
    /// Too much work at the moment: a retry helps.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database cannot be reached or written: connection lost, disk full, read-only.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost during a commit: the write may have been stored.
    #[error("it is not known whether the database stored the write: {0}")]
    InDoubt(String),
    /// Another database answers at this address: its epoch differs from the one read before.
    #[error("another database than the one that was opened answers at this address")]
    OtherDatabase,
    /// The database answers, but its contents are damaged.
    #[error(
        "the database is damaged ({0}): stop chatapp and put a backup in its place; for SQLite, \
         `sqlite3 FILE .recover` saves what can be read"
    )]
    Damaged(String),
    /// A newer program has changed the schema in a way that breaks this binary.
    #[error(
        "the database has schema version {found} and needs a chatapp that knows version {needed}, but \
         this one knows only up to {known}: use the newer chatapp that migrated it"
    )]
    SchemaTooNew {
        /// The newest migration of the database.
        found: i32,
        /// The newest migration of this binary.
        known: i32,
        /// The oldest version that a program must know.
        needed: i32,
    },
    /// A newer program has extended the schema. This binary can use the database, but not copy it.
    #[error(
        "the database has schema version {found}, and this chatapp knows only up to {known}, so a copy \
         would not have all data: use the newer chatapp that extended the database"
    )]
    SchemaExtended {
        /// The newest migration of the database.
        found: i32,
        /// The newest migration of this binary.
        known: i32,
    },
    /// The schema is older than this binary needs.
    #[error("the database needs migrating: run `chatapp migrate`")]
    SchemaTooOld,
    /// Another process uses the database in a way that excludes this one.
    #[error("the database is in use: {0}")]
    InUse(String),
    /// The database is a backup, or is not filled completely yet.
    #[error("the database cannot be used: {0}")]
    Sealed(String),
    /// The URL of the database cannot be used as it is.
    #[error("{0}")]
    BadUrl(String),
    /// A defect of the database or of this program.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Adds the name of the database to the errors of a lost or missing connection.
    #[must_use]
    pub(super) fn of(self, database: &str) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(format!("{database}: {text}")),
            Self::InDoubt(text) => Self::InDoubt(format!("{database}: {text}")),
            error @ (Self::Conflict(_)
            | Self::Refused
            | Self::Busy(_)
            | Self::OtherDatabase
            | Self::Damaged(_)
            | Self::SchemaTooNew { .. }
            | Self::SchemaExtended { .. }
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
