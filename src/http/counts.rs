//! The counters of requests, by documented path.

use std::time::Duration;

use poem::http::{Method, StatusCode};
use prometheus_client::metrics::family::Family;

use crate::metrics::{self, Counter, Histogram, Metrics};

/// Client input is never a label value: unknown paths and methods get a fixed one.
type Request = [(&'static str, String); 3];
type Operation = [(&'static str, String); 2];

/// Lives longer than the routes, which are made again when the settings are read again.
#[derive(Clone, Debug)]
pub struct Counts {
    requests: Family<Request, Counter>,
    seconds: Family<Operation, Histogram, fn() -> Histogram>,
    pub(super) unnamed_proxy: Counter,
}

impl Counts {
    /// Makes and registers the counters. To be called once.
    pub fn new(metrics: &Metrics) -> Self {
        let counts = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(metrics::seconds as fn() -> Histogram),
            unnamed_proxy: Counter::default(),
        };
        metrics.register(|registry| {
            let help = "Requests answered, a socket's handshake among them";
            registry.register("http_requests", help, counts.requests.clone());
            let help = "How long an answer took, without its way to the client";
            registry.register("http_request_seconds", help, counts.seconds.clone());
            let help = "Requests through a proxy on this machine that http.trusted_proxies lacks";
            registry.register("unnamed_proxy_requests", help, counts.unnamed_proxy.clone());
        });
        counts
    }

    /// `path` is the documented path, or `(no route)`.
    pub(super) fn request(&self, method: &Method, path: &str, status: StatusCode, took: Duration) {
        let method = || ("method", known(method).to_owned());
        let path = || ("path", path.to_owned());
        let class = format!("{}xx", status.as_u16() / 100);
        self.requests.get_or_create(&[method(), path(), ("status", class)]).inc();
        self.seconds.get_or_create(&[method(), path()]).observe(took.as_secs_f64());
    }
}

fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}
