//! URLs of databases: how they are shown, and the errors about them.

use std::str::FromStr;

use postgres::Config;

use super::SESAME;
use crate::config::redact_database_url;
use crate::storage::check_url;

/// Input: a URL, in which `$` stands for a secret.
///
/// Promises: the part that `postgres` uses as the password is never shown. An error about a URL never
/// contains the secret, except in the path of an SQLite file or in the name of a parameter.
pub fn database_url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let url = text.replace('$', SESAME);
    let shown = decoded(&redact_database_url(&url));
    if let Ok(config) = Config::from_str(&url)
        && let Some(password) = config.get_password()
        && tells(password)
        // A text that also occurs elsewhere, for example as the user's name, is shown there.
        && times_told(&decoded(&url)) == 1
    {
        let shown = String::from_utf8_lossy(&shown);
        assert!(!shown.contains(SESAME), "{url:?} is shown as {shown:?}");
    }
    if let Err(error) = check_url(&url)
        && !url.starts_with("sqlite://")
        && !names_a_parameter(&url)
    {
        let sentence = error.to_string();
        assert!(!tells(sentence.as_bytes()), "{url:?}: {sentence}");
    }
}

/// Whether the secret is in the name of a parameter behind the only `@`. Errors repeat such names, which
/// cannot be part of a password.
fn names_a_parameter(url: &str) -> bool {
    let Some((_, rest)) = url.split_once('@') else { return false };
    let Some((_, parameters)) = rest.split_once('?') else { return false };
    let mut names = parameters.split('&').filter_map(|pair| pair.split('=').next());
    names.any(|name| tells(name.as_bytes()))
}

fn tells(text: &[u8]) -> bool {
    times_told(text) > 0
}

fn times_told(text: &[u8]) -> usize {
    text.windows(SESAME.len()).filter(|window| *window == SESAME.as_bytes()).count()
}

/// Decodes escapes, as a reader of a log could do too.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.first_chunk::<2>().filter(|_| first == b'%');
        let byte = escaped
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    bytes
}
