//! Errors as RFC 9457 problem documents, and the one table from an error's code to its status.
//!
//! A [`Problem`] travels in a response's extensions; the envelope writes its body, because only
//! the envelope knows the request's id.

use std::borrow::Cow;

use poem::http::header::{self, HeaderName, HeaderValue};
use poem::http::{HeaderMap, StatusCode};
use poem::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::chat::{Error, FieldError};
use crate::model::ErrorCode;

pub const CONTENT_TYPE: &str = "application/problem+json";

/// The client's view of why a request was not carried out.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: ErrorCode,
    pub detail: Cow<'static, str>,
    pub errors: Vec<FieldError>,
    /// Seconds after which to retry.
    pub retry_after: Option<u32>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let (status, detail) = (status(code), detail.into());
        Self { status, code, detail, errors: Vec::new(), retry_after: None, header: None }
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    pub fn too_large(limit: usize) -> Self {
        Self::new(ErrorCode::TooLarge, format!("the body may have at most {limit} bytes"))
    }

    pub fn method_not_allowed(allow: &str) -> Self {
        let problem =
            Self::new(ErrorCode::MethodNotAllowed, format!("the methods here are {allow}"));
        match HeaderValue::from_str(allow) {
            Ok(allow) => problem.with_header(header::ALLOW, allow),
            Err(_) => problem,
        }
    }

    /// For an error of the framework, of which only the status is known.
    pub fn of_status(status: StatusCode) -> Self {
        let problem = match status {
            StatusCode::NOT_FOUND => {
                Self::new(ErrorCode::NotFound, "there is nothing at this address")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(ErrorCode::TooLarge, "the body is too large")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let detail = "the body must be application/json";
                Self::new(ErrorCode::UnsupportedMediaType, detail)
            }
            status if status.is_client_error() => {
                Self::new(ErrorCode::BadRequest, "the request cannot be understood")
            }
            _ => Self::from(Error::Internal),
        };
        problem.with_status(status)
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
            retry_after: self.retry_after,
            errors: &self.errors,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// Adds the problem's headers, unless they are set already.
    pub fn set_headers(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        let retry_after = self.retry_after.map(|it| (header::RETRY_AFTER, HeaderValue::from(it)));
        for (name, value) in self.header.clone().into_iter().chain(retry_after) {
            headers.entry(name).or_insert(value);
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let header = match error {
            // RFC 6750 §3: a bad token is named; a request without a token gets the scheme alone.
            Error::TokenInvalid
            | Error::ExternalToken(_)
            | Error::TokenExpired
            | Error::SessionRevoked => Some((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_token\""),
            )),
            Error::TokenMissing | Error::WrongCredentials | Error::InvalidResetToken => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            _ => None,
        };
        let problem = Self::new(error.code(), error.to_string());
        let retry_after = error.retry_after();
        let errors = match error {
            Error::InvalidFields(errors) => errors,
            _ => Vec::new(),
        };
        Self { errors, retry_after, header, ..problem }
    }
}

/// The status of each code over HTTP. Codes that occur on the socket only have the status that they would
/// have.
fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as Code;
    match code {
        Code::MalformedJson | Code::BadRequest | Code::BadHandshake => StatusCode::BAD_REQUEST,
        Code::TokenMissing
        | Code::TokenInvalid
        | Code::TokenExpired
        | Code::SessionRevoked
        | Code::WrongCredentials
        | Code::InvalidResetToken => StatusCode::UNAUTHORIZED,
        Code::WrongCurrentPassword
        | Code::ScopeMissing
        | Code::TokenLimited
        | Code::PersonRequired
        | Code::BotRequired
        | Code::AdminRequired
        | Code::AdminSignupRefused
        | Code::SignupClosed
        | Code::AccountDeactivated
        | Code::InviteRequired
        | Code::OtherUser
        | Code::AuthorRequired
        | Code::NotSubscribed
        | Code::Banned
        | Code::Muted
        | Code::PostingRestricted
        | Code::MessageRefused
        | Code::ModeratorRequired
        | Code::OwnerRequired
        | Code::HigherRole
        | Code::Blocked
        | Code::OriginRefused => StatusCode::FORBIDDEN,
        Code::MessageNotFound
        | Code::PreviewsOff
        | Code::ExchangeOff
        | Code::PreviewNotFound
        | Code::RoomNotFound
        | Code::UserNotFound
        | Code::InviteNotFound
        | Code::ScheduledNotFound
        | Code::TokenNotFound
        | Code::HookNotFound
        | Code::CursorNotFound
        | Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::UsernameTaken
        | Code::EmailTaken
        | Code::SubjectTaken
        | Code::ExternalAccount
        | Code::RoomNameTaken
        | Code::RoomArchived
        | Code::NotAMember
        | Code::RoomKind
        | Code::LastOwner
        | Code::MessageDeleted
        | Code::LastAdmin
        | Code::TooManyInvites
        | Code::TooManyPins
        | Code::TooManyScheduled
        | Code::TooManyDrafts
        | Code::BotAccount
        | Code::TooManyTokens
        | Code::TooManyHooks
        | Code::TooManyCursors
        | Code::TooManyReactions
        | Code::TooManyRooms
        | Code::AlreadySubscribed
        | Code::EpochChanged
        | Code::HistoryPruned => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidField | Code::UnknownType => StatusCode::UNPROCESSABLE_ENTITY,
        Code::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        Code::TooManyRequests | Code::TooManySockets => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Busy
        | Code::Unavailable
        | Code::OutcomeUnknown
        | Code::KeysUnavailable
        | Code::ReviewUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Every code, for `/openapi.json` and `/asyncapi.json`.
pub fn codes() -> Value {
    let entry = |code: ErrorCode| {
        json!({
            "code": code,
            "status": status(code).as_u16(),
            "temporary": code.is_temporary(),
            "meaning": code.meaning(),
        })
    };
    ErrorCode::ALL.map(entry).into_iter().collect()
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
    code: ErrorCode,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}
