//! The figures of the server: `/metrics`, `/admin/stats` and `/admin/nodes`, and who may read them.

use poem::http::{HeaderMap, header};
use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi};
use sha2::{Digest, Sha256};

use super::Area;
use super::dto::{NodeDto, StatsDto};
use super::extract::{MaybeCaller, bearer};
use super::failure::{FORBIDDEN, Failure, STORE, TOKEN};
use super::local::Local;
use super::payload::Written;
use super::problem::Problem;
use crate::chat::{Chat, Error};
use crate::metrics;

pub(super) struct WatchApi;

#[derive(ApiResponse)]
enum Metrics {
    /// Every figure, as text.
    #[oai(status = 200)]
    Ok(Exposition),
}

#[derive(ApiResponse)]
enum OneStats {
    /// The figures.
    #[oai(status = 200)]
    Ok(Written<StatsDto>),
}

#[derive(ApiResponse)]
enum Nodes {
    /// The nodes, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<NodeDto>>),
}

#[OpenApi(tag = "Area::Health")]
impl WatchApi {
    /// Every figure, for Prometheus
    ///
    /// In the text format of OpenMetrics, declared as `text/plain` to a client that accepts that
    /// and does not name OpenMetrics. For admins and for clients with the operator's token for the
    /// figures (`http.metrics_token`). If the settings have no such token, for every client on the
    /// machine itself.
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(
        &self,
        chat: Data<&Chat>,
        watcher: Watcher,
        headers: &HeaderMap,
    ) -> Result<Metrics, Failure<{ TOKEN | FORBIDDEN | STORE }>> {
        watcher.check(&chat)?;
        // Reads the state of the database for its figures; without it the other figures are
        // returned.
        let _ = chat.database_status().await;
        let text = chat.metrics().encode();
        Ok(Metrics::Ok(Exposition { text, is_plain: wants_plain_text(headers) }))
    }

    /// The most important figures, for people
    ///
    /// For callers that may read `/metrics`. Figures that cannot be read now are `null`.
    #[oai(path = "/admin/stats", method = "get", operation_id = "stats")]
    async fn stats(
        &self,
        chat: Data<&Chat>,
        watcher: Watcher,
    ) -> Result<OneStats, Failure<{ TOKEN | FORBIDDEN | STORE }>> {
        watcher.check(&chat)?;
        Ok(OneStats::Ok(Written::of(&chat.stats().await.into())?))
    }

    /// The servers that run on the database
    ///
    /// For callers that may read `/metrics`. Every server answers with the same list, in which only `is_this_node`
    /// differs. With SQLite it has the one server.
    #[oai(path = "/admin/nodes", method = "get", operation_id = "list_nodes")]
    async fn list_nodes(
        &self,
        chat: Data<&Chat>,
        watcher: Watcher,
    ) -> Result<Nodes, Failure<{ TOKEN | FORBIDDEN | STORE }>> {
        watcher.check(&chat)?;
        let this = chat.fleet().node_id();
        let nodes = chat.list_nodes().await?;
        let nodes = nodes.into_iter().map(|node| NodeDto::new(node, this)).collect();
        Ok(Nodes::Ok(Written::of(&nodes)?))
    }
}

/// A caller that may ask for figures.
pub(super) enum Watcher {
    /// The caller has the operator's token, or is on the machine and needs none.
    Trusted,
    Caller(MaybeCaller),
}

impl Watcher {
    fn check(&self, chat: &Chat) -> Result<(), Error> {
        match self {
            Self::Trusted => Ok(()),
            Self::Caller(MaybeCaller(Some(caller))) => chat.check_may_watch(caller),
            Self::Caller(MaybeCaller(None)) => Err(Error::TokenMissing),
        }
    }
}

impl<'a> ApiExtractor<'a> for Watcher {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        MaybeCaller::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        MaybeCaller::security_schemes()
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let configured = request.data::<MetricsToken>();
        let configured = configured.ok_or_else(|| Problem::from(Error::Internal))?;
        let given = request.headers().get(header::AUTHORIZATION);
        let is_trusted = match given {
            Some(value) => bearer(value).is_some_and(|token| configured.is(token)),
            None => !configured.is_set() && Local::from_request_without_body(request).await?.0,
        };
        if is_trusted {
            return Ok(Self::Trusted);
        }
        MaybeCaller::from_request(request, body, options).await.map(Self::Caller)
    }
}

/// The hash of the operator's token for the figures. Comparing hashes does not reveal how much of a
/// guess was right.
#[derive(Clone)]
pub(super) struct MetricsToken(Option<[u8; 32]>);

impl MetricsToken {
    pub fn new(configured: &str) -> Self {
        Self((!configured.is_empty()).then(|| Sha256::digest(configured).into()))
    }

    fn is_set(&self) -> bool {
        self.0.is_some()
    }

    fn is(&self, token: &str) -> bool {
        self.0.is_some_and(|hash| hash == <[u8; 32]>::from(Sha256::digest(token)))
    }
}

/// The content type for clients that do not know OpenMetrics: browsers show it as text.
pub(super) const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// Text in the format of OpenMetrics.
struct Exposition {
    text: String,
    is_plain: bool,
}

fn wants_plain_text(headers: &HeaderMap) -> bool {
    let accepted = || headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    let names = |kind: &str| accepted().any(|accepted| accepted.contains(kind));
    !names("application/openmetrics-text") && (names("text/plain") || names("text/html"))
}

impl Payload for Exposition {
    const CONTENT_TYPE: &'static str = metrics::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }
}

impl poem::IntoResponse for Exposition {
    fn into_response(self) -> poem::Response {
        let content_type = if self.is_plain { PLAIN_TEXT } else { Self::CONTENT_TYPE };
        poem::Response::builder().content_type(content_type).body(self.text)
    }
}
