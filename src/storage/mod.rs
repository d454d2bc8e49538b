//! Storage: the databases, and access to them.
//!
//! [`Backend`] is the sum of the traits in [`backend`]. Its methods block. [`sqlite`] and [`postgres`]
//! implement it, and the command line uses it directly. The server uses [`Store`], an async handle over a
//! backend. Storage decides no rules of the chat, and no type of a database driver leaves the two folders.

pub mod backend;
mod copy_target;
mod counts;
mod decisions;
pub mod doorbell;
mod error;
mod migrations;
mod open;
mod options;
mod pool;
pub(crate) mod postgres;
pub mod rows;
mod search;
pub(crate) mod sqlite;
mod store;
mod stored_event;
mod window;

pub use backend::{
    AppendError, Backend, ChangeError, DatabaseStatus, MemberError, Migration, MigrationState,
    NewReaction, ServerFacts, Shortcoming,
};
pub(crate) use copy_target::Progress;
pub use copy_target::{Contents, CopyTarget, Filling};
pub(crate) use counts::StoreCounts;
pub use error::{Conflict, Error, Result};
pub(crate) use open::{check_url, mend_rights, saved_database, sqlite_file};
pub use open::{claim, create_temporary, open};
pub use options::OpenOptions;
pub use postgres::TemporaryDatabase;
#[cfg(any(fuzzing, test))]
pub(crate) use search::fts5_of;
pub use store::{Listener, Outcome, Store, StoreConfig};
pub(crate) use stored_event::{SERVER_USER, check_row, people_ids};
