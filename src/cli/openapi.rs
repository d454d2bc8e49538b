//! `chatapp openapi`: the document of the HTTP API, without a server.

use std::io::Write;

use super::output::print;
use crate::http;

const EXAMPLES: &str = "\
Examples:
  chatapp openapi > openapi.json
  chatapp openapi | jq -r '.paths | keys[]'";

/// Print the OpenAPI document of the HTTP API
///
/// It is the same document as a server's /openapi.json.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<()> {
    let document = http::openapi_document();
    Ok(print(|out| {
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    })?)
}
