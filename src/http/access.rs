//! What an operation needs of its caller's token, as a part of its signature: [`Caller<Reads>`](super::extract::Caller).
//!
//! The token of a person who has signed in allows everything. An API token allows the parts of the API that are its
//! scopes.

use std::marker::PhantomData;

use poem_openapi::registry::{MetaSecurityScheme, Registry};

use crate::chat::Access;
use crate::model::Scope;

/// What an operation needs.
pub trait Needed: Send + Sync {
    const ACCESS: Access;
}

/// The operation reads.
pub struct Reads;
/// The operation sends messages, or changes what the account has sent.
pub struct Sends;
/// The operation changes rooms, members or invites.
pub struct ManagesRooms;
/// The operation administers.
pub struct Administers;
/// The operation is not about one room: a token that is limited to rooms does not allow it.
pub struct Everywhere<A>(PhantomData<A>);
/// The operation is for people who have signed in.
pub struct Person;

impl Needed for Reads {
    const ACCESS: Access = Access::Scope(Scope::Read);
}

impl Needed for Sends {
    const ACCESS: Access = Access::Scope(Scope::Send);
}

impl Needed for ManagesRooms {
    const ACCESS: Access = Access::Scope(Scope::Rooms);
}

impl Needed for Administers {
    const ACCESS: Access = Access::Everywhere(Scope::Admin);
}

impl<A: Needed> Needed for Everywhere<A> {
    const ACCESS: Access = match A::ACCESS {
        Access::Scope(scope) | Access::Everywhere(scope) => Access::Everywhere(scope),
        Access::Person => Access::Person,
    };
}

impl Needed for Person {
    const ACCESS: Access = Access::Person;
}

const LOGIN: &str = "bearer";

/// The schemes of the document, one of which an operation needs.
pub(super) fn schemes(access: Access) -> Vec<&'static str> {
    match access {
        Access::Person => vec![LOGIN],
        Access::Scope(scope) | Access::Everywhere(scope) => vec![LOGIN, of_scope(scope).0],
    }
}

/// The name and the description of the scheme of API tokens with this scope.
fn of_scope(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::Read => ("token_read", "An API token of a bot, with the scope `read`."),
        Scope::Send => ("token_send", "An API token of a bot, with the scope `send`."),
        Scope::Rooms => ("token_rooms", "An API token of a bot, with the scope `rooms`."),
        Scope::Admin => ("token_admin", "An API token of a bot, with the scope `admin`."),
    }
}

/// Registers the schemes that an operation with this access names.
pub(super) fn register(registry: &mut Registry, access: Access) {
    let login = "The `access_token` of `POST /auth/login`.";
    registry.create_security_scheme(LOGIN, bearer(login, Some("JWT")));
    if let Access::Scope(scope) | Access::Everywhere(scope) = access {
        let (name, description) = of_scope(scope);
        registry.create_security_scheme(name, bearer(description, None));
    }
}

fn bearer(description: &'static str, format: Option<&'static str>) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty: "http",
        description: Some(description),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: format,
        flows: None,
        openid_connect_url: None,
    }
}
