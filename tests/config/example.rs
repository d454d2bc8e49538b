//! `chatapp.toml.example` agrees with the settings and their defaults.

use std::path::PathBuf;

use chatapp::config::Config;

use super::operator::with_file;

/// Returns `chatapp.toml.example` with every setting uncommented.
fn example() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("chatapp.toml.example");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix('#') {
        // A comment has a blank after `#`; a setting that is commented out has no blank.
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_lists_every_setting_with_its_default() {
    let loaded = with_file(&example()).try_load().unwrap();
    assert_eq!(loaded.config, Config::default());
    for (key, origin) in loaded.origins {
        assert!(origin.contains("line"), "{key} is not in chatapp.toml.example");
    }
}
