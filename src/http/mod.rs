//! The HTTP API: the form of requests, and the rules' answers as JSON.
//!
//! One file per area of endpoints. [`routes`] makes the paths; [`serve`] puts the envelope around
//! them and around what else the server adds: the request's id, errors as problem documents, the
//! access log. No rule of the chat is here.

mod access;
mod address;
mod admin;
mod admin_rooms;
mod auth;
mod bots;
mod cors;
mod counts;
mod docs;
mod drafts;
mod dto;
mod envelope;
mod explain;
mod external;
mod extract;
mod failure;
mod file;
mod health;
mod hook_body;
mod hooks;
mod invites;
mod local;
mod members;
mod messages;
mod openapi;
mod origin;
mod outgoing_hooks;
mod payload;
mod people;
mod previews;
pub(crate) mod problem;
mod reactions;
mod rooms;
mod scheduled;
mod search;
mod target;
mod threads;
mod types;
mod watch;
mod web;

use std::collections::HashMap;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{Endpoint, IntoEndpoint, Response, Route, RouteMethod};
use poem_openapi::{OpenApi, Tags};

use crate::chat::Chat;
use crate::config;

#[cfg(any(fuzzing, test))]
pub(crate) use {address::Proxies, cors::Cors, local::is_local};

pub use openapi::document as openapi_document;
pub(crate) use {
    address::ClientAddress,
    counts::Counts,
    docs::{HTML, page},
    origin::AllowedOrigins,
};

/// The parts of the API, as the document shows them.
#[derive(Tags)]
enum Area {
    /// Accounts and sessions.
    #[oai(rename = "auth")]
    Auth,
    /// People, and what they show of themselves.
    #[oai(rename = "people")]
    People,
    /// Rooms, and who is in them.
    #[oai(rename = "rooms")]
    Rooms,
    /// Members of rooms, bans, and direct rooms.
    #[oai(rename = "members")]
    Members,
    /// Invites to rooms, and to the server.
    #[oai(rename = "invites")]
    Invites,
    /// Webhooks, by which other programs send to rooms.
    #[oai(rename = "hooks")]
    Hooks,
    /// Webhooks, by which other programs are told what happens in rooms.
    #[oai(rename = "outgoing_hooks")]
    OutgoingHooks,
    /// Messages, and the log they are part of.
    #[oai(rename = "messages")]
    Messages,
    /// The accounts of programs, their API tokens and their cursors.
    #[oai(rename = "bots")]
    Bots,
    /// Administration of accounts, and the audit log.
    #[oai(rename = "admin")]
    Admin,
    /// Health and figures of the server.
    #[oai(rename = "health")]
    Health,
}

type Api = (
    // A tuple has at most sixteen parts.
    (auth::AuthApi, external::ExternalApi),
    people::PeopleApi,
    rooms::RoomsApi,
    members::MembersApi,
    invites::InvitesApi,
    messages::MessagesApi,
    reactions::ReactionsApi,
    threads::ThreadsApi,
    previews::PreviewsApi,
    search::SearchApi,
    drafts::DraftsApi,
    scheduled::ScheduledApi,
    // A tuple has at most 16 parts.
    (
        bots::BotsApi,
        hooks::HooksApi,
        outgoing_hooks::OutgoingHooksApi,
        admin::AdminApi,
        admin_rooms::AdminRoomsApi,
        health::HealthApi,
        watch::WatchApi,
    ),
);

type Table = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// Every path of the API, of its documents and of the page, which needs an `Arc<Site>` as data. The
/// caller may add more, and then calls [`serve`].
pub(crate) fn routes() -> Route {
    let mut table = endpoints();
    // The original contract writes `/rooms/`; most clients leave the slash off.
    let mut same = endpoints();
    for path in [
        "/rooms/",
        "/users/",
        "/invites/",
        "/direct-rooms/",
        "/admin/rooms/",
        "/bots/",
        "/outgoing-hooks/",
    ] {
        if let Some(same) = same.remove(path) {
            table.insert(path.trim_end_matches('/').to_owned(), same);
        }
    }
    let api = table.into_iter().fold(Route::new(), |route, (path, methods)| {
        route.at(path, methods.into_iter().fold(RouteMethod::new(), |m, (k, ep)| m.method(k, ep)))
    });
    web::add_to(docs::add_to(api))
}

/// Puts the envelope around the routes.
pub(crate) fn serve(
    routes: impl IntoEndpoint<Endpoint: 'static>,
    chat: Chat,
    counts: Counts,
    http: &config::Http,
) -> impl Endpoint<Output = Response> + 'static {
    envelope::Envelope::new(routes.into_endpoint(), chat, counts, http)
}

fn api() -> Api {
    (
        (auth::AuthApi, external::ExternalApi),
        people::PeopleApi,
        rooms::RoomsApi,
        members::MembersApi,
        invites::InvitesApi,
        messages::MessagesApi,
        reactions::ReactionsApi,
        threads::ThreadsApi,
        previews::PreviewsApi,
        search::SearchApi,
        drafts::DraftsApi,
        scheduled::ScheduledApi,
        (
            bots::BotsApi,
            hooks::HooksApi,
            outgoing_hooks::OutgoingHooksApi,
            admin::AdminApi,
            admin_rooms::AdminRoomsApi,
            health::HealthApi,
            watch::WatchApi,
        ),
    )
}

fn endpoints() -> Table {
    let mut table = Table::new();
    api().add_routes(&mut table);
    table
}
