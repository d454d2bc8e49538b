//! Pages of other servers, from which previews of links are made.

use url::Url;

use crate::chat::previews_fuzzed::read;

/// Input: the media type of a page, and after a line feed the page.
///
/// Promises: every text has one line and a limit, and no character that changes the direction of text. An image is at an
/// address of the web.
pub fn html(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (content_type, page) = input.split_at(end);
    let Ok(content_type) = std::str::from_utf8(content_type) else { return };
    let Ok(url) = Url::parse("https://example.com/page") else { return };
    let Some(page) = read(page.get(1..).unwrap_or_default(), content_type, &url) else { return };
    let texts = [(Some(page.title), 200), (page.description, 500), (page.site_name, 100)];
    for (text, max) in texts {
        let Some(text) = text else { continue };
        let changes_direction = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.trim().is_empty() && text.chars().count() <= max, "{text:?}");
        assert!(!text.contains(|c: char| c.is_control() || changes_direction(c)), "{text:?}");
    }
    if let Some(image) = page.image {
        assert!(matches!(image.scheme(), "http" | "https"), "{image}");
    }
}
