//! Incoming webhooks: `/rooms/{room_id}/hooks` for those who make them, `/hooks/{token}` for those who send.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{HookDto, HookRequest};
use super::extract::{Body, Caller, Facts, ManagesRooms, Path};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, HOOK, HOOK_BODY, PACE, ROOM, ROOM_OR_HOOK, STORE,
    TOKEN,
};
use super::hook_body::{HookBody, IdempotencyKey};
use super::members::Done;
use super::payload::Written;
use super::types::Number;
use crate::chat::Chat;
use crate::model::{RoomId, UserId};

pub(super) struct HooksApi;

#[derive(ApiResponse)]
enum Made {
    /// The webhook was made.
    #[oai(status = 201)]
    Created(Written<HookDto>),
}

#[derive(ApiResponse)]
enum Hooks {
    /// The webhooks, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<HookDto>>),
}

#[derive(ApiResponse)]
enum Taken {
    /// The message was stored, by this request or an earlier one with the same `Idempotency-Key`: `ok`.
    #[oai(status = 200)]
    Ok(PlainText<&'static str>),
}

#[OpenApi(tag = "Area::Hooks")]
impl HooksApi {
    /// Make a webhook
    ///
    /// Needs a moderator. The answer has the path of the URL to which other programs send; it is shown only now. A webhook
    /// is a bot, which becomes a member of the room; it sends also where only moderators do. A room has at most 20
    /// webhooks: 409 `too_many_hooks`.
    #[oai(path = "/rooms/:room_id/hooks", method = "post", operation_id = "create_hook")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<HookRequest>,
    ) -> Result<Made, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM | CONFLICT | PACE | STORE }>> {
        let made = chat.create_hook(&caller.0, RoomId(room_id.0.0), body.0.name).await?;
        Ok(Made::Created(Written::of(&made.into())?))
    }

    /// List the webhooks of a room
    ///
    /// Needs a moderator.
    #[oai(path = "/rooms/:room_id/hooks", method = "get", operation_id = "list_hooks")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Hooks, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | CONFLICT | STORE }>> {
        let hooks = chat.list_hooks(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Hooks::Ok(Written::of(&hooks.into_iter().map(HookDto::from).collect())?))
    }

    /// Delete a webhook
    ///
    /// Needs a moderator. Its URL is refused from now on, its bot is deactivated and leaves the room. Its messages stay
    /// under its name.
    #[oai(path = "/rooms/:room_id/hooks/:hook_id", method = "delete", operation_id = "delete_hook")]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        /// The webhook's id.
        hook_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_HOOK | CONFLICT | STORE }>>
    {
        let (room_id, hook_id) = (RoomId(room_id.0.0), UserId(hook_id.0.0));
        chat.delete_hook(&caller.0, room_id, hook_id).await?;
        Ok(Done::NoContent)
    }

    /// Send to a webhook
    ///
    /// Takes what programs send to Slack's incoming webhooks; the token in the path is the only credential. Unknown fields
    /// are ignored, also `username`, `icon_emoji` and `channel`: a webhook has its own name and room. Slack's mrkdwn
    /// becomes markdown. A text that is too long for a message is cut. People whose usernames are in the text are
    /// mentioned; `@room` and `@here` mention nobody. Unknown tokens and those of deleted webhooks get the same answer.
    #[oai(path = "/hooks/:token", method = "post", operation_id = "send_to_hook")]
    async fn send(
        &self,
        chat: Data<&Chat>,
        request: &Request,
        /// The secret of the webhook.
        token: Path<String>,
        /// A name of the sender's own for this message, 1 to 64 visible characters of ASCII. If it was used before, nothing
        /// is stored. Without it, a second request is a second message.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        body: HookBody,
    ) -> Result<Taken, Failure<{ HOOK_BODY | FORBIDDEN | HOOK | CONFLICT | PACE | STORE }>> {
        let hook = chat.find_hook(&token.0).await?;
        if let Some(facts) = request.data::<Arc<Facts>>() {
            facts.set_user_id(hook.bot.user_id);
        }
        chat.send_to_hook(&hook, &body.0, key.0).await?;
        Ok(Taken::Ok(PlainText("ok")))
    }
}
