//! The extractors of handlers. Every failure is a [`Problem`] that names the faulty part of the
//! request.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use poem::error::ReadBodyError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{PathPattern, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaParamIn, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, ParseFromParameter};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;

use super::access::{self, Needed as _};
use super::problem::Problem;
use super::{explain, openapi};
use crate::chat::{Chat, Error, require_access};
use crate::model::json_keys::{self, UniqueKeys};
use crate::model::{ErrorCode, Identity, UserId};

pub(super) use access::{Administers, Everywhere, ManagesRooms, Person, Reads, Sends};

/// How long a body may take to arrive. Bodies have at most some kilobytes.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The envelope's facts about a request that is under way.
pub(super) struct Facts {
    pub request_id: String,
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// The address that limits count the request by.
    pub client: IpAddr,
    /// The caller; 0 while it is not known.
    user_id: AtomicI64,
    has_read_body: AtomicBool,
}

impl Facts {
    pub fn new(request_id: String, max_body_bytes: usize, client: IpAddr) -> Self {
        let (user_id, has_read_body) = (AtomicI64::new(0), AtomicBool::new(false));
        Self { request_id, max_body_bytes, client, user_id, has_read_body }
    }

    pub fn has_read_body(&self) -> bool {
        self.has_read_body.load(Ordering::Relaxed)
    }

    pub fn user_id(&self) -> Option<i64> {
        Some(self.user_id.load(Ordering::Relaxed)).filter(|&id| id != 0)
    }

    pub fn set_user_id(&self, id: UserId) {
        self.user_id.store(id.0, Ordering::Relaxed);
    }
}

/// The holder of the request's token, which allows what `A` says.
pub(super) struct Caller<A>(pub Identity, PhantomData<A>);

/// The holder of the request's token, if it has one. An invalid token is an error here too. An API token needs the
/// scope `admin`.
pub(super) struct MaybeCaller(pub Option<Identity>);

/// The request's JSON.
pub(super) struct Body<T>(pub T);

/// A parameter of the query.
pub(super) struct Query<T>(pub T);

/// A part of the path.
pub(super) struct Path<T>(pub T);

impl<'a, A: access::Needed> ApiExtractor<'a> for Caller<A> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        access::register(registry, A::ACCESS);
    }

    fn security_schemes() -> Vec<&'static str> {
        access::schemes(A::ACCESS)
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        match identity(request).await {
            Ok(Some(identity)) => match require_access(&identity, A::ACCESS) {
                Ok(()) => Ok(Self(identity, PhantomData)),
                Err(error) => Err(Problem::from(error).into()),
            },
            Ok(None) => Err(Problem::from(Error::TokenMissing).into()),
            Err(error) => Err(Problem::from(error).into()),
        }
    }
}

impl<'a> ApiExtractor<'a> for MaybeCaller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        access::register(registry, Administers::ACCESS);
    }

    fn security_schemes() -> Vec<&'static str> {
        access::schemes(Administers::ACCESS)
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let found = identity(request).await.and_then(|identity| {
            identity.iter().try_for_each(|it| require_access(it, Administers::ACCESS))?;
            Ok(Self(identity))
        });
        found.map_err(|error| Problem::from(error).into())
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: T::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        check_content_type(request)?;
        check_content_encoding(request)?;
        let bytes = read(request, body).await?;
        let json = json_keys::without_mark(&bytes);
        let parse = || serde_json::from_slice::<Value>(json);
        let value = serde_json::from_slice::<UniqueKeys>(json)
            .and_then(|_| parse())
            .map_err(|error| Problem::from(Error::MalformedJson(error.to_string())))?;
        let doubtful =
            if explain::is_doubtful(&value) { explain::faults::<T>(&value) } else { vec![] };
        let errors = match T::parse_from_json(Some(value)) {
            Ok(parsed) if doubtful.is_empty() => return Ok(Self(parsed)),
            Ok(_) => doubtful,
            Err(_) => explain::faults::<T>(&parse().unwrap_or_default()),
        };
        let error = match errors.is_empty() {
            true => Error::field("body", "does not fit the schema of this request"),
            false => Error::InvalidFields(errors),
        };
        Err(Problem::from(error).into())
    }
}

impl<'a, T: ParseFromParameter> ApiExtractor<'a> for Query<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = T::IS_REQUIRED;
    type ParamType = T;
    type ParamRawType = T::RawValueType;

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<T>,
    ) -> poem::Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        let mut values = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == options.name)
            .map(|(_, value)| value)
            .peekable();
        match options.default_value {
            Some(default) if values.peek().is_none() => Ok(Self(default())),
            _ => T::parse_from_parameters(values)
                .map(Self)
                .map_err(|_| explain::parameter::<T>(options.name).into()),
        }
    }
}

impl<'a, T: ParseFromParameter> ApiExtractor<'a> for Path<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = T::IS_REQUIRED;
    type ParamType = T;
    type ParamRawType = T::RawValueType;

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<T>,
    ) -> poem::Result<Self> {
        T::parse_from_parameters(request.raw_path_param(options.name)).map(Self).map_err(|_| {
            let pattern = request.data::<PathPattern>().map_or("", |pattern| &*pattern.0);
            let name = openapi::parameter_name(pattern, options.name);
            explain::parameter::<T>(name.as_deref().unwrap_or(options.name)).into()
        })
    }
}

async fn identity(request: &Request) -> Result<Option<Identity>, Error> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let token = bearer(value).ok_or(Error::TokenInvalid)?;
    let chat = request.data::<Chat>().ok_or(Error::Internal)?;
    let identity = chat.authenticate(token).await?;
    if let Some(facts) = request.data::<Arc<Facts>>() {
        facts.set_user_id(identity.user_id);
    }
    Ok(Some(identity))
}

/// The token of an `Authorization` header.
pub(super) fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn check_content_type(request: &Request) -> poem::Result<()> {
    let declared = request.content_type().unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE).into())
}

/// Refuses a compressed body. RFC 9110 §15.5.16: the answer says which codings are accepted.
pub(super) fn check_content_encoding(request: &Request) -> poem::Result<()> {
    let codings = request.headers().get_all(header::CONTENT_ENCODING);
    let is_plain = |value: &HeaderValue| {
        value.to_str().is_ok_and(|codings| {
            codings.split(',').all(|it| matches!(&*it.trim().to_ascii_lowercase(), "" | "identity"))
        })
    };
    if codings.iter().all(is_plain) {
        return Ok(());
    }
    let detail = "the body must not be compressed: send it without Content-Encoding";
    let problem = Problem::new(ErrorCode::UnsupportedMediaType, detail);
    let accepted = HeaderValue::from_static("identity");
    Err(problem.with_header(header::ACCEPT_ENCODING, accepted).into())
}

pub(super) async fn read(request: &Request, body: &mut RequestBody) -> poem::Result<bytes::Bytes> {
    let facts = request.data::<Arc<Facts>>();
    let limit = facts.map_or(0, |facts| facts.max_body_bytes);
    let declared = request.header(header::CONTENT_LENGTH).and_then(|n| usize::from_str(n).ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(Problem::too_large(limit).into());
    }
    match tokio::time::timeout(BODY_TIMEOUT, body.take()?.into_bytes_limit(limit)).await {
        Ok(Ok(bytes)) => {
            if let Some(facts) = facts {
                facts.has_read_body.store(true, Ordering::Relaxed);
            }
            Ok(bytes)
        }
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(Problem::too_large(limit).into()),
        // The client has disconnected: nothing reads this answer.
        Ok(Err(_)) => Err(Problem::from(Error::MalformedJson("it is cut off".into())).into()),
        Err(_) => {
            let detail = "the body did not arrive in time";
            Err(Problem::new(ErrorCode::BodyTimeout, detail).into())
        }
    }
}
