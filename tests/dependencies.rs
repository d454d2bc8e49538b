//! Checks dependencies without a network: `deny.toml` allows their licences and sources and bans none
//! of them, `docs/DEPENDENCIES.md` gives a reason for each direct one, and our own unsafe code is in
//! one file.

use std::collections::BTreeSet;
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

/// The Rust files in a folder that contain this text.
fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_with(&path, text));
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).unwrap().contains(text)
        {
            found.push(path);
        }
    }
    found
}

/// The packages that cargo would build for this machine. Fails if `Cargo.lock` is out of date.
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
        // "MIT/Apache-2.0" is the notation from before SPDX expressions.
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
    assert!(unmet.is_empty(), "deny.toml allows licences that no package has: {unmet:?}");
}

/// `Cargo.lock` contains the packages of every platform.
#[test]
fn every_package_is_from_the_registry_and_has_a_checksum() {
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

#[test]
fn no_banned_package_is_in_the_lock_file() {
    let (deny, lock) = (table("deny.toml"), table("Cargo.lock"));
    let banned: Vec<_> = deny["bans"]["deny"].as_array().unwrap().iter().collect();
    assert!(!banned.is_empty());
    for package in lock["package"].as_array().unwrap() {
        let is_it = |ban: &&toml::Value| ban["crate"] == package["name"];
        assert!(!banned.iter().any(is_it), "{} is banned in deny.toml", package["name"]);
    }
}

/// The lock file is in the repository, so that every build uses the tested versions. Other tests here
/// fail if it is out of date; this one fails if it is missing or git ignores it.
#[test]
fn the_lock_file_exists_and_git_does_not_ignore_it() {
    assert!(file("Cargo.lock").exists());
    for line in read(".gitignore").lines() {
        assert!(!line.contains("lock") && line != "*", ".gitignore: {line}");
    }
}

#[test]
fn unsafe_code_is_allowed_in_one_file_only() {
    let manifest = table("Cargo.toml");
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
    let src = file("src");
    assert_eq!(files_with(&src, "unsafe_code"), [src.join("storage/sqlite/vfs.rs")]);
}

/// Each dependency has a line in a table of docs/DEPENDENCIES.md with its purpose.
#[test]
fn every_direct_dependency_is_on_the_page_with_its_reason() {
    let manifest = table("Cargo.toml");
    let page = read("docs/DEPENDENCIES.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let argued: BTreeSet<&str> = rows.collect();
    let names = |kind: &str| manifest[kind].as_table().unwrap().keys().map(String::as_str);
    let direct: BTreeSet<&str> = names("dependencies").chain(names("dev-dependencies")).collect();
    assert_eq!(argued, direct, "docs/DEPENDENCIES.md and Cargo.toml differ");
}
