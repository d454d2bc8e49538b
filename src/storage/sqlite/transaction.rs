//! Transactions whose BEGIN and COMMIT are compiled once per connection: rusqlite's own compile them
//! each time, which takes longer than a short page.

use std::ops::Deref;

use rusqlite::Connection;

/// Ended by [`Transaction::commit`], or rolled back.
pub(super) struct Transaction<'db>(&'db Connection);

impl<'db> Transaction<'db> {
    /// Several reads of one state of the database.
    pub fn read(db: &'db Connection) -> rusqlite::Result<Self> {
        Self::begin(db, "BEGIN")
    }

    /// Takes the write lock at once: a transaction that began by reading could find, when it comes to
    /// write, that it may not (SQLITE_BUSY_SNAPSHOT).
    pub fn write(db: &'db Connection) -> rusqlite::Result<Self> {
        Self::begin(db, "BEGIN IMMEDIATE")
    }

    fn begin(db: &'db Connection, sql: &str) -> rusqlite::Result<Self> {
        db.prepare_cached(sql)?.execute([])?;
        Ok(Self(db))
    }

    pub fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // A connection that cannot even do this fails its next use.
            let _ = self.0.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        }
    }
}
