//! `chatapp openapi`: the document of the HTTP API, without a server.

use std::io::Write;

use super::output::print;
use crate::http;

/// Print the OpenAPI document of the HTTP API
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<()> {
    let document = serde_json::to_string_pretty(&http::openapi_document())?;
    Ok(print(|out| writeln!(out, "{document}"))?)
}
