//! The address of the client: the one place that says where a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use poem::{FromRequest, Request, RequestBody};

/// The address that the client is counted by.
pub(super) struct ClientAddress(pub IpAddr);

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(client_address(request)))
    }
}

/// The other end of the TCP connection. Every listener here has one.
fn client_address(request: &Request) -> IpAddr {
    let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
    peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into())
}
