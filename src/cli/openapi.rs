//! `chatapp openapi`: the document of the HTTP API, without a server.

/// Print the OpenAPI document of the HTTP API
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<()> {
    // The document comes with the API: print `http::openapi()` here.
    anyhow::bail!("this build has no HTTP API to document")
}
