//! What people have written and not sent: `/rooms/{room_id}/draft`, `/users/me/drafts`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{DraftDto, DraftRequest};
use super::extract::{Body, Caller, Everywhere, Path, Query, Reads, Sends};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM, ROOM_OR_MESSAGE, STORE, TOKEN,
};
use super::members::Done;
use super::payload::Written;
use super::types::Number;
use crate::chat::Chat;
use crate::model::{EventId, RoomId};

pub(super) struct DraftsApi;

#[derive(ApiResponse)]
enum Saved {
    /// The draft as it is now.
    #[oai(status = 200)]
    Ok(Written<DraftDto>),
}

#[derive(ApiResponse)]
enum List {
    /// The drafts, the newest first.
    #[oai(status = 200)]
    Ok(Written<Vec<DraftDto>>),
}

#[OpenApi(tag = "Area::Messages")]
impl DraftsApi {
    /// Keep a draft
    ///
    /// The server keeps what the caller has written in a room or in a thread and has not sent, so that the caller finds
    /// it on every device. It replaces the draft that was there. At most 500 for an account. Sending a message does not
    /// delete the draft.
    #[oai(path = "/rooms/:room_id/draft", method = "put", operation_id = "save_draft")]
    async fn save(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<DraftRequest>,
    ) -> Result<
        Saved,
        Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | CONFLICT | PACE | STORE }>,
    > {
        let DraftRequest { content, thread_id } = body.0;
        let (room_id, thread_id) = (RoomId(room_id.0.0), thread_id.map(|id| EventId(id.0)));
        let draft = chat.save_draft(&caller.0, room_id, thread_id, content).await?;
        Ok(Saved::Ok(Written::of(&draft.into())?))
    }

    /// Delete a draft
    ///
    /// That of the room, or with `thread_id` that of a thread.
    #[oai(path = "/rooms/:room_id/draft", method = "delete", operation_id = "delete_draft")]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// A message of the thread that the draft is for. Without it, the draft for the room.
        thread_id: Query<Option<Number>>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | PACE | STORE }>> {
        let (room_id, thread_id) = (RoomId(room_id.0.0), thread_id.0.map(|id| EventId(id.0)));
        chat.delete_draft(&caller.0, room_id, thread_id).await?;
        Ok(Done::NoContent)
    }

    /// List the caller's drafts
    ///
    /// Those for rooms and threads that the caller may not read now are not in the list. They come back if the caller
    /// may read the room again.
    #[oai(path = "/users/me/drafts", method = "get", operation_id = "list_drafts")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
    ) -> Result<List, Failure<{ TOKEN | STORE }>> {
        let list = chat.list_drafts(&caller.0).await?;
        let list: Vec<DraftDto> = list.into_iter().map(Into::into).collect();
        Ok(List::Ok(Written::new(&list, 1_024)?))
    }
}
