//! The published documents serve the usual generators of clients, and pass the usual linter, without a warning.
//! (`tests/openapi.rs` and `tests/asyncapi.rs` compare the files with what the server publishes.)

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::python;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const OPENAPI: &str = "docs/openapi.json";

/// Runs a command to its end, and returns what it wrote.
fn run(command: &mut Command) -> String {
    let output = command.current_dir(ROOT).output().expect("scripts/test installs the program");
    let written =
        [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    let written = written.join("\n");
    assert!(output.status.success(), "{command:?}: {written}");
    written
}

/// A program of `tests/browser/package.json`.
fn node_program(name: &str) -> Command {
    Command::new(format!("{ROOT}/tests/browser/node_modules/.bin/{name}"))
}

#[test]
fn the_linter_has_nothing_to_say() {
    // By default it exits with 0 after a warning.
    let arguments = ["lint", OPENAPI, "docs/asyncapi.json", "-r", ".spectral.yaml", "-F", "hint"];
    run(node_program("spectral").args(arguments));
}

#[test]
fn openapi_typescript_makes_types_that_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let written =
        run(node_program("openapi-typescript").args([OPENAPI, "-o"]).arg(path("api.d.ts")));
    assert!(!written.to_lowercase().contains("warn"), "{written}");
    std::fs::copy(format!("{ROOT}/tests/generators/use.ts"), path("use.ts")).expect("copy");
    let arguments = ["--strict", "--noEmit", "--module", "nodenext"];
    run(node_program("tsc").args(arguments).arg(path("use.ts")));
}

#[test]
fn openapi_python_client_makes_every_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join("package");
    let programs = python().parent().expect("a folder").to_owned();
    // It runs a formatter, which is installed beside it.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [programs.clone()].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).expect("a path");
    let mut generate = Command::new(programs.join("openapi-python-client"));
    generate
        .env("PATH", path)
        .args(["generate", "--path", OPENAPI, "--config", "docs/openapi-python-client.yaml"])
        .args(["--fail-on-warning", "--output-path"])
        .arg(&package);
    run(&mut generate);

    let client = package.join("chatapp_client");
    let document: Value =
        serde_json::from_slice(&std::fs::read(format!("{ROOT}/{OPENAPI}")).expect("read"))
            .expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations: usize =
        paths.values().map(|path| path.as_object().expect("methods").len()).sum();
    assert_eq!(calls(&client.join("api")), operations);
    let cache = folder.path().join("cache");
    run(Command::new(python()).args(["-m", "mypy", "--cache-dir"]).arg(cache).arg(client));
}

/// The number of calls in the package: one for a file, in a folder for each tag.
fn calls(api: &Path) -> usize {
    let files = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("a file").path())
            .collect()
    };
    let tags = files(api).into_iter().filter(|path| path.is_dir());
    let is_call = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "py") && !path.ends_with("__init__.py")
    };
    tags.map(|tag| files(&tag).iter().filter(|path| is_call(path)).count()).sum()
}
