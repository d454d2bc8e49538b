//! The servers on this database, and the people of each in the rooms.
//!
//! The times are those of the database's clock, so that the clocks of the nodes do not matter.

use postgres::Row;

use super::super::Result;
use super::super::backend::{Fleet, PresenceChange, Present, Roster};
use super::super::doorbell::Doorbell;
use super::Postgres;
use super::doorbell::NotifyDoorbell;
use super::records::{optional_text, text};
use crate::model::{Heartbeat, NewNode, Node, NodeId, Person, RoomId, Timestamp, UserId};

/// A node that has been silent for this long, three heartbeats, is dead.
macro_rules! dead {
    () => {
        "interval '5 seconds'"
    };
}

macro_rules! node_columns {
    () => {
        "id, name, version, address, started_at, connections, lag_ms, \
         (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::bigint, presence_version, has_jobs, \
         doorbell, secret"
    };
}

/// The lock of the jobs belongs to the connection, so that it ends with the node. `CASE` keeps a connection
/// that has the lock from taking it once more. The number is "chatapp" in ASCII, and 2. One statement, because
/// every node repeats it: the rows show the nodes as they were before, and the last columns whether the node is
/// dead, and whether this node now has the jobs: NULL if its row was missing.
const BEAT: &str = concat!(
    "WITH jobs AS MATERIALIZED (
        SELECT CASE
            WHEN EXISTS (
                SELECT FROM pg_locks
                WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND mode = 'ExclusiveLock'
                AND classid = x'63686174'::int::oid AND objid = x'61707002'::int::oid
            ) THEN true
            ELSE pg_try_advisory_lock(x'6368617461707002'::bigint)
        END AS taken
     ), beat AS (
        UPDATE nodes
        SET seen_at = clock_timestamp(), connections = $2, lag_ms = $3, has_jobs = jobs.taken,
            jobs_pid = pg_backend_pid()
        FROM jobs WHERE id = $1
        RETURNING has_jobs
     )
     SELECT ",
    node_columns!(),
    ", seen_at < clock_timestamp() - ",
    dead!(),
    " AND id <> $1, (SELECT beat.has_jobs FROM beat)
     FROM nodes ORDER BY id"
);

const REMOVE_DEAD: &str = concat!(
    "WITH dead AS (
         DELETE FROM nodes WHERE seen_at < clock_timestamp() - ",
    dead!(),
    "    AND id <> $1 RETURNING id, jobs_pid
     ), gone AS (
         DELETE FROM presence WHERE node_id IN (SELECT id FROM dead)
     )
     SELECT jobs_pid FROM dead WHERE jobs_pid IS NOT NULL"
);

/// A dead node may be frozen, or its machine cut off: then its connection still holds the lock of the jobs. A process
/// id is used again, so only a process that holds the lock is ended.
const END_JOBS: &str = "
    SELECT count(pg_terminate_backend(pid))
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND pg_locks.pid = ANY($1::int[])
      AND classid = x'63686174'::int::oid AND objid = x'61707002'::int::oid
      AND usename = current_user";

const LIST_NODES: &str = concat!(
    "SELECT ",
    node_columns!(),
    " FROM nodes WHERE seen_at >= clock_timestamp() - ",
    dead!(),
    " ORDER BY id"
);

/// The row of the node is locked first: a node that is found dead at this moment keeps no rows. `+ 0` keeps
/// the planner from the index of `node_id`: it would read all people of the node for each person (measured with
/// 20,000: 29 ms instead of 0.17).
const CHANGE_PRESENCE: &str = "
    WITH node AS MATERIALIZED (
        UPDATE nodes SET presence_version = presence_version + 1 WHERE id = $1
        RETURNING id, presence_version
    ), gone AS (
        DELETE FROM presence
        USING unnest($2::bigint[], $3::bigint[]) AS left_rooms (room, person)
        WHERE room_id = room AND user_id = person AND node_id + 0 = $1
    ), come AS (
        INSERT INTO presence (room_id, user_id, node_id)
        SELECT room, person, node.id
        FROM node, unnest($4::bigint[], $5::bigint[]) AS entered (room, person)
        ORDER BY room, person
        ON CONFLICT DO NOTHING
    )
    SELECT presence_version FROM node";

/// The join with `nodes` leaves out people of a node that was removed while its last change was made.
const LIST_PRESENT: &str = "
    SELECT DISTINCT room_id, user_id, username, display_name
    FROM presence JOIN nodes ON nodes.id = node_id JOIN users ON users.id = user_id
    WHERE room_id = ANY($1::bigint[]) AND node_id <> $2
    ORDER BY room_id, user_id";

const COUNT_PRESENT: &str = "
    SELECT room, (
        SELECT count(DISTINCT user_id) FROM presence JOIN nodes ON nodes.id = node_id
        WHERE room_id = room AND node_id IS DISTINCT FROM $2
    )
    FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (room, ord)
    ORDER BY ord";

/// The rooms 0 and -1 are `CONNECTED` and `AWAY`.
const LIST_CONNECTED: &str = "
    SELECT presence.user_id, bool_and(away.user_id IS NOT NULL)
    FROM presence JOIN nodes ON nodes.id = presence.node_id
    LEFT JOIN presence AS away
        ON away.room_id = -1 AND away.user_id = presence.user_id AND away.node_id = presence.node_id
    WHERE presence.room_id = 0 AND presence.user_id = ANY($1::bigint[])
      AND presence.node_id IS DISTINCT FROM $2
    GROUP BY presence.user_id ORDER BY presence.user_id";

impl Fleet for Postgres {
    fn doorbell(&self) -> Box<dyn Doorbell> {
        Box::new(NotifyDoorbell::new(self.target.clone()))
    }

    fn add_node(&self, node: &NewNode) -> Result<NodeId> {
        // A change that was made while its node was removed may have left rows behind.
        const ADD: &str = "
            WITH left_behind AS (
                DELETE FROM presence
                WHERE NOT EXISTS (SELECT FROM nodes WHERE nodes.id = node_id)
            )
            INSERT INTO nodes (name, version, address, started_at, doorbell, secret, seen_at)
            VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) RETURNING id";
        self.write(|db| {
            let NewNode { name, version, address, started_at, doorbell, secret } = node;
            let row =
                db.query_one(ADD, &[name, version, address, &started_at.0, doorbell, secret])?;
            Ok(NodeId(row.get(0)))
        })
    }

    fn beat(&self, id: NodeId, heartbeat: Heartbeat) -> Result<Option<Roster>> {
        self.write(|db| {
            let Heartbeat { connections, lag_ms } = heartbeat;
            let rows = db.query(BEAT, &[&id.0, &connections, &lag_ms])?;
            let has_jobs = rows.first().and_then(|row| row.get::<_, Option<bool>>(13));
            let Some(has_jobs) = has_jobs else { return Ok(None) };
            let (dead, alive): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.get(12));
            if !dead.is_empty() {
                let removed = db.query(REMOVE_DEAD, &[&id.0])?;
                let processes: Vec<i32> = removed.iter().map(|row| row.get(0)).collect();
                if let Err(error) = db.execute(END_JOBS, &[&processes]) {
                    tracing::warn!(%error, "the jobs of a dead server cannot be taken over yet");
                }
            }
            let nodes = alive.into_iter().map(node).collect();
            Ok(Some(Roster { nodes, has_removed: !dead.is_empty(), has_jobs }))
        })
    }

    fn remove_node(&self, id: NodeId) -> Result<()> {
        const REMOVE: &str = "
            WITH gone AS (DELETE FROM presence WHERE node_id = $1)
            DELETE FROM nodes WHERE id = $1";
        self.write(|db| {
            db.execute(REMOVE, &[&id.0])?;
            Ok(())
        })
    }

    fn list_nodes(&self) -> Result<Vec<Node>> {
        self.read(|db| Ok(db.query(LIST_NODES, &[])?.iter().map(node).collect()))
    }

    fn change_presence(&self, id: NodeId, change: &PresenceChange) -> Result<Option<i64>> {
        fn columns(pairs: &[(RoomId, UserId)]) -> (Vec<i64>, Vec<i64>) {
            pairs.iter().map(|(room, user)| (room.0, user.0)).unzip()
        }
        let (left_rooms, left_users) = columns(&change.left);
        let (entered_rooms, entered_users) = columns(&change.entered);
        self.write(|db| {
            let row = db.query_opt(
                CHANGE_PRESENCE,
                &[&id.0, &left_rooms, &left_users, &entered_rooms, &entered_users],
            )?;
            Ok(row.map(|row| row.get(0)))
        })
    }

    fn list_present(&self, rooms: &[RoomId], except: NodeId) -> Result<Vec<Present>> {
        let rooms: Vec<i64> = rooms.iter().map(|room| room.0).collect();
        self.read(|db| {
            let rows = db.query(LIST_PRESENT, &[&rooms, &except.0])?;
            let present = |row: &Row| Present {
                room_id: RoomId(row.get(0)),
                person: Person {
                    user_id: UserId(row.get(1)),
                    username: text(row, 2),
                    display_name: optional_text(row, 3),
                },
            };
            Ok(rows.iter().map(present).collect())
        })
    }

    fn count_present(&self, rooms: &[RoomId], except: Option<NodeId>) -> Result<Vec<usize>> {
        let rooms: Vec<i64> = rooms.iter().map(|room| room.0).collect();
        let except = except.map(|node| node.0);
        self.read(|db| {
            let rows = db.query(COUNT_PRESENT, &[&rooms, &except])?;
            Ok(rows.iter().map(|row| row.get::<_, i64>(1) as usize).collect())
        })
    }

    fn list_connected(
        &self,
        users: &[UserId],
        except: Option<NodeId>,
    ) -> Result<Vec<(UserId, bool)>> {
        let users: Vec<i64> = users.iter().map(|user| user.0).collect();
        let except = except.map(|node| node.0);
        self.read(|db| {
            let rows = db.query(LIST_CONNECTED, &[&users, &except])?;
            Ok(rows.iter().map(|row| (UserId(row.get(0)), row.get(1))).collect())
        })
    }
}

fn node(row: &Row) -> Node {
    Node {
        id: NodeId(row.get(0)),
        about: NewNode {
            name: row.get(1),
            version: row.get(2),
            address: row.get(3),
            started_at: Timestamp(row.get(4)),
            doorbell: row.get(10),
            secret: row.get(11),
        },
        last: Heartbeat { connections: row.get(5), lag_ms: row.get(6) },
        silent_ms: row.get(7),
        presence_version: row.get(8),
        has_jobs: row.get(9),
    }
}
