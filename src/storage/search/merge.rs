//! Merging the messages of both ranges of ids.

use crate::model::{Message, SearchBounds};

/// Returns the newest of the messages of both ranges, at most `limit`, and the bounds for those after them. `None`: there
/// are no more. Each range has the newest `limit + 1` messages below `bounds`, or all, in any order.
pub fn merge(
    [open, closed]: [Vec<Message>; 2],
    bounds: SearchBounds,
    limit: usize,
) -> (Vec<Message>, Option<SearchBounds>) {
    let newest_last = |mut messages: Vec<Message>| {
        messages.sort_unstable_by_key(|message| message.id);
        messages.dedup_by_key(|message| message.id);
        messages
    };
    let (mut open, mut closed) = (newest_last(open), newest_last(closed));
    let mut next = bounds;
    let mut merged = Vec::new();
    while merged.len() < limit {
        let time = |messages: &[Message]| messages.last().map(|message| message.timestamp);
        let message = match time(&open) >= time(&closed) {
            true => open.pop().inspect(|message| next.open = message.id.0),
            false => closed.pop().inspect(|message| next.closed = message.id.0),
        };
        let Some(message) = message else { break };
        merged.push(message);
    }
    let has_more = !open.is_empty() || !closed.is_empty();
    (merged, has_more.then_some(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, RoomId, Seq, Timestamp, UserId};

    fn message(id: i64, time: i64) -> Message {
        Message {
            id: EventId(id),
            content: String::new(),
            username: "ann".into(),
            user_id: UserId(1),
            timestamp: Timestamp(time),
            room_id: RoomId(1),
            seq: Seq(id),
            display_name: None,
            client_id: None,
            edited_at: None,
            deleted_at: None,
            parts: None,
        }
    }

    #[test]
    fn the_newest_of_both_come_first_and_the_rest_later() {
        let all = || {
            let open = vec![message(1, 10), message(2, 30), message(3, 20)];
            [open, vec![message(101, 15), message(102, 25), message(102, 25)]]
        };
        let (mut bounds, mut ids) = (Some(SearchBounds::START), Vec::new());
        while let Some(from) = bounds {
            let below = |limit: i64| move |message: &Message| message.id.0 < limit;
            let [mut open, mut closed] = all();
            open.retain(below(from.open));
            closed.retain(below(from.closed));
            let (merged, next) = merge([open, closed], from, 2);
            ids.extend(merged.iter().map(|message| message.id.0));
            bounds = next;
        }
        assert_eq!(ids, [102, 3, 2, 101, 1]);
        assert_eq!(merge([Vec::new(), Vec::new()], SearchBounds::START, 2), (Vec::new(), None));
    }
}
