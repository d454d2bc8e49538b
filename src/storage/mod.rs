//! What is kept, and how it is reached.
//!
//! [`Backend`], the sum of the traits in [`backend`], is plain blocking code, implemented by [`sqlite`]
//! and [`postgres`] and used directly by the command line. [`Store`] is the async handle over it for the
//! server. No rule of the chat lives here, and no type of a database driver leaves the two folders.

pub mod backend;
mod copy_target;
mod counts;
mod decisions;
mod error;
mod migrations;
mod open;
mod options;
mod pool;
pub mod postgres;
pub mod rows;
pub mod sqlite;
mod store;
mod stored_event;
mod window;

pub use backend::{
    AppendError, Backend, ChangeError, DatabaseStatus, Migration, MigrationState, ServerFacts,
    Shortcoming,
};
pub use copy_target::{Contents, CopyTarget, Filling, Progress};
pub use counts::StoreCounts;
pub use error::{Conflict, Error, Result};
pub use open::{check_url, claim, mend_rights, open, saved_database, sqlite_file};
pub use options::OpenOptions;
pub use store::{Listener, Outcome, Store, StoreConfig, Writer};
pub use stored_event::{SERVER_USER, check_row};
