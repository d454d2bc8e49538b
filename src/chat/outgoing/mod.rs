//! The job that tells outgoing webhooks what happened.
//!
//! The log of each room is the queue: a webhook has a position in it, which moves on after an event was delivered. So
//! nothing is lost, whatever ends when, and what was delivered just before may be delivered once more. The events of a
//! room are delivered in order: what fails is tried again before the next.

mod gate;
mod send;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;

use self::gate::Gate;
use self::send::Post;
use super::Chat;
use crate::model::{Delivery, EventId, EventKind, OutgoingHookId, RoomId, Seq, Timestamp};
use crate::outbound::Client;
use crate::storage::backend::{DueRoom, HookProgress, RunningHook};
use crate::storage::{Backend, Error, Result};

/// The pauses after the failures of an event, in seconds: three days in all. After one more failure, the room is parked.
const PAUSES: [i64; 12] =
    [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 86_400];

/// The longest pause that an answer may ask for (`Retry-After`), in seconds.
const MAX_ASKED: i64 = 86_400;

/// The most events of a turn in a room. Then it is decided again which rooms the bot may read.
const EVENTS_OF_TURN: u32 = 32;

/// After this time a turn ends: its position is stored, and what follows is read again, as a message may be deleted and the
/// bot's rights may end.
const TURN: Duration = Duration::from_millis(200);

/// How many requests are under way at once: as many as all webhooks together may begin.
const SLOTS: usize = 1_024;

/// The pause after which a position is stored again for which the database was too busy, and how often that is tried.
const STORE_AGAIN: Duration = Duration::from_millis(200);
const STORE_TRIES: u32 = 50;

/// How often it is looked for retries whose time has come, and for what other servers have changed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The pause after looking, as a multiple of the time that it took: looking takes at most a quarter of the time.
const LOOK_PAUSES: u32 = 3;
const MIN_LOOK_PAUSE: Duration = Duration::from_millis(10);

/// The end of a turn.
struct Turn {
    hook_id: OutgoingHookId,
    room_id: RoomId,
    /// `None`: there was nothing to deliver, or it was not tried.
    is_delivered: Option<bool>,
}

/// What was tried in a turn.
struct Progress {
    to: Seq,
    deliveries: Vec<Delivery>,
    failure: Option<Failure>,
}

struct Failure {
    /// The pause that the answer asks for, in seconds.
    asked: Option<i64>,
    is_gone: bool,
}

impl Chat {
    /// Tells the webhooks what happened, as long as this future is polled. One server at a time does this.
    pub async fn deliver_to_hooks(&self) {
        let client = Client::keeping(self.inner.outbound.clone(), SLOTS);
        let mut growth = self.inner.fleet.growth();
        let mut gates = HashMap::new();
        // They end if this future is dropped.
        let mut turns = JoinSet::new();
        loop {
            let began = Instant::now();
            let running = match self.start_turns(&client, &mut gates, &mut turns).await {
                Ok(running) => running,
                Err(error) => {
                    tracing::warn!(%error, "events cannot be read for the outgoing webhooks");
                    0
                }
            };
            let pause = MIN_LOOK_PAUSE.max(began.elapsed() * LOOK_PAUSES);
            let is_idle = running == 0;
            // While there is no webhook, what happens costs nothing here.
            let grown = async {
                if is_idle { std::future::pending().await } else { growth.changed().await }
            };
            let ended = tokio::select! {
                Some(ended) = turns.join_next() => Some(ended),
                () = grown => None,
                () = self.inner.hooks_changed.notified() => None,
                () = tokio::time::sleep(LOOK_AGAIN) => None,
            };
            if let Some(Ok(ended)) = ended {
                close_turn(&mut gates, &ended);
            }
            let until = tokio::time::Instant::now() + pause;
            while let Ok(Some(ended)) = tokio::time::timeout_at(until, turns.join_next()).await {
                if let Ok(ended) = ended {
                    close_turn(&mut gates, &ended);
                }
            }
            if turns.is_empty() {
                tokio::time::sleep_until(until).await;
            }
        }
    }

    /// Starts a turn in each room with new events, as far as there may be more. Returns the number of webhooks.
    async fn start_turns(
        &self,
        client: &Client,
        gates: &mut HashMap<OutgoingHookId, Gate>,
        turns: &mut JoinSet<Turn>,
    ) -> Result<usize> {
        let store = &self.inner.store;
        let hooks = store.read(|backend| backend.list_running_hooks()).await?;
        gates.retain(|id, _| hooks.iter().any(|hook| hook.id == *id));
        for hook in &hooks {
            let gate = gates.entry(hook.id).or_default();
            let Some(limit) = gate.look() else { continue };
            let (asked, last, now) = (hook.clone(), gate.last(), self.inner.clock.now());
            let list =
                move |backend: &dyn Backend| backend.list_due_rooms(&asked, last, now, limit);
            for room in store.read(list).await? {
                if gate.begin(room.room_id, room.failures > 0) {
                    let (chat, client, hook) = (self.clone(), client.clone(), hook.clone());
                    turns.spawn(async move { chat.take_turn(&client, hook, room).await });
                }
            }
        }
        Ok(hooks.len())
    }

    /// Delivers the next events of a room, and stores how far it got.
    async fn take_turn(&self, client: &Client, hook: RunningHook, room: DueRoom) -> Turn {
        let (hook_id, room_id) = (hook.id, room.room_id);
        let is_delivered = self.try_turn(client, hook, room).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the progress of an outgoing webhook cannot be read or stored");
            Some(false)
        });
        Turn { hook_id, room_id, is_delivered }
    }

    async fn try_turn(
        &self,
        client: &Client,
        hook: RunningHook,
        room: DueRoom,
    ) -> Result<Option<bool>> {
        let Progress { to, deliveries, failure } = self.deliver(client, &hook, room).await?;
        let now = self.inner.clock.now();
        let is_delivered = deliveries.last().map(|last| last.failure.is_none());
        let failures = match failure {
            Some(_) if deliveries.len() > 1 => 1,
            Some(_) => room.failures + 1,
            None => 0,
        };
        let retry_at = failure.as_ref().and_then(|it| retry_at(now, room.room_id, failures, it));
        let is_gone = failure.is_some_and(|failure| failure.is_gone);
        if failures > 0 && retry_at.is_none() {
            tracing::warn!(
                hook_id = hook.id.0,
                room_id = room.room_id.0,
                "an outgoing webhook is parked in a room: its URL has not taken the next event for days"
            );
        }
        let progress = HookProgress {
            hook_id: hook.id,
            room_id: room.room_id,
            from: room.stored,
            to,
            failures,
            retry_at,
            deliveries,
        };
        let gone = is_gone.then_some(hook.url);
        self.record(progress, gone).await?;
        Ok(is_delivered)
    }

    /// `gone`: the URL that has answered with 410.
    async fn record(&self, progress: HookProgress, gone: Option<String>) -> Result<()> {
        let now = self.inner.clock.now();
        let stored = Arc::new((progress, gone));
        for _ in 1..STORE_TRIES {
            let stored = stored.clone();
            let record = move |backend: &dyn Backend| {
                let (progress, gone) = &*stored;
                backend.record_progress(progress)?;
                match gone {
                    Some(url) => backend.mark_hook_gone(progress.hook_id, url, now),
                    None => Ok(()),
                }
            };
            match self.inner.store.maintain(record).await {
                Err(Error::Busy(_)) => tokio::time::sleep(STORE_AGAIN).await,
                outcome => return outcome,
            }
        }
        Ok(())
    }

    async fn deliver(
        &self,
        client: &Client,
        hook: &RunningHook,
        room: DueRoom,
    ) -> Result<Progress> {
        let (room_id, after) = (room.room_id, room.after);
        let list = move |backend: &dyn Backend| backend.list_events(room_id, after, EVENTS_OF_TURN);
        let mut progress = Progress { to: after, deliveries: Vec::new(), failure: None };
        let Some(page) = self.inner.store.read(list).await? else { return Ok(progress) };
        if page.events.is_empty() {
            // The end of the log was pruned.
            progress.to = page.head_seq;
        }
        let began = Instant::now();
        for event in page.events {
            let (seq, kind) = (event.seq(), event.kind());
            let data = serde_json::to_value(&event).unwrap_or_default();
            if began.elapsed() > TURN {
                return Ok(progress);
            }
            if is_selected(hook, kind, &data) {
                let failure =
                    self.deliver_event(client, hook, (room_id, seq), data, &mut progress).await;
                if failure.is_some() {
                    return Ok(Progress { failure, ..progress });
                }
            }
            progress.to = seq;
        }
        Ok(progress)
    }

    /// Delivers one event, once.
    async fn deliver_event(
        &self,
        client: &Client,
        hook: &RunningHook,
        (room_id, seq): (RoomId, Seq),
        data: Value,
        progress: &mut Progress,
    ) -> Option<Failure> {
        let attempted_at = self.inner.clock.now();
        let event_id = EventId(data["id"].as_i64().unwrap_or_default());
        let kind = data["type"].as_str().unwrap_or_default().to_owned();
        let began = Instant::now();
        let post = Post { hook, epoch: self.epoch(), event_id, kind: &kind, data };
        let outcome = post.send(client, attempted_at).await;
        let duration_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        self.inner.counts.delivered(outcome.failure.is_none());
        let failure = outcome.failure.as_ref().map(|_| Failure {
            asked: outcome.retry_after,
            is_gone: outcome.status == Some(StatusCode::GONE),
        });
        progress.deliveries.push(Delivery {
            id: 0,
            room_id,
            seq,
            event_id,
            kind,
            attempted_at,
            duration_ms,
            status: outcome.status.map(|status| status.as_u16()),
            failure: outcome.failure,
        });
        failure
    }

    /// Called when a webhook was made or changed.
    pub fn hooks_changed(&self) {
        self.inner.hooks_changed.notify_one();
    }
}

fn close_turn(gates: &mut HashMap<OutgoingHookId, Gate>, turn: &Turn) {
    if let Some(gate) = gates.get_mut(&turn.hook_id) {
        gate.end(turn.room_id, turn.is_delivered);
    }
}

/// Whether the webhook is told of the event. What its own bot does would come back to the bot's program.
fn is_selected(hook: &RunningHook, kind: Option<EventKind>, data: &Value) -> bool {
    let by_bot = |act: &Value| act["user_id"].as_i64() == Some(hook.user_id.0);
    // Reactions of several people are one event.
    let is_own = match (kind, data["reactions"].as_array()) {
        (Some(EventKind::ReactionAdded | EventKind::ReactionRemoved), Some(reactions)) => {
            reactions.iter().all(by_bot)
        }
        _ => by_bot(data),
    };
    let kinds = hook.filter.kinds.as_ref();
    !is_own && kinds.is_none_or(|kinds| kind.is_some_and(|kind| kinds.contains(&kind)))
}

/// `None`: it is not tried again by itself.
fn retry_at(now: Timestamp, room_id: RoomId, failures: u32, why: &Failure) -> Option<Timestamp> {
    let pause = *PAUSES.get(usize::try_from(failures).ok()?.checked_sub(1)?)?;
    // So that the rooms of a server that was down are not all tried at once.
    let spread = pause * (room_id.0 % 21).abs() / 100;
    let asked = why.asked.unwrap_or(0).clamp(0, MAX_ASKED);
    Some(now.plus_seconds((pause + spread).max(asked)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bot_does_alone_is_not_told() {
        use crate::model::{HookFilter, HookSecrets, UserId};
        use serde_json::json;
        let hook = RunningHook {
            id: OutgoingHookId(1),
            user_id: UserId(7),
            url: String::new(),
            filter: HookFilter::default(),
            secrets: HookSecrets { secret: String::new(), old: None },
        };
        let told = |kind, data| is_selected(&hook, Some(kind), &data);
        assert!(told(EventKind::Message, json!({ "user_id": 3 })));
        assert!(!told(EventKind::Message, json!({ "user_id": 7, "reactions": [] })));
        let reactions = |users: [i64; 2]| json!({ "user_id": users[0], "reactions": users.map(|id| json!({ "user_id": id })) });
        assert!(told(EventKind::ReactionAdded, reactions([7, 3])));
        assert!(told(EventKind::ReactionRemoved, reactions([3, 7])));
        assert!(!told(EventKind::ReactionAdded, reactions([7, 7])));
    }

    #[test]
    fn an_event_is_tried_for_days_at_growing_pauses() {
        let failure = |asked| Failure { asked, is_gone: false };
        let after = |failures, asked| {
            let at = retry_at(Timestamp(0), RoomId(21), failures, &failure(asked))?;
            Some(at.0 / 1_000)
        };
        let pauses: Vec<_> = (1..).map_while(|failures| after(failures, None)).collect();
        assert_eq!(pauses, PAUSES);
        assert!(pauses.is_sorted() && pauses.iter().sum::<i64>() > 3 * 86_400);
        assert_eq!(after(1, Some(60)), Some(60));
        assert_eq!(after(1, Some(i64::MAX)), Some(MAX_ASKED));
        assert_eq!(after(3, Some(-60)), Some(120));
        assert_eq!(after(13, Some(60)), None);
    }
}
