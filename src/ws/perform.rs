//! Performs the session's actions, and gives the session their results.

use std::collections::VecDeque;
use std::pin::Pin;

use super::action::{Action, Input};
use super::command::Subscribe;
use super::socket::Socket;
use super::upgrade::Sockets;
use crate::chat::{Admission, Draft, Entry, Error, MAX_PAGE, Prepared, require_access};
use crate::model::{Cursor, Identity, MessagePage, RoomId, Seq, Timestamp};
use crate::realtime::frame::LeftCause;
use crate::realtime::{ReadAsker, ReplyTo, may_end_access};

/// Events of one page of missed events.
const PAGE: u32 = 100;

/// The most messages that `history` asks for; the HTTP API has all of them.
const MAX_HISTORY: u32 = MAX_PAGE;

impl Socket {
    /// Carries out actions, and the actions that follow from their results: at once while nothing has to be
    /// awaited, as with messages. If actions are left, they are returned as a future.
    pub(super) fn perform(
        &mut self,
        actions: Vec<Action>,
    ) -> Option<Pin<Box<impl Future<Output = ()>>>> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            let Action::Post { draft, reference, wants_ack } = action else {
                actions.push_front(action);
                return Some(Box::pin(self.perform_rest(actions)));
            };
            if self.sockets.chat.needs_preparing(&draft) {
                actions.push_front(Action::Post { draft, reference, wants_ack });
                return Some(Box::pin(self.perform_rest(actions)));
            }
            // Copied once for each message: the connections of a user count the references to the same names.
            let identity = self.connection.identity();
            let admission = match identity.grant {
                // What a token allows is decided where all actions are carried out.
                Some(_) => None,
                None => self.sockets.chat.admit_known(&identity, draft.room_id),
            };
            let Some(admission) = admission else {
                actions.push_front(Action::Post { draft, reference, wants_ack });
                return Some(Box::pin(self.perform_rest(actions)));
            };
            let admitted = Ok((admission, Prepared::default()));
            if let Some(input) = self.post(&identity, admitted, draft, reference, wants_ack) {
                actions.extend(self.session.on(input));
            }
        }
        None
    }

    async fn perform_rest(&mut self, mut actions: VecDeque<Action>) {
        while let Some(action) = actions.pop_front() {
            if let Some(input) = self.act(action).await {
                actions.extend(self.session.on(input));
            }
        }
    }

    /// Queues a message. The hub sends its outcome.
    fn post(
        &self,
        identity: &Identity,
        admitted: Result<(Admission, Prepared), Error>,
        draft: Draft,
        reference: Option<String>,
        wants_ack: bool,
    ) -> Option<Input> {
        let (admission, prepared) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => return Some(Input::SendFailed { reference, error }),
        };
        let reply = ReplyTo::Connection { id: self.id, reference: reference.clone(), wants_ack };
        self.connection.add_in_flight();
        match self.sockets.chat.post(identity, admission, draft, prepared, reply) {
            Ok(()) => None,
            Err(error) => {
                self.connection.sub_in_flight();
                Some(Input::SendFailed { reference, error })
            }
        }
    }

    /// Queues a read position, like a message.
    async fn post_read(
        &self,
        room_id: RoomId,
        seq: Seq,
        reference: Option<String>,
    ) -> Option<Input> {
        let asker = ReadAsker::Connection { id: self.id, reference: reference.clone(), seq };
        self.connection.add_in_flight();
        let identity = self.connection.identity();
        match self.sockets.chat.post_read(&identity, room_id, seq, asker).await {
            Ok(()) => None,
            Err(error) => {
                self.connection.sub_in_flight();
                Some(Input::SendFailed { reference, error })
            }
        }
    }

    /// Replaces the connection's token by another one of the same user, and returns the time at which it
    /// expires.
    async fn refresh(&self, token: &str) -> Result<Timestamp, Error> {
        let identity = self.sockets.chat.authenticate_any(token, None).await?;
        let expires_at = identity.expires_at;
        if self.connection.renew(identity) { Ok(expires_at) } else { Err(Error::OtherUser) }
    }

    /// Returns the room, and the seq after which the messages begin that `history` asks for.
    async fn open_room(
        &self,
        identity: &Identity,
        subscribe: &Subscribe,
    ) -> Result<(Entry, Seq), Error> {
        let chat = &self.sockets.chat;
        let entry = chat.enter_room(identity, subscribe.room_id).await?;
        let room = &entry.room;
        let history = subscribe.history.unwrap_or(0).min(MAX_HISTORY);
        if history == 0 || subscribe.since.is_some() {
            let head = room.head_seq;
            return Ok((entry, head));
        }
        let first = |page: MessagePage| page.messages.first().map(|message| message.seq);
        let first =
            chat.list_messages(identity, room.id, None, Cursor::Newest, history, first).await?;
        let from = first.map_or(room.head_seq, |seq| Seq(seq.0 - 1));
        Ok((entry, from))
    }

    /// Checks whether the user may still read the room.
    async fn recheck(
        &self,
        identity: &Identity,
        room_id: RoomId,
        cause: Option<LeftCause>,
    ) -> Input {
        let Sockets { chat, hub, .. } = &self.sockets;
        let mark = hub.access_mark();
        match chat.reopen_room(identity, room_id).await {
            Ok(Entry { room, visible_from }) => {
                Input::Rechecked { room: Box::new(room), visible_from, mark }
            }
            Err(error) if error.code().is_temporary() => Input::ReadFailed { room_id, error },
            Err(Error::Banned) => Input::Expelled { room_id, cause: LeftCause::Banned },
            Err(_) => Input::Expelled { room_id, cause: cause.unwrap_or(LeftCause::Removed) },
        }
    }

    /// Reads the next events. If the right to read the room may end in one of them, it is checked first.
    async fn read_events(&self, identity: &Identity, room_id: RoomId, after: Seq) -> Input {
        let events = match self.sockets.chat.list_events(identity, room_id, after, PAGE).await {
            // All events were pruned after the room was entered.
            Ok(page) if page.events.is_empty() && page.head_seq > after => {
                return Input::ReadFailed { room_id, error: Error::HistoryPruned };
            }
            Ok(page) => page.events,
            Err(error) => return Input::ReadFailed { room_id, error },
        };
        let cause = events.iter().find_map(|event| may_end_access(event, identity.user_id));
        if cause.is_none() {
            return Input::Events { room_id, events };
        }
        match self.recheck(identity, room_id, cause).await {
            Input::Rechecked { visible_from, .. } if visible_from <= after => {
                Input::Events { room_id, events }
            }
            // The hub jumps over what the user may not read.
            other => other,
        }
    }

    async fn act(&self, action: Action) -> Option<Input> {
        let Sockets { chat, hub, .. } = &self.sockets;
        let identity = &self.connection.identity();
        let allowed = action.access().map_or(Ok(()), |access| require_access(identity, access));
        if let Err(error) = allowed {
            return action.refused(error);
        }
        match action {
            Action::OpenRoom { subscribe, reference } => {
                let room_id = subscribe.room_id;
                let mark = hub.access_mark();
                return Some(match self.open_room(identity, &subscribe).await {
                    Ok((Entry { room, visible_from }, history_from)) => Input::RoomOpened {
                        subscribe,
                        reference,
                        head: room.head_seq,
                        oldest: room.oldest_seq,
                        visible_from,
                        mark,
                        history_from,
                    },
                    Err(error) => Input::RoomRefused { room_id, reference, error },
                });
            }
            Action::ReadEvents { room_id, after } => {
                return Some(self.read_events(identity, room_id, after).await);
            }
            Action::Recheck { room_id, cause } => {
                return Some(self.recheck(identity, room_id, cause).await);
            }
            Action::ReadRoom { room_id } => {
                return Some(match chat.open_room(identity, room_id).await {
                    Ok(entry) => Input::RoomRead(entry.room.head()),
                    Err(error) => Input::ReadFailed { room_id, error },
                });
            }
            Action::Post { mut draft, reference, wants_ack } => {
                let admitted = match chat.admit(identity, draft.room_id).await {
                    Ok(admission) => {
                        let prepared = chat.prepare(identity, &mut draft).await;
                        prepared.map(|prepared| (admission, prepared))
                    }
                    Err(error) => Err(error),
                };
                return self.post(identity, admitted, draft, reference, wants_ack);
            }
            Action::React { room_id, message_id, emoji, is_added, reference } => {
                return Some(
                    match chat.react(identity, room_id, message_id, &emoji, is_added).await {
                        Ok(()) => Input::Reacted { room_id, reference },
                        Err(error) => Input::SendFailed { reference, error },
                    },
                );
            }
            Action::PostRead { room_id, seq, reference } => {
                return self.post_read(room_id, seq, reference).await;
            }
            Action::Refresh { token, reference } => {
                return Some(match self.refresh(&token).await {
                    Ok(expires_at) => Input::Refreshed { reference, expires_at },
                    Err(error) => Input::RefreshFailed { reference, error },
                });
            }
            Action::Join { room_id, after, reference, mark } => {
                hub.join(self.id, room_id, after, reference, mark).await;
            }
            Action::Resume { room, visible_from, mark } => {
                hub.resume(self.id, &room, visible_from, mark).await;
            }
            Action::Leave { room_id, farewell } => hub.leave(self.id, room_id, farewell).await,
            Action::SendPage { room_id, events } => {
                hub.send_page(self.id, room_id, &events).await;
            }
            Action::LearnHead(room) => hub.learn_head(self.id, room).await,
            Action::Typing { room_id, reference } => {
                match chat.check_typing(identity, room_id).await {
                    Ok(()) => {
                        hub.typing(self.id, room_id).await;
                        chat.fleet().tell_typing(identity, room_id);
                    }
                    Err(error) => return Some(Input::SendFailed { reference, error }),
                }
            }
            Action::SetAway(is_away) => hub.set_away(self.id, is_away).await,
            Action::Watch { reference } => {
                let rooms = match hub.ask_to_watch(self.id).await {
                    true => None,
                    false => match chat.list_audiences().await {
                        Ok(rooms) => Some(rooms),
                        Err(error) => return Some(Input::SendFailed { reference, error }),
                    },
                };
                hub.start_watching(self.id, reference, rooms).await;
            }
            Action::Reply(frame) => hub.send_frame(self.id, frame).await,
            Action::Close(code) => hub.close(self.id, code).await,
        }
        None
    }
}
