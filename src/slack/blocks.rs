//! Slack's blocks as markdown.

use serde_json::Value;

use super::{attachments, filled, list, literal, mrkdwn, rich_text, string};

/// The markdown of the block `divider`.
pub(super) const DIVIDER: &str = "---";

/// The parts of a message that the blocks make; none if they show nothing.
pub(super) fn blocks(blocks: &Value) -> Vec<String> {
    let parts: Vec<String> = list(blocks).iter().filter_map(block).collect();
    if parts.iter().all(|part| part == DIVIDER) { Vec::new() } else { parts }
}

fn block(block: &Value) -> Option<String> {
    let part = match block["type"].as_str()? {
        "header" => {
            let words = literal::line(&string(&block["text"]["text"])?);
            if words.is_empty() { words } else { format!("### {words}") }
        }
        "divider" => DIVIDER.to_owned(),
        "image" => image(block)?,
        "context" => {
            let words: Vec<String> =
                list(&block["elements"]).iter().filter_map(text_object).collect();
            words.join(" ")
        }
        "actions" => links(&block["elements"]),
        "rich_text" => rich_text::rich_text(&block["elements"]),
        // Ordinary markdown, which is nearly ours.
        "markdown" => string(&block["text"])?,
        "video" => literal::link(
            &filled(&block["title"]["text"]).unwrap_or_else(|| "video".to_owned()),
            &string(&block["title_url"]).or_else(|| string(&block["video_url"]))?,
        ),
        _ => section(block),
    };
    (!part.trim().is_empty()).then_some(part)
}

/// A text, fields, and a button or an image beside them.
fn section(block: &Value) -> String {
    let mut lines: Vec<String> = text_object(&block["text"]).into_iter().collect();
    lines.extend(list(&block["fields"]).iter().filter_map(text_object));
    lines.push(links(&block["accessory"]));
    if block["accessory"]["type"] == "image" {
        lines.extend(image(&block["accessory"]));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A text with its kind, `plain_text` or `mrkdwn`, or a text alone.
fn text_object(value: &Value) -> Option<String> {
    let text = match value {
        Value::Object(_) => filled(&value["text"])?,
        _ => filled(value)?,
    };
    Some(match value["type"].as_str() {
        Some("plain_text") => literal::text(&text),
        _ => mrkdwn::text(&text),
    })
    .map(|text| text.trim_end().to_owned())
}

/// The image itself stays where it is.
fn image(block: &Value) -> Option<String> {
    let address = filled(&block["image_url"]).or_else(|| filled(&block["slack_file"]["url"]))?;
    let name = filled(&block["title"]["text"]).or_else(|| filled(&block["alt_text"]));
    Some(literal::link(&name.unwrap_or_else(|| "image".to_owned()), &address))
}

/// The buttons that lead to a page. All others would have to be answered by their sender.
fn links(elements: &Value) -> String {
    let button = |element: &Value| {
        let (words, address) = (filled(&element["text"]["text"])?, filled(&element["url"])?);
        Some(literal::link(&words, &address))
    };
    let buttons: Vec<String> = list(elements).iter().filter_map(button).collect();
    buttons.join(attachments::BETWEEN)
}
