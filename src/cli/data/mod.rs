//! Commands that read or write whole databases: backup, restore, export, import, copy, prune.

pub(super) mod backup;
pub(super) mod copy;
mod examine;
pub(super) mod export;
pub(super) mod import;
mod partial;
mod progress;
pub(super) mod prune;
pub(super) mod restore;

use serde::Serialize;

use super::confirm::Confirm;
use super::context::Context;
use super::database::{self, Database, schema_version};
use super::output::counted;
use crate::config::Loaded;
use crate::dump::{self, Facts, Header, Tally};
use crate::model::Clock;
use crate::storage::rows::Scope;
use crate::storage::{Contents, CopyTarget, Filling};

/// A description of a copy: `--output json` of the commands that make or read one.
#[derive(Serialize)]
struct Report<'a> {
    /// The file's name, or the database's URL.
    name: &'a str,
    #[serde(flatten)]
    header: &'a Header,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    tables: &'a [Tally],
}

impl Report<'_> {
    /// `3 users, 2 rooms, 1000 events`.
    fn amounts(&self) -> String {
        let of = |table: &str, noun: &str| {
            let tally = self.tables.iter().find(|tally| tally.table == table);
            counted(tally.map_or(0, |tally| tally.rows), noun)
        };
        format!("{}, {}, {}", of("users", "user"), of("rooms", "room"), of("events", "event"))
    }
}

/// The header of a copy of this database that is made now.
fn header(database: &Database, format: &str, scope: Scope) -> anyhow::Result<Header> {
    let schema = schema_version(&database.run(|backend| backend.list_migrations())?);
    let epoch = database.run(|backend| backend.get_server_facts())?.epoch;
    Ok(Header::new(&Facts { schema, epoch }, format, scope, Clock::System.now()))
}

/// Claims the configured database for this command alone. Asks first if the database has data.
fn claim(
    context: &Context,
    confirm: &Confirm,
) -> anyhow::Result<(Box<dyn CopyTarget>, String, Loaded)> {
    let settings = context.settings(None)?;
    let (target, url) = database::claim(&settings)?;
    ask(&*target, &url, confirm)?;
    Ok((target, url, settings))
}

fn ask(target: &dyn CopyTarget, url: &str, confirm: &Confirm) -> anyhow::Result<()> {
    match target.contents() {
        Contents::Nothing | Contents::Unfinished => Ok(()),
        Contents::Data => confirm.ask(&format!("all data in {url} will be replaced")),
    }
}

/// Fills the target from an export, completely or not at all.
fn fill(
    mut target: Box<dyn CopyTarget>,
    reader: dump::Reader<impl std::io::BufRead>,
) -> anyhow::Result<Vec<Tally>> {
    let bar = progress::Bar::new("events");
    target.begin(Filling::AtOnce, Contents::Data)?;
    let mut fill = dump::Fill::new(&mut *target);
    let mut events = 0;
    let tables = reader.read(|table, row, line, expected| {
        if table.name == "events" {
            events += 1;
            bar.set(events, expected);
        }
        fill.add(table, row, line)
    })?;
    fill.flush()?;
    target.finish()?;
    Ok(tables)
}
