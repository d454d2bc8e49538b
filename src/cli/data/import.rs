//! `chatapp import`: fills the database from an export.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::output::Output;
use super::{Report, claim, examine, fill};
use crate::dump::{Reader, Tally};

const EXAMPLES: &str = "\
Examples:
  chatapp import chat.jsonl
  zstd -dc chat.jsonl.zst | chatapp import - --database postgres://chat@localhost/chat";

/// Fill the database from an export, while no server runs
///
/// Imports all or nothing: if a line is not understood, the error names the line, and the database stays
/// as it was. After an import users sign in again, and clients load their data again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Args {
    /// The export; - is stdin
    file: PathBuf,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(in super::super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let name = args.file.display();
    if args.file == Path::new("-") {
        let stdin = BufReader::with_capacity(1 << 20, io::stdin().lock());
        let reader = Reader::new(stdin).context("stdin cannot be imported")?;
        return import(reader, args, context).context("stdin cannot be imported");
    }
    let cannot = || format!("{name} cannot be imported");
    let reader = Reader::new(examine::open(&args.file)?).with_context(cannot)?;
    import(reader, args, context).with_context(cannot)
}

fn import(reader: Reader<impl io::BufRead>, args: &Args, context: &Context) -> anyhow::Result<()> {
    let header = reader.header().clone();
    let (target, url, _) = claim(context, &args.confirm)?;
    let tables: Vec<Tally> = fill(target, reader)?;
    let report = Report { name: &url, header: &header, bytes: None, tables: &tables };
    let text = format!("the export is imported into {url}: {}", report.amounts());
    Ok(args.output.write_one(&report, &text)?)
}
