//! The error statuses of an endpoint, as a part of its signature, so that the OpenAPI document
//! lists them.

use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;

use super::dto::ProblemDto;
use super::problem::{CONTENT_TYPE, Problem};
use crate::chat::Error;

/// An error of an endpoint whose statuses are those of `SET`, a union of the constants below.
pub struct Failure<const SET: u32>(Box<Problem>);

/// The reasons to refuse a body.
pub const BODY: u32 = of(&[400, 408, 413, 415, 422]);
/// The same for a body that need not be JSON. The 415 is the last of the statuses.
pub const HOOK_BODY: u32 = of(&[400, 408, 413, 422]) | missing(13);
/// A token is missing, is not valid, or does not allow this.
pub const TOKEN: u32 = of(&[401, 403]);
/// A name and a password, or a token that is used once, are wrong.
pub const CREDENTIALS: u32 = of(&[401]);
pub const FORBIDDEN: u32 = of(&[403]);
/// The objects in the path or the body that may not exist: one of these for an endpoint.
pub const ROOM: u32 = missing(0);
pub const USER: u32 = missing(1);
pub const INVITE: u32 = missing(2);
pub const ROOM_OR_USER: u32 = missing(3);
pub const ROOM_OR_MESSAGE: u32 = missing(4);
pub const ROOM_OR_INVITE: u32 = missing(5);
pub const SCHEDULED: u32 = missing(6);
pub const PREVIEW: u32 = missing(7);
pub const BOT_OR_TOKEN: u32 = missing(8);
pub const CURSOR: u32 = missing(9);
pub const EXCHANGE: u32 = missing(10);
pub const HOOK: u32 = missing(11);
pub const ROOM_OR_HOOK: u32 = missing(12);
pub const CONFLICT: u32 = of(&[409]);
/// A parameter is not acceptable.
pub const FIELDS: u32 = of(&[422]);
/// The caller does this too often.
pub const PACE: u32 = of(&[429]);
pub const INTERNAL: u32 = of(&[500]);
/// The database is busy, gone or broken.
pub const STORE: u32 = of(&[500, 503]);

/// Each status and when it comes. Its place is its bit in a set. An endpoint has at most one of the 404.
const STATUSES: [(u16, &str); 25] = [
    (400, "The body is not JSON, or has a duplicate key: `malformed_json`."),
    (401, "There is no token, or it is no longer valid. Sign in to get a new one."),
    (403, "The caller, or the caller's API token, may not do this; `code` says why."),
    (409, "The request conflicts with the present state; `code` says how."),
    (408, "The body did not arrive in time: `body_timeout`."),
    (413, "The body is too large: `too_large`."),
    (
        415,
        "The body is not declared as `application/json`, or is compressed: `unsupported_media_type`.",
    ),
    (422, "Fields or parameters are not acceptable; `errors` names each of them."),
    (500, "Something went wrong in the server; `request_id` finds it in the log."),
    (
        503,
        "The server is busy or its database is unavailable: try again after `Retry-After` seconds.",
    ),
    (429, "Too many of these requests in a short time: try again after `Retry-After` seconds."),
    (404, "The caller sees no such room: `room_not_found`."),
    (404, "There is no such user: `user_not_found`."),
    (404, "There is no such invite, or it is no longer valid: `invite_not_found`."),
    (404, "The object does not exist; `code` says which: `room_not_found` or `user_not_found`."),
    (404, "The object does not exist; `code` says which: `room_not_found` or `message_not_found`."),
    (404, "The object does not exist; `code` says which: `room_not_found` or `invite_not_found`."),
    (404, "The caller has no such scheduled message: `scheduled_not_found`."),
    (
        404,
        "The object does not exist; `code` says which: `room_not_found`, `message_not_found`, `preview_not_found`, or \
         `previews_off` if the server shows no previews.",
    ),
    (404, "The object does not exist; `code` says which: `user_not_found` or `token_not_found`."),
    (404, "The caller has no cursor of this name: `cursor_not_found`."),
    (404, "The server accepts no tokens of a product: `exchange_off`."),
    (404, "There is no such webhook, or it was deleted: `hook_not_found`."),
    (404, "The object does not exist; `code` says which: `room_not_found` or `hook_not_found`."),
    (415, "The body is not of one of these types, or is compressed: `unsupported_media_type`."),
];

/// The bit of the first 404.
const FIRST_MISSING: u32 = 11;

impl<const SET: u32> From<Error> for Failure<SET> {
    fn from(error: Error) -> Self {
        Box::new(Problem::from(error)).into()
    }
}

impl<const SET: u32> From<Box<Problem>> for Failure<SET> {
    fn from(problem: Box<Problem>) -> Self {
        debug_assert!(documents(SET, &problem), "{:?} is not documented", problem.code);
        Self(problem)
    }
}

impl<const SET: u32> From<Failure<SET>> for poem::Error {
    fn from(failure: Failure<SET>) -> Self {
        (*failure.0).into()
    }
}

impl<const SET: u32> ApiResponse for Failure<SET> {
    fn meta() -> MetaResponses {
        let responses = statuses(SET)
            .map(|(status, description)| MetaResponse {
                description,
                status: Some(status),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: CONTENT_TYPE,
                    schema: ProblemDto::schema_ref(),
                }],
                headers: headers(status),
            })
            .collect();
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        ProblemDto::register(registry);
    }
}

/// The set of these statuses. One that [`STATUSES`] lacks is an error of the compiler.
const fn of(statuses: &[u16]) -> u32 {
    let (mut set, mut n) = (0, 0);
    while n < statuses.len() {
        let mut bit = 0;
        while STATUSES[bit].0 != statuses[n] {
            bit += 1;
        }
        set |= 1 << bit;
        n += 1;
    }
    set
}

/// The set of the 404 at this place.
const fn missing(place: u32) -> u32 {
    1 << (FIRST_MISSING + place)
}

/// Whether the set has the problem's status, and a 404 also names its code.
fn documents(set: u32, problem: &Problem) -> bool {
    let code = serde_json::to_string(&problem.code).unwrap_or_default();
    statuses(set).any(|(status, description)| {
        status == problem.status && (status != 404 || description.contains(code.trim_matches('"')))
    })
}

fn statuses(set: u32) -> impl Iterator<Item = (u16, &'static str)> {
    STATUSES.into_iter().enumerate().filter(move |(bit, _)| set & (1 << bit) != 0).map(|(_, s)| s)
}

fn headers(status: u16) -> Vec<MetaHeader> {
    let header = |name: &str, description: &str, schema: MetaSchemaRef| MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema,
    };
    match status {
        401 => vec![header("WWW-Authenticate", "The scheme: `Bearer`.", String::schema_ref())],
        429 | 503 => vec![header("Retry-After", "Seconds to wait.", u32::schema_ref())],
        _ => Vec::new(),
    }
}
