//! Outgoing webhooks: what they are told, and how far they have come.

use postgres::Row;

use super::super::Result;
use super::super::backend::{
    DueRoom, HookOutcome, HookProgress, KEPT_DELIVERIES, OutgoingHooks, RunningHook,
};
use super::super::decisions::{self, OutgoingHookTransaction, filter_texts, stored_filter};
use super::Postgres;
use super::connection::Connection;
use super::readable::is_readable;
use crate::model::{
    Delivery, EventId, FailingRoom, HookSecrets, NewAuditEntry, NewOutgoingHook, OutgoingHook,
    OutgoingHookChange, OutgoingHookId, Replay, RoomId, Seq, Timestamp, UserId,
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

impl OutgoingHooks for Postgres {
    fn create_outgoing_hook(
        &self,
        hook: &NewOutgoingHook,
        entry: &NewAuditEntry,
    ) -> Result<HookOutcome> {
        self.transaction(|tx| decisions::create_outgoing_hook(tx, hook, entry))
    }

    fn list_outgoing_hooks(&self, user_id: Option<UserId>) -> Result<Vec<OutgoingHook>> {
        const LIST: &str =
            concat!(select_hooks!(), "WHERE $1::bigint IS NULL OR user_id = $1 ORDER BY id");
        let user_id = user_id.map(|id| id.0);
        self.read(|db| Ok(db.query(LIST, &[&user_id])?.iter().map(hook).collect()))
    }

    fn change_outgoing_hook(
        &self,
        id: OutgoingHookId,
        change: &OutgoingHookChange,
        entry: &NewAuditEntry,
    ) -> Result<Option<OutgoingHook>> {
        self.transaction(|tx| decisions::change_outgoing_hook(tx, id, change, entry))
    }

    fn replay_outgoing_hook(
        &self,
        id: OutgoingHookId,
        replay: Replay,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.transaction(|tx| decisions::replay_outgoing_hook(tx, id, replay, entry))
    }

    fn delete_outgoing_hook(&self, id: OutgoingHookId, entry: &NewAuditEntry) -> Result<bool> {
        self.transaction(|tx| decisions::delete_outgoing_hook(tx, id, entry))
    }

    fn list_deliveries(
        &self,
        id: OutgoingHookId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        const LIST: &str = "
            SELECT id, room_id, seq, event_id, kind, attempted_at, duration_ms, status, failure
            FROM outgoing_deliveries WHERE hook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let delivery = |row: &Row| Delivery {
            id: row.get(0),
            room_id: RoomId(row.get(1)),
            seq: Seq(row.get(2)),
            event_id: EventId(row.get(3)),
            kind: row.get(4),
            attempted_at: Timestamp(row.get(5)),
            duration_ms: u32::try_from(row.get::<_, i64>(6)).unwrap_or(u32::MAX),
            status: row.get::<_, Option<i32>>(7).and_then(|status| u16::try_from(status).ok()),
            failure: row.get(8),
        };
        let before = before.unwrap_or(i64::MAX);
        self.read(|db| {
            let rows = db.query(LIST, &[&id.0, &before, &i64::from(limit)])?;
            Ok(rows.iter().map(delivery).collect())
        })
    }

    fn list_failing_rooms(&self, id: OutgoingHookId, limit: u32) -> Result<Vec<FailingRoom>> {
        const LIST: &str = "
            SELECT room_id, seq, failures, retry_at FROM outgoing_positions
            WHERE hook_id = $1 AND failures > 0 ORDER BY room_id LIMIT $2";
        let room = |row: &Row| FailingRoom {
            room_id: RoomId(row.get(0)),
            seq: Seq(row.get(1)),
            failures: number(row.get(2)),
            retry_at: row.get::<_, Option<i64>>(3).map(Timestamp),
        };
        self.read(|db| Ok(db.query(LIST, &[&id.0, &i64::from(limit)])?.iter().map(room).collect()))
    }

    fn list_running_hooks(&self) -> Result<Vec<RunningHook>> {
        const LIST: &str = "
            SELECT outgoing_hooks.id, user_id, url, kinds, room_ids,
                   secret, old_secret, old_secret_until
            FROM outgoing_hooks JOIN users ON users.id = user_id
            WHERE paused_at IS NULL AND is_active ORDER BY outgoing_hooks.id";
        let hook = |row: &Row| RunningHook {
            id: OutgoingHookId(row.get(0)),
            user_id: UserId(row.get(1)),
            url: row.get(2),
            filter: stored_filter(row.get(3), row.get(4)),
            secrets: HookSecrets {
                secret: row.get(5),
                old: row
                    .get::<_, Option<String>>(6)
                    .zip(row.get::<_, Option<i64>>(7))
                    .map(|(secret, until)| (secret, Timestamp(until))),
            },
        };
        self.read(|db| Ok(db.query(LIST, &[])?.iter().map(hook).collect()))
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
                       greatest(coalesce(seq, 0), coalesce(
                           (SELECT joined_seq FROM members WHERE members.room_id = rooms.id
                            AND members.user_id = $1 AND rooms.kind <> 'public'), 0)) AS after
                FROM rooms
                LEFT JOIN outgoing_positions AS at ON at.hook_id = $3 AND at.room_id = rooms.id
                WHERE head_seq > coalesce(seq, 0) AND parked_at IS NULL
                  AND coalesce(retry_at <= $2, true)
                  AND ($4::bigint[] IS NULL OR rooms.id = ANY ($4)) AND ",
            is_readable!(),
            ")
             SELECT id, stored, after, failures FROM due
             WHERE head_seq > after ORDER BY failures > 0, id <= $5, id LIMIT $6"
        );
        let room_ids = hook.filter.room_ids.as_ref();
        let room_ids: Option<Vec<i64>> = room_ids.map(|ids| ids.iter().map(|id| id.0).collect());
        let due = |row: &Row| DueRoom {
            room_id: RoomId(row.get(0)),
            stored: Seq(row.get(1)),
            after: Seq(row.get(2)),
            failures: number(row.get(3)),
        };
        self.read(|db| {
            let limit = i64::from(limit);
            let rows =
                db.query(LIST, &[&hook.user_id.0, &now.0, &hook.id.0, &room_ids, &last.0, &limit])?;
            Ok(rows.iter().map(due).collect())
        })
    }

    fn record_progress(&self, progress: &HookProgress) -> Result<()> {
        // The lock keeps the webhook from being deleted meanwhile.
        const LOCK: &str = "SELECT FROM outgoing_hooks WHERE id = $1 FOR KEY SHARE";
        const LOCK_ROOM: &str = "SELECT FROM rooms WHERE id = $1 FOR KEY SHARE";
        const MOVE: &str = "
            INSERT INTO outgoing_positions (hook_id, room_id, seq, failures, retry_at, parked_at)
            VALUES ($1, $2, $4, $5, $6, CASE WHEN $5 > 0 AND $6::bigint IS NULL THEN $7::bigint END)
            ON CONFLICT (hook_id, room_id) DO UPDATE
            SET seq = excluded.seq, failures = excluded.failures,
                retry_at = excluded.retry_at, parked_at = excluded.parked_at
            WHERE outgoing_positions.seq = $3";
        const ADD: &str = "
            INSERT INTO outgoing_deliveries
                (hook_id, room_id, seq, event_id, kind, attempted_at, duration_ms, status, failure)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        const FORGET: &str = "
            DELETE FROM outgoing_deliveries WHERE hook_id = $1 AND id <=
                (SELECT id FROM outgoing_deliveries WHERE hook_id = $1
                 ORDER BY id DESC LIMIT 1 OFFSET $2)";
        let HookProgress { hook_id, room_id, from, to, failures, retry_at, deliveries } = progress;
        self.transaction(|tx| {
            if tx.query_opt(LOCK, &[&hook_id.0])?.is_none() {
                return Ok(());
            }
            let now = deliveries.last().map(|it| it.attempted_at.0).unwrap_or_default();
            let (retry_at, hook) = (retry_at.map(|at| at.0), hook_id.0);
            let failures = i32::try_from(*failures).unwrap_or(i32::MAX);
            if tx.query_opt(LOCK_ROOM, &[&room_id.0])?.is_some() {
                tx.execute(MOVE, &[&hook, &room_id.0, &from.0, &to.0, &failures, &retry_at, &now])?;
            }
            for it in deliveries {
                tx.execute(
                    ADD,
                    &[
                        &hook,
                        &it.room_id.0,
                        &it.seq.0,
                        &it.event_id.0,
                        &it.kind,
                        &it.attempted_at.0,
                        &i64::from(it.duration_ms),
                        &it.status.map(i32::from),
                        &it.failure,
                    ],
                )?;
            }
            tx.execute(FORGET, &[&hook, &i64::from(KEPT_DELIVERIES)])?;
            Ok(())
        })
    }

    fn mark_hook_gone(&self, id: OutgoingHookId, url: &str, now: Timestamp) -> Result<()> {
        const MARK: &str = "
            UPDATE outgoing_hooks SET paused_at = $2, is_gone = true
            WHERE id = $1 AND url = $3 AND paused_at IS NULL";
        self.write(|db| {
            db.execute(MARK, &[&id.0, &now.0, &url])?;
            Ok(())
        })
    }
}

impl OutgoingHookTransaction for Connection {
    fn count_outgoing_hooks(&mut self) -> Result<u32> {
        let count: i64 = self.query_one("SELECT count(*) FROM outgoing_hooks", &[])?.get(0);
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn insert_outgoing_hook(
        &mut self,
        hook: &NewOutgoingHook,
        now: Timestamp,
    ) -> Result<OutgoingHookId> {
        const INSERT: &str = "
            INSERT INTO outgoing_hooks (id, user_id, url, secret, kinds, room_ids, created_at)
            SELECT greatest(nextval('outgoing_hooks_id_seq'), coalesce(max(id), 0) + 1), $1, $2, $3, $4, $5, $6 FROM outgoing_hooks
            RETURNING id";
        const BEGIN: &str = "
            INSERT INTO outgoing_positions (hook_id, room_id, seq)
            SELECT $1, id, head_seq FROM rooms WHERE deleted_at IS NULL";
        let [kinds, room_ids] = filter_texts(&hook.filter);
        let id: i64 = self
            .query_one(
                INSERT,
                &[&hook.user_id.0, &hook.url, &hook.secret, &kinds, &room_ids, &now.0],
            )?
            .get(0);
        self.execute(BEGIN, &[&id])?;
        Ok(OutgoingHookId(id))
    }

    fn get_outgoing_hook(&mut self, id: OutgoingHookId) -> Result<Option<OutgoingHook>> {
        const GET: &str = concat!(select_hooks!(), "WHERE id = $1 FOR UPDATE");
        Ok(self.query_opt(GET, &[&id.0])?.as_ref().map(hook))
    }

    fn update_outgoing_hook(
        &mut self,
        id: OutgoingHookId,
        change: &OutgoingHookChange,
        now: Timestamp,
    ) -> Result<()> {
        let OutgoingHookChange { url, filter, is_paused, secret } = change;
        if let Some(url) = url {
            let set = "UPDATE outgoing_hooks SET url = $2 WHERE id = $1";
            self.execute(set, &[&id.0, url])?;
        }
        if let Some(filter) = filter {
            let set = "UPDATE outgoing_hooks SET kinds = $2, room_ids = $3 WHERE id = $1";
            let [kinds, room_ids] = filter_texts(filter);
            self.execute(set, &[&id.0, &kinds, &room_ids])?;
        }
        if let Some(is_paused) = is_paused {
            let set = "
                UPDATE outgoing_hooks SET is_gone = false,
                    paused_at = CASE WHEN $2 THEN coalesce(paused_at, $3) END WHERE id = $1";
            self.execute(set, &[&id.0, is_paused, &now.0])?;
        }
        if let Some((secret, until)) = secret {
            let set = "
                UPDATE outgoing_hooks
                SET old_secret = secret, old_secret_until = $3, secret = $2 WHERE id = $1";
            self.execute(set, &[&id.0, secret, &until.0])?;
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
            WHERE hook_id = $1 AND ($2::bigint IS NULL OR room_id = $2) AND failures > 0";
        const MOVE: &str = "
            INSERT INTO outgoing_positions (hook_id, room_id, seq)
            SELECT $1, id, least(head_seq, $3) FROM rooms WHERE id = $2 AND deleted_at IS NULL
            ON CONFLICT (hook_id, room_id) DO UPDATE
            SET seq = excluded.seq, failures = 0, retry_at = NULL, parked_at = NULL";
        let find = "SELECT FROM rooms WHERE id = $1 AND deleted_at IS NULL";
        match replay {
            Replay::Failed => {
                self.execute(RETRY, &[&id.0, &None::<i64>])?;
                Ok(true)
            }
            Replay::FailedOf(room_id) => {
                self.execute(RETRY, &[&id.0, &Some(room_id.0)])?;
                Ok(self.query_opt(find, &[&room_id.0])?.is_some())
            }
            Replay::After(room_id, seq) => {
                Ok(self.execute(MOVE, &[&id.0, &room_id.0, &seq.0])? > 0)
            }
        }
    }

    fn delete_outgoing_hook(&mut self, id: OutgoingHookId) -> Result<()> {
        self.execute("DELETE FROM outgoing_hooks WHERE id = $1", &[&id.0])?;
        Ok(())
    }
}

fn hook(row: &Row) -> OutgoingHook {
    OutgoingHook {
        id: OutgoingHookId(row.get(0)),
        user_id: UserId(row.get(1)),
        url: row.get(2),
        filter: stored_filter(row.get(3), row.get(4)),
        created_at: Timestamp(row.get(5)),
        paused_at: row.get::<_, Option<i64>>(6).map(Timestamp),
        is_gone: row.get(7),
        failing_rooms: u32::try_from(row.get::<_, i64>(8)).unwrap_or(u32::MAX),
        parked_rooms: u32::try_from(row.get::<_, i64>(9)).unwrap_or(u32::MAX),
    }
}

fn number(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}
