//! The parts of a release. Building one takes minutes and needs another compiler, so the tests check
//! only what `scripts/release` relies on.

use std::path::Path;
use std::process::Command;

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Files that `scripts/release` creates below target/.
const GENERATED: [&str; 5] = [
    "target/release/chatapp",
    "target/dist/man/*.gz",
    "target/dist/completions/chatapp.bash",
    "target/dist/completions/chatapp.fish",
    "target/dist/completions/chatapp.zsh",
];

#[test]
fn every_file_that_the_debian_package_names_exists() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let package = &manifest["package"]["metadata"]["deb"];
    let mut found = 0;
    for asset in package["assets"].as_array().unwrap() {
        let source = asset[0].as_str().unwrap();
        let folder = source.strip_suffix("/*.md").unwrap_or(source);
        assert!(GENERATED.contains(&source) || in_repository(folder).exists(), "{source}");
        found += 1;
    }
    assert!(found > GENERATED.len());
    for setting in package["conf-files"].as_array().unwrap() {
        let name = setting.as_str().unwrap().trim_start_matches('/');
        let assets = package["assets"].as_array().unwrap();
        assert!(assets.iter().any(|asset| asset[1].as_str() == Some(name)), "{name}");
    }
}

/// cargo-deb replaces the mark `#DEBHELPER#` by the commands that start and stop the service.
#[test]
fn the_scripts_of_the_debian_package_have_the_placeholder_of_debhelper() {
    for script in ["postinst", "postrm"] {
        let text = read(&format!("examples/deploy/debian/{script}"));
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\n#DEBHELPER#\n"), "{script}");
    }
}

#[test]
fn the_systemd_unit_runs_the_program_from_the_path_of_the_package() {
    // `scripts/release` replaces this prefix by /usr/bin/.
    let unit = read("examples/deploy/chatapp.service");
    assert_eq!(unit.matches("/usr/local/bin/chatapp ").count(), 2);
    assert!(read("scripts/release").contains("'s|/usr/local/bin/|/usr/bin/|'"));
}

#[test]
fn the_container_image_copies_only_files_of_the_archive() {
    let script = read("scripts/release");
    let (_, pack) = script.split_once("\npack() {").unwrap();
    let (pack, _) = pack.split_once("\n}").unwrap();
    for line in read("examples/deploy/Containerfile").lines() {
        let Some(copied) = line.strip_prefix("COPY ") else { continue };
        let file = copied.split(' ').find(|word| !word.starts_with("--")).unwrap();
        assert!(pack.contains(file), "{file} is not in the archive");
    }
}

#[test]
fn the_release_notes_are_the_part_of_the_changelog_about_this_version() {
    let output = Command::new(in_repository("scripts/release")).arg("notes").output().unwrap();
    let notes = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(notes.starts_with(concat!("chatapp ", env!("CARGO_PKG_VERSION"), "\n")), "{notes}");
    assert!(notes.contains("### ") && !notes.contains("\n## "), "{notes}");
}

/// The version in Cargo.toml, the heading in the changelog and the tag must be equal.
#[test]
fn a_release_with_different_version_heading_or_tag_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("scripts")).unwrap();
    std::fs::copy(in_repository("scripts/release"), folder.path().join("scripts/release")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let check = |tag: &str| {
        let script = folder.path().join("scripts/release");
        let output = Command::new(script).args(["check", tag]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    write("Cargo.toml", "[package]\nversion = \"1.2.3\"\n");
    write("CHANGELOG.md", "## [Unreleased]\n\n## [1.2.30] - 2026-01-31\n");
    let (is_good, error) = check("v1.2.4");
    assert!(!is_good && error.contains("the tag must be v1.2.3"), "{error}");
    let (is_good, error) = check("v1.2.3");
    assert!(!is_good && error.contains("no heading \"## [1.2.3] - DATE\""), "{error}");
    write("CHANGELOG.md", "## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n");
    assert_eq!(check("v1.2.3"), (true, String::new()));
}
