//! Fuzz targets: each function takes arbitrary bytes as input from outside, and panics if a promise about
//! such input is broken.
//!
//! `fuzz/` runs them with libFuzzer (`scripts/fuzz`). The test below runs them with every input in
//! `fuzz/seeds`, so that each change is checked. This module is compiled only for these two uses.

mod database_url;
mod external;
mod frame;
mod headers;
mod html;
mod request;
mod search;
mod session;
mod settings;
mod slack;

pub use database_url::database_url;
pub use external::external;
pub use frame::frame;
pub use headers::headers;
pub use html::html;
pub use request::Api;
pub use search::search;
pub use session::session;
pub use settings::settings;
pub use slack::slack;

/// A password that must not appear in any output.
const SESAME: &str = "sesame";

/// Reads WebSocket frames with tungstenite and returns their texts. Panics unless the bytes are complete,
/// unmasked text frames.
fn texts(bytes: &[u8]) -> Vec<String> {
    use std::io::{Cursor, ErrorKind};
    use tungstenite::protocol::{Role, WebSocket};
    use tungstenite::{Error, Message};

    let mut client = WebSocket::from_raw_socket(Cursor::new(bytes.to_vec()), Role::Client, None);
    let mut texts = Vec::new();
    loop {
        match client.read() {
            Ok(Message::Text(text)) => texts.push(text.as_str().to_owned()),
            Ok(other) => panic!("not a text frame: {other:?}"),
            Err(Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => return texts,
            Err(Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                panic!("a frame is cut off")
            }
            Err(error) => panic!("not a frame: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    type Target<'a> = (&'a str, &'a dyn Fn(&[u8]));

    fn folder(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
    }

    fn names(folder: PathBuf) -> BTreeSet<String> {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Runs every seed through the target that its folder is named after.
    #[test]
    fn no_seed_breaks_a_promise() {
        let api = Api::start();
        let request = |input: &[u8]| api.request(input);
        let targets: [Target<'_>; 10] = [
            ("database_url", &database_url),
            ("external", &external),
            ("frame", &frame),
            ("headers", &headers),
            ("html", &html),
            ("request", &request),
            ("search", &search),
            ("session", &session),
            ("settings", &settings),
            ("slack", &slack),
        ];
        for (name, target) in targets {
            let seeds = folder("seeds").join(name);
            let inputs = names(seeds.clone());
            assert!(!inputs.is_empty(), "no inputs in {seeds:?}");
            for input in inputs {
                // The test harness shows this line if the target panics.
                println!("fuzz/seeds/{name}/{input}");
                target(&fs::read(seeds.join(input)).unwrap());
            }
        }
        let known: BTreeSet<String> = targets.map(|(name, _)| name.to_owned()).into();
        assert_eq!(names(folder("seeds")), known);
        let programs = known.iter().map(|name| format!("{name}.rs")).collect();
        assert_eq!(names(folder("fuzz_targets")), programs);
    }
}
