//! Files, folders and tests that the documentation names exist.

use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const DOCUMENTS: [&str; 6] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/RELIABILITY.md",
    "docs/SCALING.md",
    "docs/SECURITY.md",
    "src/web/README.md",
];

/// Folders and files that are not in the repository: a build, an installation or the server creates them.
const IGNORED: [&str; 4] = ["target", "node_modules", "dist", ".git"];
const GENERATED: [&str; 1] = ["brand.css"];

const EXTENSIONS: [&str; 9] = [".rs", ".md", ".js", ".ts", ".css", ".toml", ".json", ".sql", ".c"];

#[test]
fn every_path_that_a_document_names_exists() {
    let mut paths = Vec::new();
    list(Path::new(ROOT), &mut paths);
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(Path::new(ROOT).join(document)).expect(document);
        let mut found = 0;
        for code in code_spans(&text) {
            let (named, test) = code.split_once("::").unwrap_or((code, ""));
            let named = named.trim_end_matches('/');
            if !is_path(named) || GENERATED.contains(&named) {
                continue;
            }
            found += 1;
            let mut fitting = paths.iter().filter(|path| fits(path, named));
            let is_there = if test.is_empty() {
                fitting.next().is_some()
            } else {
                fitting.any(|path| names(path, test))
            };
            if !is_there {
                missing.push(format!("{document}: {code}"));
            }
        }
        assert!(found > 1, "too few paths were found in {document}");
    }
    assert!(missing.is_empty(), "not in the repository: {missing:#?}");
}

/// Appends files and folders, relative to the repository.
fn list(folder: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if IGNORED.iter().any(|ignored| path.ends_with(ignored)) {
            continue;
        }
        let relative = path.strip_prefix(ROOT).expect("it is in the repository");
        paths.push(relative.to_string_lossy().into_owned());
        if path.is_dir() {
            list(&path, paths);
        }
    }
}

/// Texts in single backticks outside code blocks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("\n```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2))
}

fn is_path(text: &str) -> bool {
    let is_written_so = |c: char| c.is_ascii_alphanumeric() || "_.-/*<>".contains(c);
    text.chars().all(is_written_so)
        && !text.starts_with('/')
        && (text.contains('/') || EXTENSIONS.iter().any(|extension| text.ends_with(extension)))
}

/// Whether the end of the path is as named: documents leave out folders that are clear from the context.
fn fits(path: &str, named: &str) -> bool {
    let mut folders = path.rsplit('/');
    named.rsplit('/').all(|part| folders.next().is_some_and(|folder| fits_part(folder, part)))
}

/// `*` and `<area>` match any text.
fn fits_part(name: &str, part: &str) -> bool {
    let Some((begin, rest)) = part.split_once(['*', '<']) else { return name == part };
    let end = rest.split_once('>').map_or(rest, |(_, end)| end);
    name.len() > begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
}

/// Whether the file has a test, or another item, of this name.
fn names(path: &str, item: &str) -> bool {
    fs::read_to_string(Path::new(ROOT).join(path)).is_ok_and(|text| text.contains(item))
}
