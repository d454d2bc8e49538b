//! The page: the chat client that the server brings along, embedded in the binary.
//!
//! Holds the files of `page/` and what is known of them: their type, the hash in their address, their
//! compressed form. Knows nothing of HTTP; `http/web.rs` serves them.
//! How the client itself is built is in this folder's README.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// A debug build reads the folder when the page is first asked for, so that it is worked on without
/// compiling.
#[derive(RustEmbed)]
#[folder = "src/web/page/"]
#[exclude = "*.d.ts"]
struct Files;

const INDEX: &str = "index.html";
/// Stands in the index for the folder of the files' addresses.
const ASSETS: &str = "{assets}";
/// Stands in the index for the modules that it asks the browser to load at once.
const MODULES: &str = "<!-- modules -->";
/// Loaded when an admin opens it, and not before.
const LATER: &str = "admin/";
/// Digits of the hash in addresses: enough that two versions never share one.
const HASH_DIGITS: usize = 16;

/// A file as it is sent.
#[derive(Clone)]
pub struct File {
    pub content_type: &'static str,
    pub plain: Bytes,
    pub gzip: Bytes,
}

/// The page as it is served. All files but the index have one hash in their addresses, that of
/// everything: a module names another by a relative path, and never meets one of another version.
pub struct Bundle {
    pub hash: String,
    pub index: File,
    files: BTreeMap<String, File>,
}

impl Bundle {
    /// The page, made when it is first asked for: a server may have other clients only.
    pub fn get() -> &'static Self {
        static BUNDLE: LazyLock<Bundle> = LazyLock::new(Bundle::load);
        &BUNDLE
    }

    /// Reads and compresses the files, some milliseconds of work.
    fn load() -> Self {
        let mut sources = BTreeMap::new();
        let mut hasher = Sha256::new();
        let mut names: Vec<_> = Files::iter().collect();
        names.sort_unstable();
        for name in names {
            let Some(file) = Files::get(&name) else { continue };
            hasher.update(name.as_bytes());
            hasher.update(file.metadata.sha256_hash());
            let data = match file.data {
                // In the program itself. A debug build reads the file.
                Cow::Borrowed(data) => Bytes::from_static(data),
                Cow::Owned(data) => data.into(),
            };
            sources.insert(name.into_owned(), data);
        }
        let hash = digits(&hasher.finalize());
        let template = sources.remove(INDEX).unwrap_or_default();
        let index = index(&String::from_utf8_lossy(&template), &hash, sources.keys());
        let files = sources.into_iter().map(|(name, data)| {
            let file = File::new(content_type(&name), data);
            (name, file)
        });
        let index = File::new(content_type(INDEX), index.into());
        Self { index, files: files.collect(), hash }
    }

    /// A file other than the index, by its path in the folder.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }
}

impl File {
    pub fn new(content_type: &'static str, plain: Bytes) -> Self {
        let gzip = compress(&plain).map_or_else(|_| plain.clone(), Bytes::from);
        Self { content_type, plain, gzip }
    }
}

/// What names a version of a text.
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

/// The index with the addresses of this version's files: relative ones, for a proxy may serve the page
/// below a path.
fn index<'a>(template: &str, hash: &str, names: impl Iterator<Item = &'a String>) -> String {
    let modules: String = names
        .filter(|name| name.ends_with(".js") && !name.starts_with(LATER))
        .map(|name| format!("<link rel=\"modulepreload\" href=\"{ASSETS}/{name}\">\n"))
        .collect();
    template.replace(MODULES, modules.trim_end()).replace(ASSETS, &format!("assets/{hash}"))
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
    fn every_file_has_a_type_and_the_whole_is_small() {
        let bundle = Bundle::load();
        assert!(bundle.files.len() > 10);
        for (name, file) in &bundle.files {
            assert_ne!(file.content_type, "application/octet-stream", "{name}");
        }
        let files = bundle.files.values().chain([&bundle.index]);
        let total: usize = files.map(|file| file.gzip.len()).sum();
        assert!(total < 150_000, "{total} bytes over the wire");
    }

    #[test]
    fn the_index_names_every_module_but_those_for_later() {
        let bundle = Bundle::load();
        let index = String::from_utf8_lossy(&bundle.index.plain).into_owned();
        assert!(!index.contains('{') && !index.contains(MODULES), "{index}");
        for name in bundle.files.keys().filter(|name| name.ends_with(".js")) {
            let address = format!("\"assets/{}/{name}\"", bundle.hash);
            assert_eq!(index.contains(&address), !name.starts_with(LATER), "{name}");
        }
    }
}
