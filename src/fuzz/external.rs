//! Tokens of a product, and the sets of its keys.

use crate::chat::external_fuzzed::{read, read_claims};

/// Input: a set of keys on one line, and after a line feed a token, or the claims of one.
///
/// Promises: nothing is accepted that no key has signed. Whatever claims say, the names of an account are acceptable
/// usernames, all different, and an email is an address.
pub fn external(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (set, rest) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    if let Ok(token) = std::str::from_utf8(rest) {
        assert!(read(set, token).is_none(), "the token has no valid signature: {token:?}");
    }
    let Some((usernames, email)) = read_claims(rest) else { return };
    assert!(!usernames.is_empty());
    for (place, name) in usernames.iter().enumerate() {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        assert!((2..=32).contains(&name.len()) && name.bytes().all(is_name), "{name:?}");
        assert!(name.as_bytes()[0].is_ascii_alphanumeric(), "{name:?}");
        assert!(!usernames[..place].contains(name), "{usernames:?}");
    }
    if let Some(email) = email {
        assert!(email.len() <= 254 && email.contains('@'), "{email:?}");
        assert!(!email.chars().any(char::is_control), "{email:?}");
    }
}
