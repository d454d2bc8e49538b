//! `chatapp tail`: shows a room's log at the terminal.
//!
//! The log is read by `seq` from the database, so that every event is shown exactly once, from
//! whichever node it comes.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;

use super::context::Context;
use super::database::Database;
use super::output::{note, print, visible};
use super::rooms::{Named, find};
use crate::model::{
    AllowedTo, Event, MemberDetail, MemberEvent, MessageChange, ReactionBy, ReactionEvent,
    RoomChanged, RoomField, RoomId, Seq, Timestamp, VisibleHistory,
};
use crate::storage::{Backend, Error, Result};

const EXAMPLES: &str = "\
Examples:
  chatapp tail general                        the last ten events of the room's log
  chatapp tail general --follow               and new events, until Ctrl-C
  chatapp tail '#1' --since 0 --output json   the whole log, an object on each line";

/// How often the log is read.
const POLL: Duration = Duration::from_millis(250);
/// How often the room is read, to notice a new name.
const LOOK: Duration = Duration::from_secs(2);
/// Events read at once.
const PAGE: u32 = 500;

/// Show the newest events of a room's log, and follow it
///
/// Reads the database directly: it works with and without a running server.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    room: Named,

    /// Begin with the event after this seq
    #[arg(long, value_name = "SEQ", conflicts_with = "lines",
          value_parser = clap::value_parser!(i64).range(0..))]
    since: Option<i64>,

    /// Begin with this many of the newest events
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    lines: u32,

    /// Show new events too, until Ctrl-C or until the room is deleted
    #[arg(long, short)]
    follow: bool,

    /// How to write the events
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each event, for people
    Text,
    /// An object on each line, in the form of GET /rooms/{room_id}/events
    Json,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let database = Database::open_current(&settings)?;
    let room = find(&database, &args.room.room)?;
    let after = match args.since {
        Some(since) => Seq(since),
        None => Seq((room.head_seq.0 - i64::from(args.lines)).max(0)),
    };
    let mut tail = Tail { name: room.name, id: room.id, after, looked: Instant::now() };
    if !args.follow {
        // Ends at the head read above, so that new events cannot make this endless.
        while tail.after < room.head_seq {
            let events = tail.read(&*database.backend);
            match database.run(|_| events)? {
                Some(events) if !events.is_empty() => tail.write(&events, args.output)?,
                Some(_) => break,
                None => bail!("{}", tail.gone()),
            }
        }
        return Ok(());
    }
    tail.follow(&database, args.output)
}

struct Tail {
    name: String,
    id: RoomId,
    /// The last seq that was shown, or the position to begin after.
    after: Seq,
    /// When the room's name was last read.
    looked: Instant,
}

impl Tail {
    /// `None`: the room has been deleted.
    fn read(&self, backend: &dyn Backend) -> Result<Option<Vec<Event>>> {
        let page = backend.list_events(self.id, self.after, PAGE)?;
        Ok(page.map(|page| page.events))
    }

    fn follow(&mut self, database: &Database, format: Format) -> anyhow::Result<()> {
        let mut is_away = false;
        loop {
            let read = self.read(&*database.backend);
            match read {
                // A temporary error. Nothing is missed: reading goes on at the same position.
                Err(Error::Busy(_) | Error::Unavailable(_)) => {
                    if !is_away {
                        note("the database does not answer: waiting for it");
                    }
                    is_away = true;
                    thread::sleep(POLL);
                }
                Ok(None) => bail!("{}", self.gone()),
                Ok(Some(events)) => {
                    if std::mem::take(&mut is_away) {
                        note("the database answers again");
                    }
                    self.write(&events, format)?;
                    self.look(&*database.backend);
                    if events.len() < PAGE as usize {
                        thread::sleep(POLL);
                    }
                }
                failed @ Err(_) => {
                    database.run(|_| failed)?;
                }
            }
        }
    }

    /// Notes a new name of the room, once every [`LOOK`].
    fn look(&mut self, backend: &dyn Backend) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        // An error is ignored here: the next reading of the log meets it too.
        if let Ok(Some(room)) = backend.get_room(self.id)
            && room.name != self.name
        {
            note(&format!("{} is now called {}", visible(&self.name), visible(&room.name)));
            self.name = room.name;
        }
    }

    fn write(&mut self, events: &[Event], format: Format) -> io::Result<()> {
        let Some(last) = events.last() else { return Ok(()) };
        self.after = last.seq();
        let has_colours = io::stdout().is_terminal();
        print(|out| {
            for event in events {
                match format {
                    Format::Json => {
                        serde_json::to_writer(&mut *out, event)?;
                        writeln!(out)?;
                    }
                    Format::Text => writeln!(out, "{}", line(event, has_colours))?,
                }
            }
            Ok(())
        })
    }

    fn gone(&self) -> String {
        match self.name.is_empty() {
            true => format!("the direct room #{} was deleted", self.id),
            false => format!("the room {} was deleted", visible(&self.name)),
        }
    }
}

/// Time, seq, username and text of an event. Control characters in the text are escaped.
fn line(event: &Event, has_colours: bool) -> String {
    let (dim, bold, plain) =
        if has_colours { ("\x1b[2m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
    let (at, who, what) = match event {
        Event::Message(message) | Event::Reply(message) => {
            let text = match message.deleted_at {
                Some(_) => format!("{dim}(deleted){plain}"),
                None => visible(&message.content),
            };
            let edited = if message.edited_at.is_some() { " (edited)" } else { "" };
            let thread = match message.thread_id() {
                Some(id) => format!("{dim}(replies to #{id}){plain} "),
                None => String::new(),
            };
            let text = format!("{thread}{text}{dim}{edited}{plain}");
            (message.timestamp, &message.username, text)
        }
        Event::MessageEdited { change, content, .. } => {
            let text = format!("{dim}(edits {}){plain} {}", change.message_seq, visible(content));
            (change.timestamp, &change.username, text)
        }
        Event::MessageDeleted(change) => {
            let text = format!("{dim}(deletes {}){plain}", change.message_seq);
            (change.timestamp, &change.username, text)
        }
        Event::MessagePinned(change) => pin(change, "pins", dim, plain),
        Event::MessageUnpinned(change) => pin(change, "unpins", dim, plain),
        Event::ReactionAdded(event) => reactions(event, "reactions to", dim, plain),
        Event::ReactionRemoved(event) => reactions(event, "reactions taken back from", dim, plain),
        Event::RoomChanged(event) => {
            let text = format!("{dim}({}){plain}", room_changes(event));
            (event.header.timestamp, &event.header.username, text)
        }
        Event::MemberJoined(event) => members(event, "new members", dim, plain),
        Event::MemberLeft(event) => members(event, "no longer members", dim, plain),
        Event::MemberChanged(event) => members(event, "changed members", dim, plain),
        Event::Unknown(event) => {
            let text =
                format!("{dim}({}){plain} {}", visible(&event.kind), visible(&event.content));
            (event.header.timestamp, &event.header.username, text)
        }
    };
    let (seq, who) = (event.seq(), visible(who));
    format!("{dim}{at} {seq:>5}{plain} {bold}{who}{plain}: {what}")
}

/// What the event changed. An event of an earlier version does not say it: the state of the room is shown.
fn room_changes(RoomChanged { room, changed, .. }: &RoomChanged) -> String {
    let name = visible(&room.name);
    let description = match room.description.as_deref() {
        None | Some("") => None,
        Some(text) => Some(format!("“{}”", visible(text))),
    };
    if changed.is_empty() {
        let archived = if room.archived_at.is_some() { "archived" } else { "not archived" };
        let description =
            description.map_or("no description".to_owned(), |text| format!("description {text}"));
        let kind = room.kind.as_str();
        return format!("changed the room: {name}, {kind}, {archived}, {description}");
    }
    let who = |allowed| match allowed {
        AllowedTo::Everyone => "everyone",
        AllowedTo::Moderators => "only moderators",
    };
    let change = |field: &RoomField| match field {
        RoomField::Name => format!("renamed the room to {name}"),
        RoomField::Description => match &description {
            Some(text) => format!("described the room as {text}"),
            None => "removed the description".to_owned(),
        },
        RoomField::ArchivedAt => match room.archived_at {
            Some(_) => "archived the room".to_owned(),
            None => "took the room out of the archive".to_owned(),
        },
        RoomField::Kind => format!("made the room {}", room.kind.as_str()),
        RoomField::Posting => format!("allowed {} to send", who(room.rules.posting)),
        RoomField::Inviting => format!("allowed {} to add people", who(room.rules.inviting)),
        RoomField::History => match room.rules.history {
            VisibleHistory::All => "let members see the whole history".to_owned(),
            VisibleHistory::Joined => "let members see only what came after they joined".to_owned(),
        },
        RoomField::AutoJoin => match room.rules.auto_join {
            true => "let new accounts join the room".to_owned(),
            false => "let new accounts no longer join the room".to_owned(),
        },
        RoomField::Metadata => "changed the room's metadata".to_owned(),
    };
    changed.iter().map(change).collect::<Vec<String>>().join(", ")
}

fn pin<'a>(
    change: &'a MessageChange,
    what: &str,
    dim: &str,
    plain: &str,
) -> (Timestamp, &'a Arc<str>, String) {
    let text = format!("{dim}({what} {}){plain}", change.message_seq);
    (change.timestamp, &change.username, text)
}

fn reactions<'a>(
    event: &'a ReactionEvent,
    what: &str,
    dim: &str,
    plain: &str,
) -> (Timestamp, &'a Arc<str>, String) {
    let by = |it: &ReactionBy| format!("{} {}", visible(&it.emoji), visible(&it.person.username));
    let all: Vec<String> = event.reactions.iter().map(by).collect();
    let text = format!("{dim}({what} {}: {}){plain}", event.target.message_seq, all.join(", "));
    (event.header.timestamp, &event.header.username, text)
}

fn members<'a>(
    event: &'a MemberEvent,
    what: &str,
    dim: &str,
    plain: &str,
) -> (Timestamp, &'a Arc<str>, String) {
    let names: Vec<String> = event.members.iter().map(|person| visible(&person.username)).collect();
    let mut text = format!("{dim}({what}: {}", names.join(", "));
    let MemberDetail { role, cause, reason, until, muted_until, is_banned } = &event.detail;
    if let Some(role) = role {
        text += &format!(", {}", role.as_str());
    }
    if let Some(cause) = cause {
        text += &format!(", {}", cause.as_str());
    }
    match is_banned {
        Some(true) => text += ", banned",
        Some(false) => text += ", no longer banned",
        None => {}
    }
    if let Some(until) = until {
        text += &format!(" until {until}");
    }
    match muted_until {
        Some(until) if *until > event.header.timestamp => text += &format!(", muted until {until}"),
        Some(_) => text += ", no longer muted",
        None => {}
    }
    if let Some(reason) = reason {
        text += &format!(", “{}”", visible(reason));
    }
    (event.header.timestamp, &event.header.username, format!("{text}){plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, Message, Timestamp, UserId};

    #[test]
    fn control_characters_are_escaped() {
        let message = Message {
            id: EventId(1),
            content: "a\u{1b}[2J\nb".to_owned(),
            username: "ann".into(),
            user_id: UserId(1),
            timestamp: Timestamp(0),
            room_id: RoomId(1),
            seq: Seq(7),
            display_name: None,
            client_id: None,
            edited_at: Some(Timestamp(1)),
            deleted_at: None,
            parts: None,
        };
        assert_eq!(
            line(&Event::Message(message.clone()), false),
            "1970-01-01T00:00:00.000Z     7 ann: a\\u{1b}[2J\\nb (edited)"
        );
        let deleted = Message { deleted_at: Some(Timestamp(2)), edited_at: None, ..message };
        assert!(line(&Event::Message(deleted), true).contains("\x1b[2m(deleted)\x1b[0m"));
    }
}
