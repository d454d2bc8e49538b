//! `chatapp migrate`: brings the schema up to date, or shows what that would change.

use serde::Serialize;

use super::context::Context;
use super::database::{Database, Missing, known_version, schema_version};
use super::output::{Listing, Output, print};
use crate::storage::{Migration, MigrationState};

const EXAMPLES: &str = "\
Examples:
  chatapp migrate --status       what has been applied, and when
  chatapp migrate --dry-run      the SQL that would run, without running it
  chatapp migrate

It is safe to run from several machines at once: one applies the migrations, the others wait for at
most a minute.";

/// Bring the database's schema up to date
///
/// `chatapp serve` does the same when it starts; use this command to do it beforehand. It creates a
/// missing SQLite database, and lists the migrations that it has applied.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// List the migrations and whether they have been applied; change nothing
    #[arg(long, conflicts_with = "dry_run")]
    status: bool,

    /// Print the SQL that would run; change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let changes = !args.status && !args.dry_run;
    let missing = if changes { Missing::Create } else { Missing::Fail };
    let database = Database::open(&context.settings(None)?, 1, missing)?;
    if args.status {
        let migrations = database.run(|backend| backend.list_migrations())?;
        return list(&args.output, migrations, "there are no migrations");
    }
    if args.dry_run {
        let migrations = database.run(|backend| backend.list_migrations())?;
        return Ok(print(|out| dry_run(&migrations, out))?);
    }
    let applied = database.run(|backend| backend.migrate())?;
    let migrations = database.run(|backend| backend.list_migrations())?;
    let (version, known) = (schema_version(&migrations), known_version(&migrations));
    let newest = match version == known {
        true => "the newest".to_owned(),
        false => format!("which a newer chatapp has made; this one knows up to {known}"),
    };
    let empty = format!("nothing to do: {} has schema {version}, {newest}", database.url);
    list(&args.output, applied, &empty)
}

fn list(output: &Output, migrations: Vec<Migration>, empty: &str) -> anyhow::Result<()> {
    let rows: Vec<_> = migrations.into_iter().map(Row::from).collect();
    Ok(output.write(&Listing {
        rows: &rows,
        headers: &["version", "name", "state", "applied at"],
        cells: &|row: &Row| {
            let applied_at = row.applied_at.clone().unwrap_or_default();
            vec![row.version.to_string(), row.name.clone(), row.state.to_owned(), applied_at]
        },
        empty,
    })?)
}

/// One migration, as `--output json` shows it.
#[derive(Serialize)]
struct Row {
    version: i32,
    name: String,
    state: &'static str,
    applied_at: Option<String>,
}

impl From<Migration> for Row {
    fn from(Migration { version, name, state, sql: _ }: Migration) -> Self {
        let (state, applied_at) = match state {
            MigrationState::Applied { at } => ("applied", Some(at)),
            MigrationState::Pending => ("pending", None),
            MigrationState::Newer { at } => ("newer", Some(at)),
        };
        Self { version, name, state, applied_at }
    }
}

/// Prints comments and SQL only, so that the output can be given to the database's own shell.
fn dry_run(migrations: &[Migration], out: &mut impl std::io::Write) -> std::io::Result<()> {
    let mut pending =
        migrations.iter().filter(|migration| migration.state == MigrationState::Pending).peekable();
    if pending.peek().is_none() {
        return writeln!(out, "-- nothing to do: schema {}", schema_version(migrations));
    }
    for migration in pending {
        writeln!(out, "-- V{}__{}", migration.version, migration.name)?;
        writeln!(out, "{}", migration.sql.trim_end())?;
    }
    Ok(())
}
