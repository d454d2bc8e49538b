//! stub
use poem::{Request, Response, http::StatusCode};
pub fn refuse(_request: &Request, status: StatusCode, code: &str, detail: &str) -> Response {
    Response::builder().status(status).body(format!("{code}: {detail}"))
}
pub fn not_found(request: &Request) -> Response {
    refuse(request, StatusCode::NOT_FOUND, "not_found", "no such page")
}
