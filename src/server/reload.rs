//! Applies changed settings while the server runs (SIGHUP).

use std::sync::Arc;

use arc_swap::ArcSwap;
use poem::Response;
use poem::endpoint::BoxEndpoint;

use super::routes;
use crate::chat::Chat;
use crate::config::{self, Config};
use crate::http::Counts;
use crate::logging;
use crate::web::Site;
use crate::ws::Sockets;

/// The endpoint that answers requests. It is replaced when the settings are read again.
pub(super) type Endpoint = ArcSwap<BoxEndpoint<'static, Response>>;

/// The current settings, and the parts that use them.
pub(super) struct Live {
    config: Config,
    chat: Chat,
    sockets: Sockets,
    counts: Counts,
    endpoint: Arc<Endpoint>,
}

impl Live {
    pub fn new(config: Config, chat: Chat, sockets: Sockets, site: Site) -> Self {
        let counts = Counts::new(chat.metrics());
        let site = Arc::new(site);
        let endpoint =
            routes::endpoint(chat.clone(), sockets.clone(), counts.clone(), site, &config.http);
        let endpoint = Arc::new(ArcSwap::from_pointee(endpoint));
        Self { config, chat, sockets, counts, endpoint }
    }

    pub fn endpoint(&self) -> Arc<Endpoint> {
        self.endpoint.clone()
    }

    /// Applies new settings, and logs which changes need a restart. If the settings have an error, nothing
    /// is changed.
    pub fn reload(&mut self, read: anyhow::Result<Config>) {
        let read = read.and_then(|next| Ok((Site::load(&next.branding)?, next)));
        let (site, next) = match read {
            Ok(next) => next,
            Err(error) => {
                tracing::error!("the settings were not read again: {error:#}");
                return;
            }
        };
        if let Err(error) = logging::set_level(&next.log) {
            tracing::error!(%error, "log.level cannot be used");
        }
        self.chat.reconfigure(&next.auth, &next.rooms, &next.limits);
        let (chat, sockets) = (self.chat.clone(), self.sockets.clone());
        let counts = self.counts.clone();
        let endpoint = routes::endpoint(chat, sockets, counts, Arc::new(site), &next.http);
        self.endpoint.store(Arc::new(endpoint));
        let (live, others): (Vec<_>, Vec<_>) =
            config::changed(&self.config, &next).into_iter().partition(|key| config::is_live(key));
        tracing::info!(changed = live.join(", "), "the settings were read again");
        if !others.is_empty() {
            tracing::warn!(settings = others.join(", "), "these changes need a restart");
        }
        self.config = next;
    }
}
