//! The part of a message that shows why it was found, and how well the message fits. Pure.

use serde::Serialize;

use crate::model::{Phrase, Token, tokens};

/// The longest snippet, in characters, without the marks where it is cut off.
const MAX_CHARS: usize = 200;

/// How much of the text before the first hit is shown.
const BEFORE: usize = 50;

/// A cut at a space moves by at most this number of characters.
const MAX_MOVE: usize = 15;

/// Stands where a snippet is cut off.
const CUT: char = '…';

/// A part of a message's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snippet {
    pub text: String,
    /// The places of the words that were searched for, in order.
    pub hits: Vec<Hit>,
}

/// A place in a snippet, in characters (Unicode code points).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    pub start: usize,
    /// After the last character.
    pub end: usize,
}

/// Makes the snippet of a message's text.
pub fn snippet(content: &str, phrases: &[Phrase]) -> Snippet {
    let hits = hits(content, &tokens(content), phrases);
    let chars: Vec<char> = content.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (from, to) = window(&chars, &hits);
    let mut text = String::new();
    if from > 0 {
        text.push(CUT);
    }
    let shift = text.chars().count();
    text.extend(&chars[from..to]);
    if to < chars.len() {
        text.push(CUT);
    }
    let hits = hits
        .into_iter()
        .filter(|hit| hit.start >= from && hit.start < to)
        .map(|hit| Hit { start: hit.start - from + shift, end: hit.end.min(to) - from + shift });
    Snippet { hits: hits.collect(), text }
}

/// Returns how well a message fits: more for phrases that occur more often, near to each other, as they were typed, and
/// in a short text.
pub fn score(content: &str, phrases: &[Phrase]) -> f64 {
    let tokens = tokens(content);
    let mut score = 0.0;
    let (mut first, mut last) = (usize::MAX, 0);
    for phrase in phrases {
        let places = places(&tokens, phrase);
        let is_exact = places.iter().any(|&at| is_exact(&tokens[at..], phrase));
        // The tenth time says little more than the third.
        score += (1.0 + (places.len() as f64).ln_1p()) * if is_exact { 1.0 } else { 0.6 };
        if let Some(&place) = places.first() {
            (first, last) = (first.min(place), last.max(place));
        }
    }
    let gap = last.saturating_sub(first) as f64;
    score * (1.0 + 1.0 / (1.0 + gap)) / (1.0 + tokens.len() as f64 / 100.0)
}

/// The indexes of the tokens at which the phrase begins.
fn places(tokens: &[Token], phrase: &Phrase) -> Vec<usize> {
    (0..tokens.len()).filter(|&at| begins(&tokens[at..], phrase)).collect()
}

fn begins(tokens: &[Token], Phrase { words, is_prefix }: &Phrase) -> bool {
    let (Some(tokens), Some((last, others))) = (tokens.get(..words.len()), words.split_last())
    else {
        return false;
    };
    tokens.iter().zip(others).all(|(token, word)| token.word == *word)
        && tokens.last().is_some_and(|token| match is_prefix {
            true => token.word.starts_with(last.as_str()),
            false => token.word == *last,
        })
}

fn is_exact(tokens: &[Token], phrase: &Phrase) -> bool {
    begins(tokens, &Phrase { is_prefix: false, ..phrase.clone() })
}

/// The places of all phrases, in characters, in order and without overlaps.
fn hits(content: &str, tokens: &[Token], phrases: &[Phrase]) -> Vec<Hit> {
    let mut bytes: Vec<(usize, usize)> = Vec::new();
    for phrase in phrases {
        let spans = places(tokens, phrase).into_iter().filter_map(|at| {
            let last = tokens.get(at + phrase.words.len() - 1)?;
            Some((tokens[at].start, last.end))
        });
        bytes.extend(spans);
    }
    bytes.sort_unstable();
    let mut hits: Vec<Hit> = Vec::new();
    // Each character is counted once.
    let (mut counted, mut chars) = (0, 0);
    let mut end_of_last = 0;
    for (start, end) in bytes {
        if start < end_of_last {
            if end <= end_of_last {
                continue;
            }
            chars += content[counted..end].chars().count();
            if let Some(hit) = hits.last_mut() {
                hit.end = chars;
            }
        } else {
            chars += content[counted..start].chars().count();
            let start_chars = chars;
            chars += content[start..end].chars().count();
            hits.push(Hit { start: start_chars, end: chars });
        }
        (counted, end_of_last) = (end, end);
    }
    hits
}

/// The first and the last character of the part with the most hits.
fn window(chars: &[char], hits: &[Hit]) -> (usize, usize) {
    if chars.len() <= MAX_CHARS {
        return (0, chars.len());
    }
    let within = |first: &Hit| {
        let to = first.start + MAX_CHARS - BEFORE;
        hits.iter().filter(|hit| hit.start >= first.start && hit.end <= to).count()
    };
    // Of several, the first.
    let best = hits.iter().rev().max_by_key(|hit| within(hit));
    let mut from = best.map_or(0, |hit| hit.start.saturating_sub(BEFORE));
    from = from.min(chars.len() - MAX_CHARS);
    let mut to = from + MAX_CHARS;
    // Words are not cut, if a space is near.
    if from > 0
        && let Some(space) = chars[from..from + MAX_MOVE].iter().position(|c| c.is_whitespace())
    {
        from += space + 1;
    }
    if to < chars.len()
        && let Some(space) = chars[to - MAX_MOVE..to].iter().rposition(|c| c.is_whitespace())
    {
        to = to - MAX_MOVE + space;
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::query::parse;
    use super::*;

    fn marked(content: &str, query: &str) -> String {
        let Snippet { text, hits } = snippet(content, &parse(query).unwrap().phrases);
        let chars: Vec<char> = text.chars().collect();
        let mut shown = String::new();
        let mut last = 0;
        for Hit { start, end } in hits {
            shown.extend(&chars[last..start]);
            shown.push('[');
            shown.extend(&chars[start..end]);
            shown.push(']');
            last = end;
        }
        shown.extend(&chars[last..]);
        shown
    }

    #[test]
    fn hits_are_marked_where_they_are() {
        assert_eq!(
            marked("Ünïcode: a CAFÉ, cafe\u{301}s", "cafe"),
            "Ünïcode: a [CAFÉ], [cafe\u{301}s]"
        );
        assert_eq!(marked("red wine, wine red", "\"red wine\""), "[red wine], wine red");
        assert_eq!(marked("red wine red", "\"red wine\" \"wine red\""), "[red wine red]");
        assert_eq!(marked("今日は東京へ", "東京 今日"), "[今日]は[東京]へ");
        assert_eq!(marked("two\nlines", "lines"), "two [lines]");
        assert_eq!(marked("nothing", "in:general"), "nothing");
    }

    #[test]
    fn a_long_text_is_cut_around_its_hits() {
        let filler = "word ".repeat(60);
        let content = format!("{filler}tea {filler}tea and tea {filler}");
        let shown = marked(&content, "tea ");
        assert!(shown.starts_with("…word") && shown.ends_with("word…"), "{shown}");
        assert!(shown.contains("[tea] and [tea]"), "{shown}");
        assert!(marked(&content, "word ").starts_with("[word]"));
        let without_spaces = "東".repeat(500);
        assert_eq!(snippet(&without_spaces, &[]).text.chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn what_fits_better_has_a_higher_score() {
        let score = |content: &str| score(content, &parse("red wine").unwrap().phrases);
        assert!(score("red wine") > score("red and white wine"));
        assert!(score("red wine") > score("red wineglass"));
        assert!(score("red wine, red wine") > score("red wine is good"));
        assert!(score("red wine") > score(&format!("red wine {}", "x ".repeat(100))));
    }

    proptest! {
        #[test]
        fn hits_are_inside_the_snippet(content in "([ab东]{1,3}[ \n,]?){0,120}|\\PC{0,300}", query in "[ab东]{1,3}( [ab]{1,4})?") {
            let Snippet { text, hits } = snippet(&content, &parse(&query).unwrap().phrases);
            let length = text.chars().count();
            prop_assert!(length <= MAX_CHARS + 2);
            let mut last = 0;
            for Hit { start, end } in hits {
                prop_assert!(last <= start && start < end && end <= length);
                last = end;
            }
        }
    }
}
