//! What the fleet asks of the database.

use crate::model::{Audience, Event, RoomDifference, RoomHead, RoomId};
use crate::realtime::ReplyTo;
use crate::storage::{Result, Store, backend};

/// The database as the fleet uses it. The simulation has another one.
pub trait Database: Clone + Send + Sync + 'static {
    /// Whether several servers can use it.
    fn is_shared(&self) -> bool;

    /// See `Upkeep`.
    fn get_data_version(&self) -> impl Future<Output = Result<Option<i64>>> + Send;

    /// See `Rooms`.
    fn list_changed_rooms(
        &self,
        known: Vec<RoomHead>,
        finds_new: bool,
    ) -> impl Future<Output = Result<Vec<RoomDifference>>> + Send;

    /// See `Events`.
    fn list_new_events(
        &self,
        known: Vec<RoomHead>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Result<Vec<Event>>>>> + Send;

    /// See `Members`. Rooms that do not exist are left out.
    fn get_audiences(
        &self,
        rooms: Vec<RoomId>,
    ) -> impl Future<Output = Result<Vec<Audience>>> + Send;

    /// Runs a call on the connection of the fleet.
    fn on_fleet<R: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn backend::Fleet) -> Result<R> + Send + 'static,
    ) -> impl Future<Output = Result<R>> + Send;
}

impl Database for Store<ReplyTo> {
    fn is_shared(&self) -> bool {
        self.is_shared()
    }

    async fn get_data_version(&self) -> Result<Option<i64>> {
        self.read(|backend| backend.get_data_version()).await
    }

    async fn list_changed_rooms(
        &self,
        known: Vec<RoomHead>,
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>> {
        self.read(move |backend| backend.list_changed_rooms(&known, finds_new)).await
    }

    async fn list_new_events(
        &self,
        known: Vec<RoomHead>,
        limit: u32,
    ) -> Result<Vec<Result<Vec<Event>>>> {
        self.read(move |backend| backend.list_new_events(&known, limit)).await
    }

    async fn get_audiences(&self, rooms: Vec<RoomId>) -> Result<Vec<Audience>> {
        let get = move |backend: &dyn backend::Backend| {
            rooms.iter().filter_map(|&id| backend.get_audience(id).transpose()).collect()
        };
        self.read(get).await
    }

    async fn on_fleet<R: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn backend::Fleet) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.on_fleet(call).await
    }
}
