//! Checks of the running server.

use std::time::Duration;

use super::super::ask::{Answer, Question, ask, own_certificate, server_url, shown};
use super::super::output::counted;
use super::{Case, Finding};
use crate::config::Loaded;

const TIMEOUT: Duration = Duration::from_secs(3);

/// A server that answered.
pub(super) struct Running {
    url: String,
    /// The reason in the answer of `/ready`, if the server is not ready.
    complaint: Option<String>,
    /// The text of `/metrics`; empty if the server refuses it.
    metrics: String,
}

impl Running {
    /// Asks the server of these settings. `None` if no server answers.
    pub fn find(settings: &Loaded) -> Option<Self> {
        let url = server_url(settings, None).ok()?;
        let http = &settings.config.http;
        let asked = |path, token| -> Option<Answer> {
            let certificate = own_certificate(http).ok()?;
            ask(&Question { url: url.clone(), path, timeout: TIMEOUT, token, certificate }).ok()
        };
        let ready = asked("/ready", "")?;
        let complaint = (ready.status != 200).then(|| {
            let problem: serde_json::Value =
                serde_json::from_slice(&ready.body).unwrap_or_default();
            problem["detail"].as_str().unwrap_or("without a reason").to_owned()
        });
        let metrics = asked("/metrics", &http.metrics_token).filter(|answer| answer.status == 200);
        let metrics = metrics.and_then(|answer| String::from_utf8(answer.body).ok());
        Some(Self { url: shown(&url).to_owned(), complaint, metrics: metrics.unwrap_or_default() })
    }

    /// The value of a metric that has no labels.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let mut lines = self.metrics.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }
}

pub(super) fn answers(case: &Case) -> Vec<Finding> {
    vec![match &case.running {
        None => {
            let bind = &case.settings.config.http.bind;
            let advice = "start it, if it should run";
            Finding::warning("server", format!("no server answers at {bind}"), advice)
        }
        Some(Running { url, complaint: None, .. }) => {
            Finding::ok("server", format!("{url} is ready"))
        }
        Some(Running { url, complaint: Some(complaint), .. }) => Finding::problem(
            "server",
            format!("{url} runs but is not ready ({complaint})"),
            "read its log, which has the reason and the advice",
        ),
    }]
}

/// Looks for a proxy that the settings do not name: with one, all its clients share one address, and limits
/// by address do not work.
pub(super) fn proxy(case: &Case) -> Vec<Finding> {
    let Some(running) = &case.running else { return vec![] };
    match running.figure("chatapp_unnamed_proxy_requests_total") {
        Some(requests) if requests > 0.0 => vec![Finding::warning(
            "proxy",
            format!(
                "{} came through a proxy that the settings do not name",
                counted(requests, "request")
            ),
            "name it in http.trusted_proxies: until then all its clients share one address",
        )],
        Some(_) => vec![Finding::ok("proxy", "no requests came through an unnamed proxy")],
        None => vec![],
    }
}
