//! Settings from a file and an environment.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;

use tempfile::NamedTempFile;

use super::SESAME;
use crate::config::{Config, Loaded, Problems, Sources, load};

/// Input: a settings file; after a line `--env--`, variables as `NAME=value`.
///
/// Promises: errors are sentences, and contain no secrets. Accepted settings can be written to a file and
/// read again.
pub fn settings(input: &[u8]) {
    let (file, environment) = match input.windows(8).position(|window| window == b"\n--env--") {
        Some(at) => (&input[..at], &input[at + 8..]),
        None => (input, &b""[..]),
    };
    let mut variables = Vec::new();
    for line in environment.split(|&byte| byte == b'\n') {
        if let Some(equals) = line.iter().position(|&byte| byte == b'=') {
            let (name, value) = (line[..equals].to_vec(), line[equals + 1..].to_vec());
            variables.push((OsString::from_vec(name), OsString::from_vec(value)));
        }
    }
    match read(file, variables.clone()) {
        Ok(Loaded { config, .. }) => is_read_again(&config),
        Err(Problems(problems)) => {
            assert!(!problems.is_empty());
            for problem in &problems {
                assert!(problem.len() > 10 && problem.contains(' '), "no sentence: {problem:?}");
            }
        }
    }
    // Adds a secret that is too short, so that there is always an error.
    variables.push(("CHATAPP_AUTH__SECRET".into(), SESAME.into()));
    variables.push(("CHATAPP_AUTH__PREVIOUS_SECRET".into(), SESAME.into()));
    let sesame = SESAME.as_bytes();
    let is_elsewhere = input.windows(SESAME.len()).any(|w| w.eq_ignore_ascii_case(sesame));
    let problems = read(file, variables).unwrap_err().to_string();
    assert!(is_elsewhere || !problems.contains(SESAME), "{problems}");
    // Invalid TOML is not repeated in errors: it may be a secret with missing quotes.
    let text = String::from_utf8_lossy(file);
    if text.contains(SESAME) && toml::from_str::<toml::Table>(&text).is_err() {
        let problems = read(file, vec![]).unwrap_err().to_string();
        assert!(!problems.contains(SESAME), "{problems}");
    }
}

fn is_read_again(config: &Config) {
    let text = toml::to_string(config).expect("settings are TOML");
    let again = read(text.as_bytes(), vec![]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(again.config, *config);
}

fn read(file: &[u8], environment: Vec<(OsString, OsString)>) -> Result<Loaded, Problems> {
    let mut on_disk = NamedTempFile::new().expect("a temporary file can be made");
    on_disk.write_all(file).expect("it can be written");
    let file = on_disk.path().to_owned();
    load(Sources { file, file_is_required: true, environment, flags: vec![] })
}
