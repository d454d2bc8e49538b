//! What one connection may do and what happens next: a pure state machine. It reads no socket,
//! no clock and no database; [`Session::on`] takes what happened and says what to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::command::{ClientFrame, Command, Send, Subscribe};
use crate::chat::{Draft, Error};
use crate::model::{Event, RoomId, Seq};
use crate::realtime::frame::ServerFrame;
use crate::realtime::{CloseCode, Start};

/// Seconds after which a client is told to try again when the server is busy.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The most messages that `history` gives; more are a matter for the HTTP API.
const MAX_HISTORY: u32 = 200;

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A text frame came.
    Text(String),
    /// A binary frame came.
    Binary,
    /// [`Action::OpenRoom`] found the room.
    RoomOpened { subscribe: Subscribe, reference: Option<String>, head: Seq },
    /// [`Action::OpenRoom`] failed.
    RoomRefused { room_id: RoomId, reference: Option<String>, error: Error },
    /// The hub needs the events after `cursor`, or (`None`) the head of the room.
    Behind { room_id: RoomId, cursor: Option<Seq> },
    /// [`Action::ReadEvents`] read these.
    Events { room_id: RoomId, events: Vec<Event> },
    /// [`Action::ReadHead`] read this.
    Head { room_id: RoomId, head: Seq },
    /// A read for a room failed.
    ReadFailed { room_id: RoomId, error: Error },
    /// A send was not stored.
    SendFailed { reference: Option<String>, error: Error },
    /// The hub took the connection out of a room that is gone.
    RoomGone(RoomId),
}

/// What to do, in this order.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Look whether the room exists and may be entered.
    OpenRoom {
        subscribe: Subscribe,
        reference: Option<String>,
    },
    Join {
        room_id: RoomId,
        start: Start,
        reference: Option<String>,
    },
    Leave {
        room_id: RoomId,
        farewell: Option<Vec<u8>>,
    },
    /// Queue a message for storage.
    Post {
        draft: Draft,
        reference: Option<String>,
        wants_ack: bool,
    },
    /// Read the next events after this seq.
    ReadEvents {
        room_id: RoomId,
        after: Seq,
    },
    ReadHead {
        room_id: RoomId,
    },
    /// Give the hub what was read.
    SendPage {
        room_id: RoomId,
        events: Vec<Event>,
    },
    TellHead {
        room_id: RoomId,
        head: Seq,
    },
    Typing {
        room_id: RoomId,
    },
    /// Send whole frames.
    Reply(Vec<u8>),
    Close(CloseCode),
}

pub struct Session {
    /// The room of `/ws/{room_id}`: frames that name no room mean it.
    only_room: Option<RoomId>,
    /// Rooms joined or about to be.
    rooms: BTreeSet<RoomId>,
    max_rooms: usize,
    epoch: Arc<str>,
}

impl Session {
    pub fn new(max_rooms: usize, epoch: Arc<str>) -> Self {
        Self { only_room: None, rooms: BTreeSet::new(), max_rooms, epoch }
    }

    /// A session of `/ws/{room_id}`, and how it begins.
    pub fn with_room(
        subscribe: Subscribe,
        max_rooms: usize,
        epoch: Arc<str>,
    ) -> (Self, Vec<Action>) {
        let room_id = subscribe.room_id;
        let rooms = BTreeSet::from([room_id]);
        let session = Self { only_room: Some(room_id), rooms, max_rooms, epoch };
        (session, vec![Action::OpenRoom { subscribe, reference: None }])
    }

    pub fn on(&mut self, input: Input) -> Vec<Action> {
        match input {
            Input::Text(text) => match ClientFrame::parse(&text) {
                Ok(frame) => self.on_command(frame),
                Err((reference, error)) => vec![refuse(reference, None, &error)],
            },
            Input::Binary => vec![Action::Close(CloseCode::UnsupportedData)],
            Input::RoomOpened { subscribe, reference, head } => {
                self.on_room_opened(subscribe, reference, head)
            }
            Input::RoomRefused { room_id, reference, error } => {
                self.on_room_refused(room_id, reference, &error)
            }
            Input::Behind { room_id, .. } if !self.rooms.contains(&room_id) => vec![],
            Input::Behind { room_id, cursor: Some(after) } => {
                vec![Action::ReadEvents { room_id, after }]
            }
            Input::Behind { room_id, cursor: None } => vec![Action::ReadHead { room_id }],
            Input::Events { room_id, events } => vec![Action::SendPage { room_id, events }],
            Input::Head { room_id, head } => vec![Action::TellHead { room_id, head }],
            Input::ReadFailed { room_id, error } => self.on_read_failed(room_id, &error),
            Input::SendFailed { reference, error } => vec![refuse(reference, None, &error)],
            Input::RoomGone(room_id) => {
                self.rooms.remove(&room_id);
                vec![]
            }
        }
    }

    fn on_command(&mut self, ClientFrame { reference, command }: ClientFrame) -> Vec<Action> {
        match command {
            Command::Send { send, has_type } => self.on_send(send, reference, has_type),
            Command::Subscribe(subscribe) => self.on_subscribe(subscribe, reference),
            Command::Unsubscribe(unsubscribe) => {
                let room_id = unsubscribe.room_id;
                if !self.rooms.remove(&room_id) {
                    return vec![refuse(reference, Some(room_id), &Error::NotSubscribed)];
                }
                let reference = reference.as_deref();
                let farewell = ServerFrame::Unsubscribed { reference, room_id }.to_bytes();
                vec![Action::Leave { room_id, farewell: Some(farewell) }]
            }
            Command::Typing(typing) => match self.room(typing.room_id) {
                Ok(room_id) => vec![Action::Typing { room_id }],
                Err(error) => vec![refuse(reference, typing.room_id, &error)],
            },
            Command::Ping => {
                let reference = reference.as_deref();
                vec![Action::Reply(ServerFrame::Pong { reference }.to_bytes())]
            }
        }
    }

    fn on_send(&self, send: Send, reference: Option<String>, has_type: bool) -> Vec<Action> {
        match self.room(send.room_id) {
            Ok(room_id) => {
                // The bare form of the original contract knows no ack: its message coming back
                // is the answer.
                let wants_ack = has_type || reference.is_some() || send.client_id.is_some();
                let draft = Draft { room_id, content: send.content, client_id: send.client_id };
                vec![Action::Post { draft, reference, wants_ack }]
            }
            Err(error) => vec![refuse(reference, send.room_id, &error)],
        }
    }

    fn on_subscribe(&mut self, subscribe: Subscribe, reference: Option<String>) -> Vec<Action> {
        let room_id = subscribe.room_id;
        if self.rooms.contains(&room_id) {
            return vec![refuse(reference, Some(room_id), &Error::AlreadySubscribed)];
        }
        if self.rooms.len() >= self.max_rooms {
            return vec![refuse(reference, Some(room_id), &Error::TooManyRooms)];
        }
        self.rooms.insert(room_id);
        vec![Action::OpenRoom { subscribe, reference }]
    }

    fn on_room_opened(
        &mut self,
        subscribe: Subscribe,
        reference: Option<String>,
        head: Seq,
    ) -> Vec<Action> {
        let Subscribe { room_id, since, epoch, history } = subscribe;
        let is_other_epoch = epoch.is_some_and(|epoch| *epoch != *self.epoch);
        // The head was read after the client asked, so a position beyond it is not of this log.
        if since.is_some_and(|since| is_other_epoch || since < Seq(0) || since > head) {
            return self.on_room_refused(room_id, reference, &Error::EpochChanged);
        }
        let start = match since {
            Some(since) => Start::Since(since),
            None => Start::Newest(history.unwrap_or(0).min(MAX_HISTORY)),
        };
        vec![Action::Join { room_id, start, reference }]
    }

    fn on_room_refused(
        &mut self,
        room_id: RoomId,
        reference: Option<String>,
        error: &Error,
    ) -> Vec<Action> {
        self.rooms.remove(&room_id);
        let refusal = refuse(reference, Some(room_id), error);
        if self.only_room == Some(room_id) {
            return vec![refusal, Action::Close(close_code(error))];
        }
        vec![refusal]
    }

    /// The history that is owed cannot be read. Without it the cursor cannot go on, so the client
    /// leaves the room and comes back with `since`.
    fn on_read_failed(&mut self, room_id: RoomId, error: &Error) -> Vec<Action> {
        if !self.rooms.remove(&room_id) {
            return vec![];
        }
        let mut actions = vec![Action::Leave { room_id, farewell: None }];
        actions.push(refuse(None, Some(room_id), error));
        if self.only_room == Some(room_id) {
            actions.push(Action::Close(close_code(error)));
        }
        actions
    }

    /// The room that a frame means.
    fn room(&self, named: Option<RoomId>) -> Result<RoomId, Error> {
        let room_id = named.or(self.only_room).ok_or(Error::NotSubscribed)?;
        if self.rooms.contains(&room_id) { Ok(room_id) } else { Err(Error::NotSubscribed) }
    }
}

/// The code that a connection is closed with when it cannot be in its only room.
pub fn close_code(error: &Error) -> CloseCode {
    match error {
        Error::TokenMissing
        | Error::TokenInvalid
        | Error::TokenExpired
        | Error::SessionRevoked
        | Error::WrongCredentials => CloseCode::SignInAgain,
        Error::RoomNotFound => CloseCode::RoomGone,
        Error::EpochChanged => CloseCode::EpochChanged,
        Error::AdminRequired | Error::AdminSignupRefused => CloseCode::Forbidden,
        Error::Busy | Error::Unavailable => CloseCode::Restart,
        _ => CloseCode::InternalError,
    }
}

fn refuse(reference: Option<String>, room_id: Option<RoomId>, error: &Error) -> Action {
    let retry_after = match error {
        Error::Busy | Error::Unavailable => Some(RETRY_AFTER_SECONDS),
        _ => None,
    };
    let detail = match error {
        // A frame has few fields: the first that is wrong says enough.
        Error::InvalidFields(fields) => fields.first().map_or_else(
            || error.to_string(),
            |field| format!("{}: {}", field.field, field.message),
        ),
        _ => error.to_string(),
    };
    let reference = reference.as_deref();
    let frame = ServerFrame::Error { code: error.code(), detail, reference, room_id, retry_after };
    Action::Reply(frame.to_bytes())
}
