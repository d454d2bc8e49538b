//! Links in a text: addresses that begin with `http://` or `https://`, and are not in code.
//!
//! The page finds the ends of addresses by the same rules (`src/web/page/text/address.js`).

use url::Url;

use super::code::code_ranges;

/// The longest address, in bytes. A longer one is not a link for the server.
const MAX_BYTES: usize = 2_048;

/// The characters that end an address, besides blanks: those that no URL contains, and Chinese and Japanese punctuation.
const STOPS: &str = "<>\"`。｡、､，；：！？「」『』（）【】〈〉《》〔〕［］｛｝“”„«»";

/// Characters at the end of an address that belong to the sentence, or are a mark.
const TRAILING: &str = "?!.,:;*_~|'’…–—";

/// Returns the different links in a text, in order, at most `limit`.
pub fn links(text: &str, limit: usize) -> Vec<Url> {
    let mut found = Vec::new();
    if !text.contains("://") {
        return found;
    }
    let code = code_ranges(text);
    let mut code = code.iter().peekable();
    let mut end = 0;
    for (colon, _) in text.match_indices("://") {
        if found.len() == limit {
            break;
        }
        let Some(at) = start(text, colon).filter(|at| *at >= end) else { continue };
        while code.next_if(|range| range.end <= at).is_some() {}
        if code.peek().is_some_and(|range| range.contains(&at)) {
            continue;
        }
        let address = address(text, at);
        end = at + address.len();
        let url = Url::parse(address).ok().filter(|_| address.len() <= MAX_BYTES);
        found.extend(url.filter(|url| !found.contains(url)));
    }
    found
}

/// The position of the scheme before `://`, if it is that of the web and not the end of a longer word.
fn start(text: &str, colon: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let at = ["https", "http"].into_iter().find_map(|scheme| {
        let at = colon.checked_sub(scheme.len())?;
        bytes[at..colon].eq_ignore_ascii_case(scheme.as_bytes()).then_some(at)
    })?;
    let is_in_word = at > 0 && bytes[at - 1].is_ascii_alphabetic();
    (!is_in_word).then_some(at)
}

/// The address that begins at a position, without the punctuation after it.
fn address(text: &str, at: usize) -> &str {
    let is_stop = |c: char| c.is_whitespace() || STOPS.contains(c) || is_unseen(c);
    let rest = &text[at..];
    let mut address = &rest[..rest.find(is_stop).unwrap_or(rest.len())];
    // In `[words](address)` the bracket ends it, whatever follows.
    if text[..at].ends_with("](") {
        address = balanced(address);
    }
    let mut surplus = [('(', ')'), ('[', ']')].map(|(open, close)| {
        let [opened, closed] = [open, close].map(|bracket| address.matches(bracket).count());
        (close, closed.saturating_sub(opened))
    });
    while let Some(last) = address.chars().next_back() {
        let bracket = surplus.iter_mut().find(|(close, left)| *close == last && *left > 0);
        match bracket {
            Some((_, left)) => *left -= 1,
            None if TRAILING.contains(last) => {}
            None => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

/// The part before the first bracket that closes one before the address.
fn balanced(address: &str) -> &str {
    let mut depth = 0;
    let end = address.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth < 0
    });
    &address[..end.unwrap_or(address.len())]
}

/// Characters without a shape, such as those that change the direction of text.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        links(text, 3).into_iter().map(String::from).collect()
    }

    #[test]
    fn links_are_found_in_order_and_once() {
        assert_eq!(found("http://a.example"), ["http://a.example/"]);
        assert_eq!(
            found("see HTTPS://B.example/x?y=1#z, and http://a.example; HTTPS://b.example/x?y=1#z"),
            ["https://b.example/x?y=1#z", "http://a.example/"]
        );
        assert_eq!(
            found("http://1.example http://2.example http://3.example http://4.example").len(),
            3
        );
        assert_eq!(
            found("ftp://a.example mailto:a@b.example www.a.example http:// https://"),
            [""; 0]
        );
        assert_eq!(found("xhttp://a.example 1http://b.example"), ["http://b.example/"]);
        assert_eq!(found(&format!("http://a.example/{}", "x".repeat(3_000))), [""; 0]);
    }

    #[test]
    fn a_link_ends_where_the_sentence_goes_on() {
        for (text, url) in [
            ("(see http://a.example/x).", "http://a.example/x"),
            ("http://a.example/x_(y)", "http://a.example/x_(y)"),
            ("[words](http://a.example/x)", "http://a.example/x"),
            ("[words](http://a.example/x_(y),z \"title\")", "http://a.example/x_(y),z"),
            ("[words](http://a.example/x),next", "http://a.example/x"),
            ("<http://a.example/x>y", "http://a.example/x"),
            ("**http://a.example/x**", "http://a.example/x"),
            ("||http://a.example/x||", "http://a.example/x"),
            ("http://a.example/x。次", "http://a.example/x"),
            ("“http://a.example/x”", "http://a.example/x"),
            ("http://a.example/ä", "http://a.example/%C3%A4"),
            ("http://a.example/x\u{202e}gpj.y", "http://a.example/x"),
            ("http://x.example/?to=https://y.example", "http://x.example/?to=https://y.example"),
        ] {
            assert_eq!(found(text), [url], "{text}");
        }
    }

    #[test]
    fn a_link_in_code_is_none() {
        assert_eq!(found("`http://a.example` http://b.example"), ["http://b.example/"]);
        assert_eq!(found("```\nhttp://a.example\n```\nhttp://b.example"), ["http://b.example/"]);
    }
}
