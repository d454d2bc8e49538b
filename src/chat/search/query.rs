//! The language of searches: `"red wine" from:ann in:general after:2026-01-31 has:link`.
//!
//! Pure: names of users and rooms are looked up by the rule.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use crate::model::{Feature, Phrase, Timestamp, tokens};

/// The longest query.
const MAX_QUERY_CHARS: usize = 500;

/// The most words in a query.
const MAX_WORDS: usize = 40;

/// The most users, rooms and times that a query names, each.
const MAX_NAMED: usize = 10;

/// A word with fewer characters is not taken for the beginning of a longer one: too many begin with it.
const MIN_PREFIX_CHARS: usize = 3;

/// What a query asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedQuery {
    pub phrases: Vec<Phrase>,
    /// The names after `from:`.
    pub from: Vec<String>,
    /// The names or ids after `in:`.
    pub rooms: Vec<String>,
    pub after: Option<Timestamp>,
    pub before: Option<Timestamp>,
    pub features: Vec<Feature>,
}

/// Understands a query.
///
/// # Errors
/// A sentence for each mistake in it.
pub fn parse(query: &str) -> Result<ParsedQuery, Vec<String>> {
    let mut parsed = ParsedQuery::default();
    let mut faults = Vec::new();
    let chars = query.chars().count();
    if chars > MAX_QUERY_CHARS {
        return Err(vec![format!("must have at most {MAX_QUERY_CHARS} characters, not {chars}")]);
    }
    if query.contains('\0') {
        return Err(vec!["must not contain the character NUL".to_owned()]);
    }
    for term in terms(query) {
        if let Err(fault) = parsed.add(&term) {
            faults.push(fault);
        }
    }
    let words: usize = parsed.phrases.iter().map(|phrase| phrase.words.len()).sum();
    if words > MAX_WORDS {
        faults.push(format!("must have at most {MAX_WORDS} words, not {words}"));
    }
    if parsed.from.len() > MAX_NAMED || parsed.rooms.len() > MAX_NAMED {
        faults.push(format!("must have at most {MAX_NAMED} times from: and in:"));
    }
    if faults.is_empty() && !parsed.selects() {
        faults.push("needs a word to look for, or one of from:, in: and has:link".to_owned());
    }
    if faults.is_empty() { Ok(parsed) } else { Err(faults) }
}

impl ParsedQuery {
    /// Whether the index can be asked for this: a time alone would be all messages.
    fn selects(&self) -> bool {
        let is_narrow = !self.from.is_empty() || !self.rooms.is_empty();
        !self.phrases.is_empty() || is_narrow || self.features.contains(&Feature::Link)
    }

    fn add(&mut self, term: &Term<'_>) -> Result<(), String> {
        let value = term.value;
        match term.key.unwrap_or_default().to_ascii_lowercase().as_str() {
            "from" => self.from.push(named(value, "from:", "the username")?),
            "in" => self.rooms.push(named(value, "in:", "the name or the id of a room")?),
            "after" => self.after = self.after.max(Some(time(value, "after:")?)),
            "before" => {
                let before = time(value, "before:")?;
                self.before = Some(self.before.map_or(before, |other| other.min(before)));
            }
            key @ ("has" | "is") => self.features.push(feature(key, value)?),
            _ => self.phrases.extend(term.phrase()),
        }
        Ok(())
    }
}

/// A part of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term<'a> {
    /// The word before the colon, if it has a meaning.
    key: Option<&'a str>,
    /// Without quotes.
    value: &'a str,
    is_quoted: bool,
    /// Nothing comes after it.
    is_last: bool,
}

impl Term<'_> {
    /// `None`: it has no words.
    fn phrase(&self) -> Option<Phrase> {
        let words: Vec<String> = tokens(self.value).into_iter().map(|token| token.word).collect();
        let is_long = words.last()?.chars().count() >= MIN_PREFIX_CHARS;
        // The user may still be typing. A separator after a word ends it.
        let is_open = self.is_last && self.value.ends_with(char::is_alphanumeric);
        let is_prefix = is_long && !self.is_quoted && (is_open || self.value.ends_with('*'));
        Some(Phrase { words, is_prefix })
    }
}

const KEYS: [&str; 6] = ["from", "in", "after", "before", "has", "is"];

fn terms(query: &str) -> Vec<Term<'_>> {
    let mut terms = Vec::new();
    let mut rest = query.trim_start();
    while !rest.is_empty() {
        let key = KEYS.into_iter().find_map(|key| {
            let (before, after) = rest.split_once(':')?;
            before.eq_ignore_ascii_case(key).then_some((before, after))
        });
        let (key, value) = key.map_or((None, rest), |(key, value)| (Some(key), value));
        let quoted = value.strip_prefix('"');
        let (value, after) = match quoted {
            // A phrase whose end is still to be typed.
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                // A quote begins a phrase, also without a space before it.
                let end = value.find(|c: char| c.is_whitespace() || c == '"');
                value.split_at(end.unwrap_or(value.len()))
            }
        };
        terms.push(Term { key, value, is_quoted: quoted.is_some(), is_last: after.is_empty() });
        rest = after.trim_start();
    }
    terms
}

fn named(value: &str, key: &str, what: &str) -> Result<String, String> {
    match value.trim() {
        "" => Err(format!("{key} needs {what} after it, without a space")),
        value => Ok(value.to_owned()),
    }
}

fn feature(key: &str, value: &str) -> Result<Feature, String> {
    let word = format!("{key}:{}", value.to_ascii_lowercase());
    match word.parse::<Feature>() {
        Ok(feature) if feature.is_available() => Ok(feature),
        Ok(_) => Err(format!("{word} is not possible on this server yet: leave it out")),
        Err(()) => {
            let known = Feature::ALL.iter().filter(|it| it.is_available()).map(|it| it.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            Err(format!("{word} is not known: use one of {known}"))
        }
    }
}

/// A day, which begins at midnight in UTC, or a time.
fn time(value: &str, key: &str) -> Result<Timestamp, String> {
    let is_day = value.len() == "2026-01-31".len();
    let text = if is_day { format!("{value}T00:00:00Z") } else { value.to_owned() };
    let deserializer = IntoDeserializer::<Error>::into_deserializer(text.as_str());
    Timestamp::deserialize(deserializer).map_err(|_| {
        format!("{key} needs a day like 2026-01-31, or a time like 2026-01-31T10:30:00Z")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phrase(words: &str, is_prefix: bool) -> Phrase {
        Phrase { words: words.split(' ').map(str::to_owned).collect(), is_prefix }
    }

    #[test]
    fn words_phrases_and_beginnings_of_words() {
        let phrases = |query: &str| parse(query).unwrap().phrases;
        assert_eq!(phrases("Red wine"), [phrase("red", false), phrase("wine", true)]);
        assert_eq!(phrases("red wine "), [phrase("red", false), phrase("wine", false)]);
        assert_eq!(phrases("re"), [phrase("re", false)]);
        assert_eq!(phrases("win* red"), [phrase("win", true), phrase("red", true)]);
        assert_eq!(phrases("\"Red wine\""), [phrase("red wine", false)]);
        assert_eq!(phrases("\"red win"), [phrase("red win", false)]);
        assert_eq!(
            phrases("a\"b c\"d"),
            [phrase("a", false), phrase("b c", false), phrase("d", false)]
        );
        assert_eq!(phrases("don't wait!"), [phrase("don t", false), phrase("wait", false)]);
        assert_eq!(
            phrases("東京 example.com"),
            [phrase("東 京", false), phrase("example com", true)]
        );
        // These mean nothing.
        assert_eq!(phrases("https://a foo:bar")[1], phrase("foo bar", true));
    }

    #[test]
    fn what_narrows_a_search_down() {
        let parsed =
            parse("tea FROM:ann from:\"bo\" in:general in:\"two words\" has:link").unwrap();
        assert_eq!(parsed.from, ["ann", "bo"]);
        assert_eq!(parsed.rooms, ["general", "two words"]);
        assert_eq!(parsed.features, [Feature::Link]);
        assert_eq!(parsed.phrases, [phrase("tea", false)]);
        let parsed = parse("x after:2026-01-31 before:2026-02-01T10:30:00+01:00").unwrap();
        let shown = [parsed.after, parsed.before].map(|time| time.unwrap().to_string());
        assert_eq!(shown, ["2026-01-31T00:00:00.000Z", "2026-02-01T09:30:00.000Z"]);
        let parsed = parse("x before:2026-02-01 before:2026-01-01 before:2026-03-01").unwrap();
        assert_eq!(parsed.before.unwrap().to_string(), "2026-01-01T00:00:00.000Z");
        assert!(parse("in:7").unwrap().phrases.is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (query, part) in [
            ("", "needs a word"),
            ("?!", "needs a word"),
            ("before:2026-01-01", "needs a word"),
            ("tea from:", "from: needs the username"),
            ("tea in: general", "in: needs the name"),
            ("tea before:yesterday", "before: needs a day"),
            ("tea after:2026-02-30", "after: needs a day"),
            ("has:cake", "has:cake is not known: use one of has:link"),
            ("has:file", "has:file is not possible"),
            (&"x ".repeat(41), "at most 40 words"),
            (&"x".repeat(501), "at most 500 characters, not 501"),
            (&"from:a ".repeat(11), "at most 10 times"),
        ] {
            let faults = parse(query).unwrap_err();
            assert!(faults.len() == 1 && faults[0].contains(part), "{query}: {faults:?}");
        }
        assert_eq!(parse("has:a before:b").unwrap_err().len(), 2);
    }

    proptest! {
        /// A query in words finds what the words say, whatever is around it.
        #[test]
        fn any_text_is_understood_or_refused(query in "\\PC{0,30}|[a-z东 :\"*-]{0,20}(from|in|has|is|after):?[a-z\"]{0,3}") {
            match parse(&query) {
                Ok(parsed) => {
                    prop_assert!(parsed.selects());
                    prop_assert!(parsed.phrases.iter().all(|phrase| !phrase.words.is_empty()));
                }
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }
    }
}
