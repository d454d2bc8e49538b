//! Reads and writes WebSocket frames with little work. Only the parts of a frame that a check needs are
//! read, at fixed places, so that the generator uses less CPU than the server it measures.
//!
//! It relies on what `/asyncapi.json` documents: every frame begins with its `type`, an `ack` continues
//! with its `ref`, a message continues with its `id` and its text and ends with its numbers. A `"` in a text is written `\"`, so `"seq":` cannot
//! be part of a text.

/// Text, close, ping and pong with FIN (RFC 6455 §5.2).
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// The key that masks a client's frames. Masking protects caches from scripts in a browser (RFC 6455
/// §10.3), which does not apply here, so a constant is enough; it costs the server the same.
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// More than the bytes after a message's text: a name of 32 characters, three numbers, and a `client_id`
/// of 64 bytes.
const MESSAGE_END: usize = 512;

/// A frame from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Message {
        id: i64,
        seq: i64,
        /// The text as it is written in JSON, and what follows it.
        text: &'a [u8],
    },
    Ack {
        /// The `ref`, which is a number in this generator.
        reference: u64,
        id: i64,
        seq: i64,
    },
    Synced {
        head_seq: i64,
    },
    /// An error; the text is the whole frame.
    Error(&'a str),
    /// Presence, and other frames that the generator does not use.
    Other,
    /// The server closes the connection; no frame follows.
    Closed {
        code: u16,
        reason: &'a str,
    },
    /// The client must answer with a pong.
    Ping(&'a [u8]),
}

/// Returns the first frame of `bytes` and its length, or `None` if the frame is incomplete.
///
/// # Errors
/// A description of bytes that the server must not send.
pub fn next_frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, String> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    let (header, payload): (usize, usize) = match second {
        0..126 => (2, usize::from(second)),
        126 => match bytes.get(2..4) {
            Some(length) => (4, usize::from(u16::from_be_bytes([length[0], length[1]]))),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|length| length.try_into().ok()) {
            // A frame with a length beyond the address space never becomes complete.
            Some(length) => (10, usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX)),
            None => return Ok(None),
        },
        128.. => return Err("a masked frame".to_owned()),
    };
    let end = header.saturating_add(payload);
    let Some(payload) = bytes.get(header..end) else { return Ok(None) };
    let frame = match first {
        TEXT => read_text(payload)?,
        PING => Frame::Ping(payload),
        PONG => Frame::Other,
        CLOSE => read_close(payload),
        other => return Err(format!("a frame that begins with 0x{other:02x}")),
    };
    Ok(Some((frame, end)))
}

fn read_text(payload: &[u8]) -> Result<Frame<'_>, String> {
    let odd = || format!("the frame {}", String::from_utf8_lossy(payload));
    let kind = payload.strip_prefix(br#"{"type":""#).ok_or_else(odd)?;
    if let Some(rest) = kind.strip_prefix(br#"message","id":"#) {
        let end = &payload[payload.len().saturating_sub(MESSAGE_END)..];
        let seq = after_last(end, br#""seq":"#).ok_or_else(odd)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = rest[digits..].strip_prefix(br#","content":""#).ok_or_else(odd)?;
        return Ok(Frame::Message { id: number(rest).ok_or_else(odd)?, seq, text });
    }
    if let Some(rest) = kind.strip_prefix(br#"ack","ref":""#) {
        let reference = number(rest).ok_or_else(odd)?;
        let id = after_last(payload, br#""id":"#).ok_or_else(odd)?;
        let seq = after_last(payload, br#""seq":"#).ok_or_else(odd)?;
        return Ok(Frame::Ack { reference: reference.unsigned_abs(), id, seq });
    }
    if kind.starts_with(br#"synced""#) {
        let head_seq = after_last(payload, br#""head_seq":"#).ok_or_else(odd)?;
        return Ok(Frame::Synced { head_seq });
    }
    if kind.starts_with(br#"error""#) {
        return Ok(Frame::Error(std::str::from_utf8(payload).map_err(|_| odd())?));
    }
    Ok(Frame::Other)
}

fn read_close(payload: &[u8]) -> Frame<'_> {
    match payload {
        [high, low, reason @ ..] => Frame::Closed {
            code: u16::from_be_bytes([*high, *low]),
            reason: std::str::from_utf8(reason).unwrap_or_default(),
        },
        _ => Frame::Closed { code: 1005, reason: "" },
    }
}

/// Returns the number after the last `key`.
fn after_last(bytes: &[u8], key: &[u8]) -> Option<i64> {
    let start = bytes.windows(key.len()).rposition(|window| window == key)?;
    number(&bytes[start + key.len()..])
}

/// Returns the positive number at the beginning of `bytes`.
pub fn number(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let mut value = None;
    for digit in digits {
        let next = value.unwrap_or(0_i64).checked_mul(10)?;
        value = Some(next.checked_add(i64::from(digit - b'0'))?);
    }
    value
}

/// Appends a masked `send` frame. The text must not need escaping.
pub fn write_send(out: &mut Vec<u8>, reference: u64, content: &str, client_id: Option<&str>) {
    write_masked(out, TEXT, |payload| {
        payload.extend_from_slice(br#"{"type":"send","content":""#);
        payload.extend_from_slice(content.as_bytes());
        if let Some(client_id) = client_id {
            payload.extend_from_slice(br#"","client_id":""#);
            payload.extend_from_slice(client_id.as_bytes());
        }
        payload.extend_from_slice(br#"","ref":""#);
        payload.extend_from_slice(reference.to_string().as_bytes());
        payload.extend_from_slice(br#""}"#);
    });
}

/// Appends a pong.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write_masked(out, PONG, |out| out.extend_from_slice(payload));
}

fn write_masked(out: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[kind, 0x80 | 126, 0, 0]);
    out.extend_from_slice(&MASK);
    write(out);
    let payload = out.len() - start - 8;
    for (byte, mask) in out[start + 8..].iter_mut().zip(MASK.iter().cycle()) {
        *byte ^= mask;
    }
    match u16::try_from(payload) {
        Ok(short @ 0..126) => {
            out[start + 1] = 0x80 | short as u8;
            out.drain(start + 2..start + 4);
        }
        Ok(length) => out[start + 2..start + 4].copy_from_slice(&length.to_be_bytes()),
        Err(_) => {
            out[start + 1] = 0x80 | 127;
            out.splice(start + 2..start + 4, (payload as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, EventId, Message, RoomId, Seq, Timestamp, UserId};
    use crate::realtime::encode::{close_frame, encode_event};
    use crate::realtime::frame::ServerFrame;

    /// Complete frames of any length are read, and incomplete ones are not.
    #[test]
    fn the_servers_frames_are_understood() {
        for length in [1, 20, 500, 70_000] {
            let message = Message {
                id: EventId(71),
                content: r#"a "seq":9 in the text"#.repeat(length),
                username: "x".repeat(32).into(),
                user_id: UserId(2),
                timestamp: Timestamp(0),
                room_id: RoomId(3),
                seq: Seq(1_000_001),
                display_name: None,
                client_id: (length == 20).then(|| "y".repeat(64)),
                edited_at: None,
                deleted_at: None,
                parts: None,
            };
            let mut bytes = Vec::new();
            encode_event(&Event::Message(message), &mut bytes);
            let Ok(Some((Frame::Message { id, seq, text }, all))) = next_frame(&bytes) else {
                panic!("not a message");
            };
            assert_eq!((id, seq, all), (71, 1_000_001, bytes.len()));
            assert!(text.starts_with(br#"a \"seq\":9"#));
            for cut in [0, 1, 3, 9, bytes.len() - 1] {
                assert_eq!(next_frame(&bytes[..cut.min(bytes.len() - 1)]), Ok(None));
            }
        }
        let ack = ServerFrame::Ack {
            reference: Some("17"),
            client_id: Some("c"),
            room_id: RoomId(1),
            id: EventId(5),
            seq: Seq(4),
            duplicate: false,
        };
        let bytes = ack.to_bytes();
        let expected = Frame::Ack { reference: 17, id: 5, seq: 4 };
        assert_eq!(next_frame(&bytes), Ok(Some((expected, bytes.len()))));
        let synced = ServerFrame::Synced {
            reference: None,
            room_id: RoomId(1),
            head_seq: Seq(0),
            epoch: "e",
        };
        let bytes = synced.to_bytes();
        assert_eq!(next_frame(&bytes), Ok(Some((Frame::Synced { head_seq: 0 }, bytes.len()))));
        let bytes = close_frame(crate::realtime::CloseCode::Stalled);
        let Ok(Some((Frame::Closed { code: 4408, .. }, _))) = next_frame(&bytes) else { panic!() };
    }

    #[test]
    fn a_send_is_masked_json_with_its_fields() {
        for length in [0, 20, 500, 70_000] {
            let mut out = vec![0xAA];
            write_send(&mut out, 42, &"z".repeat(length), Some("id"));
            let frame = &out[1..];
            let header = match frame[1] & 0x7F {
                127 => 10,
                126 => 4,
                _ => 2,
            };
            let text: Vec<u8> = frame[header + 4..]
                .iter()
                .zip(frame[header..header + 4].iter().cycle())
                .map(|(byte, mask)| byte ^ mask)
                .collect();
            let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(json["content"].as_str().unwrap().len(), length);
            assert_eq!((&json["ref"], &json["client_id"]), (&"42".into(), &"id".into()));
        }
    }

    #[test]
    fn a_number_ends_with_its_digits() {
        assert_eq!(number(b"17}"), Some(17));
        assert_eq!(number(b"x"), None);
        assert_eq!(number(b"99999999999999999999"), None);
    }
}
