//! `/docs` (Swagger UI), `/redoc` (ReDoc) and `/openapi.json`.
//!
//! Each page is one file with everything in it. Nothing is loaded from the internet: the one link
//! in ReDoc's page is removed, and the content security policy forbids other requests.

use std::sync::OnceLock;

use poem::{IntoEndpoint, Route, endpoint::make_sync, get};

use super::{file, openapi};
use crate::web::{self, File};

/// Scripts and styles are inline; ReDoc searches in a worker made from a blob.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
    style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; \
    worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub const HTML: &str = "text/html; charset=utf-8";

pub(super) fn add_to(route: Route) -> Route {
    route
        .at("/openapi.json", get(page("application/json", document)))
        .at(
            "/docs",
            get(page(HTML, || {
                let service = openapi::service();
                swagger_ui(&service.swagger_ui_html(), &service.spec(), &document())
            })),
        )
        .at(
            "/redoc",
            get(page(HTML, || {
                let service = openapi::service();
                redoc(&service.redoc_html(), &service.spec(), &document())
            })),
        )
}

fn document() -> String {
    serde_json::to_string_pretty(&openapi::document()).unwrap_or_default()
}

/// Swagger UI with the published document. It keeps the token over a reload, and uses no validator
/// on the internet.
fn swagger_ui(page: &str, as_made: &str, document: &str) -> String {
    let options = "deepLinking: true, persistAuthorization: true, validatorUrl: null,";
    page.replace(as_made, document).replacen("deepLinking: true,", options, 1).replacen(
        "<title>Swagger UI</title>",
        "<title>chatapp API</title>",
        1,
    )
}

/// ReDoc with the published document, without the fonts that it would load.
fn redoc(page: &str, as_made: &str, document: &str) -> String {
    let page = page.replace(as_made, document).replacen("<title>Redoc", "<title>chatapp API", 1);
    let Some(start) = page.find("<link href=\"https://fonts.googleapis.com/") else { return page };
    let end = page[start..].find('>').map_or(page.len(), |length| start + length + 1);
    format!("{}{}", &page[..start], &page[end..])
}

/// A document that stays the same while the server runs. It is made at the first request:
/// most servers never get one, and some documents need megabytes before they are compressed.
pub fn page(
    content_type: &'static str,
    make: fn() -> String,
) -> impl IntoEndpoint<Endpoint: 'static> {
    let made: OnceLock<(File, String)> = OnceLock::new();
    make_sync(move |request| {
        let (file, hash) = made.get_or_init(|| {
            let text = make();
            let hash = web::hash(text.as_bytes());
            (File::new(content_type, text.into()), hash)
        });
        file::answer_if_changed(file, hash, POLICY, request.headers())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_loads_anything_from_the_internet() {
        let service = openapi::service();
        let (as_made, document) = (service.spec(), openapi::document().to_string());
        let swagger = swagger_ui(&service.swagger_ui_html(), &as_made, &document);
        let redoc = redoc(&service.redoc_html(), &as_made, &document);
        for page in [&swagger, &redoc] {
            for load in ["<link", "src=\"http", "href=\"http", "@import", "<script src"] {
                let head = page.find("<script").unwrap();
                assert!(!page[..head].contains(load), "{load} before the first script");
            }
            assert!(!page.contains("fonts.googleapis.com"));
            assert!(page.contains(&document), "the document is in the page");
        }
        assert!(swagger.contains("persistAuthorization: true, validatorUrl: null"));
    }
}
