//! Requests, by the documented path.

use std::time::Duration;

use poem::http::{Method, StatusCode};
use prometheus_client::metrics::family::Family;

use crate::metrics::{self, Counter, Histogram, Registry};

/// What a client makes up is no label: a path that is none, a method that nobody knows.
type Request = [(&'static str, String); 3];

#[derive(Debug)]
pub(super) struct Counts {
    requests: Family<Request, Counter>,
    seconds: Family<[(&'static str, String); 2], Histogram, fn() -> Histogram>,
}

impl Default for Counts {
    fn default() -> Self {
        let seconds = Family::new_with_constructor(metrics::seconds as fn() -> Histogram);
        Self { requests: Family::default(), seconds }
    }
}

impl Counts {
    pub fn register(&self, registry: &mut Registry) {
        let help = "Requests answered, a socket's handshake among them";
        registry.register("http_requests", help, self.requests.clone());
        let help = "How long an answer took, without its way to the client";
        registry.register("http_request_seconds", help, self.seconds.clone());
    }

    /// `path` is the documented one, or `(no route)`.
    pub fn request(&self, method: &Method, path: &str, status: StatusCode, took: Duration) {
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
