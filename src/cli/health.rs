//! `chatapp health`: asks a running server for /health or /ready.
//!
//! It is for containers that have no HTTP client.

use std::time::Duration;

use anyhow::bail;
use serde_json::Value;

use super::ask::{Question, ask, server_url, shown};
use super::context::Context;

const EXAMPLES: &str = "\
Examples:
  chatapp health                              exit code 0 if the server of these settings is alive
  chatapp health --ready                      exit code 0 if it can serve
  HEALTHCHECK CMD [\"chatapp\", \"health\"]       in a Containerfile

The request goes to http.bind, with TLS if the settings have a certificate. The command prints \
nothing if the server is well.";

/// Check that the server answers
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Ask this server instead of the one in the settings: http://host:port
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Ask whether the server can serve (/ready), not only whether it is alive (/health)
    #[arg(long)]
    ready: bool,

    /// Wait this long for the answer
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 3_000,
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    timeout_ms: u64,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let path = if args.ready { "/ready" } else { "/health" };
    let url = server_url(&settings, args.url.as_deref())?;
    // The request holds no secret, and a certificate that has just been renewed must not fail it.
    let question = Question {
        url,
        path,
        timeout: Duration::from_millis(args.timeout_ms),
        token: "",
        certificate: None,
    };
    let answer = ask(&question)?;
    if answer.status == 200 {
        return Ok(());
    }
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or("without a reason");
    bail!("{}{path} answers {}: {detail}", shown(&question.url), answer.status)
}
