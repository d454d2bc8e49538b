//! Reads what a page says of itself: the title and the `<meta>` elements of its head.
//!
//! A page is not trusted. It is cut into tokens, and no tree is built. What is taken from it is text of one line with a
//! limit, and the address of an image.

use encoding_rs::{Encoding, UTF_8};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::Url;

use crate::chat::text;

/// The most characters of each text.
const TITLE_CHARS: usize = 200;
const DESCRIPTION_CHARS: usize = 500;
const SITE_CHARS: usize = 100;

/// The longest address of an image, in bytes.
const MAX_IMAGE_URL: usize = 2_048;

/// In how many bytes of a page its encoding is looked for (HTML Standard, "prescan a byte stream").
const PRESCAN: usize = 1_024;

/// What a page says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub description: Option<String>,
    pub site_name: Option<String>,
    /// `http:` or `https:`.
    pub image: Option<Url>,
}

impl Page {
    /// About how many bytes of memory its texts take.
    pub fn bytes(&self) -> usize {
        let texts = [&self.description, &self.site_name].into_iter().flatten().map(String::len);
        let image = self.image.as_ref().map_or(0, |url| url.as_str().len());
        self.title.len() + texts.sum::<usize>() + image
    }
}

/// Texts as the page has them, before they are cleaned.
#[derive(Default)]
struct Head {
    title: Option<String>,
    /// The value of each of [`METAS`].
    metas: [Option<String>; METAS.len()],
}

/// Names of `<meta>` elements: those of Open Graph and of Twitter's cards, and that of HTML. Each text has the first of
/// its names that the page has.
const METAS: [&str; 9] = [
    "og:title",
    "twitter:title",
    "og:description",
    "twitter:description",
    "description",
    "og:site_name",
    "og:image",
    "og:image:url",
    "twitter:image",
];

/// Reads a page. `content_type` is its header, `url` its own address. `None`: it has no title.
pub fn read(bytes: &[u8], content_type: &str, url: &Url) -> Option<Page> {
    let (text, ..) = encoding(bytes, content_type).decode(bytes);
    let mut head = Head::of(&text);
    let mut first = |names: &[&str], chars| {
        let found = names.iter().find_map(|name| Some(text::shown(&head.take(name)?, chars)));
        found.filter(|text| !text::is_blank(text))
    };
    let title = first(&["og:title", "twitter:title"], TITLE_CHARS);
    let description =
        first(&["og:description", "twitter:description", "description"], DESCRIPTION_CHARS);
    let site_name = first(&["og:site_name"], SITE_CHARS);
    let image = ["og:image", "og:image:url", "twitter:image"];
    let image = image.iter().find_map(|name| head.take(name));
    let title = title.or_else(|| {
        let title = text::shown(&head.title?, TITLE_CHARS);
        (!text::is_blank(&title)).then_some(title)
    })?;
    let image = image.filter(|address| address.len() <= MAX_IMAGE_URL);
    let image = image.and_then(|address| url.join(address.trim()).ok());
    let image = image.filter(|url| matches!(url.scheme(), "http" | "https"));
    Some(Page { title, description, site_name, image })
}

impl Head {
    /// Reads up to the end of the head, or the beginning of the body.
    fn of(text: &str) -> Self {
        let mut head = Self::default();
        let mut is_title = false;
        for token in tokens(text.as_bytes()) {
            match token {
                Token::StartTag(tag) if **tag.name == b"body"[..] => break,
                Token::EndTag(tag) if **tag.name == b"head"[..] => break,
                Token::StartTag(tag) if **tag.name == b"title"[..] => {
                    is_title = head.title.is_none();
                }
                Token::EndTag(_) => is_title = false,
                Token::String(text) if is_title => {
                    head.title.get_or_insert_default().push_str(&lossy(&text));
                }
                Token::StartTag(tag) if **tag.name == b"meta"[..] => head.add(&tag),
                Token::StartTag(_)
                | Token::String(_)
                | Token::Comment(_)
                | Token::Doctype(_)
                | Token::Error(_) => {}
            }
        }
        head
    }

    /// Keeps the first element of each name. Pages write the name into `property` or `name`.
    fn add(&mut self, tag: &StartTag<()>) {
        let names = ["property", "name"].into_iter().filter_map(|key| attribute(tag, key));
        let mut known = names.filter_map(|name| index(name.trim()));
        let (Some(index), Some(content)) = (known.next(), attribute(tag, "content")) else {
            return;
        };
        if !content.trim().is_empty() {
            self.metas[index].get_or_insert(content);
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.metas[index(name)?].take()
    }
}

fn index(name: &str) -> Option<usize> {
    METAS.iter().position(|known| known.eq_ignore_ascii_case(name))
}

/// The encoding of a page: of its byte order mark, of its header, of its `<meta>`, or UTF-8.
fn encoding(bytes: &[u8], content_type: &str) -> &'static Encoding {
    // The byte order mark wins: `decode` looks for it.
    charset(content_type).or_else(|| declared(bytes)).unwrap_or(UTF_8)
}

/// The encoding that a `<meta>` element at the beginning of a page names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let named = |token| {
        let Token::StartTag(tag) = token else { return None };
        if **tag.name != b"meta"[..] {
            return None;
        }
        let label = attribute(&tag, "charset");
        let label = label.and_then(|label| Encoding::for_label(label.as_bytes()));
        label.or_else(|| {
            let is_type = attribute(&tag, "http-equiv")?.eq_ignore_ascii_case("content-type");
            charset(&attribute(&tag, "content").filter(|_| is_type)?)
        })
    };
    let found = tokens(&bytes[..bytes.len().min(PRESCAN)]).find_map(named)?;
    // The element was read as ASCII, so it is not in UTF-16.
    Some(found.output_encoding())
}

/// The encoding that the parameter of a media type names.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1).filter_map(|part| part.split_once('='));
    let (_, label) = { parameters }.find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// The tokens of a page. What is in `<title>`, `<script>` and the like is one text.
fn tokens(bytes: &[u8]) -> impl Iterator<Item = Token<()>> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    // Reading from memory does not fail.
    Tokenizer::new_with_emitter(bytes, emitter).flatten()
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| lossy(value))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: impl AsRef<[u8]>, content_type: &str) -> Option<Page> {
        read(html.as_ref(), content_type, &Url::parse("https://a.example/x/y").unwrap())
    }

    fn title(html: impl AsRef<[u8]>) -> String {
        page(html, "text/html").unwrap().title
    }

    #[test]
    fn a_page_is_described_by_its_head() {
        let html = "<!doctype html><html><head>
            <title>A &amp; B</title>
            <meta name=description content='plain'>
            <META PROPERTY='og:description' CONTENT=\"better &quot;text&quot;\">
            <meta property=og:site_name content=Site><meta property=og:image content=../i.png>
            <meta property='og:image' content='https://b.example/second.png'>
            </head><body><meta property=og:title content=late></body>";
        assert_eq!(
            page(html, "text/html"),
            Some(Page {
                title: "A & B".to_owned(),
                description: Some("better \"text\"".to_owned()),
                site_name: Some("Site".to_owned()),
                image: Some(Url::parse("https://a.example/i.png").unwrap()),
            })
        );
        assert_eq!(title("<title>a</title><meta property=og:title content=b>"), "b");
        assert_eq!(title("<title>a</title><meta property=og:title content=' '>"), "a");
        assert_eq!(title("<title>a</title><title>b</title>"), "a");
        assert_eq!(title("<title>cut o"), "cut o");
        for nothing in
            ["", "text", "<title> \n</title>", "<body><title>x</title>", "\0\0", "<title>\u{200b}"]
        {
            assert_eq!(page(nothing, "text/html"), None, "{nothing}");
        }
    }

    #[test]
    fn what_looks_like_code_is_text() {
        assert_eq!(title("<title><script>alert(1)</script></title>"), "<script>alert(1)</script>");
        assert_eq!(title("<script>'<title>no</title>'</script><title>yes</title>"), "yes");
        assert_eq!(title("<!-- <title>no</title> --><title>yes</title>"), "yes");
        assert_eq!(title("<style><title>no</title></style><title>yes</title>"), "yes");
        for image in
            ["javascript:alert(1)", "data:image/png;base64,x", "file:///etc/passwd", "http://", ""]
        {
            let html = format!("<title>x</title><meta property=og:image content='{image}'>");
            assert_eq!(page(html, "text/html").unwrap().image, None, "{image}");
        }
    }

    #[test]
    fn texts_have_one_line_a_limit_and_no_unseen_characters() {
        assert_eq!(title("<title>\n a\t b\u{2028}c\r\n </title>"), "a b c");
        assert_eq!(title("<title>a\u{202e}b\u{200b}\u{7}c\u{2066}</title>"), "ab c");
        assert_eq!(title("<title>a&#x202E;b&#0;</title>"), "ab\u{fffd}");
        let long = title(format!("<title>{}</title>", "ä ".repeat(10_000)));
        assert!(long.chars().count() <= TITLE_CHARS && long.ends_with('…'), "{long}");
        assert_eq!(title("<title>👩\u{200d}💻 ❤\u{fe0f}</title>"), "👩\u{200d}💻 ❤\u{fe0f}");
    }

    #[test]
    fn the_encoding_is_that_of_the_header_or_of_the_page() {
        let latin = b"<title>caf\xe9</title>";
        assert_eq!(page(latin, "text/html; charset=ISO-8859-1").unwrap().title, "café");
        assert_eq!(page(latin, "text/html; x=y; Charset=\"latin1\"").unwrap().title, "café");
        assert_eq!(page(latin, "text/html; charset=unknown").unwrap().title, "caf\u{fffd}");
        assert_eq!(title([b"<meta charset=windows-1252>", &latin[..]].concat()), "café");
        let meta = b"<meta http-equiv=Content-Type content='text/html; charset=windows-1252'>";
        assert_eq!(title([meta, &latin[..]].concat()), "café");
        assert_eq!(title(b"<meta charset=shift_jis><title>\x93\xfa\x96{</title>"), "日本");
        assert_eq!(
            title([b"\xef\xbb\xbf<meta charset=latin1>", "<title>é".as_bytes()].concat()),
            "é"
        );
        assert_eq!(title("<meta charset=utf-16><title>é</title>"), "é");
        let wide: Vec<u8> =
            "\u{feff}<title>é</title>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(title(wide), "é");
    }
}
