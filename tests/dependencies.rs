//! What is built in: every licence and source is one that `deny.toml` allows, every direct
//! dependency is argued for in `docs/DEPENDENCIES.md`, and unsafe code of ours has one place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, LicenseItem, ParseMode};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn table(name: &str) -> toml::Table {
    toml::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn output(command: &mut Command) -> String {
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The files of Rust in a folder, and what is in them.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.append(&mut self::sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            sources.push((path, text));
        }
    }
    sources
}

/// Whether a file of Rust in the folder names something of the crate.
fn is_used(folder: &Path, name: &str) -> bool {
    let path = format!("{}::", name.replace('-', "_"));
    let is_longer = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let names =
        |text: &str| text.match_indices(&path).any(|(at, _)| !text[..at].ends_with(is_longer));
    sources(folder).iter().any(|(_, text)| names(text))
}

/// What cargo would build for this machine, by `Cargo.lock` as it is: fails if that is out of date.
fn packages() -> Vec<Value> {
    let version = output(Command::new(env!("CARGO")).arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = output(
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--locked", "--offline"])
            .args(["--filter-platform", host]),
    );
    let mut metadata: Value = serde_json::from_str(&metadata).unwrap();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("no packages") };
    packages
}

#[test]
fn every_licence_is_allowed() {
    let deny = table("deny.toml");
    let allowed: Vec<_> = deny["licenses"]["allow"].as_array().unwrap().iter().collect();
    let allowed: BTreeSet<&str> = allowed.iter().map(|name| name.as_str().unwrap()).collect();
    let mut met = BTreeSet::new();
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    for package in &packages {
        let name = &package["name"];
        let licence =
            package["license"].as_str().unwrap_or_else(|| panic!("{name} has no licence"));
        // "MIT/Apache-2.0" is how it was written before there were expressions.
        let expression = Expression::parse_mode(licence, ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_allowed = expression.evaluate(|required| match &required.license {
            LicenseItem::Spdx { id, .. } => {
                met.insert(id.name);
                allowed.contains(id.name)
            }
            LicenseItem::Other(_) => false,
        });
        assert!(is_allowed, "{name} is under {licence}, which deny.toml does not allow");
    }
    let unmet: Vec<_> = allowed.iter().filter(|name| !met.contains(**name)).collect();
    assert!(unmet.is_empty(), "allowed in deny.toml for nothing: {unmet:?}");
}

/// `Cargo.lock` has the packages of every platform.
#[test]
fn everything_is_from_the_registry_and_has_a_checksum() {
    let lock = table("Cargo.lock");
    for package in lock["package"].as_array().unwrap() {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        let name = text("name").unwrap();
        if name == env!("CARGO_PKG_NAME") {
            continue;
        }
        assert_eq!(text("source"), Some(CRATES_IO), "{name}");
        assert!(text("checksum").is_some_and(|sum| sum.len() == 64), "{name} has no checksum");
    }
}

/// The lock file is part of the project: whoever builds it builds what was tested.
#[test]
fn the_lock_file_is_kept() {
    if !file(".git").exists() {
        // An unpacked archive, which has the file or could not have been built with --locked.
        return;
    }
    let kept = output(Command::new("git").args(["ls-files", "Cargo.lock"]));
    assert_eq!(kept.trim(), "Cargo.lock");
}

#[test]
fn unsafe_code_of_ours_has_one_place() {
    let manifest = table("Cargo.toml");
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
    let src = file("src");
    let places = sources(&src).into_iter().filter(|(_, text)| text.contains("unsafe_code"));
    let places: Vec<_> = places.map(|(path, _)| path).collect();
    assert_eq!(places, [src.join("storage/sqlite/vfs.rs")]);
}

#[test]
fn every_direct_dependency_is_argued_for() {
    let packages = packages();
    let ours = packages.iter().find(|package| package["source"].is_null()).unwrap();
    // A crate of the program that tests use too, with other features, is argued for once.
    let mut direct = BTreeMap::new();
    for dependency in ours["dependencies"].as_array().unwrap() {
        let name = dependency["name"].as_str().unwrap().to_owned();
        let is_of_tests = dependency["kind"] == "dev";
        *direct.entry(name).or_insert(true) &= is_of_tests;
    }
    let page = read("docs/DEPENDENCIES.md");
    let (of_program, of_tests) = page.split_once("## For tests and measurements").unwrap();
    let mut argued = BTreeMap::new();
    for (section, is_of_tests) in [(of_program, false), (of_tests, true)] {
        for line in section.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let [_, name, reason, place, _] = cells[..] else { panic!("not three cells: {line}") };
            let (name, place) = (name.trim_matches('`'), place.trim_matches('`'));
            assert!(!reason.is_empty(), "{name}: what is it for?");
            assert!(is_used(&file(place), name), "{name} is not used in {place}");
            let before = argued.insert(name.to_owned(), is_of_tests);
            assert!(before.is_none(), "{name} has two lines");
        }
    }
    let without = |these: &BTreeMap<String, bool>, those: &BTreeMap<String, bool>| {
        let rest = these.iter().filter(|(name, kind)| those.get(*name) != Some(*kind));
        rest.map(|(name, _)| name.clone()).collect::<Vec<String>>()
    };
    let (missing, stale) = (without(&direct, &argued), without(&argued, &direct));
    assert!(missing.is_empty(), "not in their table of docs/DEPENDENCIES.md: {missing:?}");
    assert!(stale.is_empty(), "in docs/DEPENDENCIES.md for nothing: {stale:?}");
}
