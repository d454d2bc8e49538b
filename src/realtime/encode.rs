//! The bytes of frames on the wire.

use super::frame::ServerFrame;
use crate::model::Event;

/// The kinds of frame of RFC 6455 §5.2 that the server sends, as first bytes (FIN is set).
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

impl ServerFrame<'_> {
    /// Appends the frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        text_frame(out, |out| serde_json::to_writer(out, self));
    }

    /// Returns the encoded frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.encode(&mut out);
        out
    }
}

/// Appends the frame of an event to `out`.
pub fn encode_event(event: &Event, out: &mut Vec<u8>) {
    text_frame(out, |out| event.write_json(out));
}

/// Appends a WebSocket text frame. It is not masked, as a server's frames must not be (RFC 6455 §5.1), so that
/// the bytes are the same for every recipient.
fn text_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) {
    let start = out.len();
    // Room for the header of a payload of 126 to 65,535 bytes, which nearly every frame has.
    out.extend_from_slice(&[TEXT, 126, 0, 0]);
    write(out).expect("these types serialise without error, and a Vec takes every byte");
    let payload = out.len() - start - 4;
    match payload {
        0..126 => {
            out[start + 1] = payload as u8;
            out.drain(start + 2..start + 4);
        }
        126..=0xFFFF => {
            out[start + 2..start + 4].copy_from_slice(&(payload as u16).to_be_bytes());
        }
        _ => {
            out[start + 1] = 127;
            out.splice(start + 2..start + 4, (payload as u64).to_be_bytes());
        }
    }
}

/// A ping without payload.
pub const PING_FRAME: [u8; 2] = [PING, 0];

/// A close frame with a code and a reason of at most 123 bytes.
pub fn close_frame(code: super::CloseCode) -> Vec<u8> {
    let reason = code.reason().as_bytes();
    let mut frame = vec![CLOSE, 2 + reason.len() as u8];
    frame.extend_from_slice(&code.number().to_be_bytes());
    frame.extend_from_slice(reason);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, Message};

    #[test]
    fn a_message_is_the_frame_of_the_original_contract() {
        let Event::Message(message) = Event::sample(EventKind::Message) else { unreachable!() };
        let message =
            Message { username: "admin".into(), display_name: None, client_id: None, ..message };
        let mut bytes = Vec::new();
        encode_event(&Event::Message(message), &mut bytes);
        assert_eq!(&bytes[..2], [TEXT, 126]);
        assert_eq!(
            std::str::from_utf8(&bytes[4..]).unwrap(),
            r#"{"type":"message","id":1,"content":"Hello, everyone!","username":"admin","user_id":1,"timestamp":"2025-01-31T10:30:00.000Z","room_id":1,"seq":1}"#
        );
    }

    /// Tests the three forms of the length (RFC 6455 §5.2) at their limits.
    #[test]
    fn the_header_contains_the_length_of_the_payload() {
        let empty = ServerFrame::Pong { reference: Some("") }.to_bytes().len() - 2;
        for payload in [empty, 125, 126, 127, 0xFFFF, 0x1_0000, 200_000] {
            let reference = "x".repeat(payload - empty);
            let bytes = ServerFrame::Pong { reference: Some(&reference) }.to_bytes();
            let (length, header) = match bytes[1] {
                126 => (u16::from_be_bytes([bytes[2], bytes[3]]) as usize, 4),
                127 => (u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize, 10),
                short => (short as usize, 2),
            };
            assert_eq!((length, bytes.len()), (payload, payload + header));
            assert_eq!(bytes[header], b'{');
            assert_eq!(bytes.last(), Some(&b'}'));
        }
    }

    #[test]
    fn every_close_reason_fits_its_frame() {
        for code in super::super::CloseCode::ALL {
            assert!(code.reason().len() <= 123);
            assert_eq!(close_frame(code)[2..4], code.number().to_be_bytes());
        }
    }
}
