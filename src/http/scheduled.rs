//! Messages that are sent later: `/rooms/{room_id}/scheduled`, `/users/me/scheduled`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{ScheduleRequest, ScheduledChangeRequest, ScheduledDto};
use super::extract::{Body, Caller, Everywhere, Path, Reads, Sends};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM_OR_MESSAGE, SCHEDULED, STORE, TOKEN,
};
use super::payload::Written;
use super::types::Number;
use crate::chat::Chat;
use crate::model::RoomId;

pub(super) struct ScheduledApi;

#[derive(ApiResponse)]
enum Created {
    /// It was scheduled.
    #[oai(status = 201)]
    Created(Written<ScheduledDto>),
}

#[derive(ApiResponse)]
enum Changed {
    /// The message as it is now.
    #[oai(status = 200)]
    Ok(Written<ScheduledDto>),
}

#[derive(ApiResponse)]
enum List {
    /// The messages, those that are sent first at the front.
    #[oai(status = 200)]
    Ok(Written<Vec<ScheduledDto>>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is not sent.
    #[oai(status = 204)]
    NoContent,
}

#[OpenApi(tag = "Area::Messages")]
impl ScheduledApi {
    /// Schedule a message
    ///
    /// The server sends it at `send_at`, if the caller may then still send to the room; otherwise it stays in the list
    /// with `failure`. At most 100 for an account. The same message for the same time is stored once: a request whose answer
    /// was lost can be repeated.
    #[oai(path = "/rooms/:room_id/scheduled", method = "post", operation_id = "schedule_message")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<ScheduleRequest>,
    ) -> Result<
        Created,
        Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | CONFLICT | PACE | STORE }>,
    > {
        let thread_id = body.0.thread_id();
        let ScheduleRequest { content, send_at, .. } = body.0;
        let room_id = RoomId(room_id.0.0);
        let created = chat.schedule(&caller.0, room_id, content, thread_id, send_at.0).await?;
        Ok(Created::Created(Written::of(&created.into())?))
    }

    /// List the caller's scheduled messages
    ///
    /// Those that are sent first at the front.
    #[oai(path = "/users/me/scheduled", method = "get", operation_id = "list_scheduled")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
    ) -> Result<List, Failure<{ TOKEN | STORE }>> {
        let list = chat.list_scheduled(&caller.0).await?;
        let list: Vec<ScheduledDto> = list.into_iter().map(Into::into).collect();
        Ok(List::Ok(Written::new(&list, 1_024)?))
    }

    /// Change a scheduled message
    ///
    /// One that could not be sent is sent again, at its time or at once.
    #[oai(
        path = "/users/me/scheduled/:scheduled_id",
        method = "patch",
        operation_id = "update_scheduled"
    )]
    async fn update(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Sends>>,
        /// The scheduled message's id.
        scheduled_id: Path<Number>,
        body: Body<ScheduledChangeRequest>,
    ) -> Result<Changed, Failure<{ BODY | TOKEN | SCHEDULED | PACE | STORE }>> {
        let changed = chat.update_scheduled(&caller.0, scheduled_id.0.0, body.0.into()).await?;
        Ok(Changed::Ok(Written::of(&changed.into())?))
    }

    /// Delete a scheduled message
    ///
    /// It is not sent then.
    #[oai(
        path = "/users/me/scheduled/:scheduled_id",
        method = "delete",
        operation_id = "delete_scheduled"
    )]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Sends>>,
        /// The scheduled message's id.
        scheduled_id: Path<Number>,
    ) -> Result<Deleted, Failure<{ FIELDS | TOKEN | SCHEDULED | STORE }>> {
        chat.delete_scheduled(&caller.0, scheduled_id.0.0).await?;
        Ok(Deleted::NoContent)
    }
}
