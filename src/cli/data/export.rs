//! `chatapp export`: writes the database as lines of JSON.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::note;
use super::super::rooms::{find, label};
use super::partial::Partial;
use super::progress::Bar;
use super::{Report, header};
use crate::dump::{self, FORMAT};
use crate::storage::rows::Scope;

const EXAMPLES: &str = "\
Examples:
  chatapp export chat.jsonl
  chatapp export | zstd > chat.jsonl.zst
  chatapp export - --room general | jq -r 'select(.type == \"event\").content'";

/// Write the database as lines of JSON, also while a server runs
///
/// The export is the database at the moment when the command begins. It contains the hashes of
/// passwords and of API tokens, but no sessions of people and no secrets. docs/EXPORT.md describes the format.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Args {
    /// The file to write; - is stdout
    #[arg(default_value = "-")]
    file: PathBuf,

    /// Only this room, by name or number, and the accounts that appear in it
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub(in super::super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_to_copy(&context.settings(None)?)?;
    let scope = match &args.room {
        Some(room) => {
            let room = find(&database, room)?;
            if room.kind.is_closed() {
                let kind = room.kind.as_str();
                note(&format!("{} is {kind}: only its members see what is exported", label(&room)));
            }
            Scope::Room(room.id)
        }
        None => Scope::Everything,
    };
    let header = header(&database, FORMAT, scope)?;
    let bar = Bar::new("events");
    let progress = &mut |done, all| bar.set(done, all);
    let backend = &*database.backend;
    if args.file == Path::new("-") {
        let out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
        dump::write(backend, &header, scope, out, progress)?;
        return Ok(());
    }
    let partial = Partial::create(&args.file, args.force)?;
    let out = BufWriter::with_capacity(1 << 20, &partial.file);
    let tables = dump::write(backend, &header, scope, out, progress)?;
    drop(bar);
    let bytes = Some(partial.finish()?);
    let name = &args.file.display().to_string();
    let report = Report { name, header: &header, bytes, tables: &tables };
    note(&format!("{name} is an export of {}: {}", database.url, report.amounts()));
    Ok(())
}
