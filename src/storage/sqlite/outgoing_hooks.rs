//! Outgoing webhooks: what they are told, and how far they have come.

use rusqlite::{OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::{
    DueRoom, HookOutcome, HookProgress, KEPT_DELIVERIES, OutgoingHooks, RunningHook,
};
use super::super::decisions::{self, OutgoingHookTransaction, filter_texts, stored_filter};
use super::Sqlite;
use super::readable::is_readable;
use super::transaction::Transaction;
use crate::model::{
    Delivery, EventId, FailingRoom, HookFilter, HookSecrets, NewAuditEntry, NewOutgoingHook,
    OutgoingHook, OutgoingHookChange, OutgoingHookId, Replay, RoomId, Seq, Timestamp, UserId,
};

macro_rules! select_hooks {
    () => {
        "SELECT id, user_id, url, kinds, room_ids, created_at, paused_at, is_gone,
                (SELECT count(*) FROM outgoing_positions WHERE hook_id = id AND failures > 0),
                (SELECT count(*) FROM outgoing_positions 
                 WHERE hook_id = id AND failures > 0 AND parked_at IS NOT NULL)
         FROM outgoing_hooks "
    };
}

impl OutgoingHooks for Sqlite {
    fn create_outgoing_hook(
        &self,
        hook: &NewOutgoingHook,
        entry: &NewAuditEntry,
    ) -> Result<HookOutcome> {
        self.write(|tx| decisions::create_outgoing_hook(tx, hook, entry))
    }

    fn list_outgoing_hooks(&self, user_id: Option<UserId>) -> Result<Vec<OutgoingHook>> {
        const LIST: &str = concat!(select_hooks!(), "WHERE ?1 IS NULL OR user_id = ?1 ORDER BY id");
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let hooks = list.query_map([user_id.map(|id| id.0)], hook)?;
            Ok(hooks.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn change_outgoing_hook(
        &self,
        id: OutgoingHookId,
        change: &OutgoingHookChange,
        entry: &NewAuditEntry,
    ) -> Result<Option<OutgoingHook>> {
        self.write(|tx| decisions::change_outgoing_hook(tx, id, change, entry))
    }

    fn replay_outgoing_hook(
        &self,
        id: OutgoingHookId,
        replay: Replay,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.write(|tx| decisions::replay_outgoing_hook(tx, id, replay, entry))
    }

    fn delete_outgoing_hook(&self, id: OutgoingHookId, entry: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| decisions::delete_outgoing_hook(tx, id, entry))
    }

    fn list_deliveries(
        &self,
        id: OutgoingHookId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        const LIST: &str = "
            SELECT id, room_id, seq, event_id, kind, attempted_at, duration_ms, status, failure
            FROM outgoing_deliveries WHERE hook_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let bounds = params![id.0, before.unwrap_or(i64::MAX), limit];
            let deliveries = list.query_map(bounds, |row| {
                Ok(Delivery {
                    id: row.get(0)?,
                    room_id: RoomId(row.get(1)?),
                    seq: Seq(row.get(2)?),
                    event_id: EventId(row.get(3)?),
                    kind: row.get(4)?,
                    attempted_at: Timestamp(row.get(5)?),
                    duration_ms: row.get(6)?,
                    status: row.get(7)?,
                    failure: row.get(8)?,
                })
            })?;
            Ok(deliveries.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_failing_rooms(&self, id: OutgoingHookId, limit: u32) -> Result<Vec<FailingRoom>> {
        const LIST: &str = "
            SELECT room_id, seq, failures, retry_at FROM outgoing_positions
            WHERE hook_id = ?1 AND failures > 0 ORDER BY room_id LIMIT ?2";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let rooms = list.query_map(params![id.0, limit], |row| {
                Ok(FailingRoom {
                    room_id: RoomId(row.get(0)?),
                    seq: Seq(row.get(1)?),
                    failures: row.get(2)?,
                    retry_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
                })
            })?;
            Ok(rooms.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_running_hooks(&self) -> Result<Vec<RunningHook>> {
        const LIST: &str = "
            SELECT outgoing_hooks.id, user_id, url, kinds, room_ids,
                   secret, old_secret, old_secret_until
            FROM outgoing_hooks JOIN users ON users.id = user_id
            WHERE paused_at IS NULL AND is_active = 1 ORDER BY outgoing_hooks.id";
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let hooks = list.query_map([], |row| {
                let old: (Option<String>, Option<i64>) = (row.get(6)?, row.get(7)?);
                let old = old.0.zip(old.1.map(Timestamp));
                Ok(RunningHook {
                    id: OutgoingHookId(row.get(0)?),
                    user_id: UserId(row.get(1)?),
                    url: row.get(2)?,
                    filter: filter(row, 3)?,
                    secrets: HookSecrets { secret: row.get(5)?, old },
                })
            })?;
            Ok(hooks.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_due_rooms(
        &self,
        hook: &RunningHook,
        last: RoomId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueRoom>> {
        const LIST: &str = concat!(
            "WITH due AS (
                SELECT rooms.id, head_seq, coalesce(seq, 0) AS stored, coalesce(failures, 0) AS failures,
                       max(coalesce(seq, 0), coalesce(
                           (SELECT joined_seq FROM members WHERE members.room_id = rooms.id
                            AND members.user_id = ?1 AND rooms.kind <> 'public'), 0)) AS after
                FROM rooms
                LEFT JOIN outgoing_positions AS at ON at.hook_id = ?3 AND at.room_id = rooms.id
                WHERE head_seq > coalesce(seq, 0) AND parked_at IS NULL
                  AND (retry_at IS NULL OR retry_at <= ?2)
                  AND (?4 IS NULL OR rooms.id IN (SELECT value FROM json_each(?4))) AND ",
            is_readable!(),
            ")
             SELECT id, stored, after, failures FROM due
             WHERE head_seq > after ORDER BY failures > 0, id <= ?5, id LIMIT ?6"
        );
        let [_, room_ids] = filter_texts(&hook.filter);
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let bounds = params![hook.user_id.0, now.0, hook.id.0, room_ids, last.0, limit];
            let rooms = list.query_map(bounds, |row| {
                Ok(DueRoom {
                    room_id: RoomId(row.get(0)?),
                    stored: Seq(row.get(1)?),
                    after: Seq(row.get(2)?),
                    failures: row.get(3)?,
                })
            })?;
            Ok(rooms.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn record_progress(&self, progress: &HookProgress) -> Result<()> {
        const MOVE: &str = "
            INSERT INTO outgoing_positions (hook_id, room_id, seq, failures, retry_at, parked_at)
            SELECT ?1, ?2, ?4, ?5, ?6, CASE WHEN ?5 > 0 AND ?6 IS NULL THEN ?7 END
            WHERE EXISTS (SELECT 1 FROM rooms WHERE id = ?2)
            ON CONFLICT (hook_id, room_id) DO UPDATE
            SET seq = excluded.seq, failures = excluded.failures,
                retry_at = excluded.retry_at, parked_at = excluded.parked_at
            WHERE outgoing_positions.seq = ?3";
        const ADD: &str = "
            INSERT INTO outgoing_deliveries
                (hook_id, room_id, seq, event_id, kind, attempted_at, duration_ms, status, failure)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        const FORGET: &str = "
            DELETE FROM outgoing_deliveries WHERE hook_id = ?1 AND id <=
                (SELECT id FROM outgoing_deliveries WHERE hook_id = ?1
                 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
        let HookProgress { hook_id, room_id, from, to, failures, retry_at, deliveries } = progress;
        self.write(|tx| {
            let find = "SELECT 1 FROM outgoing_hooks WHERE id = ?1";
            if !tx.prepare_cached(find)?.exists([hook_id.0])? {
                return Ok(());
            }
            let now = deliveries.last().map(|it| it.attempted_at.0).unwrap_or_default();
            let (retry_at, hook) = (retry_at.map(|at| at.0), hook_id.0);
            let row = params![hook, room_id.0, from.0, to.0, failures, retry_at, now];
            tx.prepare_cached(MOVE)?.execute(row)?;
            let mut add = tx.prepare_cached(ADD)?;
            for it in deliveries {
                add.execute(params![
                    hook,
                    it.room_id.0,
                    it.seq.0,
                    it.event_id.0,
                    it.kind,
                    it.attempted_at.0,
                    it.duration_ms,
                    it.status,
                    it.failure
                ])?;
            }
            tx.prepare_cached(FORGET)?.execute(params![hook, KEPT_DELIVERIES])?;
            Ok(())
        })
    }

    fn mark_hook_gone(&self, id: OutgoingHookId, url: &str, now: Timestamp) -> Result<()> {
        const MARK: &str = "
            UPDATE outgoing_hooks SET paused_at = ?2, is_gone = 1
            WHERE id = ?1 AND url = ?3 AND paused_at IS NULL";
        self.write(|tx| {
            tx.prepare_cached(MARK)?.execute(params![id.0, now.0, url])?;
            Ok(())
        })
    }
}

impl OutgoingHookTransaction for Transaction<'_> {
    fn count_outgoing_hooks(&mut self) -> Result<u32> {
        let count = "SELECT count(*) FROM outgoing_hooks";
        Ok(self.prepare_cached(count)?.query_row([], |row| row.get(0))?)
    }

    fn insert_outgoing_hook(
        &mut self,
        hook: &NewOutgoingHook,
        now: Timestamp,
    ) -> Result<OutgoingHookId> {
        const INSERT: &str = "
            INSERT INTO outgoing_hooks (user_id, url, secret, kinds, room_ids, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";
        const BEGIN: &str = "
            INSERT INTO outgoing_positions (hook_id, room_id, seq)
            SELECT ?1, id, head_seq FROM rooms WHERE deleted_at IS NULL";
        let [kinds, room_ids] = filter_texts(&hook.filter);
        let row = params![hook.user_id.0, hook.url, hook.secret, kinds, room_ids, now.0];
        let id: i64 = self.prepare_cached(INSERT)?.query_row(row, |row| row.get(0))?;
        self.prepare_cached(BEGIN)?.execute([id])?;
        Ok(OutgoingHookId(id))
    }

    fn get_outgoing_hook(&mut self, id: OutgoingHookId) -> Result<Option<OutgoingHook>> {
        let mut get = self.prepare_cached(concat!(select_hooks!(), "WHERE id = ?1"))?;
        Ok(get.query_row([id.0], hook).optional()?)
    }

    fn update_outgoing_hook(
        &mut self,
        id: OutgoingHookId,
        change: &OutgoingHookChange,
        now: Timestamp,
    ) -> Result<()> {
        let OutgoingHookChange { url, filter, is_paused, secret } = change;
        if let Some(url) = url {
            let set = "UPDATE outgoing_hooks SET url = ?2 WHERE id = ?1";
            self.prepare_cached(set)?.execute(params![id.0, url])?;
        }
        if let Some(filter) = filter {
            let set = "UPDATE outgoing_hooks SET kinds = ?2, room_ids = ?3 WHERE id = ?1";
            let [kinds, room_ids] = filter_texts(filter);
            self.prepare_cached(set)?.execute(params![id.0, kinds, room_ids])?;
        }
        if let Some(is_paused) = is_paused {
            let set = "
                UPDATE outgoing_hooks SET is_gone = 0,
                    paused_at = CASE WHEN ?2 THEN coalesce(paused_at, ?3) END WHERE id = ?1";
            self.prepare_cached(set)?.execute(params![id.0, is_paused, now.0])?;
        }
        if let Some((secret, until)) = secret {
            let set = "
                UPDATE outgoing_hooks
                SET old_secret = secret, old_secret_until = ?3, secret = ?2 WHERE id = ?1";
            self.prepare_cached(set)?.execute(params![id.0, secret, until.0])?;
        }
        // Another URL, or the end of a pause, is a reason to try at once.
        if url.is_some() || *is_paused == Some(false) {
            self.move_outgoing_hook(id, Replay::Failed)?;
        }
        Ok(())
    }

    fn move_outgoing_hook(&mut self, id: OutgoingHookId, replay: Replay) -> Result<bool> {
        const RETRY: &str = "
            UPDATE outgoing_positions SET failures = 0, retry_at = NULL, parked_at = NULL
            WHERE hook_id = ?1 AND (?2 IS NULL OR room_id = ?2) AND failures > 0";
        const MOVE: &str = "
            INSERT INTO outgoing_positions (hook_id, room_id, seq)
            SELECT ?1, id, min(head_seq, ?3) FROM rooms WHERE id = ?2 AND deleted_at IS NULL
            ON CONFLICT (hook_id, room_id) DO UPDATE
            SET seq = excluded.seq, failures = 0, retry_at = NULL, parked_at = NULL";
        let find = "SELECT 1 FROM rooms WHERE id = ?1 AND deleted_at IS NULL";
        match replay {
            Replay::Failed => {
                self.prepare_cached(RETRY)?.execute(params![id.0, None::<i64>])?;
                Ok(true)
            }
            Replay::FailedOf(room_id) => {
                self.prepare_cached(RETRY)?.execute(params![id.0, room_id.0])?;
                Ok(self.prepare_cached(find)?.exists([room_id.0])?)
            }
            Replay::After(room_id, seq) => {
                Ok(self.prepare_cached(MOVE)?.execute([id.0, room_id.0, seq.0])? > 0)
            }
        }
    }

    fn delete_outgoing_hook(&mut self, id: OutgoingHookId) -> Result<()> {
        self.prepare_cached("DELETE FROM outgoing_hooks WHERE id = ?1")?.execute([id.0])?;
        Ok(())
    }
}

fn hook(row: &Row<'_>) -> rusqlite::Result<OutgoingHook> {
    Ok(OutgoingHook {
        id: OutgoingHookId(row.get(0)?),
        user_id: UserId(row.get(1)?),
        url: row.get(2)?,
        filter: filter(row, 3)?,
        created_at: Timestamp(row.get(5)?),
        paused_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        is_gone: row.get(7)?,
        failing_rooms: row.get(8)?,
        parked_rooms: row.get(9)?,
    })
}

/// The columns `kinds` and `room_ids`.
fn filter(row: &Row<'_>, first: usize) -> rusqlite::Result<HookFilter> {
    let texts: [Option<String>; 2] = [row.get(first)?, row.get(first + 1)?];
    Ok(stored_filter(texts[0].as_deref(), texts[1].as_deref()))
}
