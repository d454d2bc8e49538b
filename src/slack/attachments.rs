//! Slack's attachments as markdown. Slack calls them legacy; most programs still send them.

use serde_json::Value;

use super::time::time;
use super::{blocks, filled, list, literal, mrkdwn, string};

/// Stands between links, and between the parts of a footer.
pub(super) const BETWEEN: &str = " · ";

/// The parts of a message that the attachments make.
pub(super) fn attachments(attachments: &Value) -> Vec<String> {
    list(attachments).iter().flat_map(attachment).collect()
}

fn attachment(attachment: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(text) = filled(&attachment["pretext"]) {
        parts.push(mrkdwn::text(&text));
    }
    let mut head = Vec::new();
    if let Some(name) = filled(&attachment["author_name"]) {
        head.push(linked(name, &attachment["author_link"]));
    }
    if let Some(title) = filled(&attachment["title"]) {
        head.push(bold(&title, &attachment["title_link"]));
    }
    let text = filled(&attachment["text"]).map(|text| mrkdwn::text(&text));
    head.extend(text.map(|text| text.trim_end().to_owned()));
    parts.push(head.join("\n"));
    parts.extend(blocks::blocks(&attachment["blocks"]));
    let fields: Vec<String> = list(&attachment["fields"]).iter().filter_map(field).collect();
    parts.push(fields.join("\n"));
    if let Some(address) = filled(&attachment["image_url"]) {
        parts.push(literal::link("image", &address));
    }
    parts.push(actions(&attachment["actions"]));
    if parts.iter().all(|part| part.trim().is_empty()) {
        let fallback = filled(&attachment["fallback"]);
        return fallback.map(|text| mrkdwn::text(&text)).into_iter().collect();
    }
    parts.push(footer(attachment));
    parts
}

fn field(field: &Value) -> Option<String> {
    let value = filled(&field["value"]).map(|value| mrkdwn::text(&value));
    let value = value.unwrap_or_default().trim_end().to_owned();
    let Some(title) = filled(&field["title"]) else {
        return (!value.is_empty()).then_some(value);
    };
    let title = title.trim().trim_end_matches(':');
    let between = if value.contains('\n') { '\n' } else { ' ' };
    Some(format!("{}{between}{value}", bold(&format!("{title}:"), &Value::Null)))
}

/// The actions with an address. All others would have to be answered by their sender.
fn actions(actions: &Value) -> String {
    let action =
        |action: &Value| Some(literal::link(&filled(&action["text"])?, &filled(&action["url"])?));
    let links: Vec<String> = list(actions).iter().filter_map(action).collect();
    links.join(BETWEEN)
}

fn footer(attachment: &Value) -> String {
    let words = filled(&attachment["footer"]).map(|words| mrkdwn::line(&words));
    let parts: Vec<String> = words.into_iter().chain(time(&attachment["ts"])).collect();
    parts.join(BETWEEN)
}

fn linked(words: String, address: &Value) -> String {
    match string(address) {
        Some(address) => literal::link(&words, &address),
        None => literal::line(&words),
    }
}

fn bold(words: &str, address: &Value) -> String {
    format!("**{}**", linked(words.to_owned(), address))
}
