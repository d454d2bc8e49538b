//! All paths of the server: the API, the socket, and their documents.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, Response, get};

use crate::chat::Chat;
use crate::config;
use crate::http;
use crate::web::Site;
use crate::ws::{self, Sockets};

pub(crate) fn endpoint(
    chat: Chat,
    sockets: Sockets,
    counts: http::Counts,
    site: Arc<Site>,
    config: &config::Http,
) -> BoxEndpoint<'static, Response> {
    let routes = http::routes()
        .at("/ws", get(ws::connect))
        .at("/ws/:room_id", get(ws::connect_room))
        .at(
            "/asyncapi.json",
            get(http::page("application/json", || ws::asyncapi_document().to_string())),
        )
        .at("/docs/socket", get(http::page(http::HTML, ws::asyncapi::page)))
        .data(sockets)
        .data(site);
    http::serve(routes, chat, counts, config).boxed()
}
