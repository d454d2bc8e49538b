//! Slack's markup, mrkdwn, as markdown: `*bold*`, `_italic_`, `~struck out~`, code, quotes, and `<…>` for links, people
//! and rooms.

use std::ops::Range;

use serde_json::Value;

use super::literal::{self, Piece};
use super::time::time;

const FENCE: &str = "```";

/// A mark of Slack, and that of markdown for the same.
struct Mark {
    slack: &'static str,
    markdown: &'static str,
}

/// Slack does not know `**`, but many programs send it.
const MARKS: [Mark; 4] = [
    Mark { slack: "*", markdown: "**" },
    Mark { slack: "**", markdown: "**" },
    Mark { slack: "_", markdown: "_" },
    Mark { slack: "~", markdown: "~~" },
];

/// The text as markdown.
pub(super) fn text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut out = String::new();
    let mut rest = &*text;
    while let Some((before, from)) = rest.split_once(FENCE) {
        let Some((code, after)) = from.split_once(FENCE) else { break };
        if code.trim().is_empty() {
            prose(&mut out, before);
            rest = from;
            continue;
        }
        prose(&mut out, before.strip_suffix(' ').unwrap_or(before));
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&literal::code_block(&decoded(code)));
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    prose(&mut out, rest);
    out
}

/// The text as markdown in one line.
pub(super) fn line(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    inline(&words)
}

fn prose(out: &mut String, text: &str) {
    let mut is_quoted = false;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        // Three marks begin a quote that has all the lines after them.
        let (marks, words) = quote_marks(line);
        is_quoted |= marks >= 3;
        if is_quoted || marks > 0 {
            out.push_str("> ");
        }
        out.push_str(&inline(words));
    }
}

/// The number of the marks of a quote before a line, and the line without them.
fn quote_marks(line: &str) -> (usize, &str) {
    let mut rest = line.trim_start();
    let mut marks = 0;
    while let Some(after) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("&gt;")) {
        rest = after;
        marks += 1;
    }
    if marks == 0 { (0, line) } else { (marks, rest.trim_start()) }
}

fn inline(line: &str) -> String {
    let pieces = pieces(line);
    let mut out = String::new();
    marked(&mut out, &pieces, 0..pieces.len());
    out
}

/// Appends a range of pieces with its marks. Between two marks that belong together there is none of the same kind that
/// could end, so that this is at most as deep as there are kinds of marks.
fn marked(out: &mut String, pieces: &[Piece], range: Range<usize>) {
    // If one mark has no end, no later one of its kind has.
    let mut endless = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let mark = MARKS.iter().find(|mark| mark.begins(pieces, at));
        if let Some(mark) = mark
            && !endless.contains(&mark.slack)
        {
            let length = mark.slack.len();
            let first = at + length;
            if let Some(end) = (first + 1..range.end).find(|&end| mark.ends(pieces, end)) {
                out.push_str(mark.markdown);
                marked(out, pieces, first..end);
                out.push_str(mark.markdown);
                at = end + length;
                continue;
            }
            endless.push(mark.slack);
        }
        literal::write(out, pieces, at..at + 1);
        at += 1;
    }
}

impl Mark {
    /// The pieces before, of and after the mark, if it is a whole row of its character.
    fn at(&self, pieces: &[Piece], at: usize) -> Option<(Option<char>, Option<char>)> {
        let end = at + self.slack.len();
        let is_here = self
            .slack
            .chars()
            .enumerate()
            .all(|(number, char)| pieces.get(at + number) == Some(&Piece::Char(char)));
        let before = at.checked_sub(1).map(|before| &pieces[before]);
        let after = pieces.get(end);
        let is_whole = before != Some(&pieces[at]) && after != Some(&pieces[at]);
        (is_here && is_whole).then(|| (before.map(Piece::face), after.map(Piece::face)))
    }

    fn begins(&self, pieces: &[Piece], at: usize) -> bool {
        self.at(pieces, at).is_some_and(|(before, after)| {
            !before.is_some_and(char::is_alphanumeric)
                && after.is_some_and(|after| !after.is_whitespace())
        })
    }

    fn ends(&self, pieces: &[Piece], at: usize) -> bool {
        self.at(pieces, at).is_some_and(|(before, after)| {
            before.is_some_and(|before| !before.is_whitespace())
                && !after.is_some_and(char::is_alphanumeric)
        })
    }
}

/// Finds code, addresses, and what is between `<` and `>`.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    // If one row of code has no end, no later one has.
    let mut has_ticks = true;
    while let Some(char) = line[at..].chars().next() {
        let rest = &line[at..];
        let mut found = None;
        match char {
            '`' if has_ticks => match rest[1..].find('`') {
                Some(0) => {}
                Some(length) => {
                    let code = literal::code(&decoded(&rest[1..=length]));
                    found = Some((vec![Piece::Markdown(code)], length + 2));
                }
                None => has_ticks = false,
            },
            '<' => {
                let end = rest[1..].find(['<', '>']).map(|at| at + 1);
                let end = end.filter(|&end| rest[end..].starts_with('>'));
                found = end.and_then(|end| Some((angle(&rest[1..end])?, end + 1)));
            }
            '&' => {
                found = entity(rest).map(|(char, length)| (vec![Piece::Literal(char)], length));
            }
            'h' => {
                let length = literal::address_length(line, at);
                found =
                    length.map(|length| (vec![Piece::Address(decoded(&rest[..length]))], length));
            }
            _ => {}
        }
        let (new, length) = found.unwrap_or((vec![Piece::Char(char)], char.len_utf8()));
        pieces.extend(new);
        at += length;
    }
    pieces
}

/// What stands between `<` and `>`. `None`: it is text.
fn angle(inner: &str) -> Option<Vec<Piece>> {
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|it| !it.trim().is_empty())),
        None => (inner, None),
    };
    let named = |sign: char, id: &str| {
        let name = label.unwrap_or(id);
        literals(&format!("{sign}{}", name.strip_prefix(sign).unwrap_or(name)))
    };
    if let Some(id) = target.strip_prefix('@') {
        return (!id.is_empty()).then(|| named('@', id));
    }
    if let Some(id) = target.strip_prefix('#') {
        return (!id.is_empty()).then(|| named('#', id));
    }
    if let Some(command) = target.strip_prefix('!') {
        let mut parts = command.split('^');
        return match parts.next()? {
            "" => None,
            "date" => {
                let seconds = Value::from(parts.next().unwrap_or_default());
                Some(literals(&label.map(str::to_owned).or_else(|| time(&seconds))?))
            }
            "subteam" => Some(named('@', parts.next().unwrap_or_default())),
            name => Some(named('@', name)),
        };
    }
    let address = decoded(target);
    if !literal::is_address(&address) {
        return None;
    }
    let link = literal::link(&decoded(label.unwrap_or_default()), &address);
    Some(vec![Piece::Markdown(link)])
}

fn literals(text: &str) -> Vec<Piece> {
    decoded(text).chars().map(Piece::Literal).collect()
}

/// The character that begins the text in Slack's escaped form, and the length of that form.
fn entity(text: &str) -> Option<(char, usize)> {
    let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
    known.iter().find(|(name, _)| text.starts_with(name)).map(|(name, char)| (*char, name.len()))
}

fn decoded(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
