use proptest::prelude::*;
use serde_json::{Value, json};

use super::{literal, mrkdwn, payload, text};

fn shown(value: Value) -> String {
    payload(&value).unwrap_or_default()
}

#[test]
fn mrkdwn_becomes_markdown() {
    for (slack, markdown) in [
        ("plain text, 2 * 3 = 6", "plain text, 2 * 3 = 6"),
        ("*bold* _italic_ ~gone~ `code *x*`", "**bold** _italic_ ~~gone~~ `code *x*`"),
        ("*_both_* and _*both*_.", "**_both_** and _**both**_."),
        ("**Firing**: *a **b** c*", "**Firing**: **a **b** c**"),
        ("(*bold*), *bold*: *bold*", "(**bold**), **bold**: **bold**"),
        ("a *bold\nor* not", "a \\*bold\nor\\* not"),
        ("<https://a.example/x|the page>", "[the page](https://a.example/x)"),
        ("*<https://a.example/x|the page>*", "**[the page](https://a.example/x)**"),
        ("<https://a.example/x>", "<https://a.example/x>"),
        ("<https://a.example/x|>", "<https://a.example/x>"),
        ("<https://a.example/?a=1&amp;b=(2)|a [b]>", "[a [b]](https://a.example/?a=1&b=%282%29)"),
        ("<mailto:ann@a.example|ann@a.example>", "ann@a.example"),
        ("<https://a.example|a] [b>", r"[a\] \[b](https://a.example)"),
        ("<https://a.example|[a](b)>", r"[[a]\(b)](https://a.example)"),
        ("<mailto:ann@a.example|Ann>", "[Ann](mailto:ann@a.example)"),
        (
            "https://a.example/a_b_c, *https://b.example*",
            "https://a.example/a_b_c, **https://b.example**",
        ),
        ("<!here> <!channel> <!subteam^S1|@ops>", r"\@here @channel @ops"),
        ("<@U123> <@U123|ann> <#C1|general> <#C1>", "@U123 @ann #general #C1"),
        ("<!date^1392734382^{date_num}|18 February>", "18 February"),
        ("<!date^1392734382^{date_num}>", "2014-02-18 14:39 UTC"),
        ("a &lt;b&gt; &amp;amp; 1 < 2 > 0", r"a \<b> &amp; 1 < 2 > 0"),
        ("> quote\nafter", "> quote\nafter"),
        ("&gt; quote", "> quote"),
        (">>> all\nthe rest", "> all\n> the rest"),
        ("see ```let x = 1;\ny``` there", "see\n```\nlet x = 1;\ny\n```\n there"),
        ("```\na &lt; b\n```", "```\na < b\n```\n"),
        ("• one\n- two\n1. three", "• one\n- two\n1. three"),
        (":tada: done", ":tada: done"),
    ] {
        assert_eq!(mrkdwn::text(slack), markdown, "{slack}");
    }
}

#[test]
fn what_is_plain_in_slack_stays_plain() {
    for (slack, markdown) in [
        ("# not a heading", r"\# not a heading"),
        ("  ## not a heading", r"  \## not a heading"),
        ("#general, #7", "#general, #7"),
        ("[FIRING:1] High [x]", "[FIRING:1] High [x]"),
        ("[not](a link)", r"[not]\(a link)"),
        ("***not bold*** __nor this__", r"\*\*\*not bold\*\*\* \_\_nor this\_\_"),
        ("snake_case_name and 2*3*4", r"snake_case_name and 2\*3\*4"),
        ("10~20 and ~5", r"10~20 and \~5"),
        ("a||b || c | d", r"a\|\|b \|\| c | d"),
        ("one ` tick", r"one \` tick"),
        (r"C:\temp and \*", r"C:\temp and \\\*"),
        ("<div> <javascript:alert(1)|x>", r"\<div> \<javascript:alert(1)|x>"),
        ("ask @room or @here, @hereford", r"ask \@room or \@here, @hereford"),
    ] {
        assert_eq!(mrkdwn::text(slack), markdown, "{slack}");
    }
    assert_eq!(literal::text("> not a quote, *a*"), r"\> not a quote, \*a\*");
}

#[test]
fn a_payload_shows_blocks_or_its_text_and_then_its_attachments() {
    assert_eq!(shown(json!({ "text": "hi", "username": "x", "icon_emoji": ":x:" })), "hi");
    let section = json!({ "type": "section", "text": { "type": "mrkdwn", "text": "*b*" } });
    let attachment = json!({ "title": "t", "fallback": "f" });
    let all = json!({ "text": "hi", "blocks": [section], "attachments": [attachment] });
    assert_eq!(shown(all), "**b**\n\n**t**");
    let empty = json!({ "text": "hi", "blocks": [{ "type": "divider" }, { "type": "unknown" }] });
    assert_eq!(shown(empty), "hi");
    assert_eq!(shown(json!({ "text": "*hi*", "mrkdwn": false })), r"\*hi\*");
    assert_eq!(shown(json!({ "attachments": { "fallback": "only this" } })), "only this");
    for nothing in [
        json!(null),
        json!([]),
        json!("hi"),
        json!({}),
        json!({ "text": " \n" }),
        json!({ "text": {} }),
        json!({ "blocks": 7, "attachments": [1, "x", {}, [[]]] }),
        json!({ "blocks": [{ "type": "actions", "elements": [{ "type": "button" }] }] }),
    ] {
        assert_eq!(payload(&nothing), None, "{nothing}");
    }
    assert_eq!(text("\0 \u{0}"), None);
}

#[test]
fn every_kind_of_block_is_shown() {
    let button = json!({ "type": "button", "text": { "type": "plain_text", "text": "Open" },
                         "url": "https://a.example" });
    let silent = json!({ "type": "button", "text": { "type": "plain_text", "text": "Ack" } });
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    for (block, markdown) in [
        (json!({ "type": "header", "text": plain("A *b*\nc") }), r"### A \*b\* c"),
        (
            json!({ "type": "section", "text": plain("*a*"), "fields": [{ "type": "mrkdwn", "text": "*x*" }],
                 "accessory": button }),
            "\\*a\\*\n**x**\n[Open](https://a.example)",
        ),
        (
            json!({ "type": "context", "elements": [{ "type": "image", "image_url": "https://i", "alt_text": "i" },
                 plain("one"), { "type": "mrkdwn", "text": "_two_" }] }),
            "one _two_",
        ),
        (
            json!({ "type": "image", "image_url": "https://a.example/i.png", "alt_text": "a graph" }),
            "[a graph](https://a.example/i.png)",
        ),
        (
            json!({ "type": "actions", "elements": [button, silent, button] }),
            "[Open](https://a.example) · [Open](https://a.example)",
        ),
        (json!({ "type": "markdown", "text": "# As it is" }), "# As it is"),
    ] {
        assert_eq!(shown(json!({ "blocks": [block] })), markdown, "{block}");
    }
}

#[test]
fn rich_text_is_shown_with_its_styles() {
    let styled =
        |text: &str, style: &str| json!({ "type": "text", "text": text, "style": { style: true } });
    let section = |elements: Value| json!({ "type": "rich_text_section", "elements": elements });
    let item = |text: &str| section(json!([{ "type": "text", "text": text }]));
    let rich = json!({ "blocks": [{ "type": "rich_text", "elements": [
        section(json!([styled("Hello ", "bold"), styled("there", "bold"), { "type": "text", "text": " *x* " },
            styled("a`b", "code"), { "type": "emoji", "name": "wave" }, { "type": "user", "user_id": "U1" },
            { "type": "link", "url": "https://a.example", "text": "here" }, { "type": "broadcast", "range": "here" }])),
        { "type": "rich_text_list", "style": "bullet", "elements": [item("one"), item("two")] },
        { "type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 2, "elements": [item("three")] },
        { "type": "rich_text_quote", "elements": [{ "type": "text", "text": "a\nb" }] },
        { "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": "x = *y*" }] },
    ] }] });
    let expected = "**Hello there** \\*x\\* `` a`b ``:wave:@U1[here](https://a.example)\\@here\n\
                    - one\n- two\n   3. three\n> a\n> b\n```\nx = *y*\n```";
    assert_eq!(shown(rich), expected);
}

/// Removes the backslashes that [`literal::text`] has added.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' if chars.clone().next().is_some_and(|it| it.is_ascii_punctuation()) => {
                out.extend(chars.next());
            }
            _ => out.push(char),
        }
    }
    out
}

/// Texts in which much could be markup.
fn marked_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("*"),
        Just("_"),
        Just("~"),
        Just("`"),
        Just("```"),
        Just("<"),
        Just(">"),
        Just("|"),
        Just("\\"),
        Just("&lt;"),
        Just("&amp;"),
        Just("#"),
        Just("@here"),
        Just("<https://a.example|"),
        Just("https://b.example/_x_"),
        Just("\n"),
        Just(" "),
        Just("a"),
        Just("ä"),
        Just("["),
        Just("]("),
        Just("<!"),
        Just("<@"),
        Just("^"),
    ];
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

/// Values with the names that Slack's payloads have, in any place.
fn slack_like() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        marked_text().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(1.5e300)),
        Just(json!("header")),
        Just(json!("section")),
        Just(json!("rich_text")),
        Just(json!("rich_text_list")),
        Just(json!("rich_text_preformatted")),
        Just(json!("text")),
        Just(json!("context")),
        Just(json!("actions")),
        Just(json!("https://a.example")),
    ];
    words.prop_recursive(5, 60, 6, |inner| {
        let name = prop::sample::select(vec![
            "type",
            "text",
            "blocks",
            "attachments",
            "elements",
            "fields",
            "title",
            "title_link",
            "value",
            "style",
            "bold",
            "code",
            "url",
            "image_url",
            "accessory",
            "ts",
            "footer",
            "fallback",
            "pretext",
            "indent",
            "actions",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..8).prop_map(|fields| fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_converted_within_bounds(slack in prop_oneof![marked_text(), any::<String>()]) {
        let markdown = mrkdwn::text(&slack);
        prop_assert!(markdown.len() <= 4 * slack.len() + 8, "{slack:?} {markdown:?}");
        // A text without markup keeps every character.
        if !slack.contains(['<', '&', '>', '`', '*', '_', '~', '\r']) {
            prop_assert_eq!(unescaped(&markdown), unescaped(&literal::text(&slack)));
        }
    }

    #[test]
    fn a_literal_text_reads_back(text in prop_oneof![marked_text(), "[ -~\n]{0,80}"]) {
        // Nothing is escaped in addresses.
        let text = text.replace("http", "");
        prop_assert_eq!(unescaped(&literal::text(&text)), text);
    }

    #[test]
    fn any_payload_is_converted_within_bounds(mut value in slack_like(), blocks in slack_like()) {
        if let Value::Object(fields) = &mut value {
            fields.insert("blocks".to_owned(), blocks);
        }
        let length = value.to_string().len();
        if let Some(markdown) = payload(&value) {
            prop_assert!(markdown.len() <= 20 * length + 64, "{value} {markdown:?}");
            prop_assert!(!markdown.contains('\0') && !markdown.trim().is_empty());
        }
    }
}
