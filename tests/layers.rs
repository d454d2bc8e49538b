//! The layers of the code: which part may use which other part (see `src/lib.rs` and ARCHITECTURE.md).

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with the layers that it may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("bench", &[]),
    (
        "chat",
        &["config", "executor", "fleet", "metrics", "model", "outbound", "realtime", "storage"],
    ),
    (
        "cli",
        &[
            "bench", "chat", "config", "dump", "http", "logging", "metrics", "model", "server",
            "storage", "web",
        ],
    ),
    ("config", &[]),
    ("dump", &["model", "storage"]),
    ("fleet", &["metrics", "model", "realtime", "storage"]),
    ("http", &["chat", "config", "metrics", "model", "realtime", "slack", "storage", "web"]),
    ("metrics", &["model"]),
    ("model", &[]),
    ("outbound", &[]),
    ("realtime", &["metrics", "model", "storage"]),
    (
        "server",
        &[
            "chat", "config", "fleet", "http", "logging", "metrics", "model", "realtime",
            "storage", "web", "ws",
        ],
    ),
    ("slack", &[]),
    ("storage", &["executor", "metrics", "model"]),
    ("web", &["config"]),
    ("ws", &["chat", "http", "model", "realtime"]),
];

/// Packages that only these folders use.
const PACKAGES: &[(&str, &[&str])] = &[
    ("use poem", &["src/server", "src/http", "src/ws"]),
    ("use rusqlite", &["src/storage/sqlite"]),
    ("use postgres::", &["src/storage/postgres"]),
    ("use tokio_postgres", &["src/storage/postgres"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The lines of code of a file, without its comments and unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a text");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_layer_uses_only_the_layers_below_it() {
    for (layer, allowed) in LAYERS {
        for file in sources(&root().join("src").join(layer)) {
            // Unit tests in a file of their own.
            if file.ends_with("tests.rs") {
                continue;
            }
            for used in code(&file).split("crate::").skip(1) {
                let end = used.find(|c: char| !c.is_ascii_lowercase() && c != '_');
                let used = &used[..end.unwrap_or(used.len())];
                let is_layer = LAYERS.iter().any(|(name, _)| *name == used);
                assert!(
                    !is_layer || used == *layer || allowed.contains(&used),
                    "{} uses {used}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_folder_of_the_source_is_a_layer() {
    for entry in
        fs::read_dir(root().join("src")).expect("src").map(|entry| entry.expect("an entry"))
    {
        let name = entry.file_name().into_string().expect("UTF-8");
        // The promises about arbitrary input may use everything.
        let is_known = name == "fuzz" || LAYERS.iter().any(|(layer, _)| *layer == name);
        assert!(is_known || !entry.path().is_dir(), "src/{name} is not in the table of layers");
    }
}

#[test]
fn the_web_framework_and_the_drivers_are_used_only_in_their_folders() {
    for (package, folders) in PACKAGES {
        for file in sources(&root().join("src")) {
            // The promises about arbitrary input are not in the program.
            if file.starts_with(root().join("src/fuzz")) {
                continue;
            }
            let is_allowed = folders.iter().any(|folder| file.starts_with(root().join(folder)));
            let is_used = code(&file).lines().any(|line| line.trim_start().starts_with(package));
            assert!(is_allowed || !is_used, "{} has `{package}`", file.display());
        }
    }
}
