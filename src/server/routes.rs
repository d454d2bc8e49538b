//! Every path of the server: the API and its documents, the socket and its own.

use poem::endpoint::BoxEndpoint;
use poem::http::header;
use poem::{Endpoint, EndpointExt, Response, endpoint::make_sync, get};

use crate::chat::Chat;
use crate::config;
use crate::http;
use crate::ws::{self, Sockets};

pub(super) fn endpoint(
    chat: Chat,
    sockets: Sockets,
    config: &config::Http,
) -> BoxEndpoint<'static, Response> {
    let routes = http::routes()
        .at("/ws", get(ws::connect))
        .at("/ws/:room_id", get(ws::connect_room))
        .at(
            "/asyncapi.json",
            get(document("application/json", ws::asyncapi::document().to_string())),
        )
        .at("/docs/socket", get(document("text/html; charset=utf-8", ws::asyncapi::page())))
        .data(sockets);
    http::serve(routes, chat, config).boxed()
}

/// A document that is the same for everybody as long as the server runs.
fn document(
    content_type: &'static str,
    body: String,
) -> impl Endpoint<Output = Response> + 'static {
    let body = bytes::Bytes::from(body);
    make_sync(move |_| {
        Response::builder()
            .content_type(content_type)
            .header(header::CACHE_CONTROL, "no-cache")
            .body(body.clone())
    })
}
