//! `chatapp config`: shows and checks the settings that the other commands use.

use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

use super::context::Context;
use super::database::bad_url;
use super::output::{Listing, Output, note, print};
use crate::config::{Loaded, redact_setting};
use crate::storage;
use crate::web::Site;

const EXAMPLES: &str = "\
Examples:
  chatapp config show
  chatapp config check --config /etc/chatapp.toml && systemctl restart chatapp";

/// Show or check the settings
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every setting, its value, and where the value comes from; secrets are hidden
    Show {
        #[command(flatten)]
        output: Output,
    },
    /// List all errors and warnings in the settings
    Check,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let loaded = context.settings(None)?;
    match &args.command {
        Command::Show { output } => show(&loaded, output),
        Command::Check => {
            if let Err(error) = storage::check_url(&loaded.config.database.url) {
                return Err(bad_url(&error.to_string(), &loaded));
            }
            for warning in &loaded.warnings {
                note(&format!("warning: {warning}"));
            }
            Site::load(&loaded.config.branding)?;
            let file = context.file();
            let read = if file.exists() { format!(" ({})", file.display()) } else { String::new() };
            Ok(print(|out| {
                use std::io::Write;
                writeln!(out, "the settings are fine{read}")
            })?)
        }
    }
}

#[derive(Serialize)]
struct Row {
    key: &'static str,
    value: Value,
    source: String,
}

fn show(loaded: &Loaded, output: &Output) -> anyhow::Result<()> {
    let sections = serde_json::to_value(&loaded.config)?;
    let rows: Vec<Row> = crate::config::keys()
        .map(|key| {
            let value = &sections.pointer(&format!("/{}", key.replace('.', "/")));
            let value = match value.cloned().unwrap_or_default() {
                Value::String(text) => Value::String(redact_setting(key, &text)),
                other => other,
            };
            Row { key, value, source: loaded.origins[key].clone() }
        })
        .collect();
    Ok(output.write(&Listing {
        rows: &rows,
        headers: &["key", "value", "source"],
        cells: &|row: &Row| {
            let value = match &row.value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            vec![row.key.to_owned(), value, row.source.clone()]
        },
        empty: "there are no settings",
    })?)
}
