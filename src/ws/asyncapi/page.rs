//! The page at `/docs/socket`: the document for people, without script.

use std::fmt::Write as _;

use serde_json::Value;

use super::description::DESCRIPTION;
use super::document;
use crate::realtime::CloseCode;

/// The page as HTML.
pub fn page() -> String {
    let document = document();
    let mut page = String::from(PAGE_HEAD);
    for paragraph in DESCRIPTION.split("\n\n") {
        paragraph_to_html(&mut page, paragraph);
    }
    let messages = document["components"]["messages"].as_object().cloned().unwrap_or_default();
    let is_of_client = |name: &str| name == "plain_send" || name.starts_with("client_");
    for (title, of_client) in [("Client to server", true), ("Server to client", false)] {
        let _ = write!(page, "<h2>{title}</h2>");
        for message in
            messages.iter().filter(|(name, _)| is_of_client(name) == of_client).map(|(_, it)| it)
        {
            let name = message["name"].as_str().unwrap_or_default();
            let _ = write!(page, "<h3><code>{}</code></h3>", escape(name));
            paragraph_to_html(&mut page, message["summary"].as_str().unwrap_or_default());
            let sample = message["examples"][0]["payload"].to_string();
            let _ = write!(page, "<pre><code>{}</code></pre>", escape(&sample));
            fields_to_html(&mut page, &document, &message["payload"]);
        }
    }
    page.push_str("<h2>Close codes</h2><table><thead><tr><th>Code<th>Meaning<th>What to do<tbody>");
    for code in CloseCode::ALL {
        let _ = write!(
            page,
            "<tr><td>{}<td>{}<td>{}",
            code.number(),
            escape(code.reason()),
            escape(code.advice())
        );
    }
    page.push_str(
        "</table><h2>Error codes</h2><p>The same over HTTP. After a temporary error the same request \
         may succeed: <code>retry_after</code> says in how many seconds.</p>\
         <table><thead><tr><th>Code<th>Meaning<th>Retry<tbody>",
    );
    for code in document["x-error-codes"].as_array().into_iter().flatten() {
        let text = |field: &str| escape(code[field].as_str().unwrap_or_default());
        let retry = if code["temporary"] == true { "yes" } else { "no" };
        let _ =
            write!(page, "<tr><td><code>{}</code><td>{}<td>{retry}", text("code"), text("meaning"));
    }
    page.push_str("</table></main></html>");
    page
}

const PAGE_HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content=\"width=device-width\"><title>chatapp socket</title><style>\
body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}main{max-width:46rem;\
margin:auto}pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.6rem;background:#8882;border-radius:4px}\
td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}td p{margin:0}</style><main>\
<h1>The socket</h1><p>The same as a document for programs: <a href=/asyncapi.json>asyncapi.json</a>. \
The HTTP API: <a href=/docs>docs</a>.</p>";

/// Adds a table of the fields that have a description.
fn fields_to_html(page: &mut String, document: &Value, payload: &Value) {
    let referred =
        payload["$ref"].as_str().and_then(|path| document.pointer(path.strip_prefix('#')?));
    let described: Vec<(&String, &str)> = [Some(payload), referred]
        .into_iter()
        .flatten()
        .filter_map(|schema| schema["properties"].as_object())
        .flatten()
        .filter_map(|(name, field)| Some((name, field["description"].as_str()?)))
        .collect();
    if described.is_empty() {
        return;
    }
    page.push_str("<table>");
    for (name, description) in described {
        let _ = write!(page, "<tr><td><code>{}</code><td>", escape(name));
        paragraph_to_html(page, description);
    }
    page.push_str("</table>");
}

/// Adds a paragraph in which `…` marks code.
fn paragraph_to_html(page: &mut String, text: &str) {
    page.push_str("<p>");
    for (i, part) in text.split('`').enumerate() {
        let part = escape(part);
        let _ =
            if i % 2 == 0 { write!(page, "{part}") } else { write!(page, "<code>{part}</code>") };
    }
    page.push_str("</p>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
