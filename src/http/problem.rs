//! Errors as RFC 9457 problem documents, and the one table from an error to its status.
//!
//! A [`Problem`] travels in a response's extensions; the envelope writes its body, because only
//! the envelope knows the request's id.

use std::borrow::Cow;

use poem::http::header::{self, HeaderName, HeaderValue};
use poem::http::{HeaderMap, StatusCode};
use poem::{IntoResponse, Response};
use serde::Serialize;

use crate::chat::{Error, FieldError};

pub const CONTENT_TYPE: &str = "application/problem+json";

/// After how many seconds at most to try again, when a queue is full: not the same for all, or those
/// who were turned away together would come back together.
const RETRY_BUSY_MAX: u32 = 5;

/// A database that is gone takes longer to come back.
const RETRY_UNAVAILABLE: &str = "5";

/// Why a request was not carried out, as its client is told.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    /// The stable word for programs.
    pub code: &'static str,
    pub detail: Cow<'static, str>,
    pub errors: Vec<FieldError>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), header: None }
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body may have at most {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    pub fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("the methods here are {allow}");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        match HeaderValue::from_str(allow) {
            Ok(allow) => problem.with_header(header::ALLOW, allow),
            Err(_) => problem,
        }
    }

    /// For an error that nobody here made: one of the framework, known by its status only.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => {
                Self::new(status, "not_found", "there is nothing at this address")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(status, "too_large", "the body is too large")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "unsupported_media_type", "the body must be application/json")
            }
            status if status.is_client_error() => {
                Self::new(status, "bad_request", "the request cannot be understood")
            }
            status if status.is_server_error() => Self::from(Error::Internal).with_status(status),
            status => Self::from(Error::Internal).with_status(status),
        }
    }

    fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The body of the response.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let document = Document {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// Adds the headers that belong to it, where they are not set already.
    pub fn set_headers(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some((name, value)) = &self.header {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// The table: what each error of the rules is over HTTP.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::MalformedJson(_) => StatusCode::BAD_REQUEST,
            Error::InvalidFields(_) | Error::UnknownType(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::TokenMissing
            | Error::TokenInvalid
            | Error::TokenExpired
            | Error::SessionRevoked
            | Error::WrongCredentials
            | Error::InvalidResetToken => StatusCode::UNAUTHORIZED,
            Error::WrongCurrentPassword
            | Error::AdminRequired
            | Error::AdminSignupRefused
            | Error::SignupClosed
            | Error::OtherUser
            | Error::AuthorRequired
            | Error::NotSubscribed => StatusCode::FORBIDDEN,
            Error::MessageNotFound | Error::RoomNotFound | Error::UserNotFound => {
                StatusCode::NOT_FOUND
            }
            Error::UsernameTaken
            | Error::EmailTaken
            | Error::RoomNameTaken
            | Error::RoomArchived
            | Error::MessageDeleted
            | Error::LastAdmin
            | Error::TooManyRooms
            | Error::AlreadySubscribed
            | Error::EpochChanged
            | Error::HistoryPruned => StatusCode::CONFLICT,
            Error::TooManyRequests { .. } | Error::TooManySockets => StatusCode::TOO_MANY_REQUESTS,
            Error::Busy | Error::Unavailable | Error::OutcomeUnknown => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let header = match &error {
            // RFC 6750 §3: a token that was no good is named, one that was missing is not.
            Error::TokenInvalid | Error::TokenExpired | Error::SessionRevoked => Some((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_token\""),
            )),
            Error::TokenMissing | Error::WrongCredentials | Error::InvalidResetToken => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Error::Busy => Some((header::RETRY_AFTER, HeaderValue::from(retry_busy()))),
            Error::TooManyRequests { retry_after_seconds } => {
                Some((header::RETRY_AFTER, HeaderValue::from(*retry_after_seconds)))
            }
            Error::Unavailable | Error::OutcomeUnknown => {
                Some((header::RETRY_AFTER, HeaderValue::from_static(RETRY_UNAVAILABLE)))
            }
            _ => None,
        };
        let (code, detail) = (error.code(), error.to_string());
        let errors = match error {
            Error::InvalidFields(errors) => errors,
            _ => Vec::new(),
        };
        Self { status, code, detail: detail.into(), errors, header }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.status).finish();
        self.set_headers(response.headers_mut());
        response.set_data(self);
        response
    }
}

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        let mut error = Self::from_response(problem.clone().into_response());
        // poem takes the extensions of an error's response from the error.
        error.set_data(problem);
        error
    }
}

impl From<Box<Problem>> for poem::Error {
    fn from(problem: Box<Problem>) -> Self {
        (*problem).into()
    }
}

/// RFC 9457 §3, and this server's own members.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

fn retry_busy() -> u32 {
    // Without chance it is the same for all, and no harm.
    1 + getrandom::u32().unwrap_or(0) % RETRY_BUSY_MAX
}
