//! Decisions about reactions.

use std::collections::BTreeMap;

use super::{MessageTransaction, NewEvent};
use crate::model::{
    Event, EventHeader, EventId, EventKind, EventTarget, Message, Person, Reaction, ReactionBy,
    ReactionEvent, RoomId, Seq, UserId, extras,
};
use crate::storage::Result;
use crate::storage::backend::{NewReaction, ReactionError, ReactionResult};
use crate::storage::stored_event::reaction_detail;

/// The most people in one event: a client must be able to take it as one frame.
const PEOPLE_IN_EVENT: usize = 200;

/// Writing to the reactions of a locked room.
pub(in crate::storage) trait ReactionTransaction: MessageTransaction {
    fn has_reaction(&mut self, id: EventId, emoji: &str, user_id: UserId) -> Result<bool>;
    /// The number of people who reacted with each emoji.
    fn count_emojis(&mut self, id: EventId) -> Result<BTreeMap<String, i64>>;
    fn insert_reaction(
        &mut self,
        target: (RoomId, EventId),
        emoji: &str,
        user_id: UserId,
        seq: Seq,
    ) -> Result<()>;
    fn delete_reaction(&mut self, id: EventId, emoji: &str, user_id: UserId) -> Result<()>;
}

/// The results are in the order of `reactions`.
pub(in crate::storage) fn change_reactions(
    tx: &mut impl ReactionTransaction,
    reactions: &[NewReaction],
) -> Result<(Vec<ReactionResult>, Vec<Event>)> {
    let mut results: Vec<ReactionResult> = vec![Ok(()); reactions.len()];
    // Rooms are locked in order of id, so that no two batches deadlock. Within a message the order stays.
    let mut order: Vec<usize> = (0..reactions.len()).collect();
    order.sort_by_key(|&at| (reactions[at].room_id, reactions[at].message_id));
    let mut events = Vec::new();
    let target = |at: &usize| (reactions[*at].room_id, reactions[*at].message_id);
    for of_message in order.chunk_by(|one, next| target(one) == target(next)) {
        let of_message: Vec<(usize, &NewReaction)> =
            of_message.iter().map(|&at| (at, &reactions[at])).collect();
        change_one(tx, &of_message, &mut results, &mut events)?;
    }
    Ok((results, events))
}

/// Changes the reactions to one message.
fn change_one(
    tx: &mut impl ReactionTransaction,
    reactions: &[(usize, &NewReaction)],
    results: &mut [ReactionResult],
    events: &mut Vec<Event>,
) -> Result<()> {
    let Some(&(_, first)) = reactions.first() else { return Ok(()) };
    let (message, refusal) = match find(tx, first)? {
        Ok(found) => found,
        Err(error) => {
            reactions.iter().for_each(|&(at, _)| results[at] = Err(error.clone()));
            return Ok(());
        }
    };
    let mut emojis = tx.count_emojis(message.id)?;
    let mut changes: Vec<&NewReaction> = Vec::new();
    for &(at, reaction) in reactions {
        if message.seq <= reaction.visible_from {
            results[at] = Err(ReactionError::MessageNotFound);
            continue;
        }
        if let Some(refusal) = &refusal {
            results[at] = Err(refusal.clone());
            continue;
        }
        let user_id = reaction.person.user_id;
        let last = changes
            .iter()
            .rev()
            .find(|change| change.person.user_id == user_id && change.emoji == reaction.emoji);
        let is_there = match last {
            Some(change) => change.is_added,
            None => tx.has_reaction(message.id, &reaction.emoji, user_id)?,
        };
        if is_there == reaction.is_added {
            continue;
        }
        let count = emojis.get(&reaction.emoji).copied().unwrap_or_default();
        if reaction.is_added && count == 0 && emojis.len() >= Reaction::MAX_EMOJIS {
            results[at] = Err(ReactionError::TooManyEmojis);
            continue;
        }
        let count = if reaction.is_added { count + 1 } else { count - 1 };
        match count {
            0 => emojis.remove(&reaction.emoji),
            _ => emojis.insert(reaction.emoji.clone(), count),
        };
        changes.push(reaction);
    }
    let same_kind = |one: &&NewReaction, next: &&NewReaction| one.is_added == next.is_added;
    for same in changes.chunk_by(same_kind) {
        for people in same.chunks(PEOPLE_IN_EVENT) {
            events.push(store(tx, &message, people)?);
        }
    }
    if !changes.is_empty() {
        tx.add_extras(message.id, extras::REACTIONS)?;
    }
    Ok(())
}

/// Finds the message, and why nobody can react to it, which is told only to people who see it.
fn find(
    tx: &mut impl ReactionTransaction,
    reaction: &NewReaction,
) -> Result<Result<(Message, Option<ReactionError>), ReactionError>> {
    let Some(room) = tx.lock_room(reaction.room_id)? else {
        return Ok(Err(ReactionError::RoomNotFound));
    };
    let Some(message) = tx.get_message(reaction.room_id, reaction.message_id)? else {
        return Ok(Err(ReactionError::MessageNotFound));
    };
    let refusal = match (room.archived_at, message.deleted_at) {
        (Some(_), _) => Some(ReactionError::RoomArchived),
        (None, Some(_)) => Some(ReactionError::MessageDeleted),
        (None, None) => None,
    };
    Ok(Ok((message, refusal)))
}

/// Appends one event for reactions of the same kind, which are not empty, and stores the reactions.
fn store(
    tx: &mut impl ReactionTransaction,
    message: &Message,
    changes: &[&NewReaction],
) -> Result<Event> {
    let reactions: Vec<ReactionBy> = changes
        .iter()
        .map(|it| ReactionBy { emoji: it.emoji.clone(), person: it.person.clone() })
        .collect();
    let (is_added, timestamp) = (changes[0].is_added, changes[0].timestamp);
    let kind = if is_added { EventKind::ReactionAdded } else { EventKind::ReactionRemoved };
    let Person { user_id, username, display_name } = changes[0].person.clone();
    let target = EventTarget { message_id: message.id, message_seq: message.seq };
    let room_id = message.room_id;
    let (id, seq) = tx.append_event(&NewEvent {
        target: Some(target),
        detail: Some(reaction_detail(&reactions)?),
        ..NewEvent::of(room_id, kind, user_id, timestamp)
    })?;
    for change in changes {
        let user_id = change.person.user_id;
        match is_added {
            true => tx.insert_reaction((room_id, message.id), &change.emoji, user_id, seq)?,
            false => tx.delete_reaction(message.id, &change.emoji, user_id)?,
        }
    }
    let header = EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
    let event = Box::new(ReactionEvent { header, target, reactions });
    Ok(match is_added {
        true => Event::ReactionAdded(event),
        false => Event::ReactionRemoved(event),
    })
}
