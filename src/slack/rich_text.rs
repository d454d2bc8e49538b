//! The block `rich_text`, which has its markup as a tree.

use serde_json::Value;

use super::time::time;
use super::{filled, list, literal, string};

/// Deeper lists are shown at this depth.
const MAX_INDENT: u64 = 8;

/// The elements of the block as markdown.
pub(super) fn rich_text(elements: &Value) -> String {
    let parts: Vec<String> = list(elements).iter().map(element).collect();
    let parts = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

fn element(element: &Value) -> String {
    let inner = &element["elements"];
    match element["type"].as_str().unwrap_or_default() {
        "rich_text_preformatted" => {
            let code: String = list(inner).iter().filter_map(bare).collect();
            literal::code_block(&code)
        }
        "rich_text_quote" => {
            let text = section(inner);
            text.trim_end().split('\n').map(|line| format!("> {line}\n")).collect()
        }
        "rich_text_list" => items(element),
        _ => section(inner),
    }
}

fn items(element: &Value) -> String {
    let indent = element["indent"].as_u64().unwrap_or(0).min(MAX_INDENT) as usize;
    let first = element["offset"].as_u64().unwrap_or(0).min(1_000_000) + 1;
    let is_ordered = element["style"] == "ordered";
    let item = |(item, number): (&Value, u64)| {
        let text = section(&item["elements"]).trim().replace('\n', " ");
        let mark = if is_ordered { format!("{number}.") } else { "-".to_owned() };
        format!("{}{mark} {text}\n", "   ".repeat(indent))
    };
    list(&element["elements"]).iter().zip(first..).map(item).collect()
}

/// The text of an element, without markup.
fn bare(element: &Value) -> Option<String> {
    filled_or_blank(&element["text"]).or_else(|| string(&element["url"]))
}

fn filled_or_blank(value: &Value) -> Option<String> {
    string(value).filter(|text| !text.is_empty())
}

/// Texts of the same style that follow each other are one text, because marks next to each other would not be marks.
fn section(elements: &Value) -> String {
    let mut out = String::new();
    let mut run: Option<(String, Style)> = None;
    for element in list(elements) {
        let style = Style::of(&element["style"]);
        let text = (element["type"] == "text").then(|| string(&element["text"]));
        match (text, &mut run) {
            (Some(Some(text)), Some((before, same))) if *same == style => before.push_str(&text),
            (Some(Some(text)), _) => {
                out.extend(run.replace((text, style)).map(|(text, style)| style.on(&text)));
            }
            (Some(None), _) => {}
            (None, _) => {
                out.extend(run.take().map(|(text, style)| style.on(&text)));
                out.push_str(&other(element));
            }
        }
    }
    out.extend(run.map(|(text, style)| style.on(&text)));
    out
}

/// An element that is not a text.
fn other(element: &Value) -> String {
    let id = |name: &str| filled(&element[name]).unwrap_or_default();
    match element["type"].as_str().unwrap_or_default() {
        "link" => literal::link(&string(&element["text"]).unwrap_or_default(), &id("url")),
        "user" => literal::line(&format!("@{}", id("user_id"))),
        "usergroup" => literal::line(&format!("@{}", id("usergroup_id"))),
        "channel" => literal::line(&format!("#{}", id("channel_id"))),
        "broadcast" => literal::line(&format!("@{}", id("range"))),
        "emoji" => format!(":{}:", id("name").replace([':', '\\', '`', '<'], "")),
        "date" => {
            let fallback = filled(&element["fallback"]);
            literal::line(&fallback.or_else(|| time(&element["timestamp"])).unwrap_or_default())
        }
        "color" => literal::line(&id("value")),
        _ => String::new(),
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    is_bold: bool,
    is_italic: bool,
    is_struck: bool,
    is_code: bool,
}

impl Style {
    fn of(style: &Value) -> Self {
        let has = |name: &str| style[name] == Value::Bool(true);
        Self {
            is_bold: has("bold"),
            is_italic: has("italic"),
            is_struck: has("strike"),
            is_code: has("code"),
        }
    }

    /// The text with the marks of the style, which no line and no blank may separate from their words.
    fn on(self, text: &str) -> String {
        if self == Self::default() {
            return literal::text(text);
        }
        let lines: Vec<String> = text.split('\n').map(|line| self.on_line(line)).collect();
        lines.join("\n")
    }

    fn on_line(self, line: &str) -> String {
        let words = line.trim();
        if words.is_empty() {
            return line.to_owned();
        }
        let start = line.len() - line.trim_start().len();
        let (before, after) = (&line[..start], &line[start + words.len()..]);
        let mut marked = if self.is_code { literal::code(words) } else { literal::line(words) };
        for (is_set, mark) in [(self.is_struck, "~~"), (self.is_italic, "_"), (self.is_bold, "**")]
        {
            if is_set {
                marked = format!("{mark}{marked}{mark}");
            }
        }
        format!("{before}{marked}{after}")
    }
}
