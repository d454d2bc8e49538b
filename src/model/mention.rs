//! Mentions in a text: `@name`, where the name is not a part of a longer word.
//!
//! The page decides the same in `src/web/page/core/names.js`, and PostgreSQL with a regular expression
//! (`storage/postgres/read_positions.rs`). Names are ASCII and have no case.

/// The most characters of a username. They are ASCII, so this is the number of bytes too.
pub const MAX_USERNAME_CHARS: usize = 32;

/// Whether a username may contain the character. A full stop or a dash at the end may also belong
/// to the sentence.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Iterates over the text after each `@` that begins a word, up to the first character that no
/// username contains.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(|(at, _)| {
        let is_start = at == 0 || !is_of_name(text.as_bytes()[at - 1]);
        let rest = &text[at + 1..];
        let end = rest.bytes().position(|byte| !is_of_name(byte)).unwrap_or(rest.len());
        (is_start && end > 0).then(|| &rest[..end])
    })
}

/// The word without the final characters that may belong to the sentence: the shortest name that it
/// can be.
fn shortest(word: &str) -> &str {
    word.trim_end_matches(['.', '-'])
}

/// Whether the text mentions this name.
///
/// The name itself is compared first, since few words that begin with `@` have it: the search takes
/// time that is linear in the length of any text.
pub fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.as_bytes(), name.as_bytes());
    let mut from = 0;
    while let Some(found) = text[from..].iter().position(|&byte| byte == b'@') {
        let at = from + found;
        from = at + 1;
        let Some((start, rest)) = text[from..].split_at_checked(name.len()) else { return false };
        if start.eq_ignore_ascii_case(name)
            && !(at > 0 && is_of_name(text[at - 1]))
            && is_end_of_name(rest)
        {
            return true;
        }
    }
    false
}

/// Whether a name may end before `rest`: the rest of the word may belong to the sentence.
fn is_end_of_name(rest: &[u8]) -> bool {
    let next = rest.iter().find(|&&byte| !matches!(byte, b'.' | b'-'));
    !next.is_some_and(|&byte| is_of_name(byte))
}

/// Returns every name that the text mentions, in lower case, each once. `Err`: there are more than
/// `limit`, and these are the first.
pub fn mentioned_names(text: &str, limit: usize) -> Result<Vec<String>, Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for word in words(text) {
        let first = shortest(word).len().max(1);
        for end in first..=word.len().min(MAX_USERNAME_CHARS) {
            let name = word[..end].to_ascii_lowercase();
            if names.contains(&name) {
                continue;
            }
            if names.len() == limit {
                return Err(names);
            }
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        mentioned_names(text, 10).unwrap()
    }

    #[test]
    fn a_name_is_a_whole_word() {
        for text in
            ["@bo", "hi @bo, come", "(@Bo)", "@bo.", "@bo...", "@bo- yes", "ä@bö @bo", "@@bo"]
        {
            assert!(mentions(text, "bo"), "{text}");
        }
        for text in ["bo", "@bob", "@bo.b", "@bo-1", "a@bo", "ann.@bo", "@b", "@", "@ bo", "@bo_"] {
            assert!(!mentions(text, "bo"), "{text}");
        }
        assert!(mentions("@bo.", "bo.") && !mentions("@bo", "bo."));
    }

    #[test]
    fn the_names_are_in_lower_case_and_each_once() {
        assert_eq!(names("@Bo and @ann, and @BO again; not x@y"), ["bo", "ann"]);
        assert_eq!(names("so says @bo."), ["bo", "bo."]);
        assert_eq!(names("none at all"), Vec::<String>::new());
        assert_eq!(mentioned_names("@a @b @c", 2), Err(vec!["a".to_owned(), "b".to_owned()]));
    }

    proptest! {
        /// Both functions agree with each other and with a slow version of the page's function.
        #[test]
        fn who_is_listed_is_mentioned(text in "[@bo.,ä -]{0,12}", name in "[bo.-]{1,3}") {
            let listed = mentioned_names(&text, 100).unwrap().contains(&name);
            prop_assert_eq!(mentions(&text, &name), listed);
            prop_assert_eq!(as_the_page(&text, &name), listed);
        }
    }

    fn as_the_page(text: &str, name: &str) -> bool {
        let wanted = format!("@{name}");
        (0..text.len()).filter(|&at| text.is_char_boundary(at)).any(|at| {
            let (before, rest) = text.split_at(at);
            let Some(after) = rest.strip_prefix(&wanted) else { return false };
            let next = after.trim_start_matches(['.', '-']).bytes().next();
            !before.bytes().last().is_some_and(is_of_name)
                && !next.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    }
}
