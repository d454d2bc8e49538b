//! The names of accounts, which are usernames and emails: their rules, and looking an account up by one of them.

use email_address::{EmailAddress, Options};

use super::{FieldError, text};
use crate::model::Credentials;
use crate::storage::{self, Backend};

pub const MIN_USERNAME_CHARS: usize = 2;
pub(crate) use crate::model::MAX_USERNAME_CHARS;
/// The longest address that fits an SMTP path (RFC 5321 §4.5.3.1.3, erratum 1690 of RFC 3696).
pub const MAX_EMAIL_BYTES: usize = 254;

/// The beginning of a deleted account's name; the account's id follows.
const DELETED: &str = "deleted-";

/// Names that mention all members of a room, or that readers would take for the server's.
const RESERVED: [&str; 6] = ["all", "channel", "everyone", "here", "room", "system"];

/// Checks the name of a new account. Accounts that were made before a rule keep their names.
pub(super) fn check_username(username: &str, errors: &mut Vec<FieldError>) {
    if !has_form_of_username(username) {
        let message = format!(
            "must be {MIN_USERNAME_CHARS} to {MAX_USERNAME_CHARS} characters of \
             a-z, A-Z, 0-9, `_`, `.` and `-`"
        );
        errors.push(FieldError::new("username", message));
    } else if !username.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        errors.push(FieldError::new("username", "must begin with a letter or a digit"));
    } else if username.get(..DELETED.len()).is_some_and(|it| it.eq_ignore_ascii_case(DELETED)) {
        let message = "must not begin with `deleted-`, which is for accounts that were deleted";
        errors.push(FieldError::new("username", message));
    } else if RESERVED.iter().any(|word| username.eq_ignore_ascii_case(word)) {
        let message = format!("must not be one of the words {}", RESERVED.join(", "));
        errors.push(FieldError::new("username", message));
    }
}

/// Returns the form in which a typed username or email is looked up.
pub(super) fn sign_in_name(typed: &str) -> String {
    if is_email(typed) { text::email(typed) } else { typed.trim().to_owned() }
}

/// Finds an account by its username or its email, in the form of [`sign_in_name`]. No username can be
/// an email.
pub(super) fn find_credentials(
    backend: &dyn Backend,
    name: &str,
) -> storage::Result<Option<Credentials>> {
    if !is_email(name) {
        return match has_form_of_username(name) {
            true => backend.get_credentials(name),
            // No account can have this name.
            false => Ok(None),
        };
    }
    let found = backend.get_credentials_by_email(name)?;
    // Looked up also if the first was found, so that the time does not depend on it.
    let earlier = match text::unicode_email(name) {
        Some(unicode) => backend.get_credentials_by_email(&unicode)?,
        None => None,
    };
    Ok(found.or(earlier))
}

fn is_email(name: &str) -> bool {
    name.contains('@')
}

/// Whether an account of this or an earlier version can have the name.
fn has_form_of_username(username: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (MIN_USERNAME_CHARS..=MAX_USERNAME_CHARS).contains(&username.len())
        && username.bytes().all(allowed)
}

pub(super) fn check_email(email: &str, errors: &mut Vec<FieldError>) {
    let options = Options::default().without_display_text().without_domain_literal();
    if email.len() > MAX_EMAIL_BYTES {
        let message = format!("must be at most {MAX_EMAIL_BYTES} bytes long");
        errors.push(FieldError::new("email", message));
    } else if email.chars().any(char::is_control)
        || text::has_hidden(email)
        || EmailAddress::parse_with_options(email, options).is_err()
        // A domain that is not in ASCII by now has no form in IDNA.
        || email.rsplit_once('@').is_none_or(|(_, domain)| !domain.is_ascii())
    {
        errors.push(FieldError::new("email", "must be an email address, like ann@example.com"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(check: fn(&str, &mut Vec<FieldError>), value: &str) -> usize {
        let mut errors = Vec::new();
        check(value, &mut errors);
        errors.len()
    }

    #[test]
    fn usernames() {
        let longest = "x".repeat(32);
        for good in ["bo", "Ann", "a.b-c_9", "9-", "deleted", "rooms", "here.", &longest] {
            assert_eq!(faults(check_username, good), 0, "{good}");
        }
        let too_long = "x".repeat(33);
        for bad in ["", "a", &too_long, "a b", "jörg", "a\0b", "a/b", "a@b", "ann\n", "éa"] {
            assert_eq!(faults(check_username, bad), 1, "{bad}");
            assert!(!has_form_of_username(bad), "{bad}");
        }
        // Accounts of earlier versions may have these names.
        for reserved in ["..", "-_", "_ann", ".a", "Deleted-7", "deleted-ann", "Room", "EVERYONE"] {
            assert_eq!(faults(check_username, reserved), 1, "{reserved}");
            assert!(has_form_of_username(reserved), "{reserved}");
        }
    }

    #[test]
    fn emails() {
        for good in ["ann@example.com", "a+b@localhost", "o'hara@x.museum", "jörg@exämple.de"] {
            assert_eq!(faults(check_email, &text::email(good)), 0, "{good}");
        }
        let too_long = format!("{}@{}.com", "x".repeat(60), "y.".repeat(100));
        for bad in [
            "",
            "ann",
            "@",
            "ann@",
            "@example.com",
            "a@b@c",
            "a b@example.com",
            "a@-x.com",
            "Ann <ann@example.com>",
            "ann@[127.0.0.1]",
            "ann@ä_.com:80",
            "ann\u{3164}@example.com",
            "ann\0@example.com",
            "\"a\n\"@x.com",
            &too_long,
        ] {
            assert_eq!(faults(check_email, bad), 1, "{bad}");
        }
    }
}
