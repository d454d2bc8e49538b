//! Searches: queries of clients, and the snippets of what they find.

use crate::chat::search_fuzzed::{parse, score, snippet};
use crate::storage::fts5_of;

/// Input: a query, and after a line feed the text of a message.
///
/// Promises: a query is understood, or refused with sentences. Nothing in it has a meaning in the query language of the
/// database: every quoted text consists of words. The hits of a snippet are in it, in order, and no snippet is long.
pub fn search(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (query, content) = text.split_once('\n').unwrap_or((text, text));
    let phrases = match parse(query) {
        Ok(parsed) => parsed.phrases,
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(fault.len() > 10 && fault.contains(' '), "no sentence: {fault:?}");
            }
            return;
        }
    };
    for phrase in &phrases {
        let expression = fts5_of(phrase.clone());
        let words = expression.strip_prefix('"').and_then(|rest| rest.rsplit_once('"'));
        let Some((words, end)) = words else { panic!("it is not quoted: {expression:?}") };
        assert!(words.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || c == ' '));
        assert!(["", " *"].contains(&end), "{expression:?}");
    }
    let snippet = snippet(content, &phrases);
    let length = snippet.text.chars().count();
    assert!(length <= 202 && !snippet.text.chars().any(char::is_control), "{snippet:?}");
    let mut last = 0;
    for hit in &snippet.hits {
        assert!(last <= hit.start && hit.start < hit.end && hit.end <= length, "{snippet:?}");
        last = hit.end;
    }
    assert!(score(content, &phrases).is_finite());
}
