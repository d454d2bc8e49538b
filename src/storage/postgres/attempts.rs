//! Counters of attempts, and the addresses that are known.

use super::super::backend::Attempts;
use super::super::decisions::{self, AttemptTransaction};
use super::super::{Error, Result};
use super::Postgres;
use super::connection::Connection;
use crate::model::{AttemptCounter, AttemptKey, Begun, KnownAddress, NewAttempt, Timestamp};

/// Rows that another transaction has locked are deleted the next time: waiting for them, in any order, could
/// end in a deadlock.
const FORGET: [&str; 2] = [
    "DELETE FROM attempts WHERE key IN
         (SELECT key FROM attempts WHERE since < $1 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM known_addresses WHERE key IN
         (SELECT key FROM known_addresses WHERE seen_at < $1 FOR UPDATE SKIP LOCKED)",
];

/// The update changes nothing; it locks a row that exists already. Another transaction that adds the same row is
/// waited for, which a plain SELECT would not do.
const LOCK: &str = "
    INSERT INTO attempts (key, count, since)
    SELECT key, 0, 0 FROM unnest($1::bytea[]) AS input (key) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET count = attempts.count
    RETURNING key, count, since";

const SET: &str = "
    UPDATE attempts SET count = input.count, since = input.since
    FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS input (key, count, since)
    WHERE attempts.key = input.key";

impl Attempts for Postgres {
    fn begin_attempt(&self, attempt: &NewAttempt) -> Result<Begun> {
        self.transaction(|tx| decisions::begin_attempt(tx, attempt))
    }

    fn take_back_attempt(
        &self,
        counted: &[AttemptKey],
        known: Option<&KnownAddress>,
    ) -> Result<()> {
        self.transaction(|tx| decisions::take_back_attempt(tx, counted, known))
    }

    fn forget_attempts(&self, began: Timestamp, seen: Timestamp) -> Result<()> {
        self.write(|db| {
            for (forget, before) in FORGET.into_iter().zip([began, seen]) {
                db.execute(forget, &[&before.0])?;
            }
            Ok(())
        })
    }
}

impl AttemptTransaction for Connection {
    fn get_known_address(&mut self, key: &AttemptKey) -> Result<Option<Timestamp>> {
        const GET: &str = "SELECT seen_at FROM known_addresses WHERE key = $1";
        Ok(self.query_opt(GET, &[&&key[..]])?.map(|row| Timestamp(row.get(0))))
    }

    fn remember_address(&mut self, known: &KnownAddress) -> Result<()> {
        const REMEMBER: &str = "
            INSERT INTO known_addresses (key, seen_at) VALUES ($1, $2)
            ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at";
        self.execute(REMEMBER, &[&&known.key[..], &known.seen_at.0])?;
        Ok(())
    }

    fn lock_counters(&mut self, keys: &[AttemptKey]) -> Result<Vec<AttemptCounter>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
        let mut counters = Vec::with_capacity(keys.len());
        for row in self.query(LOCK, &[&wanted])? {
            let key = AttemptKey::try_from(row.get::<_, &[u8]>(0))
                .map_err(|_| Error::Internal("a key of `attempts` has another length".into()))?;
            counters.push(AttemptCounter { key, count: row.get(1), since: Timestamp(row.get(2)) });
        }
        counters.sort_unstable_by_key(|counter| counter.key);
        Ok(counters)
    }

    fn set_counters(&mut self, counters: &[AttemptCounter]) -> Result<()> {
        if counters.is_empty() {
            return Ok(());
        }
        let keys: Vec<&[u8]> = counters.iter().map(|counter| &counter.key[..]).collect();
        let counts: Vec<i64> = counters.iter().map(|counter| counter.count).collect();
        let sinces: Vec<i64> = counters.iter().map(|counter| counter.since.0).collect();
        self.execute(SET, &[&keys, &counts, &sinces])?;
        Ok(())
    }
}
