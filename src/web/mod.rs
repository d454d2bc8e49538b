//! The page: the chat client that is embedded in the binary.
//!
//! Holds the files of `page/` and the modules of the SDK that it is built on, with their types and compressed forms. [`Site`] puts the settings' name, logo
//! and colour into them. [`Embed`] is an element for pages of other sites. This module does not use HTTP: `http/web.rs` serves the files. The README of this
//! folder describes the client itself.

mod embed;
mod joined;
mod palette;
mod site;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

pub use embed::Embed;
pub use site::Site;

/// A debug build reads the folder when the page is first requested, so that a changed page needs no
/// compilation.
#[derive(RustEmbed)]
#[folder = "src/web/page/"]
#[exclude = "*.d.ts"]
struct Files;

/// The modules of the JavaScript SDK that the page uses, at the same paths as in the repository: so the type checker
/// and the browser find them by the same relative addresses.
#[derive(RustEmbed)]
#[folder = "sdk/javascript/src/"]
#[prefix = "sdk/javascript/src/"]
#[exclude = "*.ts"]
#[exclude = "client/*"]
#[exclude = "index.js"]
#[exclude = "node.js"]
struct Sdk;

/// The number of digits of the hash in addresses: two versions never have the same ones.
const HASH_DIGITS: usize = 16;

/// A file of the page, in the forms in which it is sent.
#[derive(Clone)]
pub struct File {
    pub content_type: &'static str,
    pub plain: Bytes,
    pub gzip: Bytes,
}

/// The files of the page, before they are branded.
struct Bundle {
    /// The hash of all files and their names.
    hash: Vec<u8>,
    files: BTreeMap<String, File>,
}

impl Bundle {
    /// The page, made when it is first requested: a server may have other clients only.
    fn get() -> &'static Self {
        static BUNDLE: LazyLock<Bundle> = LazyLock::new(Bundle::load);
        &BUNDLE
    }

    /// Reads and compresses the files, some milliseconds of work.
    fn load() -> Self {
        let mut sources = BTreeMap::new();
        let mut hasher = Sha256::new();
        let mut names: Vec<_> = Files::iter().chain(Sdk::iter()).collect();
        names.sort_unstable();
        for name in names {
            let Some(file) = Files::get(&name).or_else(|| Sdk::get(&name)) else { continue };
            hasher.update(name.as_bytes());
            hasher.update(file.metadata.sha256_hash());
            let data = match file.data {
                // A release build has the data in the binary; a debug build reads the file.
                Cow::Borrowed(data) => Bytes::from_static(data),
                Cow::Owned(data) => data.into(),
            };
            sources.insert(name.into_owned(), data);
        }
        let files = sources.into_iter().map(|(name, data)| {
            let file = File::new(content_type(&name), data);
            (name, file)
        });
        Self { hash: hasher.finalize().to_vec(), files: files.collect() }
    }
}

impl File {
    pub fn new(content_type: &'static str, plain: Bytes) -> Self {
        let gzip = compress(&plain).map_or_else(|_| plain.clone(), Bytes::from);
        Self { content_type, plain, gzip }
    }
}

/// The hash of a text, which identifies its version.
pub fn hash(text: &[u8]) -> String {
    digits(&Sha256::digest(text))
}

fn digits(hash: &[u8]) -> String {
    let bytes = hash.iter().take(HASH_DIGITS / 2);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn compress(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_media_type_and_the_page_is_small() {
        let bundle = Bundle::load();
        assert!(bundle.files.len() > 10);
        for (name, file) in &bundle.files {
            assert_ne!(file.content_type, "application/octet-stream", "{name}");
        }
        let size = |is_counted: fn(&str) -> bool| -> usize {
            let files = bundle.files.iter().filter(|(name, _)| is_counted(name));
            files.map(|(_, file)| file.gzip.len()).sum()
        };
        let first = size(|name| !site::is_loaded_later(name));
        assert!(first < 200_000, "{first} bytes over the wire before anything can be read");
        let all = size(|_| true);
        assert!(all < 300_000, "{all} bytes over the wire");
    }
}
