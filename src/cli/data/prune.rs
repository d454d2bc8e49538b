//! `chatapp prune`: deletes old events.

use std::thread;
use std::time::Instant;

use anyhow::ensure;
use serde::Serialize;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output, counted};
use super::super::rooms::find;
use super::progress::Bar;
use crate::chat::{PURGE_PAUSES, days_before, expires_before};
use crate::model::{Clock, Room, RoomId, Seq, Timestamp};

const EXAMPLES: &str = "\
Examples:
  chatapp prune --dry-run
  chatapp prune --room general --older-than 30 --yes

Without --older-than the command applies retention.days and the settings of single rooms (`chatapp
rooms retention`). A running server does this by itself every hour.";

/// Delete old messages, also while a server runs
///
/// Deletes from the beginning of each room's log, a few events at a time, so that the server is not
/// delayed. The events that remain keep their numbers.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Args {
    /// Only in this room, by name or number
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    /// Delete events older than this; overrides the settings
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,

    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(in super::super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let database = Database::open_current(&settings)?;
    let rooms = match &args.room {
        Some(room) => vec![find(&database, room)?],
        None => database.run(|backend| backend.list_rooms())?,
    };
    let days = settings.config.retention.days;
    let (mut rows, mut jobs) = (Vec::new(), Vec::new());
    for room in rooms {
        let now = Clock::System.now();
        let before = match args.older_than {
            Some(days) => Some(days_before(now, days)),
            None => expires_before(&room, days, now),
        };
        let Some(before) = before else { continue };
        let events = database.run(|backend| backend.count_prunable(room.id, before))?;
        if events > 0 {
            jobs.push((room.id, before));
            rows.push(Row::of(room, before, events));
        }
    }
    let all: u64 = rows.iter().map(|row| row.events).sum();
    let amount = counted(all, "event");
    if !args.dry_run && all > 0 {
        args.confirm.ask(&format!("{amount} will be deleted from {}", database.url))?;
        let mut done = 0;
        let bar = Bar::new("events");
        for ((id, before), row) in jobs.into_iter().zip(&mut rows) {
            row.events = prune(&database, id, before, |pruned| {
                done += pruned;
                bar.set(done, all);
            })?;
        }
    }
    ensure!(
        args.older_than.is_some() || days > 0 || !rows.is_empty() || args.dry_run,
        "everything is kept for ever: give an age with --older-than, or set retention.days"
    );
    let events = if args.dry_run { "to delete" } else { "deleted" };
    Ok(args.output.write(&Listing {
        rows: &rows,
        headers: &["room", "name", "older than", events, "oldest seq"],
        cells: &|row: &Row| {
            vec![
                row.room_id.to_string(),
                row.name.clone(),
                row.before.to_string(),
                row.events.to_string(),
                row.oldest_seq.to_string(),
            ]
        },
        empty: "no event is old enough",
    })?)
}

fn prune(
    database: &Database,
    id: RoomId,
    before: Timestamp,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<u64> {
    let mut events = 0;
    loop {
        let started = Instant::now();
        match database.administer(|admin| admin.prune_room(id, before, events == 0))? {
            0 => return Ok(events),
            pruned => {
                events += pruned;
                progress(pruned);
            }
        }
        // Leaves the database to the server's writer most of the time.
        thread::sleep(PURGE_PAUSES * started.elapsed());
    }
}

/// The deletion from one room, as `--output json` shows it.
#[derive(Serialize)]
struct Row {
    room_id: RoomId,
    name: String,
    before: Timestamp,
    events: u64,
    /// The first `seq` of the log after the deletion.
    oldest_seq: Seq,
}

impl Row {
    fn of(room: Room, before: Timestamp, events: u64) -> Self {
        let oldest_seq = Seq(room.oldest_seq.0 + i64::try_from(events).unwrap_or(0));
        Self { room_id: room.id, name: room.name, before, events, oldest_seq }
    }
}
