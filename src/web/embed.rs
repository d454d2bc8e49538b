//! The element `<chatapp-room>` for pages of other sites, as one file.
//!
//! Its modules are in `embed/`. They use the SDK and the page's text, so that there is one client and one reading of
//! markdown. What is specific to a server is not in the file: it is the same everywhere.

use std::sync::LazyLock;

use rust_embed::RustEmbed;

use super::joined::joined;
use super::{File, Files, Sdk, hash};

#[derive(RustEmbed)]
#[folder = "src/web/embed/"]
#[prefix = "src/web/embed/"]
#[exclude = "*.ts"]
struct Own;

/// The modules of the SDK that the page has no use for.
#[derive(RustEmbed)]
#[folder = "sdk/javascript/src/client/"]
#[prefix = "sdk/javascript/src/client/"]
struct Client;

const MAIN: &str = "src/web/embed/main.js";
const PAGE: &str = "src/web/page/";
/// A module of the page, and the smaller one that the element has in its place.
const EMOJI: (&str, &str) = ("src/web/page/text/emoji.js", "src/web/embed/emoji.js");

/// The element's script.
pub struct Embed {
    pub file: File,
    /// Identifies the version.
    pub hash: String,
}

impl Embed {
    /// The script, made when it is first requested: most servers have no such page.
    pub fn get() -> &'static Self {
        static EMBED: LazyLock<Embed> = LazyLock::new(Embed::load);
        &EMBED
    }

    fn load() -> Self {
        let text = joined(MAIN, EMOJI, read).unwrap_or_else(|error| {
            // Only while somebody changes the modules: a test joins those of a release.
            tracing::error!(%error, "the script /embed.js cannot be made");
            format!("throw new Error({});\n", serde_json::Value::from(error.to_string()))
        });
        let hash = hash(text.as_bytes());
        Self { file: File::new(super::content_type(MAIN), text.into()), hash }
    }
}

/// The text of a module, by its path in the repository.
fn read(path: &str) -> Option<String> {
    let file = match path.strip_prefix(PAGE) {
        Some(name) => Files::get(name),
        None => Own::get(path).or_else(|| Client::get(path)).or_else(|| Sdk::get(path)),
    };
    String::from_utf8(file?.data.into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a visitor of another site's page loads, in bytes.
    const MOST_PLAIN: usize = 100_000;
    const MOST_ZIPPED: usize = 60_000;

    #[test]
    fn the_modules_are_joined_to_one_small_file() {
        let text = joined(MAIN, EMOJI, read).unwrap();
        let Embed { file, hash } = Embed::get();
        assert_eq!(file.plain, text);
        assert_eq!(hash, &super::super::hash(text.as_bytes()));
        assert!(!text.contains("\nimport ") && !text.contains("\nexport "));
        let (plain, zipped) = (file.plain.len(), file.gzip.len());
        println!("{plain} bytes, {zipped} over the wire");
        assert!(plain < MOST_PLAIN, "{plain} bytes");
        assert!(zipped < MOST_ZIPPED, "{zipped} bytes over the wire");
    }
}
