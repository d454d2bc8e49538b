//! The server's figures.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

use super::EXAMPLE_TIME;
use crate::chat::Stats;
use crate::http::types::Moment;

/// The state of the server and of its database. Figures that cannot be read now are `null`: those
/// of a database that does not answer, and those of the process that the system does not provide.
#[derive(Object, Serialize)]
#[oai(rename = "Stats", example)]
pub(in crate::http) struct StatsDto {
    pub version: String,
    /// Servers that run on the database, this one included: see `/admin/nodes`. All other figures are those of this
    /// server alone, or of the database.
    pub nodes: u64,
    pub started_at: Moment,
    pub uptime_seconds: u64,
    /// The kind of database and its version.
    #[oai(nullable)]
    pub database: Option<String>,
    /// On its disk.
    #[oai(nullable)]
    pub database_bytes: Option<u64>,
    /// SQLite's write-ahead log; `null` with PostgreSQL.
    #[oai(nullable)]
    pub wal_bytes: Option<u64>,
    #[oai(nullable)]
    pub users: Option<u64>,
    #[oai(nullable)]
    pub rooms: Option<u64>,
    /// Entries of all rooms' logs.
    #[oai(nullable)]
    pub events: Option<u64>,
    /// Open now.
    pub sockets: u64,
    /// Users with at least one socket.
    pub connected_users: u64,
    /// Rooms with at least one member.
    pub live_rooms: u64,
    /// Over the last minute.
    pub messages_per_second: f64,
    /// Messages times their receivers, over the last minute.
    pub deliveries_per_second: f64,
    /// Half of the last 1,000 transactions of messages took at most this long.
    #[oai(nullable)]
    pub commit_p50_ms: Option<f64>,
    /// 99 of 100 of these transactions took at most this long.
    #[oai(nullable)]
    pub commit_p99_ms: Option<f64>,
    /// Queued writes.
    pub write_queue: u64,
    /// Queued reads.
    pub read_queue: u64,
    /// Queued checks of passwords.
    pub password_queue: u64,
    /// Queued commands of the hub.
    pub hub_queue: u64,
    /// Sockets that are blocked: their client takes nothing now.
    pub blocked_sockets: u64,
    /// By how many events the slowest reader is behind.
    pub slowest_reader_seqs: u64,
    /// For how long the slowest reader has taken nothing.
    pub slowest_reader_seconds: u64,
    /// Failures of the database since the server started.
    pub storage_errors: u64,
    #[oai(nullable)]
    pub memory_bytes: Option<u64>,
    /// Used since the server started.
    #[oai(nullable)]
    pub cpu_seconds: Option<f64>,
    /// Files and connections.
    #[oai(nullable)]
    pub open_files: Option<u64>,
}

impl From<Stats> for StatsDto {
    fn from(stats: Stats) -> Self {
        Self {
            version: stats.version,
            nodes: stats.nodes,
            started_at: Moment(stats.started_at),
            uptime_seconds: stats.uptime_seconds,
            database: stats.database,
            database_bytes: stats.database_bytes,
            wal_bytes: stats.wal_bytes,
            users: stats.users,
            rooms: stats.rooms,
            events: stats.events,
            sockets: stats.sockets,
            connected_users: stats.connected_users,
            live_rooms: stats.live_rooms,
            messages_per_second: stats.messages_per_second,
            deliveries_per_second: stats.deliveries_per_second,
            commit_p50_ms: stats.commit_p50_ms,
            commit_p99_ms: stats.commit_p99_ms,
            write_queue: stats.write_queue,
            read_queue: stats.read_queue,
            password_queue: stats.password_queue,
            hub_queue: stats.hub_queue,
            blocked_sockets: stats.blocked_sockets,
            slowest_reader_seqs: stats.slowest_reader_seqs,
            slowest_reader_seconds: stats.slowest_reader_seconds,
            storage_errors: stats.storage_errors,
            memory_bytes: stats.memory_bytes,
            cpu_seconds: stats.cpu_seconds,
            open_files: stats.open_files,
        }
    }
}

impl Example for StatsDto {
    fn example() -> Self {
        Self {
            version: "1.0.0".into(),
            nodes: 1,
            started_at: EXAMPLE_TIME,
            uptime_seconds: 86_400,
            database: Some("SQLite 3.50.4".into()),
            database_bytes: Some(73_400_320),
            wal_bytes: Some(4_152_992),
            users: Some(120),
            rooms: Some(14),
            events: Some(250_000),
            sockets: 64,
            connected_users: 41,
            live_rooms: 9,
            messages_per_second: 3.5,
            deliveries_per_second: 71.25,
            commit_p50_ms: Some(1.5),
            commit_p99_ms: Some(6.25),
            write_queue: 0,
            read_queue: 0,
            password_queue: 0,
            hub_queue: 0,
            blocked_sockets: 1,
            slowest_reader_seqs: 12,
            slowest_reader_seconds: 2,
            storage_errors: 0,
            memory_bytes: Some(41_943_040),
            cpu_seconds: Some(512.5),
            open_files: Some(96),
        }
    }
}
