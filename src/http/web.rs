//! The page: `/`, its files under `/assets`, and `/favicon.ico`.

use poem::http::{StatusCode, header};
use poem::{Request, Response, Route, endpoint::make_sync, get};

use super::file;
use super::problem::Problem;
use crate::web::Bundle;

/// Nothing but the server's own files and sockets; no HTML and no script made from text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; \
    frame-ancestors 'none'";

/// What may be kept for ever: its address has a hash in it.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const ICON: &str = "icon.svg";

pub(super) fn add_to(route: Route) -> Route {
    route
        .at("/", get(make_sync(|request| index(Bundle::get(), &request))))
        .at("/favicon.ico", get(make_sync(|request| icon(Bundle::get(), &request))))
        .at("/assets/:hash/*path", get(make_sync(|request| asset(Bundle::get(), &request))))
}

fn index(bundle: &Bundle, request: &Request) -> Response {
    file::answer_if_changed(&bundle.index, &bundle.hash, POLICY, request.headers())
}

/// For browsers that ask before they have read a page, and for pages that name no icon.
fn icon(bundle: &Bundle, request: &Request) -> poem::Result<Response> {
    let icon = bundle.file(ICON).ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    Ok(file::answer_if_changed(icon, &bundle.hash, POLICY, request.headers()))
}

fn asset(bundle: &Bundle, request: &Request) -> poem::Result<Response> {
    let (hash, path) = request.path_params::<(String, String)>()?;
    // An address of another version must not be kept with this one's bytes.
    let file = bundle.file(&path).filter(|_| hash == bundle.hash);
    let file = file.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let mut response = file::answer(file, POLICY, request.headers());
    file::set(response.headers_mut(), header::CACHE_CONTROL, FOR_EVER);
    Ok(response)
}
