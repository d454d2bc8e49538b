//! stub
pub mod problem;
use crate::chat::Chat;
use crate::ws::Sockets;
use poem::{Endpoint, EndpointExt, Response, Route};
pub fn endpoint(
    chat: Chat,
    sockets: Sockets,
    _config: &crate::config::Http,
) -> poem::endpoint::BoxEndpoint<'static, Response> {
    let _ = chat;
    Route::new()
        .at("/ws", crate::ws::connect)
        .at("/ws/:room_id", crate::ws::connect_room)
        .data(sockets)
        .map_to_response()
        .boxed()
}
