//! Reactions and pins: `/rooms/{room_id}/messages/{message_id}/reactions`, `/rooms/{room_id}/pins`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};
use serde::Serialize;

use super::Area;
use super::dto::{PersonDto, PinDto};
use super::extract::{Caller, Path, Reads, Sends};
use super::failure::{
    CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM, ROOM_OR_MESSAGE, STORE, TOKEN,
};
use super::members::Done;
use super::payload::Written;
use super::types::Number;
use crate::chat::Chat;
use crate::model::{EventId, Message, Person, RoomId, Timestamp};
use crate::storage::backend::Pin;

pub(super) struct ReactionsApi;

/// The failures of a change.
type Changed<T> =
    Result<T, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | CONFLICT | PACE | STORE }>>;

#[derive(ApiResponse)]
enum People {
    /// The people, in the order of their reactions; at most 1,000.
    #[oai(status = 200)]
    Ok(Written<Vec<PersonDto>>),
}

#[derive(ApiResponse)]
enum Pins {
    /// The pinned messages, the newest pin first.
    #[oai(status = 200)]
    Ok(Written<Vec<PinDto>>),
}

#[OpenApi(prefix_path = "/rooms", tag = "Area::Messages")]
impl ReactionsApi {
    /// React to a message
    ///
    /// The members of the room get the event `reaction_added`; reactions of many people at once are one event. A
    /// message may have 20 different emojis.
    #[oai(
        path = "/:room_id/messages/:message_id/reactions/:emoji",
        method = "put",
        operation_id = "add_reaction"
    )]
    async fn add(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        /// An emoji of Unicode, or its short name such as `:tada:`.
        emoji: Path<String>,
    ) -> Changed<Done> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        chat.react(&caller.0, room_id, id, &emoji.0, true).await?;
        Ok(Done::NoContent)
    }

    /// Take a reaction back
    ///
    /// The members of the room get the event `reaction_removed`.
    #[oai(
        path = "/:room_id/messages/:message_id/reactions/:emoji",
        method = "delete",
        operation_id = "remove_reaction"
    )]
    async fn remove(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        /// An emoji of Unicode, or its short name such as `:tada:`.
        emoji: Path<String>,
    ) -> Changed<Done> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        chat.react(&caller.0, room_id, id, &emoji.0, false).await?;
        Ok(Done::NoContent)
    }

    /// List who reacted with an emoji
    ///
    /// Those who reacted first at the front.
    #[oai(
        path = "/:room_id/messages/:message_id/reactions/:emoji",
        method = "get",
        operation_id = "list_reactors"
    )]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        /// An emoji of Unicode, or its short name such as `:tada:`.
        emoji: Path<String>,
    ) -> Result<People, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_MESSAGE | STORE }>> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let people = chat.list_reactors(&caller.0, room_id, id, &emoji.0).await?;
        let people = people.into_iter().map(PersonDto::from).collect();
        Ok(People::Ok(Written::of(&people)?))
    }

    /// List the pinned messages of a room
    ///
    /// The newest pin first.
    #[oai(path = "/:room_id/pins", method = "get", operation_id = "list_pins")]
    async fn pins(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Pins, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | STORE }>> {
        #[derive(Serialize)]
        struct Entry<'a> {
            message: &'a Message,
            pinned_by: &'a Person,
            pinned_at: Timestamp,
        }
        let pins = chat.list_pins(&caller.0, RoomId(room_id.0.0)).await?;
        let mut entries = Vec::with_capacity(pins.len());
        for Pin { message, pinned_by, pinned_at } in &pins {
            entries.push(Entry { message, pinned_by, pinned_at: *pinned_at });
        }
        Ok(Pins::Ok(Written::new(&entries, 1_024)?))
    }

    /// Pin a message
    ///
    /// Members who may send to the room may pin; in a direct room everybody. A room has at most 50 pinned messages.
    /// The members of the room get the event `message_pinned`.
    #[oai(path = "/:room_id/pins/:message_id", method = "put", operation_id = "pin_message")]
    async fn pin(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
    ) -> Changed<Done> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        chat.pin_message(&caller.0, room_id, id, true).await?;
        Ok(Done::NoContent)
    }

    /// Unpin a message
    ///
    /// For those who may pin it. The members of the room get the event `message_unpinned`.
    #[oai(path = "/:room_id/pins/:message_id", method = "delete", operation_id = "unpin_message")]
    async fn unpin(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Sends>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
    ) -> Changed<Done> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        chat.pin_message(&caller.0, room_id, id, false).await?;
        Ok(Done::NoContent)
    }
}
