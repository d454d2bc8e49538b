//! CORS: which pages of other origins may use the API. The configuration lists their origins.
//!
//! poem's own middleware would refuse every request with another `Origin`, even the server's own.

use poem::Request;
use poem::http::Method;
use poem::http::header::{self, HeaderMap, HeaderValue};

pub(crate) struct Cors {
    allowed: Vec<String>,
}

impl Cors {
    /// `allowed` has the form that a browser sends; the configuration accepts no other.
    pub fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// The request's origin, if it is an allowed one.
    pub fn allowed_origin(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(header::ORIGIN)?;
        self.allowed.iter().any(|allowed| origin == allowed).then(|| origin.clone())
    }

    /// Whether the request is a preflight of an allowed origin. From another origin it is a request
    /// like any other: the API has no method `OPTIONS`.
    pub fn is_preflight(&self, request: &Request) -> bool {
        request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && self.allowed_origin(request).is_some()
    }

    pub fn set_headers(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>, options: bool) {
        if !self.allowed.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = origin else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::ACCESS_CONTROL_EXPOSE_HEADERS, "X-Request-Id, Retry-After");
        if options {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE");
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, X-Request-Id");
            // Seconds; browsers accept at most 7200.
            set(header::ACCESS_CONTROL_MAX_AGE, "7200");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(origin: &str) -> Request {
        Request::builder()
            .method(Method::OPTIONS)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .finish()
    }

    #[test]
    fn only_a_configured_origin_is_allowed() {
        let cors = Cors::new(&["https://chat.example.com".to_owned()]);
        assert!(cors.is_preflight(&request("https://chat.example.com")));
        for foreign in [
            "https://chat.example.com.evil.org",
            "http://chat.example.com",
            "https://chat.example.com:8443",
            "null",
        ] {
            assert!(!cors.is_preflight(&request(foreign)), "{foreign}");
        }
        assert!(!Cors::new(&[]).is_preflight(&request("https://chat.example.com")));
    }
}
