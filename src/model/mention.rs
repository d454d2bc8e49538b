//! Mentions in a text: `@name`, where the name is not a part of a longer word, and not in code.
//!
//! The page shows mentions by the same rules (`src/web/page/core/names.js`). Names are ASCII and have no case.

use super::Everyone;
use super::code::code_ranges;

/// The most characters of a username. They are ASCII, so this is the number of bytes too.
pub const MAX_USERNAME_CHARS: usize = 32;

/// A place in a text that may mention somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleMention<'a> {
    /// The position of the `@`, in Unicode characters from the beginning of the text.
    pub start: u32,
    /// The text after the `@`, up to the first character that no username contains.
    pub word: &'a str,
}

impl<'a> PossibleMention<'a> {
    /// The names that the word can be, the longest first: full stops and dashes at its end may belong to the sentence.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let word = self.word;
        let shortest = word.trim_end_matches(['.', '-']).len().max(1);
        (shortest..=word.len().min(MAX_USERNAME_CHARS)).rev().map(move |end| &word[..end])
    }

    /// Whether the word stands for a group of people.
    pub fn everyone(&self) -> Option<Everyone> {
        self.names().find_map(|name| match name.to_ascii_lowercase().as_str() {
            "room" => Some(Everyone::Room),
            "here" => Some(Everyone::Here),
            _ => None,
        })
    }

    /// The position after a name of this length.
    pub fn end(&self, name: &str) -> u32 {
        // Names are ASCII, and shorter than a text.
        self.start + 1 + name.len() as u32
    }
}

/// Returns the places outside of code that may mention somebody, in order, at most `limit`.
pub fn possible_mentions(text: &str, limit: usize) -> Vec<PossibleMention<'_>> {
    if !text.contains('@') {
        return Vec::new();
    }
    let code = code_ranges(text);
    let mut code = code.iter().peekable();
    let mut found = Vec::new();
    let (mut counted, mut chars) = (0, 0);
    for (at, _) in text.match_indices('@') {
        while code.next_if(|range| range.end <= at).is_some() {}
        let is_code = code.peek().is_some_and(|range| range.contains(&at));
        let is_start = at == 0 || !is_of_name(text.as_bytes()[at - 1]);
        let rest = &text[at + 1..];
        let end = rest.bytes().position(|byte| !is_of_name(byte)).unwrap_or(rest.len());
        if is_code || !is_start || end == 0 {
            continue;
        }
        if found.len() == limit {
            break;
        }
        chars += text[counted..at].chars().count();
        counted = at;
        found.push(PossibleMention { start: chars as u32, word: &rest[..end] });
    }
    found
}

/// Whether a username may contain the character.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(u32, &str)> {
        possible_mentions(text, 10).into_iter().map(|it| (it.start, it.word)).collect()
    }

    #[test]
    fn a_mention_begins_a_word() {
        assert_eq!(words("@ann, @Ben."), [(0, "ann"), (6, "Ben.")]);
        assert_eq!(words("é@ann"), [(1, "ann")]);
        assert_eq!(words("ann@example.com me@"), []);
        assert_eq!(words("(@ann)@ben"), [(1, "ann"), (6, "ben")]);
        assert_eq!(words("@@ann"), [(1, "ann")]);
    }

    #[test]
    fn a_mention_is_never_in_code() {
        assert_eq!(words("`@ann` @ben"), [(7, "ben")]);
        assert_eq!(words("``a ` @ann`` @ben"), [(13, "ben")]);
        assert_eq!(words("```\n@ann\n```\n@ben"), [(13, "ben")]);
        assert_eq!(words("~~~ js\n@ann\n```\n~~~\n@ben"), [(20, "ben")]);
        assert_eq!(words("```\n@ann"), []);
        assert_eq!(words("a ` b @ann"), [(6, "ann")]);
        assert_eq!(words("    ```\n@ann"), [(8, "ann")]);
    }

    #[test]
    fn a_word_can_be_several_names() {
        let names = |word| -> Vec<&str> { PossibleMention { start: 0, word }.names().collect() };
        assert_eq!(names("ann"), ["ann"]);
        assert_eq!(names("ann.-"), ["ann.-", "ann.", "ann"]);
        assert_eq!(names("..."), ["...", "..", "."]);
        let long = "x".repeat(40);
        assert_eq!(names(&long).len(), 0);
    }

    #[test]
    fn room_and_here_stand_for_everyone() {
        let everyone = |text| possible_mentions(text, 1)[0].everyone();
        assert_eq!(everyone("@room"), Some(Everyone::Room));
        assert_eq!(everyone("@HERE!"), Some(Everyone::Here));
        assert_eq!(everyone("@room."), Some(Everyone::Room));
        assert_eq!(everyone("@rooms"), None);
    }
}
