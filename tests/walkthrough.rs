//! Runs the README's tour word for word in an empty folder, and checks its links, so that both stay correct.
//!
//! The tour is the section "A five-minute tour". Its `sh` blocks are typed into a shell, one after the
//! other. A `json` block shows the output of the `sh` block before it. A `text` block shows the input
//! (`> `) and the output (`< `) of the socket client that the block before it starts, in a terminal of
//! its own. Only the address is changed, from port 8000 to the test server's. Times may differ, and "…"
//! in a string matches any text.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Database, Program, Server, python};

const README: &str = include_str!("../README.md");

#[tokio::test]
async fn the_tour_of_the_readme_works_as_written() {
    // The tour's server has no configuration, so the harness must not add its own.
    let server = Server::with(Database::Sqlite).without_environment().start().await;
    let mut shell = Terminal::open(&server);
    let blocks = blocks(section(README, "A five-minute tour"));
    assert!(blocks.len() > 6, "too few blocks were found in the tour: {blocks:?}");

    let mut blocks = blocks.into_iter().peekable();
    while let Some(block) = blocks.next() {
        assert_eq!(
            block.language, "sh",
            "there is no `sh` block before this output: {}",
            block.text
        );
        let commands = block.text.replace("localhost:8000", &server.address().to_string());
        match blocks.next_if(|next| next.language != "sh") {
            Some(transcript) if transcript.language == "text" => {
                let mut other = Terminal::open(&server);
                other.run(&shell.run("declare -p TOKEN").await.join("\n")).await;
                other.converse(&commands, &transcript.text).await;
            }
            Some(expected) => {
                let printed = shell.run(&commands).await;
                let printed: Value = serde_json::from_str(&printed.join("\n"))
                    .unwrap_or_else(|error| panic!("{commands}\n{printed:?}: {error}"));
                check(&printed, &json(&expected.text));
            }
            None => {
                shell.run(&commands).await;
            }
        }
    }
}

#[tokio::test]
async fn every_link_of_the_readme_has_a_target() {
    let server = Server::start(Database::Sqlite).await;
    let links: Vec<&str> =
        README.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 10, "too few links were found in the README: {links:?}");
    for link in links {
        if let Some(path) = link.strip_prefix("http://localhost:8000") {
            server.anonymous().get(path).await.expect(200);
        } else if !link.starts_with("https://") {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            assert!(file.exists(), "the README links to {link}, which does not exist");
            if !heading.is_empty() {
                let text = std::fs::read_to_string(&file).expect("the linked file");
                let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.any(|found| found == heading), "no heading for {link}");
            }
        }
    }
}

/// The anchor that GitHub makes for a heading: small letters, without punctuation, with hyphens for spaces.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[derive(Debug)]
struct Block {
    language: String,
    text: String,
}

/// The text under a second-level heading.
fn section<'a>(markdown: &'a str, heading: &str) -> &'a str {
    let (_, rest) = markdown
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("README.md has no section \"{heading}\""));
    rest.split("\n## ").next().expect("the section")
}

/// The fenced code blocks of a text, in order.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(Block { language: language.to_owned(), text: text.join("\n") });
    }
    blocks
}

/// A shell in the server's folder, with the test's Python on its path.
struct Terminal {
    bash: Program,
    commands: usize,
}

impl Terminal {
    fn open(server: &Server) -> Self {
        let mut search_path = python().parent().expect("its folder").as_os_str().to_owned();
        search_path.push(":");
        search_path.push(std::env::var_os("PATH").expect("PATH"));
        let mut bash = Command::new("bash");
        bash.args(["-eu", "-o", "pipefail"]).current_dir(server.folder()).env("PATH", search_path);
        Self { bash: Program::start(bash), commands: 0 }
    }

    /// Runs commands to their end and returns what they printed.
    async fn run(&mut self, commands: &str) -> Vec<String> {
        self.commands += 1;
        let end = format!("-- end {} --", self.commands);
        let before = self.bash.lines().len();
        self.bash.types(commands);
        // Curl ends its output without a line feed.
        self.bash.types(&format!("printf '\\n{end}\\n'"));
        self.bash.says(&end).await;
        let printed = self.bash.lines().into_iter().skip(before).take_while(|line| *line != end);
        printed.filter(|line| !line.is_empty()).collect()
    }

    /// Starts a socket client, types what the transcript types and expects what it prints.
    async fn converse(&mut self, command: &str, transcript: &str) {
        self.bash.types(command);
        for line in transcript.lines() {
            if let Some(typed) = line.strip_prefix("> ") {
                self.bash.types(typed);
            } else if let Some(expected) = line.strip_prefix("< ") {
                // The client's lines contain escape sequences that move the cursor.
                let received = self.bash.until(line, json_of).await;
                check(&received, &json(expected));
            } else {
                panic!("the line begins with neither `> ` nor `< `: {line}");
            }
        }
        self.bash.ends_input();
        assert!(self.bash.ended().await.success(), "{command} failed");
    }
}

/// The JSON object in a line, if it has one.
fn json_of(line: &str) -> Option<Value> {
    serde_json::from_str(&line[line.find('{')?..=line.rfind('}')?]).ok()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("not JSON in the README: {text}: {error}"))
}

fn check(printed: &Value, expected: &Value) {
    assert!(
        fits(printed, expected),
        "the README shows\n  {expected}\nbut the output is\n  {printed}"
    );
}

/// Whether the output is equal to the README's, apart from times and "…".
fn fits(printed: &Value, expected: &Value) -> bool {
    match (printed, expected) {
        (Value::Object(printed), Value::Object(expected)) => {
            printed.len() == expected.len()
                && expected.iter().all(|(key, expected)| {
                    printed.get(key).is_some_and(|printed| fits(printed, expected))
                })
        }
        (Value::Array(printed), Value::Array(expected)) => {
            printed.len() == expected.len()
                && printed.iter().zip(expected).all(|(printed, expected)| fits(printed, expected))
        }
        (Value::String(printed), Value::String(expected)) => match expected.split_once('…') {
            Some((start, end)) => printed.starts_with(start) && printed.ends_with(end),
            None => printed == expected || (is_time(printed) && is_time(expected)),
        },
        _ => printed == expected,
    }
}

/// Whether the text has the form of `2025-01-31T10:30:00.000Z`.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}
