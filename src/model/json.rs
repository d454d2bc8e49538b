//! The log as JSON. The code for messages is written by hand: they are encoded far more often than
//! anything else.
//!
//! The bytes are the same as serde_json's. serde_json looks at the bytes of a text one by one,
//! which is most of the cost of a page.

use serde::Serialize;

use super::{Event, Message, Timestamp};

impl Message {
    /// Appends the same JSON as serialising.
    ///
    /// # Errors
    /// None are known; the signature is that of serde_json's functions.
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.push(b'{');
        write_fields(out, self)
    }

    /// Appends the same JSON as serialising the [`Event`]: the message with its `type`.
    fn write_event_json(&self, kind: &[u8], out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(kind);
        out.extend_from_slice(b"\",");
        write_fields(out, self)
    }
}

impl Event {
    /// Appends the same JSON as serialising.
    ///
    /// # Errors
    /// As [`Message::write_json`].
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Message(message) => message.write_event_json(b"message", out),
            Self::Reply(message) => message.write_event_json(b"reply", out),
            // Other kinds are rare: serde_json writes them.
            _ => write(out, self),
        }
    }
}

/// Appends the fields of an object after its opening brace, and the end of the object.
fn write_fields(out: &mut Vec<u8>, message: &Message) -> serde_json::Result<()> {
    // Every field is named, so that a new field cannot be forgotten here.
    let Message {
        id,
        content,
        username,
        user_id,
        timestamp,
        room_id,
        seq,
        display_name,
        client_id,
        edited_at,
        deleted_at,
        parts,
    } = message;
    out.extend_from_slice(b"\"id\":");
    write(out, id)?;
    out.extend_from_slice(b",\"content\":");
    write_text(out, content)?;
    out.extend_from_slice(b",\"username\":");
    write_text(out, username)?;
    out.extend_from_slice(b",\"user_id\":");
    write(out, user_id)?;
    out.extend_from_slice(b",\"timestamp\":");
    write_time(out, *timestamp)?;
    out.extend_from_slice(b",\"room_id\":");
    write(out, room_id)?;
    out.extend_from_slice(b",\"seq\":");
    write(out, seq)?;
    if let Some(display_name) = display_name {
        out.extend_from_slice(b",\"display_name\":");
        write_text(out, display_name)?;
    }
    if let Some(client_id) = client_id {
        out.extend_from_slice(b",\"client_id\":");
        write_text(out, client_id)?;
    }
    if let Some(edited_at) = edited_at {
        out.extend_from_slice(b",\"edited_at\":");
        write_time(out, *edited_at)?;
    }
    if let Some(deleted_at) = deleted_at {
        out.extend_from_slice(b",\"deleted_at\":");
        write_time(out, *deleted_at)?;
    }
    if let Some(parts) = parts {
        // An object is appended without its opening brace; it is empty if all parts are absent.
        let start = out.len();
        write(out, parts)?;
        if out[start..] == *b"{}" {
            out.truncate(start);
        } else {
            out[start] = b',';
            return Ok(());
        }
    }
    out.push(b'}');
    Ok(())
}

fn write_text(out: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    // No early return, so that the compiler can check sixteen bytes at a time.
    let needs_escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
        return write(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

fn write_time(out: &mut Vec<u8>, time: Timestamp) -> serde_json::Result<()> {
    let Some(digits) = time.to_digits() else { return write(out, &time) };
    out.push(b'"');
    out.extend_from_slice(&digits);
    out.push(b'"');
    Ok(())
}

fn write(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    serde_json::to_writer(out, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, MessageDetail, MessageParts, Reaction, RoomId, Seq, UserId};

    #[test]
    fn it_is_what_serde_json_writes() {
        let every_ascii: String = (0..128u8).map(char::from).collect();
        let long = "x".repeat(1000) + "\"";
        for text in
            ["", "plain", "ä€😀", "a\"b", "a\\b", "\n", "\u{7f}\u{2028}", &every_ascii, &long]
        {
            let detail = MessageDetail { thread_id: Some(EventId(3)), ..MessageDetail::default() };
            let with_all = MessageParts {
                detail,
                reactions: vec![Reaction {
                    emoji: "👍".to_owned(),
                    count: 1,
                    mine: true,
                    people: Vec::new(),
                }],
                ..MessageParts::default()
            };
            for (client_id, at, parts) in [
                (None, None, None),
                (Some(text.to_owned()), Some(Timestamp(-1)), Some(Box::default())),
                (None, Some(Timestamp(i64::MAX)), Some(Box::new(with_all))),
            ] {
                let message = Message {
                    id: EventId(i64::MAX),
                    content: text.to_owned(),
                    username: text.into(),
                    user_id: UserId(-7),
                    timestamp: Timestamp(1_738_319_400_000),
                    room_id: RoomId(0),
                    seq: Seq(i64::MIN),
                    display_name: client_id.as_deref().map(Into::into),
                    client_id,
                    edited_at: at,
                    deleted_at: at,
                    parts: parts.clone(),
                };
                let mut written = Vec::new();
                message.write_json(&mut written).unwrap();
                assert_eq!(written, serde_json::to_vec(&message).unwrap());
                for event in [Event::Message(message.clone()), Event::Reply(message)] {
                    written.clear();
                    event.write_json(&mut written).unwrap();
                    assert_eq!(written, serde_json::to_vec(&event).unwrap());
                }
            }
        }
    }
}
