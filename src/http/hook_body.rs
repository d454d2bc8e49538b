//! What is sent to a webhook: the forms in which programs send Slack's payload, and the key of a retry.
//!
//! Unlike elsewhere, unknown fields and duplicate keys are accepted: the senders were not written for this server.

use poem::http::HeaderName;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaParamIn, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::{Binary, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;

use super::dto::{HookFormDto, HookPayloadDto};
use super::extract::{check_content_encoding, read};
use super::problem::Problem;
use crate::chat::Error;
use crate::model::ErrorCode;
use crate::model::json_keys::without_mark;
use crate::slack;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The message that was sent, as markdown.
pub(super) struct HookBody(pub String);

/// The header `Idempotency-Key`.
pub(super) struct IdempotencyKey(pub Option<String>);

impl<'a> ApiExtractor<'a> for HookBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        HookPayloadDto::register(registry);
        HookFormDto::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = |content_type, schema| MetaMediaType { content_type, schema };
        Some(MetaRequest {
            description: None,
            content: vec![
                content("application/json", HookPayloadDto::schema_ref()),
                content("application/x-www-form-urlencoded", HookFormDto::schema_ref()),
                content("text/plain", Binary::<Vec<u8>>::schema_ref()),
            ],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let declared = request.content_type().unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let parse = match &*essence {
            "application/json" => json,
            "application/x-www-form-urlencoded" => form,
            "text/plain" => plain,
            _ => return Err(unsupported().into()),
        };
        check_content_encoding(request)?;
        let bytes = read(request, body).await?;
        let text = parse(&bytes).map_err(Problem::from)?;
        let missing = || {
            let message = "must have something to show, or `blocks` or `attachments` must";
            Problem::from(Error::field("text", message))
        };
        Ok(Self(text.ok_or_else(missing)?))
    }
}

impl<'a> ApiExtractor<'a> for IdempotencyKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = false;
    type ParamType = String;
    type ParamRawType = String;

    fn register(registry: &mut Registry) {
        <String as Type>::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        let value = request.headers().get(IDEMPOTENCY_KEY);
        // The rules refuse every character that is not of ASCII.
        Ok(Self(value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())))
    }
}

fn unsupported() -> Problem {
    let types = "application/json, application/x-www-form-urlencoded or text/plain";
    Problem::new(ErrorCode::UnsupportedMediaType, format!("the body must be {types}"))
}

fn json(bytes: &[u8]) -> Result<Option<String>, Error> {
    let payload: Value = serde_json::from_slice(without_mark(bytes))
        .map_err(|error| Error::MalformedJson(error.to_string()))?;
    Ok(slack::payload(&payload))
}

fn form(bytes: &[u8]) -> Result<Option<String>, Error> {
    // `curl -d '{"text": "hi"}'` sends JSON, and declares it as a form.
    if bytes.trim_ascii_start().starts_with(b"{") {
        return json(bytes);
    }
    let field = |name| {
        let mut fields = url::form_urlencoded::parse(bytes);
        fields.find_map(|(key, value)| (key == name).then_some(value))
    };
    match (field("payload"), field("text")) {
        (Some(payload), _) => json(payload.as_bytes()),
        (None, Some(text)) => Ok(slack::text(&text)),
        (None, None) => Ok(None),
    }
}

fn plain(bytes: &[u8]) -> Result<Option<String>, Error> {
    Ok(slack::text(&String::from_utf8_lossy(without_mark(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_in_several_forms() {
        let hi = Ok(Some("hi there".to_owned()));
        assert_eq!(json(br#"{"text": "hi there", "icon_emoji": ":x:"}"#), hi);
        assert_eq!(form(br#"{"text": "hi there"}"#), hi);
        assert_eq!(form(b"text=hi+there&channel=%23x"), hi);
        assert_eq!(form(b"payload=%7B%22text%22%3A%22hi%20there%22%7D"), hi);
        assert_eq!(plain(b"hi there\n"), hi);
        for nothing in [&b""[..], b"channel=x", b"text="] {
            assert_eq!(form(nothing), Ok(None));
        }
        assert!(json(b"hi").is_err() && form(b"payload=hi").is_err());
        assert!(plain(b"\xff").unwrap().is_some());
    }
}
