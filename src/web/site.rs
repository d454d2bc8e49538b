//! The page as this server presents it: the bundle with the settings' name, logo and colour.
//!
//! The name is in the index itself, so that no other name is ever shown first.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::OnceLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::palette::Palette;
use super::{Bundle, File};
use crate::config::{self, Branding};

/// The largest logo, in bytes: every visitor loads it.
pub const MAX_LOGO_BYTES: usize = 256 * 1024;

const INDEX: &str = "index.html";
const MANIFEST: &str = "app.webmanifest";
const ICON: &str = "icon.svg";
const ICON_UNREAD: &str = "icon-unread.svg";
const STYLE: &str = "brand.css";

/// The placeholder in the index for the folder of the files' addresses.
const ASSETS: &str = "{assets}";
/// The placeholder in the index for the name of the server.
const NAME: &str = "{name}";
/// The placeholders in the index for the icon's file and its type.
const ICON_FILE: &str = "{icon}";
const ICON_TYPE: &str = "{icon-type}";
/// The placeholder in the index for the style sheet of the settings' colour, if there is one.
const BRAND: &str = "<!-- brand -->";
/// The placeholder in the index for the modules that the browser loads at once.
const MODULES: &str = "<!-- modules -->";
/// The folders of the files that are loaded only when they are needed: the pages of admins; the search; what few
/// messages need; what few readers open.
const LATER: [&str; 4] = ["admin/", "search/", "text/lazy/", "views/lazy/"];
/// The built-in accent, as the icons have it.
const BUILT_IN_ACCENT: &str = "#0f6f63";

/// Why a logo cannot be used, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    #[error("branding.logo ({file}) cannot be read: {error}")]
    Unreadable { file: String, error: std::io::Error },
    #[error("branding.logo ({file}) has more than {} KiB: use a smaller one", MAX_LOGO_BYTES / 1024)]
    TooLarge { file: String },
    #[error("branding.logo ({file}) is neither an SVG nor a PNG: use one of these")]
    UnknownType { file: String },
}

/// The page with the settings' branding. The addresses of all files except the index contain one hash of
/// the whole page. Modules import each other by relative paths, so that files of two versions or two
/// brandings never mix.
pub struct Site {
    branding: Branding,
    palette: Option<Palette>,
    logo: Option<Logo>,
    /// Made when the page is first requested: a server may have other clients only.
    pages: OnceLock<Pages>,
}

struct Logo {
    name: &'static str,
    data: Bytes,
}

struct Pages {
    hash: String,
    index: File,
    /// The files that replace one of the bundle, or are not in the bundle.
    own: BTreeMap<&'static str, File>,
}

impl Site {
    /// Reads the logo, if there is one.
    ///
    /// # Errors
    /// [`LogoError`].
    pub fn load(branding: &Branding) -> Result<Self, LogoError> {
        let logo = match branding.logo.as_str() {
            "" => None,
            file => Some(Logo::read(file)?),
        };
        let palette = config::rgb(&branding.color).map(Palette::of);
        Ok(Self { branding: branding.clone(), palette, logo, pages: OnceLock::new() })
    }

    /// The server's name.
    pub fn name(&self) -> &str {
        &self.branding.name
    }

    /// The accent of the settings, if there is one.
    pub fn color(&self) -> Option<&str> {
        Some(self.branding.color.as_str()).filter(|color| !color.is_empty())
    }

    /// The logo's path below the server's own address, if there is one.
    pub fn logo(&self) -> Option<String> {
        let logo = self.logo.as_ref()?;
        Some(format!("/assets/{}/{}", self.hash(), logo.name))
    }

    /// The hash of the page and its branding.
    pub fn hash(&self) -> &str {
        &self.pages().hash
    }

    pub fn index(&self) -> &File {
        &self.pages().index
    }

    /// A file other than the index, by its path in the folder.
    pub fn file(&self, name: &str) -> Option<&File> {
        let own = self.pages().own.get(name);
        own.or_else(|| Bundle::get().files.get(name).filter(|_| name != INDEX))
    }

    /// Whether the operator supplied the file.
    pub fn is_logo(&self, name: &str) -> bool {
        self.logo.as_ref().is_some_and(|logo| logo.name == name)
    }

    fn pages(&self) -> &Pages {
        self.pages.get_or_init(|| self.make())
    }

    fn make(&self) -> Pages {
        let bundle = Bundle::get();
        let text = |name: &str| {
            let plain = bundle.files.get(name).map(|file| file.plain.clone());
            String::from_utf8_lossy(&plain.unwrap_or_default()).into_owned()
        };
        let mut hasher = Sha256::new();
        hasher.update(&bundle.hash);
        for part in
            [self.branding.name.as_bytes(), self.branding.color.as_bytes(), self.logo_bytes()]
        {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
        let hash = super::digits(&hasher.finalize());

        let mut own = vec![(MANIFEST, self.manifest(&text(MANIFEST)).into_bytes().into())];
        if let Some(palette) = self.palette {
            own.push((STYLE, palette.css().into_bytes().into()));
            for icon in [ICON, ICON_UNREAD] {
                let colored = text(icon).replace(BUILT_IN_ACCENT, &palette.accent());
                own.push((icon, colored.into_bytes().into()));
            }
        }
        if let Some(logo) = &self.logo {
            own.push((logo.name, logo.data.clone()));
            own.push((ICON_UNREAD, logo.unread().into_bytes().into()));
        }
        let own = own.into_iter().map(|(name, data)| (name, file(name, data))).collect();
        let index = self.fill_index(&text(INDEX), &hash, bundle.files.keys());
        Pages { index: file(INDEX, index.into()), hash, own }
    }

    fn logo_bytes(&self) -> &[u8] {
        self.logo.as_ref().map_or(&[], |logo| &logo.data)
    }

    /// The name of the icon's file.
    pub fn icon(&self) -> &'static str {
        self.logo.as_ref().map_or(ICON, |logo| logo.name)
    }

    /// Fills in the name and the addresses of this version's files. The addresses are relative, because a
    /// proxy may serve the page below a path.
    fn fill_index<'a>(
        &self,
        template: &str,
        hash: &str,
        names: impl Iterator<Item = &'a String>,
    ) -> String {
        let modules: String = names
            .filter(|name| name.ends_with(".js") && !is_loaded_later(name))
            .map(|name| format!("<link rel=\"modulepreload\" href=\"{ASSETS}/{name}\">\n"))
            .collect();
        let style = match self.palette {
            Some(_) => format!("<link rel=\"stylesheet\" href=\"{ASSETS}/{STYLE}\">"),
            None => String::new(),
        };
        template
            .replace(MODULES, modules.trim_end())
            .replace(BRAND, &style)
            .replace(ICON_FILE, self.icon())
            .replace(ICON_TYPE, super::content_type(self.icon()))
            .replace(ASSETS, &format!("assets/{hash}"))
            // The name is replaced last, because it may look like a placeholder.
            .replace(NAME, &escape(&self.branding.name))
    }

    fn manifest(&self, template: &str) -> String {
        let mut manifest: Value = serde_json::from_str(template).unwrap_or_default();
        for key in ["name", "short_name"] {
            manifest[key] = json!(self.branding.name);
        }
        if let Some(palette) = self.palette {
            manifest["theme_color"] = json!(palette.accent());
        }
        if let Some(logo) = &self.logo {
            let kind = super::content_type(logo.name);
            manifest["icons"] =
                json!([{ "src": logo.name, "sizes": "any", "type": kind, "purpose": "any" }]);
        }
        manifest.to_string()
    }
}

impl Logo {
    fn read(file: &str) -> Result<Self, LogoError> {
        let unreadable = |error| LogoError::Unreadable { file: file.to_owned(), error };
        // Reading anything else, such as a pipe, may never end.
        if !std::fs::metadata(file).map_err(unreadable)?.is_file() {
            return Err(LogoError::UnknownType { file: file.to_owned() });
        }
        let opened = std::fs::File::open(file).map_err(unreadable)?;
        let mut data = Vec::new();
        // Reads at most one byte more than the limit, however large the file is.
        opened.take(MAX_LOGO_BYTES as u64 + 1).read_to_end(&mut data).map_err(unreadable)?;
        if data.len() > MAX_LOGO_BYTES {
            return Err(LogoError::TooLarge { file: file.to_owned() });
        }
        let name = if data.starts_with(b"\x89PNG\r\n\x1a\n") {
            "logo.png"
        } else if is_svg(&data) {
            "logo.svg"
        } else {
            return Err(LogoError::UnknownType { file: file.to_owned() });
        };
        Ok(Self { name, data: data.into() })
    }

    /// The logo with a dot, for a tab with something unread.
    fn unread(&self) -> String {
        let (kind, data) = (super::content_type(self.name), BASE64_STANDARD.encode(&self.data));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\">\
             <image width=\"64\" height=\"64\" href=\"data:{kind};base64,{data}\"/>\
             <circle cx=\"49\" cy=\"15\" r=\"14\" fill=\"#e8590c\" stroke=\"#fff\" stroke-width=\"3\"/>\
             </svg>"
        )
    }
}

/// Whether the first element is `<svg>`, after a declaration, comments and a document type.
fn is_svg(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            ">"
        } else {
            let after = rest.strip_prefix("<svg").and_then(|after| after.chars().next());
            return after.is_some_and(|char| char.is_whitespace() || matches!(char, '>' | '/'));
        };
        // A document type may have declarations in brackets, each with a `>` of its own.
        let end = match rest.split_once(end) {
            Some((start, _)) if rest.starts_with("<!DOCTYPE") && start.contains('[') => "]>",
            Some(_) => end,
            None => return false,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
}

pub(super) fn is_loaded_later(name: &str) -> bool {
    LATER.iter().any(|folder| name.starts_with(folder))
}

fn file(name: &str, data: Bytes) -> File {
    File::new(super::content_type(name), data)
}

/// Escapes text for HTML, including attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_every_module_except_those_that_are_loaded_later() {
        let site = Site::load(&Branding::default()).unwrap();
        let index = String::from_utf8_lossy(&site.index().plain).into_owned();
        assert!(
            !index.contains('{') && !index.contains(MODULES) && !index.contains(BRAND),
            "{index}"
        );
        assert!(index.contains("<title>chatapp</title>"), "{index}");
        for name in Bundle::get().files.keys().filter(|name| name.ends_with(".js")) {
            let address = format!("\"assets/{}/{name}\"", site.hash());
            assert_eq!(index.contains(&address), !is_loaded_later(name), "{name}");
        }
        assert!(site.file(INDEX).is_none() && site.file(STYLE).is_none());
    }

    #[test]
    fn a_name_is_escaped_as_text() {
        let name = "<b>\"{assets}\" & co".to_owned();
        let site = Site::load(&Branding { name, ..Branding::default() }).unwrap();
        let index = String::from_utf8_lossy(&site.index().plain).into_owned();
        let shown = "&lt;b&gt;&quot;{assets}&quot; &amp; co";
        assert!(index.contains(&format!("<title>{shown}</title>")), "{index}");
        let manifest: Value = serde_json::from_slice(&site.file(MANIFEST).unwrap().plain).unwrap();
        assert_eq!(manifest["name"], "<b>\"{assets}\" & co");
    }

    #[test]
    fn the_type_of_a_logo_is_found_from_its_content() {
        for svg in [
            "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- a > b -->\n<!DOCTYPE svg>\n<svg\nwidth='1'></svg>",
            "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"svg11.dtd\" [ <!ENTITY ns \"x\"> ]><svg/>",
        ] {
            assert!(is_svg(svg.as_bytes()), "{svg}");
        }
        for other in ["", "<html><svg/></html>", "<svgx>", "<!-- <svg>", "GIF89a", "\u{feff}svg"] {
            assert!(!is_svg(other.as_bytes()), "{other}");
        }
    }
}
