//! Text in which nothing is markup: what would be markdown in it is escaped.

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A character that may be markup in Slack.
    Char(char),
    /// A character that is text.
    Literal(char),
    /// Markdown: a link, or code.
    Markdown(String),
    /// An address, in which nothing is escaped.
    Address(String),
}

impl Piece {
    /// The character that the neighbours see.
    pub fn face(&self) -> char {
        match self {
            Self::Char(char) | Self::Literal(char) => *char,
            Self::Markdown(_) | Self::Address(_) => ')',
        }
    }
}

/// The text as markdown.
pub(super) fn text(text: &str) -> String {
    let lines = text.replace("\r\n", "\n");
    let mut out = Vec::new();
    for line in lines.split('\n') {
        let escaped = inline(line);
        // In Slack's markup, the beginning of a line makes a quote.
        out.push(match escaped.trim_start().starts_with('>') {
            true => escaped.replacen('>', "\\>", 1),
            false => escaped,
        });
    }
    out.join("\n")
}

/// The text as markdown in one line.
pub(super) fn line(text: &str) -> String {
    inline(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A link, or the words alone if the address is not one of the web or a mail address.
pub(super) fn link(words: &str, address: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let address = address.trim();
    if !is_address(address) {
        return inline(&words);
    }
    let target: String = address.chars().map(encoded).collect();
    let mail = address.get("mailto:".len()..).unwrap_or_default();
    if words.is_empty() || words == address {
        return format!("<{target}>");
    }
    if words == mail {
        return inline(&words);
    }
    let is_balanced = has_pairs(&words);
    let mut label = String::new();
    for (at, char) in words.char_indices() {
        match char {
            '[' | ']' if !is_balanced => label.extend(['\\', char]),
            _ => {
                let rest = &words[at + char.len_utf8()..];
                let neighbours = (words[..at].chars().next_back(), rest.chars().next());
                push(&mut label, char, neighbours, || rest.chars().take(5).collect());
            }
        }
    }
    format!("[{label}]({target})")
}

/// Whether the brackets of a text come in pairs, so that they do not end the words of a link.
fn has_pairs(text: &str) -> bool {
    let mut open = 0_usize;
    for char in text.chars() {
        match char {
            '[' => open += 1,
            ']' if open == 0 => return false,
            ']' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

/// Code within a line.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    match (text.trim().is_empty(), longest_run(&text)) {
        (true, _) => text,
        (false, 0) => format!("`{text}`"),
        (false, run) => {
            let marks = "`".repeat(run + 1);
            format!("{marks} {text} {marks}")
        }
    }
}

/// Code on lines of its own.
pub(super) fn code_block(text: &str) -> String {
    let marks = "`".repeat(longest_run(text).max(2) + 1);
    format!("{marks}\n{}\n{marks}", text.trim_matches('\n').trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

fn inline(line: &str) -> String {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(char) = line[at..].chars().next() {
        if let Some(length) = address_length(line, at) {
            pieces.push(Piece::Address(line[at..at + length].to_owned()));
            at += length;
        } else {
            pieces.push(Piece::Literal(char));
            at += char.len_utf8();
        }
    }
    let mut out = String::new();
    write(&mut out, &pieces, 0..pieces.len());
    out
}

/// Appends a range of the pieces of a line, without marks.
pub(super) fn write(out: &mut String, pieces: &[Piece], range: std::ops::Range<usize>) {
    for at in range {
        match &pieces[at] {
            Piece::Markdown(text) | Piece::Address(text) => out.push_str(text),
            Piece::Char(char) | Piece::Literal(char) => {
                let before = at.checked_sub(1).map(|at| pieces[at].face());
                let after = pieces.get(at + 1).map(Piece::face);
                // As many characters as the longest word that is looked for, and one.
                let word = || pieces[at + 1..].iter().take(5).map(Piece::face).collect();
                push(out, *char, (before, after), word);
            }
        }
    }
}

/// Appends a character, with a backslash before it if it would be markdown. `word`: the text after it.
fn push(
    out: &mut String,
    char: char,
    (before, after): (Option<char>, Option<char>),
    word: impl FnOnce() -> String,
) {
    let is_blank = |char: Option<char>| char.is_none_or(char::is_whitespace);
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    let is_escaped = match char {
        '\\' => after.is_none_or(|after| after.is_ascii_punctuation()),
        '`' => true,
        '*' => !(is_blank(before) && is_blank(after)),
        '_' | '~' => !(is_word(before) && is_word(after) || is_blank(before) && is_blank(after)),
        '|' => before == Some('|') || after == Some('|'),
        '(' => before == Some(']'),
        '<' => after.is_some_and(|after| after.is_ascii_alphabetic()),
        '#' => {
            out.trim_start().is_empty()
                && after.is_none_or(|after| after == '#' || after.is_whitespace())
        }
        '@' => !is_word(before) && names_everybody(&word()),
        _ => false,
    };
    if is_escaped {
        out.push('\\');
    }
    out.push(char);
}

/// Whether the name after an `@` would mention everybody.
fn names_everybody(text: &str) -> bool {
    ["room", "here"].iter().any(|word| {
        let begins = text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
        begins && !text[word.len()..].starts_with(|next: char| next.is_alphanumeric())
    })
}

/// The length of the web address that is at a position of a line.
pub(super) fn address_length(line: &str, at: usize) -> Option<usize> {
    let rest = &line[at..];
    if !(rest.starts_with("https://") || rest.starts_with("http://")) {
        return None;
    }
    if line[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let ends = |char: char| char.is_whitespace() || matches!(char, '<' | '>' | '`' | '|' | '"');
    let address = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let address = address.trim_end_matches(|char: char| ".,;:!?*_~'()[]\\".contains(char));
    is_address(address).then_some(address.len())
}

/// Whether a link may lead to the address.
pub(super) fn is_address(address: &str) -> bool {
    let schemes = ["https://", "http://", "mailto:"];
    let begins = |scheme: &&str| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && address.len() > scheme.len()
    };
    schemes.iter().any(begins) && !address.contains(|char: char| char.is_whitespace())
}

/// A character of the address of a link, so that the address does not end there.
fn encoded(char: char) -> String {
    match char {
        '(' | ')' | '<' | '>' | '\\' | '`' | '"' | '|' | '\0'..='\x20' => {
            format!("%{:02X}", u32::from(char))
        }
        _ => char.to_string(),
    }
}
