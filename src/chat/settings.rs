//! The settings of the rules that can change while the server runs.

use std::sync::Arc;
use std::time::Duration;

use super::pace::Pace;
use super::{Chat, throttle};
use crate::config::{AdminSignup, Auth, Limits, RoomCreators, Rooms, Signup, Switch};
use crate::model::UserId;

const SECOND: Duration = Duration::from_secs(1);

/// Replaced as a whole, so that no rule sees a part of a change.
pub(super) struct Settings {
    pub limits: Limits,
    pub signup: Signup,
    pub admin_signup: AdminSignup,
    pub room_creators: RoomCreators,
    pub query_token: Switch,
    pub reset_seconds: u32,
    pub min_password_chars: usize,
    pub login_failures: throttle::Allowed,
    pub sends: Arc<Pace<UserId>>,
    pub joins: Arc<Pace<UserId>>,
    pub searches: Arc<Pace<UserId>>,
    pub previews: Arc<Pace<UserId>>,
}

impl Settings {
    pub fn new(auth: &Auth, rooms: &Rooms, limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            signup: auth.signup,
            admin_signup: auth.admin_signup,
            room_creators: rooms.create,
            query_token: auth.query_token,
            reset_seconds: auth.reset_seconds,
            min_password_chars: auth.min_password_chars,
            login_failures: throttle::Allowed::new(auth),
            sends: Arc::new(Pace::new(limits.sends_per_second, SECOND)),
            joins: Arc::new(Pace::new(limits.joins_per_second, SECOND)),
            searches: Arc::new(Pace::new(limits.searches_per_second, SECOND)),
            previews: Arc::new(Pace::new(limits.previews_per_second, SECOND)),
        }
    }

    /// A pace whose limit is unchanged keeps its counters.
    fn keep_counts_of(&mut self, before: &Self) {
        if self.limits.sends_per_second == before.limits.sends_per_second {
            self.sends = before.sends.clone();
        }
        if self.limits.joins_per_second == before.limits.joins_per_second {
            self.joins = before.joins.clone();
        }
        if self.limits.searches_per_second == before.limits.searches_per_second {
            self.searches = before.searches.clone();
        }
        if self.limits.previews_per_second == before.limits.previews_per_second {
            self.previews = before.previews.clone();
        }
    }
}

impl Chat {
    /// Applies these settings, as far as they can change while the server runs: see
    /// [`config::is_live`](crate::config::is_live). Requests under way finish with the old
    /// settings.
    pub fn reconfigure(&self, auth: &Auth, rooms: &Rooms, limits: &Limits) {
        let mut settings = Settings::new(auth, rooms, limits);
        settings.keep_counts_of(&self.inner.settings.load());
        self.inner.settings.store(Arc::new(settings));
    }
}
