//! `chatapp backup`: makes a backup while a server runs, and verifies one.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::examine::examine;
use super::partial::Partial;
use super::progress::Bar;
use super::{Report, header};
use crate::dump::{self, BACKUP_FORMAT, Description, FORMAT, Header, Tally};
use crate::storage::rows::Scope;
use crate::storage::sqlite::{Archive, describe_archive};

const EXAMPLES: &str = "\
Examples:
  chatapp backup /backups/chat-$(date +%F).db
  chatapp backup verify /backups/chat-2025-01-31.db
  chatapp restore /backups/chat-2025-01-31.db        with the server stopped";

/// Back up the database, also while a server runs
///
/// The backup is the database at the moment when the command begins; later writes are not in it. A
/// backup of SQLite is an SQLite file, a backup of PostgreSQL is an export. It contains the hashes of
/// passwords and of API tokens, but no sessions of people and no secrets. Until it is complete, its name is
/// FILE.partial.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(in super::super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The file to write
    #[arg(required = true)]
    file: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that a backup or an export is complete and undamaged
    ///
    /// Reads the whole backup: checks every page, row and reference, looks for gaps in every log, and
    /// compares the number of rows and the checksum of every table with those noted in the backup.
    Verify {
        /// The backup, or the export
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

pub(in super::super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match (&args.command, &args.file) {
        (Some(Command::Verify { file, output }), _) => verify(file, output),
        (None, Some(file)) => back_up(file, args, context),
        // Clap requires the file.
        (None, None) => Ok(()),
    }
}

fn back_up(file: &Path, args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_to_copy(&context.settings(None)?)?;
    let partial = Partial::create(file, args.force)?;
    let bar = Bar::new("bytes");
    let is_file = database
        .run(|backend| backend.back_up(&partial.path, &mut |done, all| bar.set(done, all)))?;
    drop(bar);
    let (header, tables) = match is_file {
        true => {
            let header = header(&database, BACKUP_FORMAT, Scope::Everything)?;
            let tables = describe(&partial.path, &header)?;
            (header, tables)
        }
        false => {
            let (header, bar) = (header(&database, FORMAT, Scope::Everything)?, Bar::new("events"));
            let out = BufWriter::with_capacity(1 << 20, &partial.file);
            let progress = &mut |done, all| bar.set(done, all);
            let tables =
                dump::write(&*database.backend, &header, Scope::Everything, out, progress)?;
            (header, tables)
        }
    };
    let bytes = Some(partial.finish()?);
    let name = &file.display().to_string();
    let report = Report { name, header: &header, bytes, tables: &tables };
    let text = format!("{name} is a backup of {}: {}", database.url, report.amounts());
    Ok(args.output.write_one(&report, &text)?)
}

/// Checks that the copy is whole, and writes its description (header and counts) into it.
fn describe(copy: &Path, header: &Header) -> anyhow::Result<Vec<Tally>> {
    let archive = Archive::open(copy)?.context("the copy is not a database")?;
    archive.check_pages()?;
    let bar = Bar::new("events");
    let tables = dump::tally(&archive, &mut |done, all| bar.set(done, all))
        .context("the database is damaged or incomplete, so no backup was made")?;
    drop(archive);
    let description = Description { header: header.clone(), tables };
    let (text, sha256) = description.write()?;
    describe_archive(copy, &text, &sha256)?;
    Ok(description.tables)
}

fn verify(file: &Path, output: &Output) -> anyhow::Result<()> {
    let found = examine(file)?;
    let name = &file.display().to_string();
    let bytes = Some(found.bytes);
    let report = Report { name, header: &found.header, bytes, tables: &found.tables };
    let text = format!("{name} is whole: {}, of {}", report.amounts(), found.header.made_at);
    Ok(output.write_one(&report, &text)?)
}
