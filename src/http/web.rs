//! The page: `/`, its files under `/assets`, and `/favicon.ico`; and `/embed.js`, for pages of other sites.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::http::header::{self, HeaderName};
use poem::{Request, Response, Route, endpoint::make_sync, get};

use super::file;
use super::problem::Problem;
use crate::web::{Embed, Site};

/// Allows only the server's own files and sockets, and no HTML or script made from text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; \
    frame-ancestors 'none'";

/// An SVG that is opened as a page runs no script and loads nothing, whatever is in it.
const LOGO_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A script that is opened as a page does nothing.
const SCRIPT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For files that may be cached for ever: their address contains a hash.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) fn add_to(route: Route) -> Route {
    route
        .at("/", get(make_sync(|request| Ok::<_, poem::Error>(index(site(&request)?, &request)))))
        .at("/favicon.ico", get(make_sync(|request| icon(site(&request)?, &request))))
        .at("/embed.js", get(make_sync(|request| Ok::<_, poem::Error>(embed(&request)))))
        .at("/assets/:hash/*path", get(make_sync(|request| asset(site(&request)?, &request))))
}

fn site(request: &Request) -> poem::Result<&Site> {
    let site = request.data::<Arc<Site>>().map(AsRef::as_ref);
    // The server adds it to every request.
    site.ok_or_else(|| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into())
}

fn index(site: &Site, request: &Request) -> Response {
    file::answer_if_changed(site.index(), site.hash(), POLICY, request.headers())
}

/// For browsers that ask before they have read a page, and for pages without an icon.
fn icon(site: &Site, request: &Request) -> poem::Result<Response> {
    let icon = site.file(site.icon()).ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let policy = policy_of(site, site.icon());
    Ok(file::answer_if_changed(icon, site.hash(), policy, request.headers()))
}

/// Every page may load the script. Which pages may use the API with it, the settings say.
fn embed(request: &Request) -> Response {
    let Embed { file, hash } = Embed::get();
    let mut response = file::answer_if_changed(file, hash, SCRIPT_POLICY, request.headers());
    let headers = response.headers_mut();
    file::set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    // For pages that isolate themselves (`Cross-Origin-Embedder-Policy`).
    file::set(headers, RESOURCE_POLICY, "cross-origin");
    response
}

fn asset(site: &Site, request: &Request) -> poem::Result<Response> {
    let (hash, path) = request.path_params::<(String, String)>()?;
    // A file of another version must not be cached with this version's bytes.
    let file = site.file(&path).filter(|_| hash == site.hash());
    let file = file.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let mut response = file::answer(file, policy_of(site, &path), request.headers());
    file::set(response.headers_mut(), header::CACHE_CONTROL, FOR_EVER);
    Ok(response)
}

fn policy_of(site: &Site, path: &str) -> &'static str {
    if site.is_logo(path) { LOGO_POLICY } else { POLICY }
}
