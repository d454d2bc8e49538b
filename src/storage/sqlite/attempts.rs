//! Counters of attempts, and the addresses that are known.

use rusqlite::{OptionalExtension, params};

use super::super::Result;
use super::super::backend::Attempts;
use super::super::decisions::{self, AttemptTransaction};
use super::Sqlite;
use super::transaction::Transaction;
use crate::model::{AttemptCounter, AttemptKey, Begun, KnownAddress, NewAttempt, Timestamp};

impl Attempts for Sqlite {
    fn begin_attempt(&self, attempt: &NewAttempt) -> Result<Begun> {
        self.write(|tx| decisions::begin_attempt(tx, attempt))
    }

    fn take_back_attempt(
        &self,
        counted: &[AttemptKey],
        known: Option<&KnownAddress>,
    ) -> Result<()> {
        self.write(|tx| decisions::take_back_attempt(tx, counted, known))
    }

    fn forget_attempts(&self, began: Timestamp, seen: Timestamp) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM attempts WHERE since < ?1")?.execute([began.0])?;
            tx.prepare_cached("DELETE FROM known_addresses WHERE seen_at < ?1")?
                .execute([seen.0])?;
            Ok(())
        })
    }
}

impl AttemptTransaction for Transaction<'_> {
    fn get_known_address(&mut self, key: &AttemptKey) -> Result<Option<Timestamp>> {
        const GET: &str = "SELECT seen_at FROM known_addresses WHERE key = ?1";
        let seen_at = self.prepare_cached(GET)?.query_row([key], |row| row.get(0)).optional()?;
        Ok(seen_at.map(Timestamp))
    }

    fn remember_address(&mut self, known: &KnownAddress) -> Result<()> {
        const REMEMBER: &str = "
            INSERT INTO known_addresses (key, seen_at) VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at";
        self.prepare_cached(REMEMBER)?.execute(params![known.key, known.seen_at.0])?;
        Ok(())
    }

    fn lock_counters(&mut self, keys: &[AttemptKey]) -> Result<Vec<AttemptCounter>> {
        let mut get = self.prepare_cached("SELECT count, since FROM attempts WHERE key = ?1")?;
        let mut counters = Vec::with_capacity(keys.len());
        for &key in keys {
            let found = get.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (count, since) = found.unwrap_or_default();
            counters.push(AttemptCounter { key, count, since: Timestamp(since) });
        }
        Ok(counters)
    }

    fn set_counters(&mut self, counters: &[AttemptCounter]) -> Result<()> {
        const SET: &str = "
            INSERT INTO attempts (key, count, since) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET count = excluded.count, since = excluded.since";
        let mut set = self.prepare_cached(SET)?;
        for counter in counters {
            set.execute(params![counter.key, counter.count, counter.since.0])?;
        }
        Ok(())
    }
}
