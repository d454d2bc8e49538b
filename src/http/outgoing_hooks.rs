//! Outgoing webhooks: `/outgoing-hooks`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{
    DeliveryDto, FailingRoomDto, OutgoingHookChangeRequest, OutgoingHookDto, OutgoingHookRequest,
    OutgoingHookSecretDto, ReplayRequest,
};
use super::extract::{Administers, Body, Caller, Path, Query};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, HOOK, ROOM_OR_HOOK, STORE, TOKEN, USER,
};
use super::members::Done;
use super::payload::Written;
use super::types::{Int, Number, Position};
use crate::chat::{Chat, DEFAULT_DELIVERIES_PAGE, MAX_DELIVERIES_PAGE};
use crate::model::{OutgoingHookId, Replay, UserId};

pub(super) struct OutgoingHooksApi;

type DeliveriesLimit = Int<1, { MAX_DELIVERIES_PAGE as i64 }>;

#[derive(ApiResponse)]
enum Made {
    /// The webhook was made.
    #[oai(status = 201)]
    Created(Written<OutgoingHookSecretDto>),
}

#[derive(ApiResponse)]
enum Rotated {
    /// The webhook has another secret.
    #[oai(status = 200)]
    Ok(Written<OutgoingHookSecretDto>),
}

#[derive(ApiResponse)]
enum Hooks {
    /// The webhooks, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<OutgoingHookDto>>),
}

#[derive(ApiResponse)]
enum OneHook {
    /// The webhook.
    #[oai(status = 200)]
    Ok(Written<OutgoingHookDto>),
}

#[derive(ApiResponse)]
enum Failing {
    /// The rooms, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<FailingRoomDto>>),
}

#[derive(ApiResponse)]
enum Deliveries {
    /// The attempts, newest first.
    #[oai(status = 200)]
    Ok(Written<Vec<DeliveryDto>>),
}

#[OpenApi(prefix_path = "/outgoing-hooks", tag = "Area::OutgoingHooks")]
impl OutgoingHooksApi {
    /// Make an outgoing webhook
    ///
    /// Needs an admin. From now on the events of the rooms that the bot may read are sent to the URL, by the Standard
    /// Webhooks specification: a POST of JSON with `type` (the kind of event), `timestamp` and `data` (the event, as in
    /// `GET /rooms/{room_id}/events`), signed with the secret of the answer, which is shown only now. The events of a room
    /// arrive in order, each at least once: `webhook-id` is the same for the same event. An answer other than 2xx is a
    /// failure, also a redirect; the event is tried again for three days. 410 pauses the webhook. What the bot itself
    /// does is not sent. A server has at most 100 of these webhooks: 409 `too_many_hooks`.
    #[oai(path = "/", method = "post", operation_id = "create_outgoing_hook")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        body: Body<OutgoingHookRequest>,
    ) -> Result<Made, Failure<{ BODY | TOKEN | FORBIDDEN | USER | CONFLICT | STORE }>> {
        let (user_id, url, filter) = body.0.into_parts();
        let act =
            move |admin: &crate::chat::Admin<'_>| admin.create_outgoing_hook(user_id, &url, filter);
        let made = chat.administer(&caller.0, act).await?;
        chat.hooks_changed();
        Ok(Made::Created(Written::of(&made.into())?))
    }

    /// List the outgoing webhooks
    ///
    /// Needs an admin.
    #[oai(path = "/", method = "get", operation_id = "list_outgoing_hooks")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// Only those of this bot.
        user_id: Query<Option<Number>>,
    ) -> Result<Hooks, Failure<{ FIELDS | TOKEN | FORBIDDEN | USER | STORE }>> {
        let user_id = user_id.0.map(|id| UserId(id.0));
        let hooks =
            chat.inspect(&caller.0, move |admin| admin.list_outgoing_hooks(user_id)).await?;
        Ok(Hooks::Ok(Written::of(&hooks.into_iter().map(OutgoingHookDto::from).collect())?))
    }

    /// Get an outgoing webhook
    ///
    /// Needs an admin.
    #[oai(path = "/:hook_id", method = "get", operation_id = "get_outgoing_hook")]
    async fn get(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
    ) -> Result<OneHook, Failure<{ FIELDS | TOKEN | FORBIDDEN | HOOK | STORE }>> {
        let id = OutgoingHookId(hook_id.0.0);
        let hook = chat.inspect(&caller.0, move |admin| admin.get_outgoing_hook(id)).await?;
        Ok(OneHook::Ok(Written::of(&hook.into())?))
    }

    /// Change an outgoing webhook
    ///
    /// Needs an admin.
    #[oai(path = "/:hook_id", method = "patch", operation_id = "update_outgoing_hook")]
    async fn change(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
        body: Body<OutgoingHookChangeRequest>,
    ) -> Result<OneHook, Failure<{ BODY | TOKEN | FORBIDDEN | HOOK | STORE }>> {
        let (id, draft) = (OutgoingHookId(hook_id.0.0), body.0.into());
        let hook =
            chat.administer(&caller.0, move |admin| admin.change_outgoing_hook(id, draft)).await?;
        chat.hooks_changed();
        Ok(OneHook::Ok(Written::of(&hook.into())?))
    }

    /// Delete an outgoing webhook
    ///
    /// Needs an admin.
    #[oai(path = "/:hook_id", method = "delete", operation_id = "delete_outgoing_hook")]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | HOOK | STORE }>> {
        let id = OutgoingHookId(hook_id.0.0);
        chat.administer(&caller.0, move |admin| admin.delete_outgoing_hook(id)).await?;
        Ok(Done::NoContent)
    }

    /// Give an outgoing webhook another secret
    ///
    /// Needs an admin. The new secret is shown only now. For a day, requests are signed with the one before too.
    #[oai(path = "/:hook_id/secret", method = "post", operation_id = "rotate_hook_secret")]
    async fn rotate(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
    ) -> Result<Rotated, Failure<{ FIELDS | TOKEN | FORBIDDEN | HOOK | STORE }>> {
        let id = OutgoingHookId(hook_id.0.0);
        let made = chat.administer(&caller.0, move |admin| admin.rotate_hook_secret(id)).await?;
        Ok(Rotated::Ok(Written::of(&made.into())?))
    }

    /// Deliver events again
    ///
    /// Needs an admin. Without a room: what could not be delivered is tried again now, also where it was given up. With
    /// `room_id` and `after_seq`: the events of the room after this position are delivered, again or for the first time;
    /// a position after that of an event leaves it out.
    #[oai(path = "/:hook_id/replay", method = "post", operation_id = "replay_outgoing_hook")]
    async fn replay(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
        body: Body<ReplayRequest>,
    ) -> Result<Done, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_HOOK | STORE }>> {
        let (id, replay) = (OutgoingHookId(hook_id.0.0), Replay::try_from(body.0)?);
        chat.administer(&caller.0, move |admin| admin.replay_outgoing_hook(id, replay)).await?;
        chat.hooks_changed();
        Ok(Done::NoContent)
    }

    /// List the rooms where events cannot be delivered
    ///
    /// Needs an admin. Returns the first hundred rooms whose next event could not be delivered so far.
    #[oai(path = "/:hook_id/failing", method = "get", operation_id = "list_failing_rooms")]
    async fn failing(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
    ) -> Result<Failing, Failure<{ FIELDS | TOKEN | FORBIDDEN | HOOK | STORE }>> {
        let id = OutgoingHookId(hook_id.0.0);
        let rooms = chat.inspect(&caller.0, move |admin| admin.list_failing_rooms(id)).await?;
        Ok(Failing::Ok(Written::of(&rooms.into_iter().map(FailingRoomDto::from).collect())?))
    }

    /// List the attempts to deliver
    ///
    /// Needs an admin. The last thousand attempts of a webhook are kept.
    #[oai(path = "/:hook_id/deliveries", method = "get", operation_id = "list_deliveries")]
    async fn deliveries(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The webhook's id.
        hook_id: Path<Number>,
        /// The attempts with a smaller id.
        before: Query<Option<Position>>,
        /// The most attempts to return.
        #[oai(default = "default_deliveries")]
        limit: Query<DeliveriesLimit>,
    ) -> Result<Deliveries, Failure<{ FIELDS | TOKEN | FORBIDDEN | HOOK | STORE }>> {
        let (id, before) = (OutgoingHookId(hook_id.0.0), before.0.map(|before| before.0));
        // A number beyond u32 becomes 0, which the rules reject.
        let limit = u32::try_from(limit.0.0).unwrap_or(0);
        let list =
            chat.inspect(&caller.0, move |admin| admin.list_deliveries(id, before, limit)).await?;
        Ok(Deliveries::Ok(Written::of(&list.into_iter().map(DeliveryDto::from).collect())?))
    }
}

fn default_deliveries() -> DeliveriesLimit {
    Int(DEFAULT_DELIVERIES_PAGE.into())
}
