//! Transactions whose BEGIN and COMMIT are compiled once per connection. rusqlite's own transactions
//! compile them each time, which takes longer than reading a short page.

use std::ops::Deref;

use rusqlite::Connection;

/// A transaction. It is rolled back when dropped without [`Transaction::commit`].
pub(super) struct Transaction<'db>(&'db Connection);

impl<'db> Transaction<'db> {
    /// Begins a transaction for several reads of one state of the database.
    pub fn read(db: &'db Connection) -> rusqlite::Result<Self> {
        Self::begin(db, "BEGIN")
    }

    /// Begins a transaction with the write lock. A transaction that begins by reading and writes later
    /// fails (SQLITE_BUSY_SNAPSHOT) if another one has committed in between.
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
            // If the rollback fails, the next use of the connection fails too.
            let _ = self.0.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        }
    }
}
